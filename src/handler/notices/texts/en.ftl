# Messages to people. A test compares the two languages. The subject is ASCII, and in English.
stack = Stack { $stack }, { $time }
cause =
    { $heading }: { $export } / { $segments }{ $run }
    Since: { $time }
    Reason: { $reason }
    Safe: { $safe }
    Look at it: { $command }
    Page: { $page }
    What to do: docs/on-call.md#{ $section }
run = , run { $run }
segments = { $segments } and { $n } more
further = And { $n } more: { $command }
further-lines = - and { $n } more
solved = Solved
no-longer = - { $export } / { $segment }: no longer { $state } (since { $time })
still =
    { $n ->
        [one] { $n } problem
       *[other] { $n } problems
    } reported within the last day: still there.
delivered =
    Delivered: { $n ->
        [one] { $n } run
       *[other] { $n } runs
    }
digest =
    Delivered since the last digest: { $n ->
        [one] { $n } run
       *[other] { $n } runs
    }
delivered-run =
    - { $export } / { $segment }, run { $run }: { $members ->
        [one] { $members } member
       *[other] { $members } members
    } ({ $entered } entered, { $left } left){ $problems }, { $time }
with-problems = , with problems

heading-failing = Not delivered
heading-held = Held for a decision
heading-superseded = Superseded again and again
heading-overdue = Overdue
heading-waiting = Waiting for the rest

state-failing = not delivered
state-held = held
state-superseded = superseded again and again
state-overdue = overdue
state-waiting = waiting

safe-failing = Nothing is lost, and no one was set to false. Every scheduled invocation tries again. Urgent only if a campaign needs the segment before that.
safe-held = No one was set to false, and the last complete run stays as it is. It can wait until morning.
safe-superseded = No one was changed. It can wait until morning.
safe-overdue = No one was changed. It can wait until morning.
safe-waiting = What arrived is delivered, and no one was set to false. It can wait until morning.

why-superseded =
    the last { $n ->
        [one] { $n } run
       *[other] { $n } runs
    } are older than the newest run known, so nothing of them was sent
why-overdue = not delivered since { $time }: the usual interval is { $interval }
why-waiting =
    it has waited for { $n ->
        [one] { $n } hour
       *[other] { $n } hours
    } for the rest of its files
