# The messages in Japanese, by their code. docs/messages.md has them in English, with the same placeholders; `-2` is the second
# form of a message. $surface is where the message is read: page, console, terminal, or stopped (a terminal after Ctrl-C).

# Runs

ITB-R01 = 実行は反映されました。
ITB-R02 = 反映済みです。新しく送信するものはありません。
ITB-R17 =
    問題がありますが、反映しました: { $problems }
    それ以外はすべて反映しました。この問題のために属性を false にした人はいません。理由はレポートで確認できます。データまたは exports.toml の列の設定を修正すると、次の実行で不足分を送信します。
ITB-R03 =
    届いたファイルはすべて反映済みです。
    セグメントから外れた人の属性は、エクスポートがすべて届いてから false (on_leave の設定) にします。model.json に記載されたファイルがすべて反映されたとき、またはフォルダーが settle_minutes の間更新されず、スケジュールが実行されたときに完了とみなします。
ITB-H01 =
    ファイルは反映済みですが、この実行は保留中です: { $reason }
    属性を false にした人はいません。{ $surface ->
        [terminal] 人数と対処方法は `itb hold list` で確認できます。
        [stopped] 人数と対処方法は `itb hold list` で確認できます。
        [console] 正しい場合は保留を解除してください。正しくない場合は、次の通常の実行で置き換えられます。
       *[page] 正しい場合は、"run": "{ $run }"、"allow_leavers": { $people } を指定してエクスポートを実行してください。正しくない場合は、次の通常の実行で置き換えられます。
    }
ITB-R14 =
    実行が完全ではありません: { $first } が届きましたが、反映されていません。
    それまでは誰の属性も false にしません。ファイルを戻すか修正してください。このファイルがなくても正しい場合は、{ $surface ->
        [terminal] `itb forget` に --file を指定してください。
        [stopped] `itb forget` に --file を指定してください。
       *[page] アクション forget に "file" を指定してください。
    }
ITB-R14-2 =
    実行が完全ではありません: { $first } ほか { $more } 個のファイルが届きましたが、反映されていません。
    それまでは誰の属性も false にしません。ファイルを戻すか修正してください。これらのファイルがなくても正しい場合は、{ $surface ->
        [terminal] `itb forget` に --file を指定してください。
        [stopped] `itb forget` に --file を指定してください。
       *[page] アクション forget に "file" を指定してください。
    }
ITB-R15 =
    最近の { $runs } 回の実行は、既知の最新の実行より古いため、何も送信していません。
    最新の実行の名前が誤っている場合は、{ $surface ->
        [terminal] その実行を `itb forget` で破棄してください。
        [stopped] その実行を `itb forget` で破棄してください。
        [console] その実行を破棄してください。
       *[page] アクション forget に "run" を指定して破棄してください。
    }
ITB-R20 =
    何も送信していません。実行 { $run } を取り消すドライランです。
    { $removed } 人の属性を false にするか削除し (on_leave の設定)、{ $restored } 人の属性を true に戻します。
ITB-R21 =
    何も送信していません。実行 { $run } の取り消しは、次の理由で保留になります: { $reason }。
    { $removed } 人の属性を false にするか削除し (on_leave の設定)、{ $restored } 人の属性を true に戻します。{ $surface ->
        [terminal] 正しい場合は、`itb undo` で人数を入力してください。
        [stopped] 正しい場合は、`itb undo` で人数を入力してください。
       *[page] 正しい場合は、"run": "{ $run }"、"allow_leavers": { $removed } を指定して undo を実行してください。
    }
ITB-R22 =
    何も送信していません。この実行の取り消しが終わっていません。
    処理している関数がない場合は、もう一度取り消しを実行すると再開します。
ITB-R23 =
    実行 { $run } を取り消しました。
    { $removed } 人の属性を false にするか削除し (on_leave の設定)、{ $restored } 人の属性を true に戻しました。この実行は再び配信されません。次の実行は通常どおり配信されます。
ITB-R24 =
    実行 { $run } を取り消しました。{ $refused } 人は Braze に却下されました。
    { $removed } 人の属性を false にするか削除し (on_leave の設定)、{ $restored } 人の属性を true に戻す予定でした。却下された人は記録に残り、次の実行でもう一度送信されます。
ITB-R25 =
    制限時間に達したため停止しました。
    もう一度取り消しを実行すると再開します。
ITB-H11 =
    実行は取り消されていません: { $reason }。
    何も変更していません。{ $surface ->
        [terminal] 正しい場合は、`itb undo` で人数を入力してください。
        [stopped] 正しい場合は、`itb undo` で人数を入力してください。
       *[page] 正しい場合は、"run": "{ $run }"、"allow_leavers": { $people } を指定して undo を実行してください。
    }
ITB-R16 = この実行は破棄されました。何も送信しません。
ITB-R04 = 新しい実行 { $by } に置き換えられました。対応は不要です。
ITB-R05 = { $surface ->
        [stopped] Ctrl-C で停止しました。同じコマンドをもう一度実行すると、続きから再開します。
        [console] チェックポイントで停止しました。もう一度実行すると続きから再開します。
       *[page] 制限時間に達したため停止しました。自動的に続行します。
    }
ITB-R06 = 別の処理がこの実行を配信しています。結果はそのレポートで確認できます。
ITB-R07 = 何も送信していません。配信すると { $requests } 回の要求を送信し、{ $leavers } 人の属性を false にします。
ITB-R08 = 何も送信していません。{ $members } 人の属性を false にするか、削除します (on_leave の設定)。
ITB-R09 = 属性を終了しました。{ $members } 人の属性を false にしたか、削除しました (on_leave の設定)。
ITB-R10 =
    { $retired } 人の属性を false にしたか、削除しました (on_leave の設定)。{ $refused } 人は Braze に却下されました。
    却下された人の属性は残り、記録も残ります。もう一度終了処理を実行してください。
ITB-R11 = { $surface ->
        [stopped] Ctrl-C で停止しました。同じコマンドをもう一度実行すると、終了処理を再開します。
       *[page] 制限時間に達したため停止しました。終了処理は自動的に続行します。
    }
ITB-R12 =
    { $surface ->
        [stopped] Ctrl-C で停止しました。
       *[page] 制限時間に達したため停止しました。
    }
    もう一度終了処理を実行すると、続きから再開します。
ITB-R13 =
    別の処理がこのセグメントを処理しています。
    状態を確認してから、もう一度終了処理を実行してください。

# Held runs

ITB-H02 = ファイルにメンバーが 1 人もおらず、{ $people } 人が外れることになります。
ITB-H04 = { $caution }。{ $people } 人が外れることになります。
ITB-H05 = データの照合 (data_matching) の列が前回と異なり、{ $people } 人が外れることになります。同じ人が別の識別子になっている可能性があります。
ITB-H06 = 誰の行か判別できない行が { $rows } 行あり、{ $people } 人が外れることになります。
ITB-H03 =
    { $before } 人のうち { $gone } 人 ({ $percent } %) が外れることになります。上限 (max_leavers) は { $allowed } % です。
    完全でない実行の分を含めると { $people } 人です。
ITB-H03-2 = { $before } 人のうち { $gone } 人 ({ $percent } %) が外れることになります。上限 (max_leavers) は { $allowed } % です。

# Check this first

ITB-W01 = 接続 { $connection } の agree_to_data_transfer が true ではないため、何も送信されません。
ITB-W02 = 接続 { $connection } では、まだ何も配信していません。{ $surface ->
        [console] 接続のページでテストしてください。
        [terminal] `itb connect` でテストしてください。
       *[page] アクション connect でテストしてください。
    }
ITB-W03 = 列 { $column } が { $fields } の両方に使われています。意図したものか確認してください。
ITB-W04 = { $problem }
ITB-W05 = { $of } 行のうち { $rows } 行が同じ人の繰り返しです。顧客 ID の列が誤っている可能性があります。
ITB-W06 = { $doubt }
ITB-W07 = この実行は保留になります: { $reason }
ITB-W08 = 完全な実行がまだないため、{ $members } 人全員を送信します。
ITB-W09 = データポイントを { $points } 使用します。

# Problems

ITB-Q01 = { $of } 行すべてが却下されました
ITB-Q01-2 = { $of } 行のうち { $rows } 行 ({ $share }) が却下されました
ITB-Q02 = { $of } 行のうち { $rows } 行 ({ $share }) で { $field } を送信しませんでした
ITB-Q03 = { $file }: { $rows } 行すべてが却下されました
ITB-Q04 = { $file }: { $rows } 行すべてで { $field } を送信しませんでした
ITB-Q05 = ほか { $problems } 件

# Responses of the on-demand function

ITB-A01 =
    セグメントのファイルが見つかりません。
    { $surface ->
        [page] ignored と、
       *[terminal] 無視されたファイルと、
    }エクスポートの folder、segments、path の設定を確認してください。
ITB-A02 = 接続しました。キーは有効で、users.track の権限があります。プロファイルを変更しない要求を Braze が受け付けました。
ITB-A25 =
    接続しました。キーは有効ですが、users.track の権限があるかどうかは確認できませんでした。
    もう一度接続をテストしてください。それでもこのメッセージが表示される場合は、Braze でキーの権限を確認してください。
ITB-A03 =
    接続しました。ただし、agree_to_data_transfer が true ではないため、まだ何も送信されません。
    顧客データを Braze に送信することを組織が承認したら、exports.toml で true に設定してください。
ITB-K31 = 接続しました。SAS またはアプリケーションで一覧の取得と読み取りができます。フォルダーには { $files } 個のファイルがあります。
ITB-K32 = exports.toml に [sources.NAME] のテーブルがないため、取得するものはありません。
ITB-K33 = この取得元からは、まだ何も取得していません。
ITB-A04 = 完全な実行はまだありません。
ITB-A06 = このセグメントは終了処理中です。処理が動いていない場合は、もう一度終了処理を実行すると続きから再開します。
ITB-A07 = 失敗した配信はありません。
ITB-A08 = 何も送信していません。再試行すると、一覧の配信をキューに戻します。
ITB-A09 = 一覧の配信をキューに戻しました。結果はそれぞれのレポートで確認できます。
ITB-A10 = 環境変数 DEAD_LETTER_QUEUE_URL が設定されていないため、デッドレターキューを読み取りませんでした。
ITB-A11 = デッドレターキューにまだメッセージがあります。もう一度再試行してください。
ITB-A12 = この属性は { $owner } が更新しています。
ITB-A26 =
    { $since } 以降、配信されていません。通常の間隔は { $interval } です。
    誰も変更していません。Customer Insights でエクスポートが実行され、ファイルが届いているか確認してください。
ITB-A13 =
    属性「{ $attribute }」は { $people } 人に設定されたままですが、更新するセグメントがありません。
    最後に更新したのは { $last } です。属性を終了するか{ $surface ->
        [terminal] {" "}(`itb retire`)
       *[page] {" "}(アクション retire)
    }、attribute_names でセグメントをこの属性に割り当ててください。
ITB-A19 = attribute_names: セグメント「{ $segment }」のファイルが見つかりません。
ITB-A19-2 = attribute_names: セグメント「{ $segment }」のファイルが見つかりません。「{ $nearest }」ではありませんか?
ITB-A14 = 状態は壊れていません。何も変更していません。
ITB-A15 = 何も変更していません。
ITB-A16 =
    状態を再び使用できるようになりました。
    次の完全な実行では全員を送信します。外れる人がいる場合は保留になり、レポートに示された人数を指定すると解除できます。
ITB-A17 =
    何も変更していません。
    この実行で送信された可能性のある内容は記録に残り、次の完全な実行と比較されます。
ITB-A18 =
    この実行は今後配信されず、以降の実行がその日時と比較されることもありません。
    送信された可能性のある内容は記録に残り、次の完全な実行と比較されます。
ITB-A21 = 何も変更していません。消去すると、{ $objects } 個のオブジェクトから { $rows } 行を削除します。
ITB-A22 = 状態とレポートに、この人の情報は見つかりませんでした。
ITB-A23 = { $objects } 個のオブジェクトから { $rows } 行を削除しました。
ITB-A24 =
    { $objects } 個のオブジェクトから { $rows } 行を削除しましたが、確認できなかったものがあります (left と unsearched を参照)。
    もう一度消去を実行してください。
ITB-A31 = ファイルが見つかりません。フォルダーと、ファイルがコピーされているかを確認してください。
ITB-A32 = 配信されるものはありません。オブジェクトが無視された理由を確認してください。
ITB-A33 = 1 個のファイルに問題があります。{ $surface ->
        [page] problem を参照してください。
       *[terminal] 上の内容を確認してください。
    }
ITB-A33-2 = { $files } 個のファイルに問題があります。{ $surface ->
        [page] problem を参照してください。
       *[terminal] 上の内容を確認してください。
    }
ITB-A34 = 確認したファイルは設定と一致しています。次は{ $surface ->
        [terminal] {" "}`itb run --dry-run`{" "}
        [console] ドライラン
       *[page] {" "}run を "dry_run": true で{" "}
    }を実行してください。

# Rejected rows

ITB-J01 = 顧客 ID もメールアドレスもありません
ITB-J02 = 顧客 ID が 987 バイトを超えています
ITB-J03 = 顧客 ID に制御文字が含まれています
ITB-J06 = 顧客 ID が指数形式 (1.23E+11) です。表計算ソフトによって桁が失われています
ITB-J04 = 顧客 ID を読み取れません
ITB-J05 = 顧客 ID がなく、メールアドレスも正しくありません
ITB-J11 = 項目が不足しています: { $expected } 個のはずが { $found } 個です
ITB-J12 = 項目が多すぎます: { $expected } 個のはずが { $found } 個です
ITB-J13 = 列 { $column } が正しい UTF-8 ではありません。ファイルが { $encoding } の場合は、UTF-8 でエクスポートするか、encoding を設定してください
ITB-J14 = 列 { $column } に NUL バイトが含まれています
ITB-J15 = { $from_line } 行目の引用符の位置が誤っているか、閉じられていません
ITB-J15-2 = { $from_line } 行目の引用符の位置が誤っているか、閉じられていません。{ $next } 行目から { $to_line } 行目までは別々の行として読み取ります
ITB-J16 = 行が { $limit } バイト (max_record_bytes) を超えています。行の残りは読み飛ばしました
ITB-J17 = ヘッダー行の繰り返しです

# Values not sent

ITB-V01 = メールアドレスではありません
ITB-V02 = 読み取れません
ITB-V03 = 255 文字を超えています
ITB-V19 = 1,024 文字を超えています
ITB-V04 = 整数ではありません
ITB-V05 = 数値ではありません
ITB-V06 = true または false ではありません
ITB-V07 = 日付ではありません
ITB-V08 = 日時ではありません
ITB-V20 = 日と月のどちらが先か判別できません (date_order を設定してください)
ITB-V09 = 年が 0 から 3000 の範囲にありません
ITB-V10 = 要素が 500 個を超えています
ITB-V11 = 255 文字を超える要素があります
ITB-V12 = 配列が 100 KB を超えています
ITB-V13 = 1 つの国を表すコードまたは名前ではありません
ITB-V14 = Braze の言語コードではありません
ITB-V15 = M、F、O、N、P のいずれでもありません
ITB-V16 = その国の電話番号ではありません
ITB-V21 = 国のない電話番号です (default_country または country_column を設定してください)
ITB-V17 = タイムゾーンの名前ではありません
ITB-V18 = opted_in、subscribed、unsubscribed のいずれでもありません

# Notes

ITB-M01 = 名前のない列があります: { $columns }
ITB-M02 = 列名 { $name } が { $times } 回使われています: 列 { $columns }
ITB-M03 = model.json のカルチャ { $culture } には対応していません。年から始まる日付と、小数点を使う数値だけを読み取ります
ITB-M04 = { $key } = { $column }: ファイルの列名は { $found } です
ITB-M05 = { $key }: Braze の標準項目では、type の指定は無効です
ITB-M06 = { $key }: 購読状態は削除できないため、empty = "remove" は無効です
ITB-M07 = { $field }: 日付は { $shown } に見えますが、model.json のカルチャは { $declared } です。矛盾する日付は送信しません。date_order を設定してください
ITB-M08 = { $field }: 値の内容から、日付を { $order } として読み取ります
ITB-M09 = { $field }: { $day_first } では日が先、{ $month_first } では月が先です。どちらとも読める日付と { $read_as } ではない日付は送信しません。date_order を設定してください
ITB-M10 = { $field }: 日と月のどちらが先か判別できないため、日付を送信しません。date_order または culture を設定してください
ITB-M11 = すべての行が同じ理由で却下されています: { $reason }
ITB-M12 = 確認した { $checked } 行のうち { $rows } 行は、削除された行も含めてメンバーとして読み取られます。ファイルの内容はセグメントのメンバーではなく、テーブルの変更履歴 (IsDelete) です
ITB-M13 = 確認した { $checked } 行のうち { $rows } 行で、メールアドレスの異なる行と顧客 ID が同じです。顧客 ID の列が誤っている可能性があります
ITB-M14 = 確認した { $checked } 行のうち { $rows } 行で、メールアドレスが異なるのに顧客 ID が同じです。この ID では誰も識別できません。不明な人を表す値の場合は null_values に追加してください
ITB-M15 = 確認した { $checked } 行のうち { $rows } 行で、識別子がほかの行と同じです。列が誤っている可能性があります
ITB-M16 = 確認した { $checked } 行のうち { $rows } 行で、顧客 ID に小数 (123.0) があります。整数が小数として読み込まれています。文字列としてエクスポートしてください
ITB-M17 = 確認した { $checked } 行のうち { $rows } 行で、顧客 ID が指数形式 (1.23E+11) です。表計算ソフトによって桁が失われています。もう一度エクスポートし、表計算ソフトで保存しないでください
ITB-M18 = 確認した { $checked } 行のうち { $rows } 行で、顧客 ID の列にメールアドレスがあります
ITB-M19 = 確認した { $checked } 行のうち { $rows } 行で、メールの列にメールアドレス以外の文字列があります
ITB-M20 = 確認した { $checked } 行のうち { $rows } 行で、顧客 ID が NULL などの空を表す語、またはゼロだけの GUID です。これらは顧客 ID として扱いません
ITB-M21 = 確認した { $checked } 行のうち { $rows } 行で、顧客 ID に通常と異なる文字 (全角、不可視、未合成、表計算ソフトの記号) が含まれています。そのまま送信します
ITB-M22 = 確認した { $checked } 行のうち { $rows } 行で、顧客 ID の数字がほかより短くなっています。顧客 ID の桁数が固定の場合は、表計算ソフトが先頭のゼロを削除しています
ITB-M23 = model.json または exports.toml での記述がその後変わったため、もう一度読み取りました。その結果、値が変わったメンバーを再送信しました
ITB-M24 = rejected.csv には、却下された行のうち最初の { $bytes } バイト分 (max_rejected_bytes) だけを記載しています。rejected_reasons ではすべての行を数えています
ITB-M25 = ファイルの途中でヘッダーが繰り返されています。行としては数えません
ITB-M27 = 取り消されません: 送信済みのキャンペーンやキャンバスのメッセージなど、この実行によって Braze が行ったこと
ITB-M28 = 取り消されません: そのほかの項目 ({ $fields }) の値は、後の実行で別の値を送信するまで、この実行で送信したままです
ITB-M29 = 取り消されません: この実行で作成されたプロファイルは Braze に残ります
ITB-M30 = 取り消されません: この実行で加わった人の属性は、以前に値がなかった場合も false になります
ITB-M31 = 取り消されません: この実行で加わった人の属性は、以前のメンバーだったときから残っていた場合も削除されます (on_leave の設定)
ITB-M26 = 識別に使う列がなく、名前も列もこの実行のほかのファイルと異なるため、無視しました

# Ignored objects

ITB-N01 = エクスポートのフォルダーの外にあります
ITB-N02 = ファイルではなくフォルダーです
ITB-N03 = 空です
ITB-N04 = アップロードの途中か、隠しファイルです
ITB-N05 = セグメントがエクスポートの segments にありません
ITB-N06 = 名前があいまいです (セグメント、分割、コピー、日付のいずれか)。segments にセグメントを指定するか、path を設定してください
ITB-N07 = セグメント名として使用できません: .、..、制御文字、または 256 文字を超える名前
ITB-N08 = .csv、.txt、.tsv (および .gz) のファイルではありません
ITB-N09 = キーがどの配置とも一致しません。エクスポートのファイルの場合は path を設定してください
ITB-N10 = キーがエクスポートの path と一致しません

# Fetches

ITB-K21 = 新しいファイルはありません。すべてバケットにあります。
ITB-K21-2 = { $files } 個のファイルをコピーしました。
ITB-K22 = 何もコピーしていません。実行すると { $files } 個のファイルをコピーします。
ITB-K23 = { $surface ->
        [stopped] { $files } 個のファイルのあと、Ctrl-C で停止しました。同じコマンドをもう一度実行すると、続きから再開します。
       *[page] { $files } 個のファイルのあと、制限時間に達したため停止しました。自動的に続行します。
    }
ITB-K24 = 別の処理がこの取得元から取得しています。
ITB-K25 =
    { $place } にコピーするファイルがありません (keep_days より古いファイル: { $old })。
    exports.toml のフォルダーとコンテナー、および Customer Insights でエクスポートが成功しているかを確認してください。BLOB の論理的な削除が有効な間は、エクスポートが失敗します (Azure portal のストレージ アカウント > データ保護)。
ITB-K26 =
    SAS の有効期限まで { $days } 日です ({ $at })。
    Azure portal でコンテナー > 共有アクセス トークンを開き、読み取りと一覧表示のアクセス許可を付けた新しい SAS を作成して、シークレットに保存してください。

# Delivery

ITB-D01 =
    接続 { $connection } の agree_to_data_transfer が true ではないため、何も送信していません。
    顧客データを Braze に送信することを組織が承認したら、exports.toml で true に設定してください。
ITB-D05 =
    { $key } は保留中です: { $reason }
    このファイルからは何も送信していません。エクスポートまたはデータの照合 (data_matching) を修正してください。識別子が正しい場合は、{ $surface ->
        [terminal] --allow-identifiers { $rows } を指定してコマンドを実行してください。
        [stopped] --allow-identifiers { $rows } を指定してコマンドを実行してください。
       *[page] "allow_identifiers": { $rows } を指定してエクスポートを実行してください。
    }
ITB-D06 =
    { $key }: すべての行が同じ理由で却下されています: { $reason }
    何も送信していません。ファイルまたは exports.toml を修正してください。
ITB-D02 =
    別の処理が { $what } を処理しています。
    データは失われていません。このファイルはその後で配信されます。
ITB-D03 =
    処理中に exports.toml が変更されました。
    データは失われていません。次の試行で新しい設定を使用します。
ITB-D07 =
    属性「{ $attribute }」は { $owner } が更新しているため、何も送信していません。
    ワークスペースの 1 つの属性を更新できるのは、1 つのセグメントだけです。attribute_names でどちらかのセグメントに別の名前を付けてください。属性を引き継ぐ場合は、もう一方のセグメントに別の名前を付けるか、segments から削除してください。
ITB-D08 =
    実行 { $run } は現在より 1 日以上先の日時のため、名前が誤っています。
    この実行からは何も送信せず、ほかの実行は配信します。フォルダーを削除するか名前を変更してください。名前が現地時刻の場合は time_zone を設定してください。
ITB-D09 =
    実行 { $run } は、{ $asked } 人ではなく { $held } 人が外れることになるため、保留中です。
    何も送信していません。{ $surface ->
        [terminal] 人数と対処方法は `itb hold list` で確認できます。
        [stopped] 人数と対処方法は `itb hold list` で確認できます。
        [console] 正しい場合は、この人数で保留を解除してください。
       *[page] 正しい場合は、"run": "{ $run }"、"allow_leavers": { $held } を指定して解除してください。
    }
ITB-D10 =
    { $segment }: 完了した実行がないため、取り消すものがありません
    何も変更していません。
ITB-D11 =
    { $segment }: 取り消せるのは最後に完了した実行 { $last } だけです
    何も変更していません。{ $surface ->
        [terminal] この実行でよい場合は、`--run { $last }` を指定してください。
        [stopped] この実行でよい場合は、`--run { $last }` を指定してください。
       *[page] この実行でよい場合は、"run": "{ $last }" を指定して undo を実行してください。
    }
ITB-D12 =
    { $segment }: 実行 { $newer } を配信しているため、その前の実行は取り消せません
    何も変更していません。完了を待ってその実行を取り消すか、先に forget で破棄してください。
ITB-D13 =
    実行 { $run } はすでに取り消されています
    何も変更していません。やはり配信する場合は、{ $surface ->
        [terminal] `--send all` を指定してエクスポートを実行してください。
        [stopped] `--send all` を指定してエクスポートを実行してください。
       *[page] "send": "all" を指定してエクスポートを実行してください。
    }
ITB-D14 =
    実行 { $run } の前のメンバーが分かりません
    何も変更していません。以前のバージョンで完了した実行か、状態の再構築の後に完了した実行です。正しいメンバーをもう一度エクスポートしてください。
ITB-D04 =
    実行 { $run } に、処理結果が不明な行が { $rows } 行あります。
    これは不具合です。レポートとファイルを保管し、報告してください。

# Braze

ITB-B01 =
    Braze ({ $host }) が API キーを拒否しました (401)。
    データは失われていません。キーが誤っているか削除されている、users.track の権限がない、または別のワークスペースやインスタンスのキーです。Braze の設定 > API キーと照合して置き換えるか、{ $surface ->
        [console] 接続のホスト名を修正してください。
       *[page] exports.toml の hostname を修正してください (デプロイ済みのスタックでは、接続のシークレットのキーを置き換えます)。
    }
ITB-B02 =
    Braze ({ $host }) では、この API キーでユーザーを更新できません (403)。
    データは失われていません。キーには users.track の権限が必要です。IP アドレスの許可リストがある場合は、送信元のアドレスを登録する必要があります。どちらも後から変更できないため、Braze の設定 > API キーで新しいキーを作成し、古いキーと置き換えてください。
ITB-B03 =
    { $host } には /users/track がないため ({ $status })、Braze の REST エンドポイントではありません。
    データは失われていません。{ $surface ->
        [console] REST エンドポイントを修正してください。
       *[page] exports.toml の hostname を修正してください。
    } ダッシュボードの URL ごとの REST エンドポイントは、Braze の API 概要に記載されています。
ITB-B04 =
    { $host } は別のホストへ転送しています ({ $status })。
    データは失われておらず、キーは転送先に送信していません。Braze の REST エンドポイントは転送しません。exports.toml の hostname を修正してください。
ITB-B05 =
    { $host } の応答は Braze のものではありません ({ $status }: { $found })。
    データは失われていません。exports.toml の hostname と、途中にプロキシがないかを確認してください。
ITB-B08 =
    Braze ({ $host }) がすべてを拒否しました。{ $requests } 回の要求に同じ応答が返されました。
    { $same }
    データは失われておらず、このために却下した行もありません。原因は特定の行ではありません。応答に示された項目、接続、exports.toml のエクスポートの項目を確認してください。自動的に再試行されます。
ITB-B06 =
    Braze ({ $host }) に接続できません。{ $lasted } 秒間に { $failures } 回の要求が失敗しました。最後のエラー: { $last }
    データは失われていません。自動的に再試行されます。続く場合は、Braze のステータス ページを確認してください。
ITB-B07 =
    { $surface ->
        [stopped] Ctrl-C で停止しました。
       *[page] 制限時間に達したため停止しました。
    }
    データは失われていません。{ $surface ->
        [stopped] 同じコマンドをもう一度実行すると、続きから再開します。
        [console] もう一度実行すると続きから再開します。
       *[page] 自動的に続行します。
    }
ITB-B11 =
    ホスト { $host } が見つかりません。
    exports.toml の hostname に誤りがないか確認してください。ダッシュボードの URL ごとの REST エンドポイントは、Braze の API 概要に記載されています。
ITB-B12 =
    { $host } が接続を拒否しました。
    exports.toml の hostname と、外部への通信が遮断されていないかを確認してください。
ITB-B13 =
    { $host } と信頼できる TLS 接続を確立できません: { $reason }
    exports.toml の hostname と、プロキシが独自の証明書で TLS を傍受していないかを確認してください。
ITB-B14 =
    { $host } から応答がありません: { $reason }
    exports.toml の hostname と、外部への通信が遮断されていないかを確認してください。
ITB-B15 =
    { $host } は Braze の REST エンドポイントではありません ({ $found })。
    exports.toml の hostname を修正してください (例: rest.iad-03.braze.com)。ダッシュボードの URL ごとの REST エンドポイントは、Braze の API 概要に記載されています。
ITB-B16 =
    { $host } がサーバー エラーを返しました ({ $status })。
    接続の設定に問題はないようです。しばらくしてからもう一度お試しください。続く場合は、Braze のステータス ページを確認してください。
ITB-B21 = ホストが見つかりません
ITB-B22 = 接続が拒否されました
ITB-B23 = 信頼できる TLS 接続を確立できません ({ $what_was_found })
ITB-B24 = 接続できません
ITB-B25 = { $request_timeout } 秒以内に応答がありません
ITB-B26 = 接続が切れました

# Files

ITB-F01 = ファイルを読み取れません: { $what_was_found }
ITB-F02 =
    gzip データが途中で切れています。
    完全なファイルをもう一度アップロードしてください。
ITB-F03 =
    gzip データが壊れています ({ $what_was_found })。
    ファイルをもう一度アップロードしてください。
ITB-F04 =
    ファイルは UTF-8 ではなく { $what_was_found } です。
    { $advice }
ITB-F05 =
    ファイルは UTF-8 ではなく { $encoding } です。
    { $line } 行目までの、ASCII 以外の文字を含む { $rows } 行に、正しい UTF-8 の行はありません。{ $advice }
ITB-F06 =
    ファイルは CSV ではなく { $found } です。
    CSV のまま、または gzip で 1 回だけ圧縮してエクスポートしてください。
ITB-F07 = delimiter がバイト { $what_was_found } です。使用できるのは、引用符と改行以外の ASCII 文字です
ITB-F08 =
    ファイルにヘッダー行がなく、列がわかりません。
    exports.toml に columns を設定するか、model.json を用意してください。
ITB-F09 =
    ヘッダーが { $limit } バイト (max_header_bytes) を超えています。
    ファイルが改行のある CSV か確認するか、上限を引き上げてください。
ITB-F10 =
    ファイルに { $found } 個の列がありますが、上限は { $limit } 個 (max_columns) です。
    必要な列だけをエクスポートするか、上限を引き上げてください。
ITB-F11 =
    { $line } 行目のヘッダーで、引用符の位置が誤っているか、閉じられていません。
    行を修正して、ファイルをもう一度アップロードしてください。
ITB-F12 =
    { $line } 行目のヘッダーで、{ $column } 列目の名前に NUL バイトがあります。
    ファイルが壊れているか、テキストではありません。もう一度アップロードしてください。
ITB-F13 =
    展開後のテキストが { $limit } バイト (max_text_bytes) を超えています。
    ファイルを分割するか、ファイルに問題がなければ上限を引き上げてください。
ITB-F15 =
    ファイルが { $line } 行目のレコードの途中で終わっています。
    完全なファイルをもう一度アップロードしてください。
ITB-F14 =
    内部エラー: エラーの後に読み取りを続けました。
    これは不具合です。報告してください。
ITB-F21 =
    エクスポート { $export } がこのファイルと一致しません: { $problems }
    データは失われていません。{ $columns }; { $advice }
ITB-F22 = { $key } = { $column }: この列はありません
ITB-F23 = { $key } = { $column }: { $positions } 個の列が一致します (列番号 { $numbers })
ITB-F24 = { $key }: { $reason }
ITB-F25 = セグメントの属性 { $attribute }: { $reason }。attribute_names で別の名前を指定してください

# model.json

ITB-F31 =
    model.json が JSON ではありません: { $problem }
    エクスポートをもう一度実行するか、ファイルをコピーし直してください。
ITB-F32 =
    model.json が UTF-8 ではなく UTF-16 です。
    UTF-8 で保存してください。
ITB-F33 = model.json の { $path } に「{ $member }」がありません
ITB-F34 = model.json の { $path } が { $expected } ではなく { $found } です

# Bucket

ITB-S01 =
    s3://{ $bucket }/{ $key } は存在しません。
    キーと、ファイルを削除または移動する処理がないかを確認してください。
ITB-S02 =
    s3://{ $bucket }/{ $key } が読み取り後に変更されました。
    データは失われていません。次の試行で新しい内容を読み取ります。
ITB-S03 =
    s3://{ $bucket }/{ $key } が大きすぎます: { $size } バイト (上限 { $limit } バイト)
    正しいファイルか確認してください。
ITB-S04 = S3 の { $operation } が s3://{ $bucket }/{ $key } で失敗しました: { $reason }

# State

ITB-S11 =
    { $key } をほかの処理が変更しています。
    データは失われていません。次の試行で続行します。
ITB-S12 =
    { $key } を読み取れません: { $reason }
    修復されるまで、この属性には何も配信しません。オブジェクトの以前のバージョンを復元するか、rebuild を実行してください。
ITB-S13 =
    { $key } の形式は { $found } ですが、このバージョンが対応する形式は { $supported } です。
    書き込んだバージョンをデプロイしてください。
ITB-S14 =
    { $key } の { $line } 行目が壊れています: { $found }
    オブジェクトの以前のバージョンを復元するか、rebuild を実行してください。
ITB-S15 =
    台帳に記載されている { $key } がありません。
    オブジェクトの以前のバージョンを復元するか、rebuild を実行してください。
ITB-S20 =
    { $key } には { $found } ありますが、台帳の数は { $expected } です。
    オブジェクトの以前のバージョンを復元するか、rebuild を実行してください。
ITB-S28 =
    メンバーの記録があるのに、{ $key } がありません。
    修復されるまで、この属性には何も配信しません。オブジェクトの以前のバージョンを復元するか、rebuild を実行してください。
ITB-S29 =
    { $key } は以前の形式で、以前のバージョンの関数が処理しています。
    データは失われていません。次の試行で移行します。
ITB-S16 =
    state_identifiers が "encrypted" ですが、シークレット { $secret } に "state_key" がありません。
    何も送信していません。`openssl rand -base64 32` の出力などを "api_key" の隣に追加してください。
ITB-S17 =
    { $key } は状態キー { $id } で暗号化されていますが、このキーは { $secrets } にありません。
    何も送信していません。キーを "former_state_keys" に追加してください。完全に失われた場合は、state/ 以下にあるこのセグメントのオブジェクトをすべて削除してください。次の実行で全員を送信し直しますが、その間に外れた人の属性は残ります。
ITB-S18 =
    { $key } を復号できません。変更されたか、別のキーからコピーされています。
    オブジェクトの以前のバージョンを復元してください。
ITB-S19 =
    { $key } を暗号化できません。システムから乱数を取得できませんでした。
    データは失われていません。次の試行で続行します。

# Secret

ITB-S25 =
    シークレット { $secret } にまだ値がありません。
    Braze の REST API キーを {"{"}"api_key": "…"{"}"} の形で key.json に保存し、次のコマンドを実行してください: aws secretsmanager put-secret-value --secret-id { $secret } --secret-string file://key.json
ITB-S21 =
    Secrets Manager にシークレット { $secret } がありません。
    接続の secret を削除してスタックのシークレットを使用するか、作成してください: aws secretsmanager create-secret --name NAME --secret-string file://key.json (読み取れるシークレット: { $readable })
ITB-S23 =
    シークレット { $secret } の読み取りが許可されていません。
    接続の secret を削除してスタックのシークレットを使用するか、このシークレットの ARN をパラメーター SecretArns に追加して sam deploy を実行してください (読み取れるシークレット: { $readable })
ITB-S26 =
    シークレット { $secret } の復号が許可されていません。
    KMS キーの ARN をパラメーター FurtherKeyArns に追加して sam deploy を実行してください。キーポリシーでも、アカウントの IAM ポリシーを許可する必要があります。
ITB-S27 =
    接続に secret がなく、スタックのシークレットもわかりません。
    secret に次のいずれかを設定してください: { $readable }
ITB-S22 =
    シークレット { $secret } が正しくありません: { $found }
    Braze の REST API キーを {"{"}"api_key": "…"{"}"} の形で key.json に保存し、次のコマンドを実行してください: aws secretsmanager put-secret-value --secret-id { $secret } --secret-string file://key.json
ITB-S24 = Secrets Manager からシークレット { $secret } を読み取れません: { $reason }

# Queue

ITB-S31 =
    配信を続行するメッセージを { $url } に送信できません: { $reason }
    データは失われていません。エクスポートのスケジュールが有効な場合は、スケジュールで続行します。
ITB-S32 =
    SQS の { $operation } が { $url } で失敗しました: { $reason }
    データは失われていません。移動されなかったメッセージはデッドレターキューに残ります。数分後にもう一度再試行してください。
ITB-S33 =
    { $arn } にメッセージを発行できません: { $reason }
    データは失われていません。次のスケジュールの実行で再試行します。関数に、トピックに対する sns:Publish の権限があるか、VPC の場合は Amazon SNS に接続できるかを確認してください。
ITB-P01 = ページを書き込めません: { $what_was_found }

# Sources

ITB-K01 =
    取得元 { $of } のシークレット { $secret } を読み取れません: { $reason }
    {"["}sources.{ $of }] の secret、シークレットに値があること、ARN がスタックのパラメーター SourceSecretArns にあることを確認してください。
ITB-K02 = 取得元 { $of } のシークレットを読み取れません: { $reason }
ITB-K03 =
    取得元 { $of } のシークレット { $secret } が正しくありません: { $found }
    コンテナーの SAS を {"{"}"sas": "…"{"}"} の形で sas.json に保存し、次のコマンドを実行してください: aws secretsmanager put-secret-value --secret-id { $secret } --secret-string file://sas.json
ITB-K04 =
    取得元 { $of } のコンテナーがわかりません。
    {"["}sources.{ $of }] に account_url と container を設定するか、トークンだけでなくコンテナーの SAS URL をシークレットに保存してください。
ITB-K05 =
    取得元 { $of } の SAS は { $at } に期限が切れました。
    ファイルは失われていません。次の取得で続行します。Azure portal でコンテナー > 共有アクセス トークンを開き、読み取りと一覧表示のアクセス許可を付けた SAS を作成して、シークレットに保存してください。
ITB-K06 =
    取得元 { $of } の SAS に { $lacks } がありません。
    Azure portal でコンテナー > 共有アクセス トークンを開き、読み取りと一覧表示のアクセス許可を付けた SAS を作成して、シークレットに保存してください。
ITB-K07 =
    Azure が { $place } に対する取得元 { $of } の SAS を拒否しました (403 { $code })。
    全体がコピーされていること、このアカウントとコンテナーのものであること、開始日時を過ぎていることを確認してください。署名に使ったキーのローテーションやアクセス ポリシーの変更でも無効になります。その場合は、Azure portal (コンテナー > 共有アクセス トークン) で新しい SAS を作成し、シークレットに保存してください。
ITB-K08 =
    取得元 { $of } には { $place } に対する { $what } の権限がありません (403 { $code })。
    SAS には読み取りと一覧表示のアクセス許可が必要です。アプリケーションには「ストレージ BLOB データ閲覧者」ロールが必要です。Azure portal でコンテナー > アクセス制御 (IAM) > ロールの割り当ての追加を開いてください。新しいロールが有効になるまで最大 10 分かかります。
ITB-K09 =
    Azure が { $place } で取得元 { $of } を拒否しました (403 { $code })。ファイアウォール、または別のコンテナーの SAS が原因です。
    Azure portal でストレージ アカウント > ネットワークを開き、この関数のアドレス (SubnetIds を使う場合は NAT ゲートウェイのアドレス) を許可するか、すべてのネットワークからのアクセスを有効にしてください。SAS がこのコンテナーのもので、ほかのアドレスに制限されていないこと (sip) も確認してください。
ITB-K10 =
    { $place } のアカウントは、アカウント キーで署名された SAS を受け付けません。
    取得元 { $of } に Microsoft Entra ID のアプリケーションまたはユーザー委任 SAS を使用するか、Azure portal のストレージ アカウント > 構成で、ストレージ アカウント キーへのアクセスを有効にしてください。
ITB-K11 =
    コンテナー { $place } がありません。
    {"["}sources.{ $of }] の container と account_url、またはシークレットの SAS URL を、Customer Insights のエクスポートの接続と照合してください。
ITB-K12 =
    取得元 { $of } の { $place } に接続できません: { $reason }
    次の取得で再試行します。続く場合は、account_url の誤り、アカウントが存在するか、外部への通信が遮断されていないかを確認してください。
ITB-K13 =
    Microsoft Entra ID が取得元 { $of } のアプリケーションにトークンを発行しませんでした ({ $code })。
    シークレットの tenant_id、client_id、client_secret を確認してください。クライアント シークレットには期限があります。Azure portal のアプリの登録 > 証明書とシークレットで新しく作成し、値を保存してください。client_secret を使わない場合は、フェデレーション資格情報の発行者、サブジェクト、対象ユーザーを確認してください。
ITB-K17 =
    取得元 { $of } はデプロイ済みの関数のロールを使いますが、このプログラムにはそのロールがありません。
    関数で取得してください: {"{"}"action": "fetch"{"}"}。または、SAS かアプリケーションの client_secret をシークレットに保存してください。
ITB-K18 =
    AWS が取得元 { $of } のトークンを発行しませんでした: { $reason }
    AWS アカウントで送信 ID フェデレーションを 1 回だけ有効にしてください: aws iam enable-outbound-web-identity-federation。スタックのテンプレートでは、関数による使用が許可されています。または、アプリケーションの client_secret をシークレットに保存してください。
ITB-K14 =
    取得元 { $of } の { $place } に対する { $what } が Azure で失敗しました: { $status } { $code }
    次の取得で再試行します。
ITB-K15 =
    { $blob } はアーカイブ層にあるため読み取れません。
    Azure portal でアクセス層をホットまたはクールに変更するか、[sources.{ $of }] の keep_days を小さくしてください。
ITB-K16 =
    { $blob } を完全に受信できませんでした: { $found }
    何も保存していません。取得元 { $of } の次の取得で、もう一度取得します。

# Function errors

ITB-E01 =
    環境変数 { $name } が設定されていません。
    { $meaning } を設定してください。
ITB-E02 = 環境変数 { $name } が { $found } です。使用できる値: { $allowed }
ITB-E03 = HTTP クライアントを作成できません: { $what_was_found }
ITB-E11 =
    対応していないイベントです: { $found }
    対応しているもの: { $allowed }
ITB-E12 = { $field }: 値は { $found } です。使用できる値: { $allowed }
ITB-E13 =
    { $asked } は共同作成者には許可されていません。
    オペレーターのポリシーを持つ人が、エイリアスではなく関数自体を呼び出してください。
ITB-E21 = 顧客 ID もメールアドレスもありません
ITB-E22 = メールアドレスではない文字列 (表示しません)
ITB-E23 = 実行ではありません。実行は "2026-11-23T01:02Z" や "2021-02-11T15:59:02Z" のように表します
ITB-E09 = エクスポート { $name } は存在しません。存在するもの: { $existing }
ITB-E04 =
    イベントはバケット { $found } のものですが、この関数が読み取るバケットは { $expected } です。
    通知元または環境変数 BUCKET を確認してください。
ITB-C01 =
    s3://{ $bucket }/{ $key } は存在しません。
    何も配信していません。{ $surface ->
        [terminal] exports.toml をそこにアップロードするか、--config-key にそのキーを指定してください。
       *[page] exports.toml をそこにアップロードするか、環境変数 CONFIG_KEY にそのキーを設定してください。
    }
ITB-C02 =
    s3://{ $bucket }/{ $key } は UTF-8 のテキストではありません。
    何も配信していません。{ $advice }
ITB-E05 = { $kind } { $name } は存在しません。存在するもの: { $existing }
ITB-E14 =
    属性「{ $attribute }」は { $by } が更新しているため、何も変更していません。
    属性を終了するには、先に segments からセグメントを削除するか、attribute_names で別の属性を割り当ててください。
ITB-E10 =
    何も送信していません。allow_leavers には、実行と、その実行で外れる人数を指定します。
    { $held }
ITB-E06 =
    環境変数 QUEUE_URL が設定されていません。
    再試行には、ファイルのイベントのキューの URL が必要です。
ITB-E07 = { $message }
ITB-E08 = { $of } 件の配信のうち { $failed } 件が失敗しました: { $messages }
ITB-C11 =
    { $line } 行目 { $column } 文字目: TOML として正しくありません: { $problem }
    { $advice } これを修正すると、ファイルの残りを確認します。
ITB-C12 =
    exports.toml に誤りがあります。次の内容を修正してください。
    { $text }
ITB-C21 = パターンが空です{ $examples }
ITB-C22 = パターンが { $found } バイトあります。S3 のキーは最大 1,024 バイトです{ $examples }
ITB-C23 = パターンが "{ $found }" で始まっていますが、パターンはエクスポートの folder からの相対パスです{ $examples }
ITB-C24 = { $at } 文字目の波かっこが対応していません{ $examples }
ITB-C25 = {"{"}{ $found }{"}"} はプレースホルダーではありません。使用できるもの: {"{"}segment{"}"}、{"{"}run{"}"}、{"{"}run:FORMAT{"}"}、{"{"}part{"}"}、{"{"}export{"}"}、{"{"}any{"}"}{ $examples }
ITB-C26 = { $placeholder } が 2 回使われています{ $examples }
ITB-C27 = {"{"}any{"}"} が { $found } 回使われています。最大 8 回です{ $examples }
ITB-C28 = {"{"}segment{"}"} がないため、ファイルをセグメントに割り当てられません{ $examples }
ITB-C29 = { $left } と { $right } の間に区切りがないため、{ $left } の終わりがあいまいです。間に文字を入れるか、{"{"}run{"}"} に形式を指定してください{ $examples }
ITB-C30 = {"{"}run{"}"} がない場合、{ $placeholder } は使用できません。実行がファイルごとの日時になり、複数のファイルが複数の実行に見えます。{"{"}run{"}"} を追加するか、{ $placeholder } を削除してください{ $examples }
ITB-C31 = {"{"}run:{ $format }{"}"}: { $problem }。使用できるもの: %Y %m %d %H %M %S (日時の各部分)、%s (UNIX 秒)、%L (ミリ秒)、%% (例: {"{"}run:%Y%m%d%H%M%S{"}"}){ $examples }

# itb

ITB-T01 =
    { $what } { $path }: { $source }
    { $advice }
ITB-T02 =
    127.0.0.1 でサーバーを開始できません: { $what_was_found }
    プログラムがそこで待ち受けできるか確認してください。
ITB-T03 = { $path } に { $kind } { $name } はありません。存在するもの: { $existing }
ITB-T04 =
    フォルダー { $display } は空ではありません。
    別のフォルダーを指定するか、--folder を省略してください。
ITB-T05 =
    フォルダー { $display } にファイルがありません。
    Customer Insights が書き出したフォルダーを{ $surface ->
        [console] 指定してください。
       *[terminal] {" "}--files に指定してください。
    }セグメントごとのフォルダーと、その隣に model.json があるフォルダーです。
ITB-T35 =
    フォルダー { $display } は存在しません。
    パスを確認してください。
ITB-T36 =
    { $display } は 1 つのセグメントのフォルダーです。
    何も変更していません。その上の、セグメントごとのフォルダーを含むフォルダーを指定してください。
ITB-T06 =
    ワークスペース { $display } が、ファイルのあるフォルダーの中にあります。
    エクスポートのファイルとして扱われてしまうため、--workspace で別のフォルダーを指定してください。
ITB-T07 =
    { $display } の名前が UTF-8 ではありません。
    ファイルの名前を変更してください。
ITB-T08 =
    別のコマンドがワークスペース { $display } を使用中です。
    終わるまで待つか、--workspace で別のフォルダーを指定してください。
ITB-T09 =
    Braze の REST API キーがありません: { $what_was_found }
    { $surface ->
        [console] 接続のページで入力してください。
       *[terminal] 環境変数 BRAZE_API_KEY を設定するか、端末でコマンドを実行してキーを入力してください。
    }
ITB-T10 =
    Braze の REST API キーに、空白やキーに使われない文字が含まれています。
    Braze の設定 > API キーからもう一度コピーしてください。
ITB-T11 =
    AWS のリージョンがわかりません。
    プロファイルで設定するか (`aws configure`)、--profile で別のプロファイルを指定するか、AWS_REGION を設定してください。
ITB-T12 =
    { $of } のレポートはありません。
    { $advice }
ITB-T13 =
    レポート { $location } を読み取れません: { $source }
    別のバージョンが書き込んだ可能性があります。
ITB-T14 =
    --html は 1 つの実行のページを書き出しますが、{ $runs } 件あります。
    --segment でセグメントを選択してください。
ITB-T15 =
    ページ { $location } はありません。
    ページは実行の終了時に書き込まれます。レポートの一覧は `itb report` で確認できます。
ITB-T17 =
    エクスポート { $export } のセグメント { $segment } に、保留中の実行はありません。
    保留中の実行は `itb hold list` で確認できます。
ITB-T18 =
    何も変更していません。人数は { $given } ではなく { $expected } です。
    確認してから入力してください。
ITB-T19 = 何も変更していません。回答が yes ではありませんでした
ITB-T20 =
    確認のための端末がないため、何も変更していません。
    端末で実行するか、内容を確認したうえで { $flag } を付けてください。
ITB-T27 =
    コード { $code } のメッセージはありません。
    ITB-H01 のように、メッセージの末尾のかっこ内のコードを指定してください。
ITB-T28 =
    { $display } は既に存在するため、上書きしません。
    --config で別のファイルを指定するか、移動してください。
ITB-T29 = すべてのファイルに列 { $name } があるわけではありません。存在するもの: { $existing }
ITB-T16 =
    内部エラー: 応答を読み取れません ({ $what_was_found })。
    これは不具合です。報告してください。

# AWS

ITB-T21 = AWS の認証情報がありません。`aws configure` を実行するか、--profile NAME でプロファイルを指定してください
ITB-T22 = AWS のプロファイル { $profile } は存在しません。存在するプロファイルは `aws configure list-profiles` で確認できます
ITB-T23 = AWS のサインインの期限が切れています。`aws sso login{ $profile }` を実行してください
ITB-T24 = アクセスが拒否されました。AWS の認証情報に { $resource } に対する { $action } の権限が必要です
ITB-T25 = バケットは別のリージョンにあります{ $expected }。AWS_REGION またはプロファイルのリージョンを設定してください
ITB-T26 = バケット { $bucket } は存在しません。スタックの出力 BucketName を --bucket に指定してください

# Deployed stack

ITB-T30 =
    スタック { $stack } の関数が、応答を返さずに終了しました: { $how }
    送信した内容は記録されています。`itb status --stack { $stack }` で確認してから、コマンドをもう一度実行してください。
ITB-T31 =
    リージョン { $region } に関数 { $function } はありません。
    何も送信していません。スタックの名前と、AWS プロファイルのアカウントとリージョンを確認してください。
ITB-T32 = AWS Lambda の Invoke に失敗しました ({ $function }): { $reason }
ITB-T33 =
    スタック { $stack } の関数からは取得できません。
    スタックの出力 BucketName を --bucket に指定してください。
ITB-T34 =
    接続 { $connection } のキーを保存できませんでした: { $reason }
    AWS Secrets Manager に { "{" }"api_key": "…"{ "}" } の形で保存してください。

# Parts of messages that have no code of their own

phrase-erase-braze = Braze: プロファイルと属性は変更しません。依頼が Braze も対象とする場合は、Braze でユーザーを削除してください (POST /users/delete またはダッシュボード)。ここだけで消去して Braze に残すと、送信した記録がなくなるため、後の実行でも属性は false になりません。
phrase-erase-incoming = incoming/: エクスポートされたファイルは変更しません。一覧にあるものを削除するか、期限切れまでお待ちください。
phrase-erase-versions = オブジェクトの以前のバージョン: バケットがバージョンを保持する場合は、ライフサイクルで削除されます (テンプレートのバケットでは、state/ は 14 日後、reports/ と incoming/ は 7 日後)。
phrase-erase-source = 送信元: Customer Insights が引き続きエクスポートする人は、次の実行で加わった人として戻ります。先に Customer Insights で消去してください。
phrase-feeder = エクスポート { $export } のセグメント { $segment }
phrase-is-held = { $key } は保留中です:
phrase-lets-through = { $key }: { $reason } ({ $rows } 行を許可すると送信されます)
phrase-other-type = 「{ $name }」は Braze では { $type } 型ですが、{ $kind } を送信することになります
phrase-doubtful-type = 「{ $name }」は Braze では { $type } 型ですが、{ $kind } を送信します。Braze は変換できない値を無視します
phrase-not-active = 属性「{ $name }」は Braze で { $status } です
phrase-no-array = 配列「{ $name }」の最大長が Braze で 0 です
phrase-legacy-encoding = 従来の文字コード (Shift_JIS、Windows-1252、Latin-1 など)
phrase-hours = { $hours } 時間
phrase-under-an-hour = 1 時間未満
phrase-the-customer-id = 顧客 ID
phrase-the-email = メール
phrase-stray-quote = 引用符の位置が誤っているか、閉じられていません
phrase-columns = 列は { $columns } です
phrase-no-columns = ファイルに列がありません
phrase-shapes = 最初の行に設定した列がないため、セルの形だけを示します: { $shapes }
phrase-correct-columns = exports.toml の [exports.{ $export }] を修正するか、エクスポートに列を含めてください (ヘッダーのないファイルの場合は、[exports.{ $again }.csv] の columns に列を指定してください)。
phrase-correct-header = exports.toml の [exports.{ $export }] を修正してください。ヘッダーも model.json もないファイルの場合は、[exports.{ $again }.csv] の columns に列を指定してください。

# Braze の内容の確認

ITB-R18 = 1 人だけを送信しました。ほかの人には何も送信していません。この実行は反映済みにはなりません。
ITB-R19 =
    実行にこの人の行がないため、何も送信していません。
    顧客 ID と data_matching を確認してください。
ITB-H07 =
    配信した内容が Braze にありません: { $read } 人のうち { $missing } 人に属性がありません
    別のワークスペース、プロファイルの削除、またはほかのシステムによる更新の可能性があります。何も送信しておらず、属性を false にした人はいません。ワークスペースが正しい場合は、"allow_differences": { $missing } を指定してエクスポートを実行してください。"send": "all" を加えると、全員にもう一度送信します。
ITB-H08 =
    送信する値を Braze が保持しません: { $first }
    { $rest }何も送信していません。exports.toml の項目または Braze の属性を修正してください。意図した設定の場合は、"allow_differences": { $fields } を指定してエクスポートを実行してください。
ITB-H09 =
    試行した { $people } 人のうち { $differing } 人で、Braze の内容が送信した値と異なります
    { $fields }
    送信したのはこの人たちだけです。exports.toml の項目または Braze を修正し、エクスポートを実行してください。そのままで正しい場合は、"allow_differences": { $differing } を指定してください。
ITB-H10 =
    顧客 ID が誤っている可能性があります: { $people } 人のうち { $new } 人は、プロファイルがありませんでした
    メールアドレスは、別の顧客 ID のプロファイルにあります。送信したのはこの人たちだけです。data_matching の customer_id を修正してください。正しい場合は、"allow_differences": { $new } を指定してエクスポートを実行してください。
ITB-Y01 = Braze で確認していません ({ $what }): { $unread }
ITB-Y02 = Braze で読み取った { $read } 人のうち { $missing } 人に属性がありません
ITB-Y03 = { $doubt }
ITB-Y04 = 読み取った { $people } 人のうち { $differing } 人で、送信した値の一部が Braze にありません
ITB-Y05 = 最初の { $people } 人のうち { $new } 人は、Braze にプロファイルがありませんでした
ITB-Y06 = 次の理由がありますが、保留を解除しました: { $reason }
ITB-Y21 =
    API キーに権限 users.export.segment がありません
    比較も送信もしていません。この権限も付けたキーを Braze で作成し、接続のシークレットに保存してください。
ITB-Y22 =
    Braze がセグメントをエクスポートしません ({ $status }): { $reason }
    比較も送信もしていません。audit_segment_ids の識別子を確認してください。Braze が同時に実行するセグメントのエクスポートは 1 つです。
ITB-Y23 =
    エクスポートの要求に Braze から応答がありませんでした
    比較も送信もしていません。後でもう一度監査を実行してください。
ITB-U01 = 何も送信していません。監査を実行すると、Braze にセグメントを要求し、メンバー { $members } 人と比較します。
ITB-U02 = Braze がエクスポートを準備しています。監査は自動的に続行します。
ITB-U03 = 監査は終わっていません。自動的に続行します。
ITB-U04 = 別の処理がこの監査を実行しています。
ITB-U05 = Braze で属性を持つ人は、最後に完了した実行のメンバー { $members } 人と一致しています。
ITB-U06 =
    Braze と異なります: メンバー { $missing } 人に属性がなく、メンバーでない { $extra } 人に属性があります。
    何も送信していません。差異を送信するには、"repair": true を指定して監査を実行してください。
ITB-U07 =
    修復は保留中です: { $all } 人が変わりますが、max_leavers は { $allowed } % です。
    何も送信していません。メンバー { $missing } 人に属性がなく、メンバーでない { $extra } 人に属性があります。正しい場合は、"repair": true、"allow_differences": { $all } を指定して監査を実行してください。
ITB-U08 = 差異を送信しました: メンバー { $members } 人に属性を設定し、{ $others } 人から外しました。
ITB-U09 =
    差異を { $done } 人に送信しましたが、{ $refused } 人は Braze に却下されました。
    処理結果の控えの sent を参照してください。
ITB-U10 =
    エクスポートを要求した後に、別の実行が完了しました。監査の対象は実行 { $run } でした。
    何も送信していません。もう一度監査を実行してください。
ITB-U21 =
    エクスポートの audit_segment_ids に { $segment } がありません
    Braze で「属性が true」というフィルターだけのセグメントを作成し、その Segment API Identifier を設定してください。
ITB-U22 =
    セグメントに完全な実行がまだありません
    何も比較していません。実行が完了してから、もう一度監査を実行してください。
ITB-U23 =
    Braze はお客様のバケットにエクスポートを書き込みますが、そのバケットがわかりません
    何も比較していません。接続の audit_bucket を設定し、関数に読み取りを許可してください (パラメーター AuditBucket)。
ITB-U24 =
    Braze の応答に、AWS でも Braze でもないアドレスがあります (非表示)
    何もダウンロードしていません。お客様のバケットにエクスポートするよう Braze を設定し、audit_bucket を設定してください。
ITB-U25 =
    { $hours } 時間たっても、Braze がエクスポートを書き込みませんでした
    何も比較していません。エクスポートの失敗は Braze からメールで通知されます。もう一度監査を実行してください。
ITB-U26 =
    エクスポートの { $lines } 行がプロファイルではありません
    何も比較していません。
ITB-U27 =
    セグメントのプロファイル { $profiles } のうち { $others } 人は、属性が true ではありません。別のセグメントです
    何も送信していません。Braze のセグメントのフィルター、または audit_segment_ids の識別子を修正してください。
ITB-U31 = 読み取れる zip または gzip ではありません: { $found }
ITB-U32 = 壊れています: { $found }
ITB-U33 = 長すぎる行またはテキストがあります
ITB-U34 = 途中で終わっています: { $what_was_found }

ITB-Y11 = API キーに権限 { $permission } がありません
ITB-Y12 = ホストが { $endpoint } に { $status } を返しました
ITB-Y13 = { $path } のレート制限に達しました
ITB-Y14 = { $path } から時間内に応答がありませんでした
ITB-Y15 = ここに API キーがありません

# exports.toml

phrase-mistake-advised = { $where } ({ $line } 行目): { $found } は使用できません。使用できるもの: { $allowed }。{ $advice }
phrase-mistake = { $where } ({ $line } 行目): { $found } は使用できません。使用できるもの: { $allowed }
phrase-the-file = ファイル
phrase-found-nothing = 空の内容
phrase-found-missing = 値なし (キーがありません)
phrase-found-unknown-key = このキー
phrase-found-empty-list = 空のリスト
phrase-found-empty-text = 空のテキスト
phrase-found-empty-name = 空の名前
phrase-found-key = キーのように見えるテキスト (表示しません)
phrase-found-text = テキスト { $text }
phrase-found-date = 日時 { $date }
phrase-found-a-text = テキスト
phrase-found-a-number = 数値
phrase-found-a-boolean = 引用符のない true または false
phrase-found-a-date = 日時
phrase-found-a-list = リスト
phrase-found-a-table = テーブル
phrase-found-in-list = リスト内の { $what }
phrase-found-twice = リスト内に 2 回ある { $what }
phrase-found-no-identifier = customer_id も email もない設定
phrase-found-no-column = 列 { $name } のないリスト
phrase-found-identifier = プロファイルを識別する名前 { $name }
phrase-found-spelling = Braze がカスタム属性として保存する名前 { $name }
phrase-found-reserved = Braze が予約しているか、列の値を受け付けない名前 { $name }
phrase-found-standard = Braze の標準フィールドと同じ属性名 { $name }
phrase-found-space = 先頭か末尾に空白がある { $name }
phrase-found-long-name = { $characters } 文字の名前
phrase-found-same-attribute = エクスポート { $export } のセグメント { $other } が既に使用している属性 { $attribute } (セグメント { $segment } の属性)
phrase-found-attribute-of = エクスポート { $export } のセグメント { $segment } の属性
phrase-found-no-segment = エクスポートの segments にないセグメント
phrase-found-separator = type = "array" のない separator = { $separator }
phrase-found-type = Braze の標準フィールド { $field } に対する { $type }
phrase-found-other-type = 別の型のフィールド
phrase-found-both-lists = true_values と false_values の両方にある { $text }
phrase-found-user = ホストの前のユーザー名またはパスワード (表示しません)
phrase-found-scheme = https 以外のスキーム ({ $text })
phrase-found-path = ホストの後のパス ({ $text })
phrase-found-no-host = ホストのない { $text }
phrase-found-port = 無効なポート ({ $text })
phrase-found-plain = 別のマシンへの http ({ $text })
phrase-found-sdk = Braze の SDK 用エンドポイント ({ $host })
phrase-found-dashboard = Braze のダッシュボード ({ $host })
phrase-found-address = アドレス { $host }
phrase-found-sas-url = SAS、ユーザー、フラグメントのいずれかを含む URL (表示しません)
phrase-found-odd-url = 空白またはバックスラッシュを含む { $text }
phrase-found-question-mark = 疑問符を含むテキスト (表示しません)
phrase-found-sas = SAS (表示しません)
phrase-found-overlap = [{ $table }] の into と重なる { $folder }
phrase-found-control = バックスラッシュまたは制御文字を含む { $folder }
phrase-found-dots = "." または ".." を含む { $folder }
phrase-found-empty-part = 空の部分を含む { $folder }
phrase-found-long-folder = { $bytes } バイトのフォルダー
phrase-found-inside = エクスポート { $export } のフォルダーの中にあるフォルダー
phrase-found-other-arn = シークレット以外の ARN (表示しません)
phrase-found-half-arn = 不完全な ARN (表示しません)
phrase-found-api-key = API キーそのもののように見えるテキスト (表示しません)
phrase-found-secret = シークレットの内容 (表示しません)
phrase-found-no-secret = シークレットの名前にできないテキスト (表示しません)
phrase-a-boolean = true または false
phrase-a-whole-number = { $least } から { $most } までの整数
phrase-a-range = { $least } から { $most } までの数値
phrase-a-named-table = テーブル [{ $name }]
phrase-tables-needed = hostname のあるテーブル [connections.NAME] と、connection、folder、data_matching のあるテーブル [exports.NAME]
phrase-tables-connections = hostname のあるテーブル [connections.NAME]
phrase-tables-exports = connection、folder、data_matching のあるテーブル [exports.NAME]
phrase-tables-sources = kind、secret、into のあるテーブル [sources.NAME]
phrase-a-full-text = 空でないテキスト
phrase-a-host = { $example } などの Braze の REST ホスト
phrase-a-host-of = Braze の REST ホスト ({ $hosts })、または allow_any_hostname = true を設定した場合は別のホストの DNS 名
phrase-a-secret = { $example } など、AWS Secrets Manager のシークレットの名前または ARN
phrase-a-plain-name = 英数字、-、_、ピリオドからなる名前
phrase-a-short-name = 英数字、-、_ からなる 1 から { $most } 文字の名前
phrase-a-connection = このファイルの接続の名前
phrase-a-connection-of = このファイルの接続: { $names }
phrase-a-connection-of-none = このファイルの接続 (接続がありません。テーブル [connections.NAME] を追加してください)
phrase-a-folder = { $example } など、incoming/ 以下のフォルダー
phrase-a-folder-of-its-own = 専用のフォルダー、または両方のエクスポートで重ならない segments (ファイルがワークスペースに送信されるのは 1 回だけです)
phrase-a-folder-of-source = ソースごとに専用のフォルダー
phrase-a-folder-of-container = { $example } など、コンテナーのフォルダー
phrase-a-pattern = { $example } などのパターン
phrase-a-list-of-segments = 重複のない、空でないセグメント名のリスト
phrase-a-list-of-columns = 重複のない、空でない列名のリスト
phrase-a-list-of-texts = 重複のないテキストのリスト、または空のリスト
phrase-a-list-for-boolean = 重複のない、空でないテキストのリスト (ブール値用)
phrase-a-list-of-matching = data_matching のすべての列を含むリスト
phrase-a-time-zone = { $example } など、IANA データベースのタイムゾーン
phrase-a-matching = 顧客 ID の列、メールの列、または両方を指定するテーブル: { $example }
phrase-a-table-of-columns = { $example } など、Braze の名前と列のテーブル
phrase-a-table-of-names = { $example } など、セグメントと属性名のテーブル
phrase-a-table-of-ids = セグメントと Segment API Identifier のテーブル ({ $example } など)
phrase-a-segment-id = Braze のセグメントの Segment API Identifier (英数字とハイフン)
phrase-a-bucket = スタックと同じリージョンの S3 バケットの名前
phrase-a-prefix = キーの先頭 ({ $example } など)
phrase-a-country = { $example } などの国
phrase-a-culture = { $example } など、日付と数値の書き方がわかっている言語タグ
phrase-a-csv-table = delimiter、encoding、columns と、max_record_bytes などの上限のテーブル
phrase-a-column = 列の名前
phrase-a-column-or-table = 列の名前、または { $example } などのテーブル
phrase-a-column-for-phone = 列の名前 (フィールド phone 用)
phrase-a-separator = 空でないテキスト (type = "array" と一緒に指定します)
phrase-a-separator-with-array = type = "array" と一緒に指定した separator
phrase-an-attribute = カスタム属性の名前
phrase-a-field = 標準フィールドまたはカスタム属性
phrase-a-spelling = Braze の表記 { $name }
phrase-an-attribute-name = 先頭と末尾の空白、制御文字、先頭のドル記号を含まない 1 から { $most } 文字の名前
phrase-one-segment = ワークスペースの属性ごとに 1 つのセグメント
phrase-no-segment-name = ワークスペースのどのセグメントの属性でもない名前
phrase-a-segment = セグメントのテーブル名 (先頭と末尾に空白のない、パスの 1 つの部分。256 文字以内)
phrase-only-beside = { $needs } と一緒に指定した { $key }
phrase-the-field-phone = フィールド phone
phrase-a-date-type = type = "date" または "datetime"
phrase-a-date-or-number = 日付または数値の型
phrase-one-of-two-lists = 2 つのリストのどちらか一方にあるテキスト
phrase-https-only = https、または { $hosts } への http
phrase-an-encoding = { $examples } などのエンコード
phrase-an-account-url = { $example } など、ストレージアカウントの Blob サービスの URL
phrase-a-container = コンテナーの名前 (3 から 63 文字の英小文字、数字、連続しないハイフン)
phrase-alternatives = { $first } または { $last }
phrase-did-you-mean = { $name } ではありませんか?
phrase-in-matching = data_matching では、{ $question }
phrase-another-attribute-name = どちらかに attribute_names で別の名前を付けてください
phrase-give-another-name = セグメント { $segment } に attribute_names で別の名前を付けてください
phrase-store-api-key = API キーを AWS Secrets Manager に保存し、その名前を secret に設定してください
phrase-keep-api-key = API キーは { $example } の形でそのシークレットに保存し、ここにはシークレットの名前だけを入力してください
phrase-match-email = 列を data_matching の email に指定してください。プロファイルのアドレスとしても送信されます
phrase-match-customer-id = 列を data_matching の customer_id に指定してください
phrase-with-quotes = 引用符で囲んでください: { $text }
phrase-without-quotes = 引用符なしで入力してください
phrase-without-quotes-as = 引用符なしで入力してください: { $text }
phrase-write-as = { $text } と入力してください
phrase-mock-host = このマシンのモックサーバーには { $host } と入力してください
phrase-same-instance = 同じインスタンスの REST ホストは { $host } です
phrase-without-bucket = バケットなしでフォルダーを入力してください
phrase-nothing-triggered = バケットの別の場所にファイルが届いても、処理は始まりません
phrase-go-together = account_url と container は一緒に指定します。シークレットに SAS URL がある場合は、どちらも省略してください
phrase-only-https = https だけを使用できます
phrase-blob-service = ファイルは Blob サービスから読み取ります。{ $url } と入力してください
phrase-after-the-host = ホストの後の部分は container と folder に入力してください
phrase-folder-of-container = コンテナー内のフォルダーは folder に入力してください
phrase-lower-case = Azure のコンテナー名は英小文字です
phrase-sas-in-secret = SAS は { "{" }"sas": "…"{ "}" } の形でシークレットに保存してください
phrase-sas-in-secret-here = SAS は { "{" }"sas": "…"{ "}" } の形でシークレットに保存し、ここにはシークレットの名前だけを入力してください
phrase-toml-full-width-space = ここに全角スペースまたは改行しない空白があります。半角スペースに置き換えてください。
phrase-toml-full-width = ここに全角文字があります。半角文字に置き換えてください。
phrase-toml-duplicate = 同じキーやテーブルは 1 回しか書けません。1 つにまとめてください。
phrase-toml-equals = `key = value` のように等号を付けて入力してください。
phrase-toml-bracket = かっこを閉じてください。テーブル名と `{ $braces }` は同じ行で閉じます。
phrase-toml-escape = 二重引用符の中のバックスラッシュはエスケープになります。テキストを一重引用符で囲んでください。
phrase-toml-unclosed-text = 始まりと同じ引用符でテキストを閉じてください。
phrase-toml-straight-quotes = テキストは半角の二重引用符で囲み、true と false は引用符なしの小文字で入力してください。
phrase-toml-lists = テキストは二重引用符で、リストは `[ ]` で囲み、キーは 1 行に 1 つずつ入力してください。

# Read in Braze, and files of this machine

phrase-proof-members = 送信前に読み取った前回のメンバー
phrase-proof-have = { $read } 人のうち { $having } 人に属性があります
phrase-proof-attributes = 比較した属性
phrase-proof-trial = 最初の人の試験送信
phrase-proof-trial-field = 最初の人の試験送信: { $field }
phrase-proof-read-back = 送信後の読み取り
phrase-proof-read-back-field = 送信後の読み取り: { $field }
phrase-proof-confirmed = { $people } 人のうち { $confirmed } 人を確認 ({ $seconds } 秒後)
phrase-proof-differing = { $of } 人のうち { $people } 人は { $sent } ではなく { $found } です
phrase-proof-note = 確認したい点
phrase-cannot-read = 読み取れません:
phrase-cannot-write = 書き込めません:
phrase-cannot-copy = コピーできません:
phrase-cannot-remove = 削除できません:
phrase-cannot-use-workspace = ワークスペースを使用できません:
phrase-cannot-use-folder = フォルダーを使用できません:
phrase-cannot-make-folder = フォルダーを作成できません:
phrase-cannot-make-temporary = 一時フォルダーを作成できません:
phrase-no-workspace = ワークスペースがありません:
phrase-advice-config = --config に exports.toml (UTF-8 のテキストファイル) を指定するか、`itb init` で作成してください。
phrase-advice-other-config = --config で別のファイルを指定してください。
phrase-advice-files = --files がエクスポートのフォルダーで、読み取れることを確認してください。
phrase-advice-space = ワークスペースに書き込めることと、ディスクの空き容量を確認してください。
phrase-advice-workspace = ワークスペースは `itb run` が作成します。--workspace にそのフォルダーを指定してください。
phrase-advice-writable-workspace = --workspace に書き込めるフォルダーを指定してください。
phrase-advice-html = --html に、書き込めるフォルダーのファイルを指定してください。
phrase-advice-folder = --folder に書き込めるフォルダーを指定してください。
phrase-advice-folder-full = --folder に書き込めるフォルダーを指定し、ディスクの空き容量を確認してください。
phrase-advice-temporary = TMPDIR に書き込めるフォルダーを設定してください。
phrase-advice-utf-8 = UTF-8 で保存してください
phrase-advice-utf-8-stop = UTF-8 で保存してください。
phrase-advice-utf-16 = UTF-16 (Windows では Unicode) です。メモ帳の「名前を付けて保存」で、エンコードに UTF-8 を選択してください
phrase-advice-permissions = アクセス許可を確認してください。
phrase-advice-again = コマンドをもう一度実行してください。
phrase-advice-landing = エクスポートが届くフォルダーでコンソールを起動してください。
phrase-advice-status = 反映したセグメントは `itb status` で確認できます
phrase-advice-runs = レポートのある実行: { $runs }
phrase-report-of = エクスポート { $export }
phrase-report-of-segment = エクスポート { $export }、セグメント { $segment }
phrase-report-of-run = エクスポート { $export }、実行 { $run }
phrase-report-of-both = エクスポート { $export }、セグメント { $segment }、実行 { $run }
phrase-found-same-folder = エクスポート { $export } と同じフォルダー
phrase-found-same-folder-both = エクスポート { $export } と同じフォルダー (どちらも { $segment } を配信します)
phrase-found-inside-both = エクスポート { $export } のフォルダーの中にあるフォルダー (どちらも { $segment } を配信します)
phrase-found-around = エクスポート { $export } のフォルダーを含むフォルダー
phrase-found-around-both = エクスポート { $export } のフォルダーを含むフォルダー (どちらも { $segment } を配信します)
