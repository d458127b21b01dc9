//! The examples in `--help`.

pub(super) const ALL: &str = "\
Examples:
  Run a demo with generated data, without any account:
    itb demo

  Show how the files of an export are read, without sending anything:
    itb inspect --config exports.toml --export loyalty --files ~/BlobExport

  Preview a delivery, without sending anything:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport

  Test a connection, then deliver (enter the key at the prompt, or set BRAZE_API_KEY):
    itb connect --config exports.toml --connection braze-eu
    itb deliver --config exports.toml --export loyalty --files ~/BlobExport

  Check a deployed stack with your own AWS profile:
    itb status --bucket insights-to-braze-123456789012 --profile marketing
    itb report --bucket insights-to-braze-123456789012 --profile marketing --export loyalty

Exit codes:
    0  success: delivered, waiting for the rest of a run, superseded by a newer run, or a dry run
    1  a delivery failed or is unfinished, or a check found a problem
    2  invalid arguments, configuration or files; nothing was sent
    3  held: more members would leave than max_leavers allows; check, then use --run and --allow-leavers as the report says
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

pub(super) const DELIVER: &str = "\
Examples:
  Deliver an export. The second time, only changes are sent:
    itb deliver --config exports.toml --export loyalty --files ~/BlobExport

  Deliver one segment, send every member again, and print JSON for a script:
    BRAZE_API_KEY=… itb deliver --config exports.toml --export loyalty --files ~/BlobExport \\
      --segment ChurnRisk --send all --json

  Release a held run after checking that the number of leavers is right:
    itb deliver --config exports.toml --export loyalty --files ~/BlobExport --run 2026-11-23T01:02Z --allow-leavers 97

  Deliver the files in the bucket of a deployed stack, with the key in its secret:
    itb deliver --bucket insights-to-braze-123456789012 --secret ARN --export loyalty

--files is the folder as written by Customer Insights: one folder per segment, next to a model.json.
The workspace (or the bucket) records what has been delivered. Without it, the next delivery sends everything again
and can't know who left. The workspace contains personal data.

Ctrl-C stops at a checkpoint: in-flight requests finish; run the same command to resume. Some of the last requests may
be sent twice; they set the same values. A second Ctrl-C stops immediately.";

pub(super) const DRY_RUN: &str = "\
Examples:
  Show who would enter and leave, what is rejected, the cost, and the changes since the last run:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport

  Write a self-contained HTML page to share:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport --html dry-run.html

  Print JSON for one segment:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport --segment ChurnRisk --json

  Preview the files in the bucket of a deployed stack:
    itb dry-run --bucket insights-to-braze-123456789012 --profile marketing --export loyalty

Nothing is sent, no state is written and no key is needed.";

pub(super) const REPORT: &str = "\
Examples:
  Show the newest report of each segment:
    itb report --config exports.toml --export loyalty

  Print the report.json of one run:
    itb report --config exports.toml --export loyalty --segment ChurnRisk --run 2026-11-23T01:02Z --json

  Show all runs of a segment:
    itb report --bucket insights-to-braze-123456789012 --export loyalty --segment ChurnRisk --history

  Save the page of a run, and the history page of the export, from the bucket of a stack:
    itb report --bucket insights-to-braze-123456789012 --export loyalty --segment ChurnRisk --html run.html
    itb report --bucket insights-to-braze-123456789012 --export loyalty --history --html history.html";

pub(super) const COMPLETIONS: &str = "\
Examples:
  itb completions bash > ~/.local/share/bash-completion/completions/itb
  itb completions zsh > \"${fpath[1]}/_itb\"
  itb completions fish > ~/.config/fish/completions/itb.fish";
