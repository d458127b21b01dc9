//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::ending::{Ending, Failure};
use crate::{connect, deliver, demo, inspect, show, status};

const EXAMPLES: &str = "\
Examples:
  Watch made-up segments become custom attributes, without any account:
    local demo

  Ask what a delivery would send, without sending anything:
    local deliver --config exports.toml --export loyalty --files ~/BlobExport --dry-run

  See how the files of an export are read, without sending anything:
    local inspect --config exports.toml --export loyalty --files ~/BlobExport

  Test a connection, then deliver (the key is asked for, or taken from BRAZE_API_KEY):
    local connect --config exports.toml --connection braze-eu
    local deliver --config exports.toml --export loyalty --files ~/BlobExport

Exit codes:
  0  done: delivered, waiting for the rest of a run, superseded by a newer run, or a dry run
  1  a delivery failed or is not finished, or a check found a mistake
  2  the command line, exports.toml or the files are not as they have to be; nothing was sent
  3  held: more members would leave than max_leavers allows; look, then use --allow-leavers";

const DEMO_EXAMPLES: &str = "\
Examples:
  local demo
  local demo --members 100000
  local demo --folder /tmp/demo --json > demo.json

Everything runs on this machine: an S3 server, a Secrets Manager and a stand-in of Braze that keeps Braze's
documented rules. The files are delivered by the code that AWS Lambda runs.";

const DELIVER_EXAMPLES: &str = "\
Examples:
  What would be sent?
    local deliver --config exports.toml --export loyalty --files ~/BlobExport --dry-run

  Send it. The second time, only what changed since the first is sent:
    local deliver --config exports.toml --export loyalty --files ~/BlobExport

  One segment, every member again, for a script:
    BRAZE_API_KEY=… local deliver --config exports.toml --export loyalty --files ~/BlobExport \\
      --segment ChurnRisk --send all --json

  A run is held because many would leave, and that is right:
    local deliver --config exports.toml --export loyalty --files ~/BlobExport --allow-leavers

--files is the folder as Customer Insights writes it: a folder per segment, with a model.json beside them.
What has been delivered is kept in the workspace; without it, the next delivery sends everything again and
cannot know who left. The workspace holds personal data.";

/// Brings Customer Insights segments to Braze, from this machine.
#[derive(Parser)]
#[command(name = "local", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Arguments {
    /// Also writes what happens to standard error.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes up an export, delivers it twice to a stand-in of Braze and checks the result.
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
    /// Delivers files of a folder to Braze.
    #[command(after_help = DELIVER_EXAMPLES)]
    Deliver(Deliver),
    /// Tells how each file of a folder is read, or why it is ignored: the first thing to run on new files.
    Inspect(Inspect),
    /// Proves a connection's key, host and permission without changing any data.
    Connect(Connect),
    /// Tells how the segments of a workspace stand.
    Status(Status),
}

#[derive(Args)]
pub(crate) struct Demo {
    /// People in the two segments together.
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(100..=50_000_000))]
    pub(crate) members: u64,
    /// Where everything lies afterwards: a new or empty folder. A fresh temporary one when left out.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Prints reports, profiles and checks as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Deliver {
    /// The connections and exports.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The export to deliver.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: String,
    /// The folder with the export's files.
    #[arg(long, value_name = "DIR")]
    pub(crate) files: PathBuf,
    /// Where what has been delivered and the reports are kept.
    #[arg(long, value_name = "DIR", default_value = "insights-to-braze-workspace")]
    pub(crate) workspace: PathBuf,
    /// One segment of the export.
    #[arg(long, value_name = "NAME")]
    pub(crate) segment: Option<String>,
    /// Tells what would be sent and sends nothing; needs no key.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Which members are sent, if not as exports.toml says.
    #[arg(long, value_name = "WHICH")]
    pub(crate) send: Option<Send>,
    /// Releases a run that is held: whoever is in none of its files leaves.
    #[arg(long)]
    pub(crate) allow_leavers: bool,
    /// Prints the handler's answer as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Send {
    /// New and changed members.
    Changes,
    /// Every member.
    All,
}

#[derive(Args)]
pub(crate) struct Inspect {
    /// The connections and exports.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The export that the files belong to.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: String,
    /// The folder with the export's files.
    #[arg(long, value_name = "DIR")]
    pub(crate) files: PathBuf,
    /// Where the files are copied to.
    #[arg(long, value_name = "DIR", default_value = "insights-to-braze-workspace")]
    pub(crate) workspace: PathBuf,
    /// Prints the handler's answer as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Connect {
    /// The connections and exports.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The connection to test.
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: String,
    /// Prints the handler's answer as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Status {
    /// The connections and exports.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Where what has been delivered is kept.
    #[arg(long, value_name = "DIR", default_value = "insights-to-braze-workspace")]
    pub(crate) workspace: PathBuf,
    /// One export alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Option<String>,
    /// Prints the handler's answer as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Deliver {
    /// What the handler is asked.
    pub(crate) fn request(&self) -> serde_json::Value {
        json!({
            "action": "run",
            "export": self.export,
            "segment": self.segment,
            "dry_run": self.dry_run,
            "send": self.send.map(|send| match send {
                Send::Changes => "changes",
                Send::All => "all",
            }),
            "allow_leavers": self.allow_leavers,
        })
    }
}

/// Does what the command line asks, and gives the exit code that `--help` documents.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(help_or_error) => {
            let wrong = help_or_error.use_stderr();
            // Standard output that nobody reads any more is no mistake.
            drop(help_or_error.print());
            return if wrong { Ending::Usage.into() } else { Ending::Done.into() };
        }
    };
    if arguments.verbose {
        let targets =
            Targets::new().with_default(LevelFilter::WARN).with_target("insights_to_braze", LevelFilter::INFO);
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
        tracing_subscriber::registry().with(targets).with(lines).init();
    }
    match perform(&arguments.command).await {
        Ok(ending) => ending.into(),
        Err(failure) => {
            show::error(&failure);
            failure.ending().into()
        }
    }
}

async fn perform(command: &Command) -> Result<Ending, Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Deliver(arguments) => deliver::run(arguments).await,
        Command::Inspect(arguments) => inspect::run(arguments).await,
        Command::Connect(arguments) => connect::run(arguments).await,
        Command::Status(arguments) => status::run(arguments).await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_asked_of_the_handler_is_what_it_takes() {
        let line = "local deliver --config c --export loyalty --files d --send all --allow-leavers --segment 優良顧客";
        let Command::Deliver(deliver) = Arguments::try_parse_from(line.split(' ')).unwrap().command else {
            unreachable!("the command is deliver");
        };
        let request = insights_to_braze::trigger::on_demand::OnDemand::parse(&deliver.request()).unwrap();
        assert_eq!(request.to_string(), "run");
        assert_eq!(deliver.request()["send"], "all");
    }
}
