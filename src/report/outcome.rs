//! The outcomes of a delivery, and how they are shown.

use serde::{Deserialize, Serialize};

/// The outcome of a run of a segment after an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All files are delivered, and everyone who left is set to `false` or removed.
    Delivered,
    /// The same, but too many of its rows, or of their values, were not sent: see [`Problem`](super::Problem).
    DeliveredWithProblems,
    /// All files received so far are delivered; it is not known yet whether the run is complete.
    Waiting,
    /// All files are delivered; too many would leave, so the run waits for a person's decision.
    Held,
    /// The time limit was reached, or another function is working on it; it continues automatically.
    Unfinished,
    /// A newer run has started; this one is no longer sent.
    Superseded,
    /// It stopped; the message says why and what to do.
    Failed,
    /// Nothing was sent; the report shows what would be sent.
    DryRun,
}

/// How good an outcome is: its colour in the terminal and on pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// It continues automatically.
    Open,
    /// Nothing that anyone needs to do anything about.
    Neutral,
    /// A person has to look at it, or to decide.
    Warning,
    /// Something has to be fixed.
    Bad,
}

impl Outcome {
    /// Its name: the end of a key of the texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::DeliveredWithProblems => "delivered-with-problems",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Unfinished => "unfinished",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::DryRun => "dry-run",
        }
    }

    /// How good it is.
    pub fn tone(self) -> Tone {
        match self {
            Self::Delivered => Tone::Good,
            Self::Waiting | Self::Unfinished => Tone::Open,
            Self::Superseded | Self::DryRun => Tone::Neutral,
            Self::DeliveredWithProblems | Self::Held => Tone::Warning,
            Self::Failed => Tone::Bad,
        }
    }

    /// Whether the run is complete: its members are those of the segment.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Delivered | Self::DeliveredWithProblems)
    }

    /// Whether the run has reached a state that stays until something is done or a newer run starts.
    pub fn ends_attempts(self) -> bool {
        self.is_delivered() || matches!(self, Self::Held | Self::Superseded | Self::Failed)
    }
}

impl Tone {
    /// The class of a page's style sheet.
    pub fn as_class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Open => "open",
            Self::Neutral => "neutral",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}
