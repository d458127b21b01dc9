//! How a command ends: its exit code, and what is said when it cannot be done.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use insights_to_braze::bucket::BucketError;
use insights_to_braze::config::ConfigError;
use insights_to_braze::environment::StartError;
use insights_to_braze::handler::HandlerError;
use insights_to_braze::page::PageError;
use insights_to_braze::report::{Outcome, Report};
use thiserror::Error;

/// The exit code of a program that Ctrl-C ended (128 and the number of the signal SIGINT).
pub(crate) const INTERRUPTED_CODE: u8 = 130;

/// How a command ended. The codes are documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything that could be done is done.
    Done,
    /// A delivery failed or is not finished, or a check found a mistake.
    Failed,
    /// The command cannot be done as it was given.
    Usage,
    /// A run waits for a person because too many members would leave.
    Held,
    /// Ctrl-C stopped it at a checkpoint.
    Interrupted,
}

impl Ending {
    /// The worst of what the reports say; a failure is worse than a held run.
    pub(crate) fn of_reports(reports: &[Report]) -> Self {
        let any = |outcomes: &[Outcome]| reports.iter().any(|report| outcomes.contains(&report.outcome));
        if any(&[Outcome::Failed, Outcome::Unfinished]) {
            Self::Failed
        } else if any(&[Outcome::Held]) {
            Self::Held
        } else {
            Self::Done
        }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Usage => 2,
            Ending::Held => 3,
            Ending::Interrupted => INTERRUPTED_CODE,
        })
    }
}

/// Why a command could not be done.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// A file or folder of this machine.
    #[error("{what} {}: {source}. {advice}", .path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error, advice: &'static str },
    /// A stand-in could not be started.
    #[error("a server on 127.0.0.1 could not be started: {0}. Are other programs allowed to listen there?")]
    Server(io::Error),
    /// `exports.toml` has mistakes.
    #[error("{}:\n{source}", .path.display())]
    Config { path: PathBuf, source: ConfigError },
    /// The configuration has no such export or connection.
    #[error("{} has no {kind} {name:?}. There are: {existing}", .path.display())]
    NoSuch { path: PathBuf, kind: &'static str, name: String, existing: String },
    /// A folder that has to be empty is not.
    #[error(
        "the folder {} is not empty. The demonstration begins with an empty one: name another, or leave --folder out",
        .0.display()
    )]
    NotEmpty(PathBuf),
    /// The folder with the files has none.
    #[error(
        "the folder {} has no files. --files is the folder as Customer Insights writes it: one folder per segment, \
         with a model.json beside them",
        .0.display()
    )]
    NoFiles(PathBuf),
    /// The workspace would be copied into itself.
    #[error(
        "the workspace {} lies in the folder with the files, so that it would be taken for files of the export. \
         Name another folder with --workspace",
        .0.display()
    )]
    WorkspaceInFiles(PathBuf),
    /// A file's name cannot be a key in a bucket.
    #[error("the name of {} is not UTF-8, and keys in S3 are. Rename the file", .0.display())]
    Name(PathBuf),
    /// Another command works with the same folder.
    #[error(
        "another command works with the workspace {}. Wait for its end, or name another folder with --workspace",
        .0.display()
    )]
    Busy(PathBuf),
    /// There is no key.
    #[error(
        "there is no Braze REST API key: {0}. Put it into the environment variable BRAZE_API_KEY, or run this in a \
         terminal to be asked for it"
    )]
    NoKey(String),
    /// What was given is no key.
    #[error("the Braze REST API key holds spaces or characters that no key has. Copy it again from Braze's dashboard")]
    KeyMalformed,
    /// Nothing says in which region a stack is.
    #[error(
        "no AWS region is known. Set it in the profile (`aws configure`), name another profile with --profile, or set the \
         environment variable AWS_REGION"
    )]
    NoRegion,
    /// There is no report of what was asked for.
    #[error("there is no report {of}. {advice}")]
    NoReport { of: String, advice: String },
    /// A report is none that this program reads.
    #[error("{location} is no report that this program reads: {source}. Was it written by another version?")]
    Unreadable { location: String, source: serde_json::Error },
    /// There is more than one page to be had.
    #[error("there are {runs} runs, and --html takes the page of one. Name a segment with --segment")]
    SeveralPages { runs: usize },
    /// A page is not there.
    #[error("there is no page {location}. It is written when a run ends; `itb report` shows what there is")]
    NoPage { location: String },
    /// A page could not be made.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The handler could not be made.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The handler refused.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The handler's answer has another form than this program knows.
    #[error("the answer of the handler cannot be read: {0}. This is a mistake of this program")]
    Answer(#[from] serde_json::Error),
}

impl Failure {
    pub(crate) fn file(what: &'static str, path: &Path, source: io::Error, advice: &'static str) -> Self {
        Self::File { what, path: path.to_owned(), source, advice }
    }

    /// How a command ends with this.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Handler(error) => match error {
                HandlerError::Event(_)
                | HandlerError::NoConfig { .. }
                | HandlerError::Config { .. }
                | HandlerError::ConfigNotText { .. }
                | HandlerError::NoSuch { .. } => Ending::Usage,
                _ => Ending::Failed,
            },
            Self::Server(_) | Self::Start(_) | Self::Answer(_) | Self::Bucket(_) | Self::Unreadable { .. } => {
                Ending::Failed
            }
            _ => Ending::Usage,
        }
    }
}
