//! The command line.

mod examples;
mod place;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use insights_to_braze::pattern::RunId;
use serde_json::json;

pub(crate) use self::place::{ExportFiles, Place, Source, Stack};

/// Delivers Customer Insights segments to Braze, from this machine.
#[derive(Parser)]
#[command(name = "itb", version, after_help = examples::ALL, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print progress details to stderr.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a full demo with generated data and a local mock of Braze.
    #[command(after_help = examples::DEMO)]
    Demo(Demo),
    /// Deliver the files of a folder to Braze.
    #[command(after_help = examples::DELIVER)]
    Deliver(Deliver),
    /// Preview a delivery without sending anything.
    #[command(after_help = examples::DRY_RUN)]
    DryRun(DryRun),
    /// Show how each file is read, or why it is ignored. Run this first on new files.
    Inspect(Inspect),
    /// Test a connection.
    Connect(Connect),
    /// Show the status of each segment.
    Status(Status),
    /// Show run reports.
    #[command(after_help = examples::REPORT)]
    Report(Report),
    /// Print a completion script for a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Args)]
pub(crate) struct Demo {
    /// Number of people in the two segments together.
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(100..=50_000_000))]
    pub(crate) members: u64,
    /// Output folder, new or empty. Default: a new temporary folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Print reports, profiles and checks as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Deliver {
    #[command(flatten)]
    pub(crate) files: ExportFiles,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Preview without sending anything: the same as `dry-run`.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Send nothing and end with exit code 5 if there is anything to check first.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args)]
pub(crate) struct DryRun {
    #[command(flatten)]
    pub(crate) files: ExportFiles,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Also write the result to a self-contained HTML page.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// End with exit code 5 if there is anything to check first.
    #[arg(long)]
    pub(crate) check: bool,
}

/// What of an export is delivered, and how.
#[derive(Args)]
pub(crate) struct Selection {
    /// Only this segment of the export.
    #[arg(long, value_name = "NAME")]
    pub(crate) segment: Option<String>,
    /// Which members are sent. Default: as set in exports.toml.
    #[arg(long, value_name = "WHICH")]
    pub(crate) send: Option<Send>,
    /// Release a held run: this many members leave the segment, as its report says.
    #[arg(long, value_name = "NUMBER", requires = "run")]
    pub(crate) allow_leavers: Option<u64>,
    /// The run that --allow-leavers releases.
    #[arg(long, value_name = "RUN", requires = "allow_leavers")]
    pub(crate) run: Option<RunId>,
    /// Releases a run that is held because of its identifiers: the number of rows that the report names.
    #[arg(long, value_name = "ROWS")]
    pub(crate) allow_identifiers: Option<u64>,
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
    #[command(flatten)]
    pub(crate) files: ExportFiles,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// End with exit code 5 if there is anything to check first.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The connection to test.
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: String,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only this export.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Option<String>,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The export.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: String,
    /// Only this segment. Default: all segments.
    #[arg(long, value_name = "NAME")]
    pub(crate) segment: Option<String>,
    /// A run, as shown in reports. Default: the newest.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunId>,
    /// Show one line for each run with a report, newest first.
    #[arg(long, conflicts_with = "run")]
    pub(crate) history: bool,
    /// Also save the HTML page of the run, or with --history that of the export.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print the reports as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Selection {
    /// What the handler is asked.
    pub(crate) fn request(&self, export: &str, dry_run: bool) -> serde_json::Value {
        json!({
            "action": "run",
            "export": export,
            "segment": self.segment,
            "dry_run": dry_run,
            "send": self.send.map(|send| match send {
                Send::Changes => "changes",
                Send::All => "all",
            }),
            "allow_leavers": self.allow_leavers,
            "run": self.run,
            "allow_identifiers": self.allow_identifiers,
        })
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
        let line = "itb deliver --config c --export loyalty --files d --send all --run 2026-11-23T01:02Z --allow-leavers 97 --segment 優良顧客";
        let Command::Deliver(deliver) = Arguments::try_parse_from(line.split(' ')).unwrap().command else {
            unreachable!("the command is deliver");
        };
        let asked = deliver.selection.request(&deliver.files.export, false);
        let request = insights_to_braze::trigger::on_demand::OnDemand::parse(&asked).unwrap();
        assert_eq!(request.to_string(), "run");
        assert_eq!(asked["send"], "all");
    }

    #[test]
    fn a_place_is_on_this_machine_or_in_a_bucket() {
        let parse = |line: &str| Arguments::try_parse_from(line.split(' '));
        for good in [
            "itb status --config c",
            "itb status --bucket b",
            "itb report --bucket b --profile p --export e --segment s --run 2026-11-23T01:02Z",
            "itb inspect --bucket b --export e",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for wrong in [
            "itb status",
            "itb status --config c --bucket b",
            "itb status --config c --profile p",
            "itb status --bucket b --workspace w",
            "itb deliver --config c --export e",
            "itb deliver --bucket b --export e --files f",
            "itb report --config c --export e --run yesterday",
            "itb report --config c --export e --run 2026-11-23T01:02Z --history",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
