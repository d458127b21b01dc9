# The texts of the command line.

error = エラー:
problem = 問題:
page = ページ
report = レポート: { $location }
page-written = ページを { $file } に書き出しました
history-of = { $export } の履歴
type-yes = { $question } 続行するには yes と入力してください:{" "}
stopping = チェックポイントで停止します。すぐに停止するには、もう一度 Ctrl-C を押してください。
stopped = チェックポイントで停止しました。同じコマンドをもう一度実行すると、続きから再開します。

# Outcomes
outcome-delivered = 反映済み
outcome-delivered-with-problems = 問題あり (反映済み)
outcome-waiting = 待機中
outcome-held = 保留
outcome-unfinished = 未完了
outcome-superseded = 置き換え済み
outcome-failed = 失敗
outcome-dry-run = ドライラン
outcome-connected = 接続済み
outcome-fetched = 取得済み
outcome-would-fetch = 取得予定

# Columns of tables
col-accepted = 受け付け
col-after = 今回
col-attribute = 属性
col-before = 前回
col-bytes = バイト
col-change = 増減
col-copied = コピー
col-duplicate = 重複
col-entered = 加わった
col-export = エクスポート
col-file = ファイル
col-files = ファイル
col-in = セグメント
col-difference = 差異
col-cause = 原因
col-people = 人数
col-last-complete-run = 最新の完全な実行
col-last-run = 前回
col-left = 外れた
col-members = メンバー
col-newest-run = 最新の実行
col-newest-run-afterwards = その後の最新の実行
col-object = オブジェクト
col-outcome = 状態
col-read-as = 読み取り方
col-reason = 理由
col-rejected = 却下
col-requests = 要求
col-result = 結果
col-rows = 行
col-rows-read = 読み取り行
col-run = 実行
col-SAS-ends = SAS の期限
col-seconds = 秒
col-segment = セグメント
col-source = 取得元
col-status = 状態
col-stayed = 残った
col-this-run = 今回
col-unchanged = 変更なし
col-why = 理由

# Reports
no-run = 実行なし
run = 実行 { $run }
values-not-sent = 送信しなかった値 (Braze が拒否または無視するため)
rows-rejected = 却下された行
ignored = { $n } 個のオブジェクトを無視しました: { $reason }
check-first = まず確認してください:
sample = { $segment }: 送信内容の例 (値は伏せてあります)
time-short = 0.1 秒未満
time-at-least = 少なくとも { $time }
cost = 要求 { $requests } 回、接続のレートで { $time }、データポイント { $points }
unconfirmed = 受け付け済みの { $n } 行は、create_profiles により Braze にプロファイルがない可能性があります
left-set = false にする人: { $n }
would-be-held = 保留になります:
until-you-allow = 許可するまで、誰の属性も false にしません。
compared = 前回の実行 ({ $run }) との比較 (変化の大きい順):
compared-members = メンバー
compared-entered = 加わる人
compared-left = 外れる人
compared-rows = 行
compared-sent = 送信する行
compared-duplicates = 重複行
compared-rejected = 却下される行
more-requests = { $retried ->
    [0] {""}
   *[other] { $retried } 回の要求を再試行しました
}{ $limited ->
    [0] {""}
   *[other] {" "}(レート制限 { $limited } 回)
}
data-points = データポイント { $n }

# Runs
reports-at = レポート、ページ、却下された行: { $location }
keep-workspace = ワークスペースは削除しないでください。配信した内容の記録であり、個人データを含みます。
files-in = { $folder } に { $n } 個のファイルがあります (前回から新規または変更 { $copied }、削除 { $removed })
progress-rows = { $what }: { $n } 行
progress-of-limit = レート制限の { $share } %
progress-left = 残り約 { $seconds } 秒
reading = 読み取り中
delivering = 配信中

# Held runs
held = { $export }/{ $segment }: 実行 { $run } は{ $outcome }中です
held-people = { $before } 人のうち { $people } 人が外れることになります
held-why = 理由: { $reason }
held-safe = ファイルに含まれる人は全員 Braze に反映済みです。属性を false にした人はいません。
held-shrank = 本当に減った場合:         { $command }
held-missing = ファイルが足りない場合:   Customer Insights でエクスポートをもう一度実行してください。次の通常の実行に置き換わります
held-wrong = 実行が誤っている場合:     { $command }
held-right = 正しい場合: { $command }
hold-allow = 解除すると、保留中の実行を送信します。
    解除するには { $n } と入力してください:{" "}
hold-reject-number = 実行 { $run } を破棄します。誰も変更されません。次の実行は、その前の実行と比較されます。
    破棄するには { $n } と入力してください:{" "}
none-held = 保留中の実行はありません。
no-segments = まだ配信されたセグメントはありません。
stands-at = 実行 { $run } 以降 { $n } 人です。
hold-release = 保留を解除すると、{ $n } 人の属性を false にするか、削除します (on_leave の設定)。
    解除するには、外れる人数を入力してください:{" "}
hold-reject = 実行 { $run } を破棄します。誰も変更されず、次の実行はその前の実行と比較されます。
    破棄するには、外れるはずだった人数を入力してください:{" "}

# Other changes
retire-question = { $n } 人がこの属性を持っている可能性があります。属性を false にするか、削除します (on_leave の設定)。
    終了するには、人数を入力してください:{" "}
last-audit = Braze との比較 ({ $time }): 属性のないメンバー { $missing } 人、属性のある、メンバー以外の人 { $extra } 人
audit-question = 修復すると、Braze で { $n } 人の属性が変更されます。
    差異を送信するには、人数を入力してください:{" "}
audit-missing = 属性のないメンバー
audit-extra = 属性のある、メンバー以外の人
audit-receipt = 記録: { $key }
undo-question = 実行 { $run } を取り消すと、Braze で { $n } 人の属性が変更されます。
    取り消すには、人数を入力してください:{" "}
forget-question = 次のセグメントの実行 { $run } を破棄します。
forget-would-be-forgotten = 破棄予定
forget-forgotten = 破棄しました
forget-busy = 別のコマンドが処理しています。しばらくしてからもう一度お試しください
rebuild-question = セグメントの次の実行で、全員を送信します。
rebuild-damaged = 破損:
rebuild-people = 人についての { $n } 行を読み取れます。
erase-customer-id = 顧客 ID (不明な場合は空のまま):{" "}
erase-email = メールアドレス (不明な場合は空のまま):{" "}
erase-question = この人の行を、状態と却下された行から削除します。
erase-found = { $key }: { $n } 行 ({ $what })
erase-state = 状態
erase-reports = 却下された行
erase-incoming = エクスポートされたファイル。変更しません。削除するか、期限切れまでお待ちください
erase-not-reached = 処理できませんでした:
erase-not-searched = 検索できませんでした:
erase-not-changed = 変更していないもの
erase-receipt = 処理結果の控え: { $location }
none-failed = 失敗した配信はありません。

# Sources and connections
fetch-gone = コピーする前に取得元で削除されました: { $file }
fetch-files = ファイル: { $location }
sas-days = (SAS の期限まで { $n } 日)
sas-ends = SAS の有効期限は { $at } (残り { $n } 日) です。
ask-key = Braze の REST API キー (表示されません):{" "}
ask-sas = 取得元の SAS トークンまたは SAS URL (表示されません):{" "}

# Inspect
inspect-next = 何も送信していません。次のコマンド: itb init { $folder }
inspect-dialect = 区切り文字 { $delimiter }、引用符 { $quotes }、改行 { $ending }、ヘッダー { $header }、{ $columns } 列
inspect-note = 注意: { $note }
inspect-entities = エンティティ { $n } 個
proposed-customer-id = 顧客 ID の候補 (Braze の external_id)
proposed-email = メールアドレスの候補
proposed-none = 見つかりません
proposed-own-id = CustomerId は Customer Insights 独自の ID です。プロファイルの統合で変わるため、自社の ID を使用してください。

# Init
init-hostname = Braze の REST エンドポイント (例: rest.fra-01.braze.eu)
init-customer-id = 顧客 ID (Braze の external_id) の列、なければ none
init-email = メールアドレスの列、なければ none
init-export = エクスポートの名前
init-agree = 顧客データを Braze に送信することを組織が承認していますか? 承認済みの場合は yes、後で決める場合は Enter:{" "}
init-found = セグメント: { $segments }
    列: { $columns }
init-written = 書き出しました: { $file }
init-no-consent = agree_to_data_transfer を true にするまで、何も送信されません。
init-next = 次のコマンド: { $command }

# Doctor
doctor-configuration = 設定
doctor-valid = 正しい設定です: 接続 { $connections } 件、エクスポート { $exports } 件
doctor-connected = キーは有効で、users.track の権限があります
doctor-no-key = テストしていません。BRAZE_API_KEY を設定するか、`itb connect` を使用してください
doctor-no-secret = テストしていません。--bucket または `itb fetch` を使用してください
doctor-consent = agree_to_data_transfer は true です
doctor-no-consent = 何も送信されません。組織が承認したら agree_to_data_transfer = true に設定してください
doctor-no-files = 確認していません。--export と --files を指定してください
doctor-fit = exports.toml にある列がすべてファイルにあります
doctor-on-time = 正確です
doctor-no-time = 確認していません。ホストに接続できないか、時刻が返されません
doctor-connection = 接続 { $name }
doctor-source = 取得元 { $name }
doctor-consent-of = { $name } の同意
doctor-columns-of = { $name } の列
doctor-clock = 時計 ({ $name } との比較)
doctor-off = { $n } 秒ずれています。タイムサーバーに合わせてください

# Explain
explain-message = メッセージ
explain-cause = 原因
explain-fix = 対処
explain-place = すべてのメッセージ: docs/messages.md。⟨山かっこ⟩ の語は値を表します。

# Watch
watch = { $time }: { $n } 秒ごとに更新します (終了: Ctrl-C)
in-stack = { $key } (スタック { $stack } のバケット)
left-running = 関数は AWS で処理を続けます。進み具合は `itb status --stack { $stack }` で確認できます。
reports-left-out =
    古いレポート { $n } 件は含まれていません。--segment でセグメントを、または --run で実行を指定してください。

# Braze
in-braze = Braze の確認: { $what }: { $text }
connect-permission = 権限 { $permission } (任意。Braze の内容の確認に使用): { $may }
yes = あり
no = なし

# Demo
col-what = 内容
col-where = 場所
demo-first-run = 1 回目の実行
demo-second-run = 2 回目の実行
demo-complete = 実行が完了しました
demo-waiting = ほかのファイルを待っています
demo-rows = ここまで { $n } 行
demo-only-counts = { $n } 人を超えるため、Braze のモックは件数だけを数え、プロファイルを保存しません。
demo-profiles = Braze のモックにある 3 つのプロファイル
demo-both = 両方のセグメントのメンバー
demo-email-only = 顧客 ID がなく、メールで識別されるメンバー
demo-moved = 一方のセグメントから外れ、もう一方に入ったメンバー
demo-files = ファイル
demo-exported-files = エクスポートされたファイル
demo-bucket = バケット
demo-configuration = 設定
demo-a-report-as-a-page = レポートのページ
demo-a-report = レポート
demo-rejected-rows = 却下された行
demo-history = 履歴
demo-right = 確認済み:
demo-wrong = 誤り:
demo-first-figures = 1 回目の実行: 行数とメンバー数の合計が合い、すべての数値が想定どおりです
demo-second-figures = 2 回目の実行: 行数とメンバー数の合計が合い、すべての数値が想定どおりです
demo-objects = Braze が受け付けたオブジェクトは { $n } 件で、レポートの件数と同じです。無視されたものはありません
demo-names = { $n } 人の姓名が変わらずに届きました
demo-attribute = "{ $attribute }" は { $members } 人のメンバー全員で true、外れた { $leavers } 人全員で false で、ほかのプロファイルにはありません
demo-no-report = { $segment }: 実行のレポートがありません
demo-no-sum = { $segment }: 合計が合いません
demo-other-figures = { $segment }: { $expected } ではなく { $found } です
demo-other-objects = Braze が受け付けたオブジェクトは { $reported } 件ではなく { $accepted } 件です。無視されたもの: { $ignored }
demo-garbled = { $n } 人の姓名が途中で変わりました。例: { $some }
demo-other-profiles = Braze のプロファイルは { $there } 件ですが、エクスポートされたのは { $people } 人です
demo-attribute-wrong = "{ $attribute }" が { $n } 件のプロファイルで誤っています

# Console
console-idle = コンソールはしばらく使用されなかったため、停止しました。
console-stopping = チェックポイントで停止します。すぐに停止するには、もう一度 Ctrl-C を押してください。
