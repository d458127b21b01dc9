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
    /// Its name in the terminal.
    pub fn name(self) -> &'static str {
        self.shown().0
    }

    /// Its name for a marketer, on pages.
    pub fn title(self) -> &'static str {
        self.shown().1
    }

    /// How good it is.
    pub fn tone(self) -> Tone {
        self.shown().2
    }

    fn shown(self) -> (&'static str, &'static str, Tone) {
        match self {
            Self::Delivered => ("delivered", "Delivered", Tone::Good),
            Self::DeliveredWithProblems => ("delivered with problems", "Delivered with problems", Tone::Warning),
            Self::Waiting => ("waiting", "Waiting for the rest", Tone::Open),
            Self::Held => ("held", "Held for a decision", Tone::Warning),
            Self::Unfinished => ("unfinished", "Not finished yet", Tone::Open),
            Self::Superseded => ("superseded", "Superseded", Tone::Neutral),
            Self::Failed => ("failed", "Failed", Tone::Bad),
            Self::DryRun => ("dry run", "Dry run", Tone::Neutral),
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
