//! The program `itb`: the application on your own machine, and the mock servers that its tests use.
//!
//! | what | module |
//! | --- | --- |
//! | the command line | `arguments` |
//! | `demo`: a generated export is delivered to a mock of Braze | `demo` |
//! | `run` and `run-all`: files are delivered to a real Braze workspace | `deliver`, `progress`, `answer` |
//! | `fetch`: files are copied from a source into the bucket | `fetch` |
//! | `console`: pages to set up, run and watch deliveries | `console` |
//! | `init` and `doctor`: a first configuration, and checks | `init`, `proposal`, `doctor` |
//! | decisions about held runs, and other changes | `hold`, `retry`, `audit`, `undo`, `retire`, `forget`, `rebuild`, `erase`, `confirm` |
//! | what is held, what failed, and the outcome of a run | `held`, `failed`, `standing` |
//! | `dry-run`, `inspect`, `connect`, `status` and `report` | `dry_run`, `inspect`, `connect`, `status`, `report` |
//! | the handler of the Lambda functions on a bucket of this machine or of a deployed stack | `application` |
//! | the on-demand function of a deployed stack | `stack` |
//! | the meaning of a code, and the usual errors of AWS | `explain`, `aws` |
//! | a bucket in a folder | `workspace` |
//! | Ctrl-C | `interrupt` |
//! | tables and progress | `show` |
//! | texts in the language of the person | `texts` |
//! | mocks of S3, Secrets Manager, SQS, Braze and the Lambda Runtime API | [`standin`] |
//!
//! The Lambda functions contain none of this.

mod answer;
mod api_key;
mod application;
mod arguments;
mod audit;
mod aws;
mod check_first;
mod clients;
mod confirm;
mod connect;
mod console;
mod deliver;
mod demo;
mod doctor;
mod dry_run;
mod ending;
mod erase;
mod explain;
mod failed;
mod fetch;
mod files;
mod forget;
mod held;
mod hold;
mod html;
mod init;
mod inspect;
mod interrupt;
mod progress;
mod proposal;
mod rebuild;
mod report;
mod retire;
mod retry;
mod show;
mod stack;

pub mod standin;
mod standing;
mod state;
mod status;
mod texts;
mod undo;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::arguments::{Arguments, Command};
use self::ending::{Ending, Failure};

/// Does what the command line asks, and gives the exit code that `--help` documents.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(help_or_error) => {
            let wrong = help_or_error.use_stderr();
            // A closed standard output is not an error.
            drop(help_or_error.print());
            return if wrong { Ending::Usage.into() } else { Ending::Done.into() };
        }
    };
    texts::choose(arguments.language);
    if arguments.verbose {
        let targets =
            Targets::new().with_default(LevelFilter::WARN).with_target("insights_to_braze", LevelFilter::INFO);
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
        tracing_subscriber::registry().with(targets).with(lines).init();
    }
    match perform(&arguments.command).await {
        Ok(ending) => interrupt::ending(ending).into(),
        Err(failure) => {
            show::error(&failure, arguments.verbose);
            failure.ending().into()
        }
    }
}

async fn perform(command: &Command) -> Result<Ending, Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Run(arguments) => deliver::run(arguments).await,
        Command::RunAll(arguments) => deliver::all(arguments).await,
        Command::DryRun(arguments) => dry_run::run(arguments).await,
        Command::Console(arguments) => console::run(arguments).await,
        Command::Init(arguments) => init::run(arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
        Command::Inspect(arguments) => inspect::run(arguments).await,
        Command::Fetch(arguments) => fetch::run(arguments).await,
        Command::Connect(arguments) => connect::run(arguments).await,
        Command::Status(arguments) => status::run(arguments).await,
        Command::Report(arguments) => report::run(arguments).await,
        Command::Hold(arguments) => hold::run(arguments).await,
        Command::Retry(arguments) => retry::run(arguments).await,
        Command::Audit(arguments) => audit::run(arguments).await,
        Command::Undo(arguments) => undo::run(arguments).await,
        Command::Retire(arguments) => retire::run(arguments).await,
        Command::Forget(arguments) => forget::run(arguments).await,
        Command::Rebuild(arguments) => rebuild::run(arguments).await,
        Command::State(arguments) => state::run(arguments),
        Command::Erase(arguments) => erase::run(arguments).await,
        Command::Explain(arguments) => explain::run(arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "itb", &mut script);
            show::line(String::from_utf8_lossy(&script));
            Ok(Ending::Done)
        }
    }
}
