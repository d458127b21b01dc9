//! What the report of an undo says, and what undoing a run can't restore.

use std::fmt;

use crate::message::{codes, counted};
use crate::pattern::RunId;

/// The message of the report of an undo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndoMessage {
    /// Result of a dry run of `undo`.
    ///
    /// Fix: nothing to do.
    Would {
        /// The run.
        run: RunId,
        /// How many people would be set to `false` or removed.
        removed: u64,
        /// How many members would get the attribute again.
        restored: u64,
    },
    /// Result of a dry run of `undo` that would be held.
    ///
    /// Fix: compare the numbers, and allow them if they are right.
    WouldBeHeld {
        /// The run.
        run: RunId,
        /// How many people would be set to `false` or removed: the number that allows it.
        removed: u64,
        /// How many members would get the attribute again.
        restored: u64,
        /// Why: a [`HoldReason`](super::HoldReason).
        reason: String,
    },
    /// Result of a dry run of `undo` while one is unfinished.
    ///
    /// Fix: nothing to do while an invocation works on it; otherwise ask for `undo` again.
    Begun,
    /// The run is undone.
    ///
    /// Fix: nothing to do.
    Undone {
        /// The run.
        run: RunId,
        /// How many people were set to `false` or removed.
        removed: u64,
        /// How many members got the attribute again.
        restored: u64,
    },
    /// The run is undone except for people whom Braze rejected.
    ///
    /// Fix: nothing to do; the next run sends them again.
    PartlyUndone {
        /// The run.
        run: RunId,
        /// How many people were to be set to `false` or removed.
        removed: u64,
        /// How many members were to get the attribute again.
        restored: u64,
        /// How many of them Braze rejected.
        refused: u64,
    },
    /// Unusually many would be set to `false` or removed by undoing the run.
    ///
    /// Fix: compare the numbers, and allow them if they are right.
    Held {
        /// The run.
        run: RunId,
        /// Why: a [`HoldReason`](super::HoldReason).
        reason: String,
        /// How many people would be set to `false` or removed: the number that allows it.
        people: u64,
    },
    /// `undo` reached the time limit, and there is no queue to continue it.
    ///
    /// Fix: ask for `undo` again; the next delivery of the segment continues it as well.
    Stopped,
}

codes!(UndoMessage {
    Would = "ITB-R20",
    WouldBeHeld = "ITB-R21",
    Begun = "ITB-R22",
    Undone = "ITB-R23",
    PartlyUndone = "ITB-R24",
    Held = "ITB-H11",
    Stopped = "ITB-R25",
});

impl fmt::Display for UndoMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Would { run, removed, restored } => write!(
                f,
                "Nothing was sent. Run {run} would be undone.\n\
                 {} would be set to `false` or removed (`on_leave`), and {} set to `true` again.",
                people(*removed),
                people(*restored)
            ),
            Self::WouldBeHeld { run, removed, restored, reason } => write!(
                f,
                "Nothing was sent. The undo of run {run} would be held: {reason}.\n\
                 {} would be set to `false` or removed (`on_leave`), and {} set to `true` again. If this is right, ask for undo \
                 with \"run\": \"{run}\", \"allow_leavers\": {removed}.",
                people(*removed),
                people(*restored)
            ),
            Self::Begun => f.write_str(
                "Nothing was sent. An undo of this run is unfinished.\n\
                 If no invocation works on it, ask for undo again, and it continues.",
            ),
            Self::Undone { run, removed, restored } => write!(
                f,
                "Run {run} was undone.\n\
                 {} set to `false` or removed (`on_leave`), and {} set to `true` again. This run is not delivered again; the next \
                 one is, as usual.",
                people(*removed),
                people(*restored)
            ),
            Self::PartlyUndone { run, removed, restored, refused } => write!(
                f,
                "Run {run} was undone, and Braze rejected {}.\n\
                 {} were to be set to `false` or removed (`on_leave`), and {} to `true` again. Those who were rejected stay on \
                 record, and the next run sends them again.",
                people(*refused),
                people(*removed),
                people(*restored)
            ),
            Self::Held { run, reason, people } => write!(
                f,
                "The run is not undone: {reason}.\n\
                 Nothing was changed. If this is right, ask for undo with \"run\": \"{run}\", \"allow_leavers\": {people}.",
            ),
            Self::Stopped => f.write_str("Stopped at the time limit.\nAsk for undo again to continue."),
        }
    }
}

fn people(number: u64) -> String {
    counted(number, "person", "people")
}

/// A note in the report of an undo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndoNote {
    /// Braze may have reacted to the run.
    ///
    /// Fix: check Campaigns and Canvases that the attribute starts.
    Reactions,
    /// Values of additional fields are not restored.
    ///
    /// Fix: deliver a run with the right values.
    Fields {
        /// The fields.
        fields: String,
    },
    /// Profiles that the run created are not deleted.
    ///
    /// Fix: nothing to do, or delete them in Braze.
    Profiles,
    /// Who entered has `false` afterwards.
    ///
    /// Fix: nothing to do: a filter for members asks for `true`.
    NowFalse,
    /// With `on_leave = "keep"`, the state does not say who kept the attribute from an earlier membership.
    ///
    /// Fix: nothing to do, if this is right.
    KeptBefore,
}

codes!(UndoNote {
    Reactions = "ITB-M27",
    Fields = "ITB-M28",
    Profiles = "ITB-M29",
    NowFalse = "ITB-M30",
    KeptBefore = "ITB-M31",
});

impl fmt::Display for UndoNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reactions => f.write_str(
                "not undone: what Braze did because of the run, such as messages of Campaigns and Canvases that were sent",
            ),
            Self::Fields { fields } => write!(
                f,
                "not undone: values of additional fields ({fields}) stay as the run sent them, until a later run sends others"
            ),
            Self::Profiles => f.write_str("not undone: profiles that the run created stay in Braze"),
            Self::NowFalse => f.write_str(
                "not undone: those who entered with the run have `false` afterwards, also where they had no value before",
            ),
            Self::KeptBefore => f.write_str(
                "not undone: those who entered with the run lose the attribute, also where they had kept it from an earlier \
                 membership (`on_leave`)",
            ),
        }
    }
}
