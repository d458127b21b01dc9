//! The examples in `--help`.

pub(super) const ALL: &str = "\
Examples:
  Run a demo with generated data, without any account:
    itb demo

  Show how the files of an export are read, without sending anything:
    itb inspect ~/BlobExport

  Write an exports.toml for them:
    itb init ~/BlobExport

  Preview a delivery, without sending anything:
    itb run loyalty --files ~/BlobExport --dry-run

  Test a connection, then deliver (enter the key at the prompt, or set BRAZE_API_KEY):
    itb connect --config exports.toml --connection braze-eu
    itb run loyalty --files ~/BlobExport

  Let a deployed stack do it, with your own AWS profile:
    itb run loyalty --stack insights-to-braze --profile marketing
    itb status --stack insights-to-braze --profile marketing

  Do it on this machine, on the bucket of a deployed stack:
    itb status --bucket insights-to-braze-123456789012 --profile marketing
    itb report --bucket insights-to-braze-123456789012 --profile marketing --export loyalty

Exit codes:
    0  success: delivered, waiting for the rest of a run, superseded by a newer run, nothing to do, or a dry run
    1  a delivery failed or is unfinished, or a check found a problem
    2  invalid arguments, configuration or files, or a question was not confirmed; nothing was sent
    3  a run is held and needs a decision: see `itb hold list`
    4  delivered with problems: more than 5 % of the rows rejected, or a field not sent for more than 20 % of them
    5  --check found something to check first; nothing was sent
  130  stopped by Ctrl-C at a checkpoint; run the same command to resume";

pub(super) const DEMO: &str = "\
Examples:
  itb demo
  itb demo --members 100000
  itb demo --folder /tmp/demo --json > demo.json

Everything runs on this machine: mock servers for S3, Secrets Manager and Braze, with Braze's documented rules. The
files are delivered by the same code that runs in AWS Lambda.";

pub(super) const CONSOLE: &str = "\
Examples:
  Try it, without any account:
    itb console --demo

  On the folder that exports land in, such as ~/incoming/BlobExport:
    itb console ~/incoming

  On the bucket of a deployed stack, with your own AWS profile:
    itb console --bucket insights-to-braze-123456789012 --profile marketing

  Through the function of a deployed stack, without access to the bucket:
    itb console --stack insights-to-braze --profile marketing

The pages are served on 127.0.0.1 alone. The API key stays in memory, and is asked for again after a restart, unless it is
in BRAZE_API_KEY. With --bucket or --stack, it is in AWS Secrets Manager.";

pub(super) const INIT: &str = "\
Examples:
  Look at the files, answer a few questions, and get an exports.toml:
    itb init ~/BlobExport

  The same in a script:
    itb init ~/BlobExport --yes --hostname rest.iad-03.braze.com --config new.toml

Nothing is sent. The files are read where they are.";

pub(super) const DOCTOR: &str = "\
Examples:
  itb doctor
  itb doctor --export loyalty --files ~/BlobExport
  itb doctor --stack insights-to-braze --profile marketing
  itb doctor --bucket insights-to-braze-123456789012 --profile marketing --secret ARN

A connection is tested with a request that contains no one, with the key in BRAZE_API_KEY or the secret of the stack.";

pub(super) const FETCH: &str = "\
Examples:
  itb fetch --bucket insights-to-braze-123456789012 --profile marketing --dry-run
  itb fetch ci --bucket insights-to-braze-123456789012 --profile marketing

With --bucket, the secret of the source is read from Secrets Manager. In a local workspace, enter the SAS at the prompt, or
set AZURE_STORAGE_SAS_TOKEN. Nothing is sent to Braze, and nothing is changed in the source.";

pub(super) const INSPECT: &str = "\
Examples:
  Look at new files, without any configuration:
    itb inspect ~/BlobExport

  Read them as an export of exports.toml does:
    itb inspect ~/BlobExport --export loyalty

  Look at the bucket of a deployed stack:
    itb inspect --bucket insights-to-braze-123456789012 --profile marketing --key incoming/";

pub(super) const RUN: &str = "\
Examples:
  Preview a delivery, without sending anything:
    itb run loyalty --files ~/BlobExport --dry-run

  Deliver an export. The second time, only changes are sent:
    itb run loyalty --files ~/BlobExport

  Deliver one segment, send every member again, and print JSON for a script:
    BRAZE_API_KEY=… itb run loyalty --config exports.toml --files ~/BlobExport --segment ChurnRisk --send all --json

  Let a deployed stack deliver its files:
    itb run loyalty --stack insights-to-braze

  Deliver the files in the bucket of a deployed stack from this machine, with the key in its secret:
    itb run loyalty --bucket insights-to-braze-123456789012 --secret ARN

--files is the folder as written by Customer Insights: one folder per segment, next to a model.json.
The workspace (or the bucket) records what has been delivered. Without it, the next delivery sends everything again
and can't know who left. The workspace contains personal data.

Ctrl-C stops at a checkpoint: in-flight requests finish; run the same command to resume. Some of the last requests may
be sent twice; they set the same values. A second Ctrl-C stops immediately.";

pub(super) const DRY_RUN: &str = "\
Examples:
  Show who would enter and leave, what is rejected, the cost, and the changes since the last run:
    itb dry-run loyalty --files ~/BlobExport

  Write a self-contained HTML page to share:
    itb dry-run loyalty --files ~/BlobExport --html dry-run.html

  Print JSON for one segment:
    itb dry-run loyalty --files ~/BlobExport --segment ChurnRisk --json

  Preview the files in the bucket of a deployed stack:
    itb dry-run --bucket insights-to-braze-123456789012 --profile marketing --export loyalty

Nothing is sent, no state is written and no key is needed.";

pub(super) const REPORT: &str = "\
Examples:
  Show the newest report of each segment:
    itb report --export loyalty

  Print the report.json of one run:
    itb report --export loyalty --segment ChurnRisk --run 2026-11-23T01:02Z --json

  Show all runs of a segment:
    itb report --bucket insights-to-braze-123456789012 --export loyalty --segment ChurnRisk --history

  Save the page of a run, and the history page of the export, from the bucket of a stack:
    itb report --bucket insights-to-braze-123456789012 --export loyalty --segment ChurnRisk --html run.html
    itb report --bucket insights-to-braze-123456789012 --export loyalty --history --html history.html";

pub(super) const RUN_ALL: &str = "\
Examples:
  itb run-all --bucket insights-to-braze-123456789012 --secret ARN --dry-run
  itb run-all --bucket insights-to-braze-123456789012 --secret ARN

In a workspace of this machine, the files are those of the last `itb run` of each export.";

pub(super) const HOLD: &str = "\
Examples:
  Show what is held and why:
    itb hold list

  The segment really shrank. Shows the numbers and asks for the number of people who leave:
    itb hold release loyalty ChurnRisk

  The same in a script, with the number that `itb hold list` shows:
    itb hold release loyalty ChurnRisk --people 600

  The run is wrong, and the next one should be compared with the one before it:
    itb hold reject loyalty ChurnRisk

If files are missing, run the export again in Customer Insights: the next normal run replaces the held one.";

pub(super) const RETRY: &str = "\
Examples:
  itb retry --dry-run
  itb retry loyalty --segment ChurnRisk

Delivers the newest run of each segment that failed. Messages in the dead-letter queue of a deployed stack stay there; the
action `retry` of the on-demand function puts them back into the queue.";

pub(super) const AUDIT: &str = "\
Examples:
  itb audit loyalty
  itb audit loyalty ChurnRisk --repair

Braze prepares an export of the segment, which takes minutes to hours: run the command again to continue. The segment needs its
Segment API Identifier in `audit_segment_ids`, and the key the permission `users.export.segment`.";

pub(super) const UNDO: &str = "\
Examples:
  Show how many people would be changed, and what can't be restored:
    itb undo loyalty ChurnRisk --dry-run

  Shows the same, and asks for the number:
    itb undo loyalty ChurnRisk

Those who entered with the last complete run are set to `false` or removed (`on_leave`), and those who left with it get the
attribute again. The run is not delivered again; the next one is, as usual.";

pub(super) const RETIRE: &str = "\
Examples:
  itb retire loyalty ChurnRisk --dry-run
  itb retire --connection braze-eu --attribute ChurnRisk --dry-run

First remove the segment from `segments` in exports.toml, or give it another attribute: an attribute that a segment feeds is
not retired.";

pub(super) const FORGET: &str = "\
Examples:
  itb forget loyalty 2026-12-23T01:02Z --dry-run
  itb forget loyalty 2026-12-23T01:02Z --segment ChurnRisk --yes

The run is no longer delivered, and later runs are not compared with its time. What may have been sent of it stays on record
for the next complete run.";

pub(super) const REBUILD: &str = "\
Examples:
  itb rebuild loyalty ChurnRisk --dry-run
  itb rebuild loyalty ChurnRisk --yes

Restore damaged objects from earlier versions or a backup if you can. A rebuilt state makes the next run send everyone, and
holds it if anyone would leave.";

pub(super) const ERASE: &str = "\
Examples:
  itb erase --customer-id L-000417 --reference DSR-2026-17 --dry-run
  itb erase --customer-id L-000417 --email kaito@example.jp --reference DSR-2026-17 --yes

Erase the person at the source first: someone whom Customer Insights still exports comes back with the next run. The profile
in Braze is not changed.";

pub(super) const STATE: &str = "\
Examples:
  aws s3 cp \"s3://$BUCKET/$KEY\" - | itb state \"$KEY\"";

pub(super) const EXPLAIN: &str = "\
Examples:
  itb explain ITB-H01";

pub(super) const COMPLETIONS: &str = "\
Examples:
  itb completions bash > ~/.local/share/bash-completion/completions/itb
  itb completions zsh > \"${fpath[1]}/_itb\"
  itb completions fish > ~/.config/fish/completions/itb.fish";
