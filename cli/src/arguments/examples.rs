//! What `--help` teaches by examples.

pub(super) const ALL: &str = "\
Examples:
  Watch made-up segments become custom attributes, without any account:
    itb demo

  See how the files of an export are read, without sending anything:
    itb inspect --config exports.toml --export loyalty --files ~/BlobExport

  Ask what a delivery would send, without sending anything:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport

  Test a connection, then deliver (the key is asked for, or taken from BRAZE_API_KEY):
    itb connect --config exports.toml --connection braze-eu
    itb deliver --config exports.toml --export loyalty --files ~/BlobExport

  Look at a deployed stack with your own AWS profile:
    itb status --bucket insights-to-braze-123456789012 --profile marketing
    itb report --bucket insights-to-braze-123456789012 --profile marketing --export loyalty

Exit codes:
    0  done: delivered, waiting for the rest of a run, superseded by a newer run, or a dry run
    1  a delivery failed or is not finished, or a check found a mistake
    2  the command line, exports.toml or the files are not as they have to be; nothing was sent
    3  held: more members would leave than max_leavers allows; look, then use --run and --allow-leavers as the report says
  130  stopped by Ctrl-C at a checkpoint; the same command goes on from there";

pub(super) const DEMO: &str = "\
Examples:
  itb demo
  itb demo --members 100000
  itb demo --folder /tmp/demo --json > demo.json

Everything runs on this machine: an S3 server, a Secrets Manager and a stand-in of Braze that keeps Braze's
documented rules. The files are delivered by the code that AWS Lambda runs.";

pub(super) const DELIVER: &str = "\
Examples:
  Send it. The second time, only what changed since the first is sent:
    itb deliver --config exports.toml --export loyalty --files ~/BlobExport

  One segment, every member again, for a script:
    BRAZE_API_KEY=… itb deliver --config exports.toml --export loyalty --files ~/BlobExport \\
      --segment ChurnRisk --send all --json

  A run is held because many would leave, and that is right:
    itb deliver --config exports.toml --export loyalty --files ~/BlobExport --run 2026-11-23T01:02Z --allow-leavers 97

  The files that lie in the bucket of a deployed stack, from here, with the key of its secret:
    itb deliver --bucket insights-to-braze-123456789012 --secret ARN --export loyalty

--files is the folder as Customer Insights writes it: a folder per segment, with a model.json beside them.
What has been delivered is kept in the workspace, or in the bucket. Without a workspace, the next delivery sends
everything again and cannot know who left. The workspace holds personal data.

Ctrl-C stops at a checkpoint: what is on its way is waited for, and the same command goes on from there. Some of the
last requests may be sent twice; they set the same values. A second Ctrl-C ends at once.";

pub(super) const DRY_RUN: &str = "\
Examples:
  As tables: who would enter and leave, what is rejected, what it would cost, how it differs from the last run:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport

  As a page for whoever decides, which loads nothing and shows nobody:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport --html dry-run.html

  As JSON, of one segment:
    itb dry-run --config exports.toml --export loyalty --files ~/BlobExport --segment ChurnRisk --json

  Of the files that lie in the bucket of a deployed stack:
    itb dry-run --bucket insights-to-braze-123456789012 --profile marketing --export loyalty

Nothing is sent, no state is written and no key is needed.";

pub(super) const REPORT: &str = "\
Examples:
  The newest report of each segment:
    itb report --config exports.toml --export loyalty

  One run, as report.json has it:
    itb report --config exports.toml --export loyalty --segment ChurnRisk --run 2026-11-23T01:02Z --json

  How a segment went, run by run:
    itb report --bucket insights-to-braze-123456789012 --export loyalty --segment ChurnRisk --history

  The page of a run, and the page of the whole export, out of the bucket of a stack:
    itb report --bucket insights-to-braze-123456789012 --export loyalty --segment ChurnRisk --html run.html
    itb report --bucket insights-to-braze-123456789012 --export loyalty --history --html history.html";

pub(super) const COMPLETIONS: &str = "\
Examples:
  itb completions bash > ~/.local/share/bash-completion/completions/itb
  itb completions zsh > \"${fpath[1]}/_itb\"
  itb completions fish > ~/.config/fish/completions/itb.fish";
