//! What a fetch did.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::SourceError;
use super::opened::{DAYS_OF_WARNING, days_until};
use crate::config::Source;
use crate::message::{Coded, Message, codes, counted};
use crate::names::SourceName;

/// As many keys are listed in a report.
pub(super) const LISTED: usize = 100;

/// How a fetch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchOutcome {
    /// Everything that was to be copied is in the bucket.
    Fetched,
    /// The time was up, or another function fetches.
    #[default]
    Unfinished,
    /// Something could not be read or written.
    Failed,
    /// Nothing was copied.
    DryRun,
}

/// The files of a fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Files in the source's folder.
    pub listed: u64,
    /// Files whose last change is older than `keep_days`.
    pub old: u64,
    /// Files that the bucket has already.
    pub unchanged: u64,
    /// New or changed files: copied, or to be copied by a dry run.
    pub fetched: u64,
    /// Files that changed while they were copied, and were read again.
    pub changed: u64,
    /// Files that were deleted in the source between listing and reading.
    pub gone: u64,
    /// Files that could not be copied.
    pub failed: u64,
}

/// The report of a fetch: the answer of `fetch`, and the object `report.json` of the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FetchReport {
    /// The source.
    pub source: SourceName,
    /// Account and container.
    pub place: String,
    /// The folder in the bucket.
    pub into: String,
    /// How it ended.
    pub outcome: FetchOutcome,
    /// How many files.
    pub files: Files,
    /// Bytes of the files that were copied, or would be.
    pub bytes: u64,
    /// Calls of Azure that listed files.
    pub list_calls: u64,
    /// The first keys that were written, or would be.
    pub keys: Vec<String>,
    /// The first files that were gone.
    pub gone: Vec<String>,
    /// When the SAS ends.
    pub expires_at: Option<Timestamp>,
    /// Days until then, rounded down.
    pub days_left: Option<i64>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Seconds between the two.
    pub seconds: f64,
    /// What happened, and what to do.
    pub message: String,
    /// The code of the message.
    pub code: String,
}

/// The message of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FetchMessage {
    /// Files were copied, or there were none to copy.
    ///
    /// Fix: nothing to do.
    Fetched {
        /// Copied files.
        files: u64,
    },
    /// A dry run.
    ///
    /// Fix: nothing to do.
    WouldFetch {
        /// Files that would be copied.
        files: u64,
    },
    /// The time was up.
    ///
    /// Fix: nothing to do if the schedule is on; otherwise run `fetch` again.
    Unfinished {
        /// Copied files.
        files: u64,
    },
    /// Another function fetches from the source.
    ///
    /// Fix: nothing to do.
    Elsewhere,
    /// The folder of the source has no files, or only old ones.
    ///
    /// Fix: check `folder` and `container`, and that the export in Customer Insights succeeds.
    NothingThere {
        /// Where.
        place: String,
        /// Files that are too old.
        old: u64,
    },
    /// The SAS ends soon.
    ///
    /// Fix: create a new SAS with the permissions Read and List, and store it in the secret.
    ExpiresSoon {
        /// Days until it ends.
        days: i64,
        /// When it ends.
        at: Timestamp,
    },
}

codes!(FetchMessage {
    Fetched = "ITB-K21",
    WouldFetch = "ITB-K22",
    Unfinished = "ITB-K23",
    Elsewhere = "ITB-K24",
    NothingThere = "ITB-K25",
    ExpiresSoon = "ITB-K26",
});

impl std::fmt::Display for FetchMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted = |files: u64| counted(files, "file", "files");
        match self {
            Self::Fetched { files: 0 } => f.write_str("Nothing new: the bucket has every file."),
            Self::Fetched { files } => write!(f, "Copied {}.", counted(*files)),
            Self::WouldFetch { files } => write!(f, "Nothing was copied. {} would be.", counted(*files)),
            Self::Unfinished { files } => {
                write!(f, "Stopped at the time limit after {}; it continues automatically.", counted(*files))
            }
            Self::Elsewhere => f.write_str("Another invocation is fetching from this source."),
            Self::NothingThere { place, old } => write!(
                f,
                "No files to copy in {place} ({} older than keep_days).\n\
                 Check folder and container in exports.toml, and that the export succeeds in Customer Insights. Exports \
                 fail while blob soft delete is on: in the Azure portal, storage account > Data protection.",
                counted(*old)
            ),
            Self::ExpiresSoon { days, at } => write!(
                f,
                "The SAS ends in {} ({at}).\n\
                 In the Azure portal, open the container > Shared access tokens, create a new SAS with the permissions \
                 Read and List, and store it in the secret.",
                number_of(*days),
            ),
        }
    }
}

fn number_of(days: i64) -> String {
    counted(u64::try_from(days).unwrap_or(0), "day", "days")
}

impl FetchReport {
    /// Its message.
    pub fn as_message(&self) -> Message {
        Message { text: self.message.clone(), code: self.code.clone() }
    }

    /// A report of a fetch that begins now.
    pub(super) fn new(source: &Source, now: Timestamp) -> Self {
        Self {
            source: source.name.clone(),
            place: String::new(),
            into: source.into.clone(),
            outcome: FetchOutcome::default(),
            files: Files::default(),
            bytes: 0,
            list_calls: 0,
            keys: Vec::new(),
            gone: Vec::new(),
            expires_at: None,
            days_left: None,
            started_at: now,
            finished_at: now,
            seconds: 0.0,
            message: String::new(),
            code: String::new(),
        }
    }

    /// Whether another invocation has to continue: the time was up.
    pub fn is_to_be_continued(&self) -> bool {
        let elsewhere = FetchMessage::Elsewhere.code();
        self.outcome == FetchOutcome::Unfinished && self.code != elsewhere
    }

    /// Whether the SAS ends within two weeks.
    pub fn expires_soon(&self) -> bool {
        self.days_left.is_some_and(|days| days < DAYS_OF_WARNING)
    }

    /// When the SAS ends, and how many days that are.
    pub(super) fn set_end(&mut self, expires_at: Option<Timestamp>) {
        self.expires_at = expires_at;
        self.days_left = expires_at.map(|at| days_until(at, self.started_at));
    }

    /// A file was deleted in the source before it was copied.
    pub(super) fn add_gone(&mut self, name: String) {
        self.files.gone += 1;
        if self.gone.len() < LISTED {
            self.gone.push(name);
        }
    }

    pub(super) fn end(&mut self, outcome: FetchOutcome, message: &dyn Coded, now: Timestamp) {
        self.outcome = outcome;
        self.message = message.to_string();
        message.code().clone_into(&mut self.code);
        if let (true, Some(at), Some(days)) = (self.expires_soon(), self.expires_at, self.days_left)
            && outcome != FetchOutcome::Failed
        {
            let soon = FetchMessage::ExpiresSoon { days, at };
            self.message = format!("{soon}\n{}", self.message);
            soon.code().clone_into(&mut self.code);
        }
        self.finished_at = now;
        let millis = now.duration_since(self.started_at).as_millis();
        self.seconds = f64::from(i32::try_from(millis).unwrap_or(i32::MAX)) / 1000.0;
    }

    pub(super) fn fail(&mut self, error: &SourceError, now: Timestamp) {
        if let SourceError::Expired { at, .. } = error {
            self.set_end(Some(*at));
        }
        self.end(FetchOutcome::Failed, error, now);
    }
}
