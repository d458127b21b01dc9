# The texts of the pages: a run's report, a dry run, the history of an export.

# Every page
footer = insights-to-braze { $version }。{ $zone ->
    [UTC] 時刻は UTC です。
   *[other] 時刻は { $zone } です。
}実行の名前は、Customer Insights のタイムスタンプです。
empty = 空
and-more = … ほか { $n } 件は report.json にあります。
more-lines = … ほか { $n } 行は report.json にあります。
further-segments = ほか { $n } 個のセグメントは個別に表示していません。
further-overview = ほか { $n } 個のセグメントは表示していません。
number = 数
what = 項目
share = 割合
change = 増減
segment = セグメント
segments = { $n } 個のセグメント
run = 実行
export = エクスポート
attribute = Braze の属性
workspace = ワークスペース
for-engineers = エンジニア向けの詳細

# Outcomes
outcome-delivered = 反映済み
outcome-delivered-with-problems = 問題あり (反映済み)
outcome-waiting = 残りのファイル待ち
outcome-held = 保留 (判断待ち)
outcome-unfinished = 未完了
outcome-superseded = 置き換え済み
outcome-failed = 失敗
outcome-dry-run = ドライラン
no-run-yet = 実行なし

# The report of a run
run-report = 実行レポート
run-report-made = 実行レポート (更新: { $time })。
figure-members = 人が Braze でこの属性を持っています
figure-since = { $time } 時点で最新です
figure-change = 前回の実行から { $change }
summary-retired = セグメントは終了しました。属性を持っていた全員の属性を false にしたか、削除しました。
summary-delivered = Braze のセグメントには { $n } 人が含まれています。前回の実行から { $entered } 人が加わり、{ $left } 人が外れました。
summary-problems = { $of } 行のうち { $n } 行が Braze に反映されています。不足があります。以下を確認してください。
summary-waiting = 届いたファイルはすべて Braze に反映済みで、これまでに { $entered } 人が加わりました。エクスポートがすべて届くまで、誰も外れません。
summary-held = ファイルに含まれる人は全員 Braze に反映済みです。外れる人が極端に多いため、判断するまで誰も変更されません。
summary-held-unsent = 何も送信していないか、試行の少数の人にだけ送信しました。判断するまで、誰も変更されません。
summary-unfinished = これまでに { $n } 行が Braze に反映されています。配信は自動的に続行します。
summary-superseded = セグメントの新しい実行が始まり、この実行に置き換わりました。
summary-failed = 配信が停止しました。データは失われていません。次の試行で残りを送信します。
summary-dry-run = 何も送信していません。配信で行われる内容です。
started-by = 開始のきっかけ
trigger-object-created = ファイルのアップロード
trigger-scheduled = スケジュール
trigger-on-demand = オンデマンド
started = 開始
updated = 更新
duration = 所要時間
requests-title = Braze への要求
requests-caption = 要求とデータポイント
requests = 要求
retries = 再試行
rate-limited = レート制限 (429)
data-points = データポイント
left-in-hour = この 1 時間に残っている要求の数
unconfirmed = 受け付け済み (create_profiles により Braze にプロファイルがない可能性あり)

# The decision about a held run
decide = 判断してください
decide-missing = ファイルが足りない場合
decide-missing-text = Customer Insights でエクスポートをもう一度実行してください。次の通常の実行がこの実行に置き換わるため、ほかの対応は不要です。
decide-shrank = 本当に減った場合
decide-shrank-text = { $n } 人の属性を false にします (on_leave の設定によっては削除します)。元に戻るのは、次の完全な実行に含まれたときだけです。オペレーターの権限を持つ人が、次の方法で保留を解除します。
decide-wrong = データまたは設定が誤っている場合
decide-wrong-text = 理由に示された点を修正し、エクスポートをもう一度実行してください。もう一度確認が行われます。
decide-right = このままで正しい場合
decide-right-text = 保留の理由があっても配信します。理由に示された数 { $n } で確認します。オペレーターの権限を持つ人が、次の方法で保留を解除します。
decide-command = 端末
decide-payload = オンデマンド関数

# The filter in Braze
filter-title = Braze のフィルター
filter-where = Braze で「オーディエンス > セグメント > セグメントを作成」を開き、「すべてのアプリのユーザー」のままで、フィルター「カスタム属性」を追加します。
filter-in = セグメントに含まれる人
filter-out = 含まれない人
filter-true = true である
filter-false = false である、または未設定
filter-liquid = メッセージ内 (Liquid)

# Members
members = メンバー
members-caption = 加わった人、残った人、外れた人
members-of = セグメント { $n } のメンバー
members-before = 前回のメンバー
members-after = 今回のメンバー
share-of-before = 前回に対する割合
before = 前回
left = 外れた
stayed = 残った
entered = 加わった
after = 今回
pending-held = ファイルにいない
pending = 届いたファイルにいない
before-in-words = 前回は { $before } 人で、{ $stayed } 人が残り、{ $left } 人が外れました。
after-in-words = 今回は { $after } 人で、{ $stayed } 人が残り、{ $entered } 人が加わりました。

# Rows
rows = 行
rows-of = セグメント { $n } の行
rows-figure = すべてのファイルの行
rows-caption = 結果ごとの行数
read = 読み取り
accepted = Braze が受け付け
would-be-sent = 送信予定
unchanged = 変更なし
duplicates = 重複
rejected = 却下
rows-in-words = { $read } 行のうち、受け付け { $accepted }、変更なし { $unchanged }、重複 { $duplicate }、却下 { $rejected }。
rejected-title = 却下された行
rejected-of = セグメント { $n } の却下された行
rejected-caption = 理由ごとの却下された行。値は伏せてあります。行は rejected.csv にあります。
reason = 理由
line-of = { $file } の { $line } 行目
dropped-title = 送信しなかった値
dropped-of = セグメント { $n } の送信しなかった値
dropped-caption = Braze が拒否または無視するため、送信しなかった値
field-and-reason = 項目と理由

# Files, notes and settings
files = ファイル
files-caption = 実行のファイル (バケットのキー)
file = ファイル
in-total = 合計 { $n } 個
more-files = ほか { $n } 個のファイルは report.json にあります。
notes = 注意事項
settings = 設定
settings-caption = exports.toml の内容
setting = 設定
value = 値
not-used = 使用しない
no-budget = 上限なし
every-segment = フォルダーにあるすべてのセグメント
schedule-active = active
schedule-off = off: アップロードと、名前を指定した実行だけで配信
send-changes = changes: 変更のないメンバーは送信しない
send-all = all: 全員を送信
leave-false = false: 外れた人の属性を false にする
leave-remove = remove: 外れた人の属性を削除する
leave-keep = keep: 外れた人の属性を残す
of-the-members = メンバーの { $percent } %
segment-only = セグメントの属性のみ
field-from = { $field } (列 { $column })

# The dry run
dry-run = ドライラン
dry-run-of = ドライラン: { $title }
dry-run-made = ドライラン ({ $time })。
dry-run-nothing = 何も送信しておらず、何も書き込んでいません。
dry-run-held = 何も送信しておらず、何も書き込んでいません。{ $n } 個のセグメントは、外れる人が極端に多いため保留になります。
would-enter = 加わる人
would-leave = 外れる人
rows-rejected = 却下される行
total-requests = 要求
at-the-limit = レート制限の上限での時間
total-data-points = データポイント
check-first = まず確認
largest-changes = 変化の大きいセグメント
changes-caption = 加わる人と外れる人の割合が大きい順
enter = 加わる
leave = 外れる
would-be-held = 保留になります
would-be-held-short = 保留予定
until-you-allow = 許可するまで、誰の属性も false にしません。
cost = 負荷
costs-of = セグメント { $n } の負荷
cost-caption = 要求、時間、データポイント
minimum-time = 接続のレートでの最短時間
set-to-false = false にする人
compared = 前回の実行との比較
comparison-of = セグメント { $n } の比較
no-complete-run = このセグメントには、まだ完全な実行がありません。
compared-caption = 変化の大きい順。前回の実行: { $run }
last-run = 前回
this-run = 今回
compared-members = メンバー
compared-entered = 加わる人
compared-left = 外れる人
compared-rows = 行
compared-sent = 送信する行
compared-duplicates = 重複行
compared-rejected = 却下される行
compared-share = 却下される行の割合
sample = 送信内容の例
sample-masked = 値は伏せてあります。文字列は先頭の 1 文字、数値は型だけを示します。

# The history
history = エクスポートの履歴
history-title = { $export } の履歴
history-made = 履歴 (更新: { $time })。
history-summary = { $segments }。{ $trouble ->
    [none] 失敗も保留もありません。
   *[some] 失敗 { $failed } 個、保留 (判断待ち) { $held } 個。
}{ $problems ->
    [0] {""}
   *[other] 問題あり (反映済み) { $problems } 個。
}
status = セグメントの状態
status-caption = 各セグメントの最新の実行
outcome = 状態
members-each-run = 完全な実行ごとのメンバー数
members-over-time = メンバー数の推移
chart-in-words = { $runs } 回の完全な実行のうち、最初は { $first } 人、最後は { $last } 人です。
changes-each-run = 実行ごとに加わった人と外れた人
legend-entered = 加わった人
legend-left = 外れた人
changes-in-words = { $runs } 回の実行で、{ $entered } 人が加わり、{ $left } 人が外れました。
runs-caption = 実行 (新しい順)。
shown-of = { $runs } 回のうち最近の { $shown } 回。
ended = 終了
rejected-rows = 却下された行

# Braze から読み取った内容
in-braze = Braze の内容の確認
in-braze-caption = この実行について Braze から読み取った内容
not-checked = 未確認
result = 結果
