# 通知のテキスト。テストが 2 つの言語を比較します。件名は ASCII のため英語です。
stack = スタック { $stack }、{ $time }
cause =
    { $heading }: { $export } / { $segments }{ $run }
    開始: { $time }
    理由: { $reason }
    影響: { $safe }
    確認: { $command }
    ページ: { $page }
    対処: docs/ja/on-call.md#{ $section }
run = 、実行 { $run }
segments = { $segments } ほか { $n } 件
further = ほか { $n } 件: { $command }
further-lines = - ほか { $n } 件
solved = 解決済み
no-longer = - { $export } / { $segment }: 「{ $state }」ではなくなりました ({ $time } から継続していました)
still = 過去 1 日以内に通知した問題 { $n } 件が続いています。
delivered = 反映済み: { $n } 件の実行
digest = 前回のまとめ以降に反映済み: { $n } 件の実行
delivered-run = - { $export } / { $segment }、実行 { $run }: { $members } 人 (新規 { $entered } 人、外れた人 { $left } 人){ $problems }、{ $time }
with-problems = 、問題あり

heading-failing = 配信できません
heading-held = 判断が必要です (保留)
heading-superseded = 古い実行が続けて届いています
heading-overdue = 配信が途絶えています
heading-waiting = 残りのファイルを待っています

state-failing = 配信できない
state-held = 保留
state-superseded = 古い実行が続く
state-overdue = 配信の停止
state-waiting = 待機中

safe-failing = データは失われておらず、属性を false にした人もいません。スケジュールのたびに自動で再試行します。それまでにキャンペーンでこのセグメントを使う場合のみ緊急です。
safe-held = 属性を false にした人はいません。前回の完全な実行の状態のままです。明日の朝まで待っても問題ありません。
safe-superseded = 変更された人はいません。明日の朝まで待っても問題ありません。
safe-overdue = 変更された人はいません。明日の朝まで待っても問題ありません。
safe-waiting = 届いたファイルは反映済みで、属性を false にした人はいません。明日の朝まで待っても問題ありません。

why-superseded = 直近の { $n } 件の実行は、既知の最新の実行より古いため送信していません
why-overdue = { $time } から配信がありません。通常の間隔は { $interval } です
why-waiting = 残りのファイルを { $n } 時間待っています
