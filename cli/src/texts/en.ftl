# The texts of the command line.

error = error:
problem = problem:
page = Page
report = Report: { $location }
page-written = The page is in { $file }
history-of = History of { $export }
type-yes = { $question } Type yes to continue:{" "}
stopping = Stopping at a checkpoint. Press Ctrl-C again to stop immediately.
stopped = Stopped at a checkpoint. Run the same command to resume.

# Outcomes
outcome-delivered = delivered
outcome-delivered-with-problems = delivered with problems
outcome-waiting = waiting
outcome-held = held
outcome-unfinished = unfinished
outcome-superseded = superseded
outcome-failed = failed
outcome-dry-run = dry run
outcome-connected = connected
outcome-fetched = fetched
outcome-would-fetch = would fetch

# Columns of tables
col-accepted = accepted
col-after = after
col-attribute = attribute
col-before = before
col-bytes = bytes
col-change = change
col-copied = copied
col-duplicate = duplicate
col-entered = entered
col-export = export
col-file = file
col-files = files
col-in = in
col-difference = difference
col-cause = cause
col-people = people
col-last-complete-run = last complete run
col-last-run = last run
col-left = left
col-members = members
col-newest-run = newest run
col-newest-run-afterwards = newest run afterwards
col-object = object
col-outcome = outcome
col-read-as = read as
col-reason = reason
col-rejected = rejected
col-requests = requests
col-result = result
col-rows = rows
col-rows-read = rows read
col-run = run
col-SAS-ends = SAS ends
col-seconds = seconds
col-segment = segment
col-source = source
col-status = status
col-stayed = stayed
col-this-run = this run
col-unchanged = unchanged
col-why = why

# Reports
no-run = No run
run = Run { $run }
values-not-sent = Values not sent (Braze would reject or ignore them)
rows-rejected = Rows rejected
ignored = { $n ->
    [one] 1 object ignored: { $reason }
   *[other] { $n } objects ignored: { $reason }
}
check-first = Check this first:
sample = { $segment }: sample of what would be sent (values masked)
time-short = less than a tenth of a second
time-at-least = at least { $time }
cost = { $requests ->
    [one] 1 request
   *[other] { $requests } requests
}, { $time } at the connection's rate, { $points ->
    [one] 1 data point
   *[other] { $points } data points
}
unconfirmed = { $n } accepted, perhaps without a profile in Braze (create_profiles)
left-set = Members set to false: { $n }
would-be-held = would be held:
until-you-allow = No one would be set to `false` until you allow it.
compared = Compared with the last run ({ $run }), largest changes first:
compared-members = members
compared-entered = members who enter
compared-left = members who leave
compared-rows = rows
compared-sent = rows sent
compared-duplicates = duplicate rows
compared-rejected = rows rejected
more-requests = { $retried ->
    [0] {""}
    [one] 1 request was retried
   *[other] { $retried } requests were retried
}{ $limited ->
    [0] {""}
   *[other] {" "}({ $limited } rate limited)
}
data-points = { $n ->
    [one] 1 data point
   *[other] { $n } data points
}

# Runs
reports-at = Reports, their pages and rejected rows: { $location }
keep-workspace = Keep the workspace: it records what has been delivered. It contains personal data.
files-in = { $n ->
    [one] 1 file
   *[other] { $n } files
} in { $folder }: { $copied } new or changed, { $removed } removed since the last time
progress-rows = { $what }: { $n ->
    [one] 1 row
   *[other] { $n } rows
}
progress-of-limit = { $share } % of the rate limit
progress-left = about { $seconds } s left
reading = reading
delivering = delivering

# Held runs
held = { $export }/{ $segment }: the run { $run } is { $outcome }
held-people = { $people } of { $before ->
    [one] 1 member
   *[other] { $before } members
} would leave
held-why = Why: { $reason }
held-safe = Everyone in the files is up to date in Braze. No one was set to `false`.
held-shrank = If the segment really shrank:  { $command }
held-missing = If files are missing:          run the export again in Customer Insights; the next normal run replaces this one
held-wrong = If the run is wrong:           { $command }
held-right = If it is right:              { $command }
hold-allow = Releasing sends the run although it was held.
    Type { $n } to release it:{" "}
hold-reject-number = Rejecting drops the run { $run }. No one is changed, and the next run is compared with the one before it.
    Type { $n } to reject it:{" "}
none-held = No run is held.
no-segments = No segment was delivered yet.
stands-at = { $n } members since run { $run }.
hold-release = Releasing changes { $n ->
    [one] 1 person
   *[other] { $n } people
}: the attribute is set to `false`, or removed (`on_leave`).
    Type the number of people who leave to release the run:{" "}
hold-reject = Rejecting drops the run { $run }. No one is changed, and the next run is compared with the one before it.
    Type the number of people who would have left to reject the run:{" "}

# Other changes
retire-question = { $n ->
    [one] 1 person
   *[other] { $n } people
} may have the attribute. It is set to `false`, or removed (`on_leave`).
    Type their number to retire it:{" "}
last-audit = compared with Braze at { $time }: { $missing } without the attribute, { $extra } with it who are no members
audit-question = The repair changes { $n ->
    [one] 1 person
   *[other] { $n } people
} in Braze.
    Type their number to send the differences:{" "}
audit-missing = member without the attribute
audit-extra = has the attribute, and is no member
audit-receipt = Receipt: { $key }
undo-question = Undoing the run { $run } changes { $n ->
    [one] 1 person
   *[other] { $n } people
} in Braze.
    Type their number to undo it:{" "}
forget-question = The run { $run } would be dropped in these segments.
forget-would-be-forgotten = would be dropped
forget-forgotten = dropped
forget-busy = another command is working on it: try again later
rebuild-question = The next run of the segment will send everyone.
rebuild-damaged = damaged:
rebuild-people = { $n ->
    [one] 1 line
   *[other] { $n } lines
} about people can be read.
erase-customer-id = Customer ID (empty if not known):{" "}
erase-email = Email address (empty if not known):{" "}
erase-question = The person's rows will be removed from the state and the rejected rows.
erase-found = { $key }: { $n ->
    [one] 1 row
   *[other] { $n } rows
}, { $what }
erase-state = state
erase-reports = rejected rows
erase-incoming = an exported file, which is not changed: delete it, or let it expire
erase-not-reached = not reached:
erase-not-searched = not searched:
erase-not-changed = Not changed
erase-receipt = Receipt: { $location }
none-failed = No failed deliveries found.

# Sources and connections
fetch-gone = deleted in the source before it was copied: { $file }
fetch-files = Files: { $location }
sas-days = (SAS: { $n ->
    [one] 1 day
   *[other] { $n } days
})
sas-ends = The SAS ends at { $at }, in { $n ->
    [one] 1 day
   *[other] { $n } days
}.
ask-key = Braze REST API key (not shown):{" "}
ask-sas = SAS token or SAS URL of the source (not shown):{" "}

# Inspect
inspect-next = Nothing was sent. Next: itb init { $folder }
inspect-dialect = delimiter { $delimiter }, quotes { $quotes }, line ending { $ending }, header { $header }, { $columns ->
    [one] 1 column
   *[other] { $columns } columns
}
inspect-note = note: { $note }
inspect-entities = { $n ->
    [one] 1 entity
   *[other] { $n } entities
}
proposed-customer-id = Proposed customer ID (Braze external_id)
proposed-email = Proposed email address
proposed-none = none found
proposed-own-id = CustomerId is Customer Insights' own ID. It changes when profiles are merged: prefer an ID of your own.

# Init
init-hostname = Braze's REST endpoint, such as rest.fra-01.braze.eu
init-customer-id = Column with the customer ID (Braze external_id), or none
init-email = Column with the email address, or none
init-export = Name of the export
init-agree = Has your organisation approved sending customer data to Braze? Type yes, or Enter to decide later:{" "}
init-found = Segments: { $segments }
    Columns: { $columns }
init-written = Written: { $file }
init-no-consent = Nothing is sent until agree_to_data_transfer is true in it.
init-next = Next: { $command }

# Doctor
doctor-configuration = configuration
doctor-valid = valid: { $connections ->
    [one] 1 connection
   *[other] { $connections } connections
}, { $exports ->
    [one] 1 export
   *[other] { $exports } exports
}
doctor-connected = the key is valid and has users.track
doctor-no-key = not tested; set BRAZE_API_KEY, or use `itb connect`
doctor-no-secret = not tested; use --bucket, or `itb fetch`
doctor-consent = agree_to_data_transfer is true
doctor-no-consent = nothing is sent. Set agree_to_data_transfer = true once your organisation agrees
doctor-no-files = not checked; add --export and --files
doctor-fit = the files have every column that exports.toml names
doctor-on-time = right
doctor-no-time = not checked; the host can't be reached or names no time
doctor-connection = connection { $name }
doctor-source = source { $name }
doctor-consent-of = consent of { $name }
doctor-columns-of = columns of { $name }
doctor-clock = clock, compared with { $name }
doctor-off = off by { $n ->
    [one] 1 second
   *[other] { $n } seconds
}. Set it by a time server

# Explain
explain-message = Message
explain-cause = Cause
explain-fix = What to do
explain-place = All messages: docs/messages.md. Words in ⟨angle brackets⟩ stand in for values.

# Watch
watch = { $time }: every { $n ->
    [one] second
   *[other] { $n } seconds
} until Ctrl-C
in-stack = { $key } (in the bucket of the stack { $stack })
left-running = The function continues in AWS. `itb status --stack { $stack }` shows how far it is.
reports-left-out =
    { $n ->
    [one] 1 older report is left out: choose a segment with --segment, or a run with --run.
   *[other] { $n } older reports are left out: choose a segment with --segment, or a run with --run.
}

# Braze
in-braze = in Braze: { $what }: { $text }
connect-permission = Permission { $permission } (optional, to check what Braze holds): { $may }
yes = yes
no = no

# Demo
col-what = what
col-where = where
demo-first-run = first run
demo-second-run = second run
demo-complete = the run is complete
demo-waiting = waiting for the other files
demo-rows = { $n ->
    [one] 1 row so far
   *[other] { $n } rows so far
}
demo-only-counts = With more than { $n } members, the mock of Braze only counts objects and stores no profiles.
demo-profiles = Three profiles in the mock of Braze
demo-both = a member of both segments
demo-email-only = a member without a customer ID, identified by email
demo-moved = a member who left one segment and entered the other
demo-files = Files
demo-exported-files = exported files
demo-bucket = bucket
demo-configuration = configuration
demo-a-report-as-a-page = a report as a page
demo-a-report = a report
demo-rejected-rows = rejected rows
demo-history = history
demo-right = checked:
demo-wrong = WRONG:
demo-first-figures = first run: rows and members add up, and every figure is as expected
demo-second-figures = second run: rows and members add up, and every figure is as expected
demo-objects = Braze accepted { $n } objects, as many as the reports say, and silently ignored nothing
demo-names = { $n } first and last names arrived unchanged
demo-attribute = "{ $attribute }" is true for all { $members } members, false for all { $leavers } who left, and set on no other profile
demo-no-report = { $segment }: there is no report of a run
demo-no-sum = { $segment }: the figures do not add up
demo-other-figures = { $segment }: { $found } instead of { $expected }
demo-other-objects = Braze accepted { $accepted } objects, not { $reported }; ignored: { $ignored }
demo-garbled = { $n ->
    [one] the names of 1 person changed on the way, for example { $some }
   *[other] the names of { $n } people changed on the way, for example { $some }
}
demo-other-profiles = Braze has { $there } profiles, but { $people } people were exported
demo-attribute-wrong = { $n ->
    [one] "{ $attribute }" is wrong on 1 profile
   *[other] "{ $attribute }" is wrong on { $n } profiles
}

# Console
console-idle = The console was not used for a while and has stopped.
console-stopping = Stopping at a checkpoint. Press Ctrl-C again to stop immediately.
