//! The command line.

mod changes;
mod examples;
mod place;
mod setup;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use insights_to_braze::pattern::RunId;
use insights_to_braze::texts::Language;
use serde_json::json;

pub(crate) use self::changes::{
    Audit, Erase, Forget, HeldSegment, Hold, HoldAction, Rebuild, Retire, Retry, RunAll, Undo,
};
pub(crate) use self::place::{ExportFiles, NamedExport, Place, Source, Stack, quoted};
pub(crate) use self::setup::{Connect, Console, Doctor, Init};

/// Delivers Customer Insights segments to Braze, from this machine.
#[derive(Parser)]
#[command(name = "itb", version, after_help = examples::ALL, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print progress details, and errors of AWS in full, to stderr.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// The language of the output: en or ja. Default: that of the environment.
    #[arg(long = "lang", global = true, value_name = "LANGUAGE", value_parser = language)]
    pub(crate) language: Option<Language>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

fn language(tag: &str) -> Result<Language, &'static str> {
    Language::of_tag(tag).ok_or("allowed: en, ja")
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a full demo with generated data and a local mock of Braze.
    #[command(after_help = examples::DEMO)]
    Demo(Demo),
    /// Deliver the files of a folder to Braze.
    #[command(visible_alias = "deliver", after_help = examples::RUN)]
    Run(Run),
    /// Deliver every export with an active schedule.
    #[command(after_help = examples::RUN_ALL)]
    RunAll(RunAll),
    /// Preview a delivery without sending anything.
    #[command(after_help = examples::DRY_RUN)]
    DryRun(DryRun),
    /// Set up, run and watch deliveries in a browser on this machine.
    #[command(after_help = examples::CONSOLE)]
    Console(Console),
    /// Look at exported files and write exports.toml.
    #[command(after_help = examples::INIT)]
    Init(Init),
    /// Check the configuration, connections, consent, columns and clock.
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Show how each file is read, or why it is ignored. Run this first on new files.
    #[command(after_help = examples::INSPECT)]
    Inspect(Inspect),
    /// Copy new files from sources, such as Azure Blob Storage, into the bucket.
    #[command(after_help = examples::FETCH)]
    Fetch(Fetch),
    /// Test a connection or a source.
    Connect(Connect),
    /// Show the status of each segment.
    Status(Status),
    /// Show run reports.
    #[command(after_help = examples::REPORT)]
    Report(Report),
    /// List held runs, and decide about them.
    #[command(after_help = examples::HOLD)]
    Hold(Hold),
    /// Deliver again what failed.
    #[command(after_help = examples::RETRY)]
    Retry(Retry),
    /// Compare segments with Braze, and send the differences.
    #[command(after_help = examples::AUDIT)]
    Audit(Audit),
    /// Undo the last complete run of a segment: its members are those of the run before.
    #[command(after_help = examples::UNDO)]
    Undo(Undo),
    /// Set an attribute that no segment feeds to `false` for everyone.
    #[command(after_help = examples::RETIRE)]
    Retire(Retire),
    /// Drop a run, for instance one with a wrong name.
    #[command(after_help = examples::FORGET)]
    Forget(Forget),
    /// Make a damaged state usable again.
    #[command(after_help = examples::REBUILD)]
    Rebuild(Rebuild),
    /// Show the lines of a part of the state, which is read from standard input.
    #[command(after_help = examples::STATE)]
    State(State),
    /// Erase one person from the state and the rejected rows.
    #[command(after_help = examples::ERASE)]
    Erase(Erase),
    /// Show what the code of a message means, and what to do.
    #[command(after_help = examples::EXPLAIN)]
    Explain(Explain),
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
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) export: NamedExport,
    #[command(flatten)]
    pub(crate) files: ExportFiles,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Preview without sending anything: the same as `dry-run`.
    #[arg(long = "dry-run")]
    pub(crate) preview: bool,
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
    pub(crate) export: NamedExport,
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
    /// Releases a run that is held by what Braze holds: the number that the report names.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) allow_differences: Option<u64>,
    /// Send only the person with this customer ID, unchanged or not, and read them back.
    #[arg(long, value_name = "CUSTOMER_ID")]
    pub(crate) only: Option<String>,
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
    /// A folder as written by Customer Insights. Without --export, no exports.toml is needed.
    #[arg(value_name = "FOLDER", conflicts_with_all = ["files", "deployed"], required_unless_present_any = ["export", "key"])]
    pub(crate) folder: Option<PathBuf>,
    /// Read the files as this export of exports.toml does.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Option<String>,
    /// The folder with the files of the export.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["folder", "deployed"], conflicts_with = "deployed", requires = "export")]
    pub(crate) files: Option<PathBuf>,
    /// A key or a folder below incoming/ in the bucket of a deployed stack.
    #[arg(long, value_name = "KEY", requires = "deployed", conflicts_with = "export")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// End with exit code 5 if there is anything to check first.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args)]
pub(crate) struct Fetch {
    /// Only from this source.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only show what would be copied.
    #[arg(long)]
    pub(crate) dry_run: bool,
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
    /// Show it again at this interval, until Ctrl-C. Default: 5 seconds.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) watch: Option<u64>,
    /// Print the response as JSON; with --watch, one on each line.
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

#[derive(Args)]
pub(crate) struct State {
    /// The part's key in the bucket.
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
}

#[derive(Args)]
pub(crate) struct Explain {
    /// The code, such as ITB-H01 or h01.
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
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
            "allow_differences": self.allow_differences,
            "only": self.only.as_ref().map(|id| json!({ "customer_id": id })),
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
        let Command::Run(run) = Arguments::try_parse_from(line.split(' ')).unwrap().command else {
            unreachable!("the command is run");
        };
        let asked = run.selection.request(run.export.name(), false);
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
            "itb status --stack s --profile p",
            "itb run loyalty --stack s",
            "itb inspect --stack s --key incoming/",
            "itb hold release loyalty 優良顧客 --stack s --people 600",
            "itb report --bucket b --profile p --export e --segment s --run 2026-11-23T01:02Z",
            "itb inspect --bucket b --export e",
            "itb status",
            "itb status --watch",
            "itb status --watch 30 --json --lang ja",
            "itb inspect f",
            "itb inspect f --export e",
            "itb inspect --bucket b --key incoming/e/",
            "itb init f --yes --hostname h",
            "itb run loyalty --files f",
            "itb run --bucket b --export loyalty",
            "itb hold release loyalty 優良顧客 --people 600",
            "itb retire loyalty ChurnRisk --dry-run",
            "itb retire --connection eu --attribute ChurnRisk",
            "itb audit loyalty",
            "itb audit loyalty 優良顧客 --repair --people 12 --json",
            "itb undo loyalty ChurnRisk --dry-run",
            "itb undo loyalty 優良顧客 --run 2026-11-23T01:02Z --people 600 --stack s",
            "itb retry",
            "itb fetch --bucket b",
            "itb fetch ci --dry-run",
            "itb connect --connection eu",
            "itb connect --source ci --bucket b",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for wrong in [
            "itb connect",
            "itb status --watch 0",
            "itb status --lang de",
            "itb connect --source ci --connection eu",
            "itb inspect",
            "itb inspect --export e",
            "itb inspect f --bucket b",
            "itb run --files f",
            "itb retire loyalty",
            "itb retire loyalty ChurnRisk --connection eu --attribute ChurnRisk",
            "itb retire --connection eu",
            "itb undo loyalty",
            "itb audit",
            "itb audit loyalty --people 12",
            "itb audit loyalty --repair --dry-run",
            "itb retry --segment s",
            "itb status --config c --bucket b",
            "itb status --stack s --bucket b",
            "itb status --stack s --workspace w",
            "itb status --stack s --secret a",
            "itb run loyalty --stack s --files f",
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
