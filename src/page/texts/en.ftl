# The texts of the pages: a run's report, a dry run, the history of an export.

# Every page
footer = insights-to-braze { $version }. { $zone ->
    [UTC] Times are in UTC.
   *[other] Times are in { $zone }.
} A run is named after its time stamp in Customer Insights.
empty = empty
and-more = … and { $n } more in report.json.
more-lines = … and { $n } more lines in report.json.
further-segments = { $n } more segments are not listed individually.
further-overview = { $n } more segments are not shown.
number = Number
what = What
share = Share
change = Change
segment = Segment
segments = { $n ->
    [one] 1 segment
   *[other] { $n } segments
}
run = Run
export = Export
attribute = Attribute in Braze
workspace = Workspace
for-engineers = For engineers

# Outcomes
outcome-delivered = Delivered
outcome-delivered-with-problems = Delivered with problems
outcome-waiting = Waiting for the rest
outcome-held = Held for a decision
outcome-unfinished = Not finished yet
outcome-superseded = Superseded
outcome-failed = Failed
outcome-dry-run = Dry run
no-run-yet = No run yet

# The report of a run
run-report = Run report
run-report-made = Run report, updated { $time }.
figure-members = { $n ->
    [one] person has the attribute in Braze
   *[other] people have the attribute in Braze
}
figure-since = up to date since { $time }
figure-change = { $change } since the previous run
summary-retired = The segment is retired: everyone who had the attribute was set to false, or the attribute was removed.
summary-delivered = The segment has { $n ->
    [one] 1 member
   *[other] { $n } members
} in Braze. Since the previous run, { $entered } entered and { $left } left.
summary-problems = { $n } of { $of ->
    [one] 1 row
   *[other] { $of } rows
} are in Braze. Something is missing: see below.
summary-waiting = All files received so far are in Braze: { $entered } entered so far. No one is removed until the export is complete.
summary-held = Everyone in the files is in Braze. An unusual number of people would leave. No one is changed until you decide.
summary-held-unsent = Nothing was sent, or only to the few people of a trial. No one is changed until you decide.
summary-unfinished = { $n ->
    [one] 1 row
   *[other] { $n } rows
} so far are in Braze. The delivery continues automatically.
summary-superseded = A newer run of the segment has started and replaces this one.
summary-failed = The delivery stopped. Nothing is lost: the next attempt sends the rest.
summary-dry-run = Nothing was sent. This is what a delivery would do.
started-by = Started by
trigger-object-created = File upload
trigger-scheduled = Schedule
trigger-on-demand = On demand
started = Started
updated = Updated
duration = Duration
requests-title = Requests to Braze
requests-caption = Requests and data points
requests = Requests
retries = Retries
rate-limited = Rate limited (429)
data-points = Data points
left-in-hour = Requests left in the clock hour
unconfirmed = Accepted, perhaps without a profile in Braze (create_profiles)

# The decision about a held run
decide = Your decision
decide-missing = Files are missing
decide-missing-text = Run the export again in Customer Insights. The next normal run replaces this one, and nothing else has to be done.
decide-shrank = The segment really shrank
decide-shrank-text = { $n ->
    [one] 1 person is set to `false` (or removed, as on_leave says).
   *[other] { $n } people are set to `false` (or removed, as on_leave says).
} Only a later complete run takes that back. Someone with the operators’ permissions releases the run:
decide-wrong = The data or the settings are wrong
decide-wrong-text = Correct what the reason names and run the export again: it is checked again.
decide-right = It is right as it is
decide-right-text = The run is delivered although it was held. The number that the reason names, { $n }, confirms it. Someone with the operators’ permissions releases the run:
decide-command = At a terminal
decide-payload = With the on-demand function

# The filter in Braze
filter-title = The filter in Braze
filter-where = In Braze: Audience > Segments > Create Segment, keep “Users from all apps”, then add the filter Custom Attributes.
filter-in = People in the segment
filter-out = People not in it
filter-true = is true
filter-false = is false or not set
filter-liquid = In a message (Liquid)

# Members
members = Members
members-caption = Members who entered, stayed and left
members-of = Members of segment { $n }
members-before = Members before
members-after = Members after
share-of-before = Share of before
before = Before
left = Left
stayed = Stayed
entered = Entered
after = After
pending-held = Not in the files
pending = Not in the files so far
before-in-words = { $before ->
    [one] 1 member
   *[other] { $before } members
} before: { $stayed } stayed, { $left } left.
after-in-words = { $after ->
    [one] 1 member
   *[other] { $after } members
} after: { $stayed } stayed, { $entered } entered.

# Rows
rows = Rows
rows-of = Rows of segment { $n }
rows-figure = Rows of all files
rows-caption = Rows by result
read = Read
accepted = Accepted by Braze
would-be-sent = Would be sent
unchanged = Unchanged
duplicates = Duplicates
rejected = Rejected
rows-in-words = Of { $read ->
    [one] 1 row
   *[other] { $read } rows
}: { $accepted } accepted, { $unchanged } unchanged, { $duplicate } duplicates, { $rejected } rejected.
rejected-title = Rejected rows
rejected-of = Rejected rows of segment { $n }
rejected-caption = Rejected rows by reason. Values are masked; the rows are in rejected.csv.
reason = Reason
line-of = line { $line } of { $file }
dropped-title = Values not sent
dropped-of = Values not sent of segment { $n }
dropped-caption = Values not sent, because Braze would reject or ignore them
field-and-reason = Field and reason

# Files, notes and settings
files = Files
files-caption = Files of the run, by their key in the bucket
file = File
in-total = { $n } in total
more-files = { $n ->
    [one] 1 more file is in report.json.
   *[other] { $n } more files are in report.json.
}
notes = Notes
settings = Settings
settings-caption = From exports.toml
setting = Setting
value = Value
not-used = not used
no-budget = no budget
every-segment = every segment found in the folder
schedule-active = active
schedule-off = off: only uploads and run by name deliver it
send-changes = changes: unchanged members are not sent
send-all = all: every member is sent
leave-false = false: the attribute of members who left is set to false
leave-remove = remove: the attribute of members who left is removed
leave-keep = keep: members who left keep the attribute
of-the-members = { $percent } % of the members
segment-only = only the segment’s attribute
field-from = { $field } from { $column }

# The dry run
dry-run = Dry run
dry-run-of = Dry run: { $title }
dry-run-made = Dry run of { $time }.
dry-run-nothing = Nothing was sent, and nothing was written.
dry-run-held = Nothing was sent, and nothing was written. { $n ->
    [one] One segment would be held, because an unusual number of members would leave.
   *[other] { $n } segments would be held, because an unusual number of members would leave.
}
would-enter = would enter
would-leave = would leave
rows-rejected = rows rejected
total-requests = requests
at-the-limit = at the rate limit
total-data-points = data points
check-first = Check this first
largest-changes = Largest changes
changes-caption = Segments by share of members who would enter or leave
enter = Enter
leave = Leave
would-be-held = Would be held
would-be-held-short = would be held
until-you-allow = No one would be set to `false` until you allow it.
cost = Cost
costs-of = Costs of segment { $n }
cost-caption = Requests, time and data points
minimum-time = Minimum time at the connection’s rate
set-to-false = Members set to false
compared = Compared with the last run
comparison-of = Comparison of segment { $n }
no-complete-run = This segment has no complete run yet.
compared-caption = Largest changes first; last run: { $run }
last-run = Last run
this-run = This run
compared-members = Members
compared-entered = Members who enter
compared-left = Members who leave
compared-rows = Rows
compared-sent = Rows sent
compared-duplicates = Duplicate rows
compared-rejected = Rows rejected
compared-share = Share of rows rejected
sample = Sample of what would be sent
sample-masked = Values are masked: only the first letter of a text, and only the type of a number.

# The history
history = History of an export
history-title = History of { $export }
history-made = History, updated { $time }.
history-summary = { $segments }. { $trouble ->
    [none] None failed, none is held.
   *[some] { $failed } failed, { $held } held for a decision.
}{ $problems ->
    [0] {""}
   *[other] {" "}{ $problems } delivered with problems.
}
status = Status of the segments
status-caption = The newest run of each segment
outcome = Outcome
members-each-run = Members after each complete run
members-over-time = Members over time
chart-in-words = From { $first ->
    [one] 1 member
   *[other] { $first } members
} after the first to { $last } after the last of { $runs } complete runs.
changes-each-run = Members who entered and left in each run
legend-entered = entered
legend-left = left
changes-in-words = In { $runs ->
    [one] 1 run
   *[other] { $runs } runs
}, { $entered } entered and { $left } left.
runs-caption = Runs, newest first.
shown-of = The last { $shown } of { $runs } runs.
ended = Ended
rejected-rows = Rejected rows

# What was read in Braze
in-braze = Read in Braze
in-braze-caption = What Braze shows of this run
not-checked = Not checked
result = Result
