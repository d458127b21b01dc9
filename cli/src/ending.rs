//! How a command ends: its exit code, and its error message.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use insights_to_braze::bucket::BucketError;
use insights_to_braze::config::ConfigError;
use insights_to_braze::environment::StartError;
use insights_to_braze::handler::HandlerError;
use insights_to_braze::message::codes;
use insights_to_braze::page::PageError;
use insights_to_braze::report::{Outcome, Report};
use thiserror::Error;

use crate::aws::AwsError;
use crate::stack::{KeyNotStored, StackError};

/// The exit code of a program that Ctrl-C ended (128 and the number of the signal SIGINT).
pub(crate) const INTERRUPTED_CODE: u8 = 130;

/// How a command ended. The codes are documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything that could be done is done.
    Done,
    /// A delivery failed or is not finished, or a check found a problem.
    Failed,
    /// The arguments, the configuration or the files are not valid.
    Usage,
    /// A run is held because too many members would leave.
    Held,
    /// A run is delivered, but many of its rows or values were not sent.
    WithProblems,
    /// `--check` found something to check first; nothing was sent.
    CheckFirst,
    /// Ctrl-C stopped it at a checkpoint.
    Interrupted,
}

impl Ending {
    /// The worst of what the reports say: a failure, a held run, a run with problems, in this order.
    pub(crate) fn of_reports(reports: &[Report]) -> Self {
        let any = |outcomes: &[Outcome]| reports.iter().any(|report| outcomes.contains(&report.outcome));
        if any(&[Outcome::Failed, Outcome::Unfinished]) {
            Self::Failed
        } else if any(&[Outcome::Held]) {
            Self::Held
        } else if any(&[Outcome::DeliveredWithProblems]) {
            Self::WithProblems
        } else {
            Self::Done
        }
    }
}

impl Ending {
    /// The worse of two endings.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |ending: Self| match ending {
            Self::Done => 0,
            Self::CheckFirst => 1,
            Self::WithProblems => 2,
            Self::Held => 3,
            Self::Usage => 4,
            Self::Failed => 5,
            Self::Interrupted => 6,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Usage => 2,
            Ending::Held => 3,
            Ending::WithProblems => 4,
            Ending::CheckFirst => 5,
            Ending::Interrupted => INTERRUPTED_CODE,
        })
    }
}

/// Errors of the command line.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// A file or folder can't be read or written.
    ///
    /// Fix: check the path and its permissions.
    #[error("{what} {}: {source}\n{advice}", .path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error, advice: &'static str },
    /// A mock server can't be started.
    ///
    /// Fix: check whether programs may listen on 127.0.0.1.
    #[error("can't start a server on 127.0.0.1: {0}\nCheck whether programs may listen there.")]
    Server(io::Error),
    /// `exports.toml` is not valid.
    #[error("{}:\n{source}", .path.display())]
    Config { path: PathBuf, source: ConfigError },
    /// `exports.toml` has no export or connection of this name.
    ///
    /// Fix: use one of the existing names.
    #[error("{} has no {kind} {name:?}; existing: {existing}", .path.display())]
    NoSuch { path: PathBuf, kind: &'static str, name: String, existing: String },
    /// The folder of the demo is not empty.
    ///
    /// Fix: use another folder, or omit --folder.
    #[error("the folder {} is not empty\nUse another folder, or omit --folder.", .0.display())]
    NotEmpty(PathBuf),
    /// The folder of the export contains no files.
    ///
    /// Fix: set --files to the folder as written by Customer Insights.
    #[error(
        "the folder {} contains no files\n\
         Set --files to the folder as written by Customer Insights: one folder per segment, next to a model.json.",
        .0.display()
    )]
    NoFiles(PathBuf),
    /// The folder does not exist.
    ///
    /// Fix: check the path.
    #[error("there is no folder {}\nCheck the path.", .0.display())]
    NoFolder(PathBuf),
    /// The folder is that of one segment, and not of the export.
    ///
    /// Fix: use the folder above it.
    #[error(
        "{} is the folder of one segment\nNothing was changed. Use the folder above it, which has one folder per segment.",
        .0.display()
    )]
    FolderOfSegment(PathBuf),
    /// The workspace is located in the folder of the export's files.
    ///
    /// Fix: use another folder with --workspace.
    #[error(
        "the workspace {} is located in the folder with the files\n\
         It would be taken for files of the export. Use another folder with --workspace.",
        .0.display()
    )]
    WorkspaceInFiles(PathBuf),
    /// The name of a file is not UTF-8, as keys in S3 are.
    ///
    /// Fix: rename the file.
    #[error("the name of {} is not UTF-8\nRename the file.", .0.display())]
    Name(PathBuf),
    /// Another command is using the workspace.
    ///
    /// Fix: wait until it ends, or use another folder with --workspace.
    #[error(
        "another command is using the workspace {}\nWait until it ends, or use another folder with --workspace.",
        .0.display()
    )]
    Busy(PathBuf),
    /// The Braze API key is missing.
    ///
    /// Fix: set `BRAZE_API_KEY`, or run the command in a terminal and enter the key.
    #[error(
        "no Braze REST API key: {0}\n\
         Set the environment variable BRAZE_API_KEY, or run the command in a terminal and enter the key."
    )]
    NoKey(String),
    /// The Braze API key contains characters that no key has.
    ///
    /// Fix: copy the key again from Settings > API Keys in Braze.
    #[error(
        "the Braze REST API key contains spaces or characters that no key has\n\
         Copy it again from Settings > API Keys in Braze."
    )]
    KeyMalformed,
    /// There is no such report.
    ///
    /// Fix: choose one of the existing runs.
    #[error("there is no report {of}\n{advice}.")]
    NoReport { of: String, advice: String },
    /// A report can't be read, probably because a different version wrote it.
    ///
    /// Fix: use the version of `itb` that belongs to the deployed stack.
    #[error("can't read the report {location}: {source}\nIt may have been written by a different version.")]
    Unreadable { location: String, source: serde_json::Error },
    /// `--html` matches the pages of several runs.
    ///
    /// Fix: choose one with --segment.
    #[error("--html writes the page of one run, but there are {runs}\nChoose a segment with --segment.")]
    SeveralPages { runs: usize },
    /// The page does not exist (yet).
    ///
    /// Fix: wait until the run ends; `itb report` lists the reports.
    #[error("there is no page {location}\nPages are written when a run ends. `itb report` lists the reports.")]
    NoPage { location: String },
    /// No run of the segment is held.
    ///
    /// Fix: `itb hold list` lists the held runs.
    #[error("no run of the segment {segment:?} of the export {export:?} is held\n`itb hold list` lists the held runs.")]
    NothingHeld { export: String, segment: String },
    /// The number of people was not confirmed.
    ///
    /// Fix: check the number, and use the one that is shown.
    #[error("nothing was changed: the number of people is {expected}, not {given:?}\nCheck it before you confirm it.")]
    OtherNumber { given: String, expected: String },
    /// The question was not answered with `yes`.
    ///
    /// Fix: run the command again and type `yes`.
    #[error("nothing was changed: the answer was not yes")]
    NotConfirmed,
    /// There is no one to ask: standard input has ended.
    ///
    /// Fix: run the command in a terminal, or add the flag that is shown.
    #[error("nothing was changed: there is no terminal to ask\nRun it in a terminal, or add {flag} after checking.")]
    Unconfirmed { flag: String },
    /// No message has this code.
    ///
    /// Fix: use the code in brackets at the end of a message.
    #[error("no message has the code {code}\nUse the code in brackets at the end of a message, such as ITB-H01.")]
    NoSuchCode { code: String },
    /// The configuration file exists already.
    ///
    /// Fix: use another file with --config, or move the existing one away.
    #[error("{} exists and is not overwritten\nUse another file with --config, or move it away.", .0.display())]
    Exists(PathBuf),
    /// Not every file has a column of this name.
    ///
    /// Fix: use one of the existing columns.
    #[error("not every file has a column {name:?}; existing: {existing}")]
    NoColumn { name: String, existing: String },
    /// AWS can't be used with these credentials.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A deployed stack gave no answer.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A key was not stored in Secrets Manager.
    #[error(transparent)]
    KeyNotStored(#[from] KeyNotStored),
    /// A page can't be written.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The handler can't be created.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The handler returned an error.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The response of the handler can't be read. This is a bug.
    ///
    /// Fix: please report it.
    #[error("internal error: can't read the response ({0})\nThis is a bug: please report it.")]
    Answer(#[from] serde_json::Error),
}

codes!(Failure wraps Aws, Stack, KeyNotStored, Page, Bucket, Start, Handler source Config {
    File = "ITB-T01",
    Server = "ITB-T02",
    NoSuch = "ITB-T03",
    NotEmpty = "ITB-T04",
    NoFiles = "ITB-T05",
    WorkspaceInFiles = "ITB-T06",
    Name = "ITB-T07",
    Busy = "ITB-T08",
    NoKey = "ITB-T09",
    KeyMalformed = "ITB-T10",
    NoReport = "ITB-T12",
    Unreadable = "ITB-T13",
    SeveralPages = "ITB-T14",
    NoPage = "ITB-T15",
    Answer = "ITB-T16",
    NothingHeld = "ITB-T17",
    OtherNumber = "ITB-T18",
    NotConfirmed = "ITB-T19",
    Unconfirmed = "ITB-T20",
    NoSuchCode = "ITB-T27",
    Exists = "ITB-T28",
    NoColumn = "ITB-T29",
    NoFolder = "ITB-T35",
    FolderOfSegment = "ITB-T36",
});

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
                | HandlerError::StillFed { .. }
                | HandlerError::ReleaseUnnamed { .. }
                | HandlerError::NoSuch { .. } => Ending::Usage,
                _ => Ending::Failed,
            },
            Self::Stack(error) if error.is_usage() => Ending::Usage,
            Self::Stack(_)
            | Self::KeyNotStored(_)
            | Self::Server(_)
            | Self::Start(_)
            | Self::Answer(_)
            | Self::Bucket(_)
            | Self::Unreadable { .. } => Ending::Failed,
            _ => Ending::Usage,
        }
    }
}
