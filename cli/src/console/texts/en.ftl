# The texts of the console. A test compares the two languages.

# Every page
skip = Skip to the content
nav = Pages
nav-home = Home
nav-connections = Connections
nav-exports = Exports
nav-segments = Segments
nav-settings = Settings
nav-help = Help
nav-demo = Braze (mock)
badge-demo = Demo
badge-folder = Folder
badge-stack = Stack
other-language = 日本語
as-command = Show as command
footer = Served by itb on this machine alone. Times are in { $name }; a run is named after its time stamp in Customer Insights.
cancel = Cancel
back = Back
next = Next
save = Save
save-next = Save…
save-hint = Saving sends nothing to Braze.
saved = Saved. Nothing was sent.
read-only = This console works through the function of the stack, which changes neither exports.toml nor keys. To change them, start itb console with --bucket and the stack's output BucketName.
look-again = Look again
difference = What changes
people =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    }
rows =
    { $n ->
        [one] { $n } row
       *[other] { $n } rows
    }
letters = { $n } letters
files =
    { $n ->
        [one] { $n } file
       *[other] { $n } files
    }
less-than-a-second = < 1 s

# Refusals and errors
refused-host = This console answers only on this machine, at 127.0.0.1 or localhost.
refused-method = This kind of request is not supported.
refused-token = This address does not work (any longer): it works once. Start itb console again.
refused-session = Open the address that itb console printed, in the same browser.
refused-origin = This request did not come from a page of the console, so nothing was done.
error-title = That did not work
error-not-found = There is no such page, or what it was about no longer exists.
error-form = The form was too old or not from this session. Nothing was changed: go back, load the page again and send it again.
error-too-large = The form is too large. Nothing was changed.
error-config = Until this is fixed, nothing is delivered.
error-safe = Nothing is lost, and no one was changed by mistake.
open-settings = Open exports.toml
wrong-title = Please correct this
mistakes-title = exports.toml would not be valid

# Home
home-title = Home
begin-title = Connect to Braze
begin-text = Nothing is set up yet. It takes three steps, and nothing is sent before the last one:
begin-1 = Add a connection: name, REST endpoint, API key, consent
begin-2 = Add an export: choose the segments and the columns for customer ID and email
begin-3 = Run it, after a dry run that shows what would be sent
begin-demo = This is a demo: the customers are generated, and a mock at { $name } takes the place of Braze. Nothing leaves this machine.
begin-export-title = Add an export
begin-export-text = The connection is there. Now choose which segments go to Braze.
add-connection = Add connection
add-export = Add export
nothing-landed = Nothing has arrived from Customer Insights yet.
nothing-landed-how = Run the export in Customer Insights and copy its folder here, or start the console on the folder that exports land in.
attention-title = Needs a decision
attention-none = Nothing needs a decision.
attention-held-text =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    } of { $before } would leave. No one was changed; it can wait.
attention-held-action = Decide
attention-postponed = held, put off until { $name }
attention-failed-action = Open the export
attention-connection-action = Open the connection
attention-consent = No consent
attention-consent-text = Nothing is sent through this connection until someone agrees.
attention-key = No key
attention-key-text = The API key is not known in this session. Enter it before you deliver.
attention-test = Test failed
attention-test-text = The last test of this connection failed.
attention-untested = Not tested
attention-untested-text = The key of this connection has not been tested, and nothing was delivered through it yet.
attention-unfed = Not fed
attention-unfed-text =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    } still have this attribute, but no segment feeds it any longer.
attention-unfed-action = Retire it
attention-look = Look at this
attention-look-action = Open the segment
attention-waiting-text = Waiting for the rest of its files since { $name }. What arrived is delivered, and no one was set to false.
sources = Sources
no-segments = No segment was delivered yet. Open the export and run it.
segments-caption = Every segment and its attribute in Braze
segment = Segment
attribute = Attribute
members = Members
change = Change
last-complete = Last complete run
next-run = Next run
next-by-hand = when you run it
next-paused = paused
next-decision = after the decision
next-scheduled = by the schedule
next-upload = when files arrive
next-about = about { $name }
state = State
job-running = Running
job-follow = Follow it

# Outcomes
outcome-none = not delivered yet
outcome-delivered = delivered
outcome-delivered-with-problems = delivered with problems
outcome-waiting = waiting
outcome-held = held
outcome-unfinished = unfinished
outcome-superseded = superseded
outcome-failed = failed
outcome-dry-run = dry run
outcome-retired = retired

# Connections
no-connections = There is no connection yet. A connection leads to one workspace of Braze.
connections-caption = Connections to Braze workspaces
display-name = Display name
display-name-hint = What this connection is for, such as “Braze, Japan”.
host = Host
host-label = REST endpoint of Braze
host-hint = Choose it, or paste the address of your dashboard. In Braze: Settings > API Keys.
users = Who can use this connection
users-hint = Written into exports.toml as a note. In AWS it is the policy that you attach: operators for administrators, contributors for the others.
users-administrators = Administrators only
users-contributors = Administrators and contributors
users-unknown = not noted
key = API key
key-label = API key
key-hint = A REST API key of Braze with the permission users.track only. It is never shown again.
key-demo = The key of the mock is { $name }.
key-typed = A key was entered. Leave this empty to keep it.
key-tested = tested
key-refused = refused
key-set = set
key-missing = not entered
key-in-memory = A key is in memory until the console ends, and nowhere else.
key-in-secrets = The key is in AWS Secrets Manager. A test says whether it works.
key-not-here = No key has been entered in this session.
new-key = New key
connect-and-keep = Connect and use this key
test-again = Test again
consent = Data privacy and compliance
consent-hint = Customer IDs, email addresses and the fields that you choose are sent to the endpoint above, and nowhere else.
consent-text = Customer IDs, email addresses and the chosen fields are sent to { $name }, and nowhere else.
consent-missing = Nothing is sent until someone agrees.
i-agree = I agree
i-agree-text = I agree that customer data is sent to Braze, on behalf of my organisation
agreed = agreed
not-agreed = not agreed
agreed-by = Who agrees
agreed-by-hint = The name is kept beside the consent in exports.toml, with the date.
connect = Connect
tick-host = Host
tick-key = Key and permission
tick-nothing = No profile was changed
save-untested = Save without a successful test
demo-connection = For this demo, use this endpoint and key:
used-by = Used by exports
remove-connection = Remove connection
remove-text = It disappears from exports.toml. Nothing changes in Braze.
remove-used = It can't be removed while exports use it.
wrong-display-name = Enter a display name.
wrong-hostname = This is not a REST endpoint of Braze. Choose one of the list, or paste the address of your dashboard.
wrong-key-missing = Enter the API key.
wrong-key-form = The key contains spaces or characters that no key has. Copy it again.
wrong-agreed-by = Enter the name of the person who agrees.
wrong-agree = A name is entered, but the box is not ticked.
wrong-not-tested = Press Connect first, or tick the box to save without a test.

# Changes of exports.toml
change-title = Check the change
change-text = This is what changes in { $name }. Comments stay.
change-none = Nothing changes.
change-edit = Edit the text
check-again = Check again
conflict-title = Someone else changed exports.toml
conflict-text = Since you opened the form, the file was changed in another window or by someone else. Nothing was saved, and neither version is lost.
conflict-theirs = The file now
conflict-mine = With your change
conflict-difference = What your change would do to the file as it is now
conflict-apply = Save my change on top of it
conflict-discard = Leave the file as it is
edit-form = This file is written in a form that can't be changed here. Change it as text under Settings.
edit-exists = The name exists already.
edit-gone = What you want to change is no longer in the file.

# Exports
no-exports = There is no export yet. An export says which segments go to Braze, through which connection.
exports-caption = Exports of Customer Insights
export = Export
connection = Connection
folder = Folder
schedule = Schedule
schedule-active = active
schedule-off = off
every-segment = every one
connection-first = Add a connection first.
saved-export = Run it to send it.
saved-export-stack = Run it now, or leave it to the schedule.
run-now = Run now…
run-all = Run all now…
run-hint = A dry run comes first. It sends nothing and shows what would be sent.
history-page = History of all runs
export-settings = Settings
change-rules = Change the rules
change-others = Change columns and fields in exports.toml
pause-title = Pause
pause-text = A paused export is delivered only when a person runs it. Files that arrive wait.
pause = Pause…
resume-text = This export is paused. Nothing is delivered unless a person runs it.
resume = Resume…
send-all-title = Send everyone again
send-all = Send everyone again…
send-all-text = Unchanged members are sent, too. This costs data points for everyone; it is needed only after profiles were deleted in Braze.
no-runs = Nothing has been delivered yet. Press “Run now”.

# A new export
steps = Steps
step-1 = Files
step-2 = Segments
step-3 = Data matching
step-4 = Rules
step-5 = Dry run
source-legend = Where are the files?
source-hint = What Customer Insights has exported here.
folder-used = Used by the export { $name }. A segment can be in one export only: list the segments in both.
ignored =
    { $n ->
        [one] { $n } object
       *[other] { $n } objects
    } ignored
newest-run = Newest run
connection-label = Connection for export
connection-hint = The Braze workspace that the segments go to.
export-name = Name of the export
export-name-hint = Letters A–Z, digits, - and _, for example loyalty.
segments-legend = Which segments?
segments-all = Every segment, and those that are exported later
segments-listed = Only those that are ticked
segments-table = Segments that were found, and the custom attribute of each in Braze
attribute-in-braze = Custom attribute in Braze
attribute-of = Custom attribute for { $name }
attribute-hint = The attribute is true for members. Another name than the segment's is possible; Japanese, too.
columns-read =
    { $n ->
        [one] { $n } row was
       *[other] { $n } rows were
    } read.
columns-shapes = Values are shown by their shape alone: 0 for a digit, a for a letter, 字 for kanji and kana.
look-no-header = A file has no header and no model.json names its columns. Copy the model.json beside it, or set csv.columns under Settings.
customer-id = Braze customer ID
customer-id-hint = The column whose values are the external_id of your profiles in Braze.
email = Email
email-hint = Identifies people without a customer ID, and becomes the address of the profile.
no-column = none
filled = { $n } % filled
distinct = { $n } % distinct
like-emails = { $n } % look like an email address
examples = Examples:
unified-warning = This is Customer Insights' own ID. It changes when profiles are merged: prefer an ID of your own.
merged-warning =
    Only { $n ->
        [one] { $n } different value
       *[other] { $n } different values
    }: customers would be merged into so few profiles.
filled-warning = Only { $n } % of the rows have a value. The others need an email, or are rejected.
check-columns = Check these columns
check-hint = Reads the files as a delivery would, sends nothing, and shows which values Braze would not take.
optional-fields = Optional fields
optional-fields-hint = Choose only what you need in Braze: fewer fields are less personal data.
optional-caption = Further columns of the files
column = Column
values = Values
braze-field = Field in Braze
custom-name = Name, if it is a custom attribute
type = Type
field-of = Field in Braze for { $name }
custom-of = Name of the custom attribute for { $name }
type-of = Type of { $name }
not-sent = not sent
suggested = (suggested)
custom-attribute = custom attribute…
type-automatic = automatic
empty-cells = Empty cells
empty-removes = remove
empty-of = An empty cell removes the field of { $name }
field-first-name = first name
field-last-name = last name
field-home-city = city
field-image-url = picture
field-country = country
field-language = language
field-dob = date of birth
field-gender = gender
field-phone = phone number
field-time-zone = time zone
field-email-subscribe = email subscription
field-push-subscribe = push subscription
field-date-of-first-session = first session
field-date-of-last-session = last session
field-marked-email-as-spam-at = marked as spam at
field-email-open-tracking-disabled = no tracking of opens
field-email-click-tracking-disabled = no tracking of clicks
on-leave = When someone leaves the segment
leave-false = set the attribute to false
leave-remove = remove the attribute
leave-keep = leave the attribute as it is
unknown-people = People whom Braze doesn't know
create-profiles = Create a profile for them
max-leavers = Hold a run if more leave than
max-leavers-hint = An unusually large share of leavers often means that files are missing. The run then waits for a decision.
sizes-found = The files found so far, for comparison:
sizes-delivered = Members after the last runs, for comparison:
sizes-left = At most { $n } % left at once.
when = When it runs
when-hint = In a deployed stack. On this machine, you run it yourself.
scheduled = By the schedule
on-upload = As soon as files arrive
language-en = English
language-ja = 日本語
reports-language = Language of the reports
reports-zone = Time zone of the reports
reports-zone-hint = Such as Asia/Tokyo or Europe/Berlin. Time stamps of files are read in it, too.
dry-run-text = This is what the first delivery would do. Nothing was sent, and nothing is saved yet.
dry-run-running = The dry run is still reading the files.
wrong-folder = Choose a folder with files.
wrong-connection = Choose a connection.
wrong-name = Enter a name of letters A–Z, digits, - and _.
wrong-name-taken = An export of this name exists already.
wrong-no-segment = Tick at least one segment.
wrong-no-identifier = Choose the column of the customer ID, or that of the email, or both.
wrong-same-column = Customer ID and email can't be the same column.
wrong-custom-name = Enter a name for each custom attribute.
wrong-max-leavers = Enter a number from 0 to 100.
kind-a-whole-number = whole number
kind-digits-with-a-leading-zero = digits with a leading zero
kind-a-number-with-a-fraction = number
kind-true-or-false = true or false
kind-a-date = date
kind-a-date-and-time = date and time
kind-an-email-address = email address
kind-a-list-with-semicolons = list
kind-text = text
kind-empty = empty

# Dry runs and deliveries
job-dry-run = Dry run
job-run = Delivery
job-release = Release of a held run
job-retire = Retirement of an attribute
job-working = Working
job-stopping = Stopping at a checkpoint
job-close = You can close this page: it continues, and Home shows it.
job-still = Stop updating this page
job-refresh = Update this page automatically
job-stop = Stop at a checkpoint
job-changed-text = The files or the settings changed after the dry run. Nothing was sent. Make the dry run again.
began = Started
ended = Ended
duration = Duration
progress-rows =
    { $n ->
        [one] { $n } row
       *[other] { $n } rows
    } so far
progress-requests =
    { $n ->
        [one] { $n } request
       *[other] { $n } requests
    } to Braze; the limit is { $limit } a second
progress-of-limit = { $name } % of the rate limit
progress-left = about { $name } s left
progress-percent = about { $n } %
back-to-export = Back to the export
dry-run-done = Nothing was sent. This is what a delivery would do.
deliver-this = Deliver this…
download-page = Save as a page
would-enter = Would enter
would-leave = Would leave
rejected-rows = Rejected rows
requests = Requests
data-points = Data points
time-at-limit = At the rate limit
check-first = Check this first
preview-caption = What a delivery would do, by segment
before = Before
after = After
would-be-held = would be held
rejected-of = Rejected rows of { $name }
fields-title = Fields
fields-caption = What is sent, and the values that Braze would reject or ignore
left-out = Values not sent
sample-of = Sample of { $name }
sample-hint = Values are masked: only their shape is shown.
confirm-title = Deliver to Braze
confirm-text = The files of the dry run are sent through the connection { $name }.
not-pinned = Files that have arrived since the dry run are sent, too.
type-name = Type the name of the export to confirm: { $name }
type-name-first = Asked for because this is the first delivery of this export.
type-name-many = Asked for because more than 10,000 people would be changed.
deliver-now = Deliver now
wrong-typed-name = Type the name of the export exactly as it is shown.
wrong-no-key = The API key of the connection is not known in this session. Enter it first.
wrong-no-consent = No one has agreed to the data transfer of this connection yet.
entered = Entered
left = Left
stayed = Stayed
accepted-rows = Accepted rows
unchanged-rows = Unchanged rows
duplicate-rows = Duplicate rows
read-rows = Rows read
use-in-braze = Use it in Braze
run-report = Run report
see-braze = See it in the mock of Braze

# Segments and runs
usable = You can use it: everyone in the last complete run is up to date in Braze.
usable-held = Check before you use it: new members are in Braze, but those who left still have the attribute.
usable-held-unsent = Yes, with the members of the last complete run. The newest run is held, and was not sent or only to a few people.
usable-old = The last delivery failed. Braze has the members of the last complete run.
usable-not-yet = Not yet: there is no complete run.
members-now = Members now
up-to-date = Run
members-over-runs = Members over the last runs
filter-title = The filter in Braze
filter-where = In Braze: Audience > Segments > Create Segment, keep “Users from all apps”, then add the filter Custom Attributes.
filter-in = People in the segment
filter-out = People not in it
filter-true = is true
filter-false = is false or not set
filter-liquid = In a message (Liquid)
runs = Runs
run = Run
audit-title = Last comparison with Braze
audit-missing = Members without the attribute
audit-extra = Others who have it
audit-unknown = Profiles that can't be compared
runs-caption = The newest first
rows-title = Rows
rejected-where = The rejected rows are in this file. It contains personal data and is not shown here:
rejected-how = To send them after all, correct a copy and put it into the folder of the run, under any name that ends in .csv; then run the export. If each run is one file, correct the rows in that file instead: people who are missing in it would count as having left.
for-engineers = For engineers
full-report = Full report
decision-released =
    Released: { $n ->
        [one] { $n } person
       *[other] { $n } people
    } set to false or removed.
decision-rejected =
    Rejected: { $n ->
        [one] { $n } person
       *[other] { $n } people
    } would have left. No one was changed.
decision-postponed = The decision was put off.

# Held runs
hold-safe = No one was changed. Everyone in the files is up to date in Braze, and this can wait until tomorrow.
hold-safe-unsent = Nothing was sent, or only to the few people that the reason names. No one was set to false. This can wait until tomorrow.
hold-wrong = The data or the settings are wrong
hold-wrong-text = Correct what the reason names, and run the export again: it is checked again. You can also drop this run now.
hold-right = It is right as it is
hold-right-text = The run is sent although it was held.
hold-release-unsent = Release the run
type-number-hint-unsent = The number that the reason names.
hold-before = Members before
hold-leave = Would leave
hold-share = Share
hold-remain = Would remain
why = Why
hold-files = Files of this run:
hold-files-before = Files of the last complete run:
hold-sizes = Last complete runs:
hold-missing = Files are missing
hold-missing-text = Run the export again in Customer Insights. The next normal run replaces this one by itself. You can also drop this run now.
hold-reject = Drop this run
hold-no-reason = Through the function of a stack, no reason is kept. With --bucket it is.
hold-later = Not now
hold-postpone = Remind me tomorrow
hold-postpone-hint = Home asks again from { $name }. Nothing else changes: the run stays held, and the next normal run replaces it.
hold-postponed = Put off until { $name }.
hold-shrank = The segment really shrank
consequence-false =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    } get false. To take this back, another complete run is needed. Each of them costs a data point.
consequence-remove =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    } lose the attribute. To take this back, another complete run is needed. Each of them costs a data point.
consequence-keep =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    } leave the segment; their attribute is kept as it is (on_leave).
type-number = Type { $n } to confirm
type-number-hint = The number of people who are changed.
reason = Reason
reason-hint = Kept beside the report of the run. Write no personal data.
decided-by = Your name (optional)
hold-release =
    Release: { $n ->
        [one] { $n } person leaves
       *[other] { $n } people leave
    }
wrong-people = The number is another one. Check it before you confirm it. Nothing was changed.
wrong-reason = Enter a reason.

# Retiring and erasing
retire-title = Retire an attribute
retire-text =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    } may have the attribute. It is set to false for them, or removed (on_leave).
retire = Retire
erase-title = Erase a person
erase-short = Removes one person from what is kept here, with a receipt.
erase-text = Removes one person from the state and from the rejected rows. It looks first, and changes nothing until you confirm.
erase-one = Enter the customer ID, or the email address, or both.
email-address = Email address
erase-reference = Reference of the request
erase-reference-hint = Kept in the receipt. It must not identify the person.
erase-look = Look, change nothing
erase-found = What would be erased
erase-done = Receipt
erase-memberships = Memberships
erase-state = Rows in the state
erase-reports = Rejected rows
erase-incoming = Rows in exported files
erase-incoming-text = These exported files hold the person and are not changed. Delete them, or export again without the person:
erase-unsearched = Not searched:
erase-receipt = The receipt is kept as
erase-json = The receipt itself. It identifies no one.
erase-braze = Braze is not changed. Delete the profile there as well.
erase-word = Type ERASE to confirm
erase-word-hint = What is erased can't be restored from here.
erase = Erase
wrong-no-person = Enter a customer ID or an email address.
wrong-word = Type ERASE in capital letters. Nothing was erased.

# Settings and help
settings-text = The file as text
settings-hint = It is checked before it is saved, and the version before is kept.
check-and-show = Check and show the change
versions = Earlier versions
no-versions = There is no earlier version yet.
version-text = What restoring this version would change:
version-whole = The whole version
restore = Restore…
help-text = Every message has a code, which leads to its explanation.
help-all = All codes
help-words = What the states mean
help-delivered = All files are in Braze, and those who left are changed.
help-held = An unusual number of people would leave. No one is changed until you decide.
help-waiting = All files so far are delivered; the rest is expected. No one is removed before.
help-failed = It stopped. Nothing is lost: the next run sends the rest.
help-problems = Delivered, but many rows or values could not be sent.
cause = Cause
what-to-do = What to do

# The demonstration
demo-text = A mock server with Braze's documented rules. It forgets everything when the console ends.
demo-profiles = Profiles
demo-attributes = Segments in Braze
demo-attributes-caption = Custom attributes, and how many profiles have each value
demo-empty = Nothing has been delivered yet.
demo-example = A generated person, as Braze shows a profile
demo-next = Play Customer Insights
demo-export-all = Export again
demo-export-partial = Export again, but break off
demo-export-hint = With the next export, some people have entered, left or changed. An export that breaks off leads to a held run.
demo-braze = Play someone who works in Braze
demo-braze-hint = Each of these leads to a held run when you deliver the next time. What was delivered less than ten minutes ago is not checked yet.
demo-delete = Delete all profiles
demo-other-ids = Create the same people under other customer IDs
demo-text-attribute = Name of a custom attribute
demo-keep-text = Set its type to text
demo-happened = Done. Run an export to see what becomes of it.
demo-exported = A new run has arrived. Open the export and run it.
demo-exported-partial = Only a part of the files has arrived. Open the export and run it.

