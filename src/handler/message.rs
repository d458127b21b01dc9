//! Messages of the on-demand function's responses.

use std::fmt;

use jiff::Timestamp;

use crate::message::{codes, counted};
use crate::names::{AttributeName, SegmentName};
use crate::state::{Feeder, Overdue};

/// The message of a response: what was found, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AnswerMessage {
    /// `run` and `run_all`: the folders of the exports contain no files of a segment.
    ///
    /// Fix: check `ignored` in the response, and the export's `folder`, `segments` and `path`.
    NothingFound,
    /// `connect`: the connection works.
    ///
    /// Fix: nothing to do.
    Connected,
    /// `connect`: Braze accepts the key, but its response to a request that needs the permission does not show whether the key
    /// has it, for example because the rate limit was reached.
    ///
    /// Fix: run `connect` again. If the message stays, check in Braze that the key has `users.track`.
    ConnectedUnproved,
    /// `connect`: the connection works, but has no consent to send data.
    ///
    /// Fix: set `agree_to_data_transfer = true` once your organisation has approved the transfer.
    ConnectedWithoutConsent,
    /// `connect`: the source works.
    ///
    /// Fix: nothing to do. If it has no files, check `folder`.
    ConnectedSource {
        /// Files in its folder.
        files: u64,
    },
    /// `fetch`: the configuration has no source.
    ///
    /// Fix: add a table `[sources.NAME]`, or nothing, if something else copies the files.
    NoSources,
    /// `status`: nothing has been fetched from the source.
    ///
    /// Fix: run `fetch`, or wait for the schedule.
    NeverFetched,
    /// `status`: the segment has no complete run.
    ///
    /// Fix: nothing to do; the files received so far may be delivered already.
    NoCompleteRun,
    /// `status`: `retire` was started.
    ///
    /// Fix: if no invocation is working on it, run `retire` again.
    BeingRetired,
    /// `retry`: no delivery has failed.
    ///
    /// Fix: nothing to do.
    NothingFailed,
    /// `retry`: result of a dry run.
    ///
    /// Fix: nothing to do.
    WouldRetry,
    /// `retry`: failed deliveries are being retried.
    ///
    /// Fix: nothing to do; see their reports.
    Retried,
    /// `retry`: the function does not know the dead-letter queue.
    ///
    /// Fix: set `DEAD_LETTER_QUEUE_URL`, or deploy with the template, which sets it.
    NoDeadLetterQueue,
    /// `retry`: the dead-letter queue contains more messages than one invocation can read.
    ///
    /// Fix: run `retry` again.
    MoreDeadLetters,
    /// `status`: another segment feeds the attribute.
    ///
    /// Fix: give one of the two segments another name under `attribute_names`.
    FedByAnother {
        /// Which one.
        owner: Feeder,
    },
    /// `status`: the segment was not delivered for four times as long as usual.
    ///
    /// Fix: see "`OverdueSegmentsAlarm`" in `docs/on-call.md`.
    Overdue(Overdue),
    /// No segment feeds the attribute, but people still have it.
    ///
    /// Fix: run `retire`, or lead a segment to it under `attribute_names`.
    Unfed {
        /// The attribute.
        attribute: AttributeName,
        /// How many people have it, as far as is known.
        people: u64,
        /// Which segment fed it last.
        last: Feeder,
    },
    /// `attribute_names` names a segment of which no file was found.
    ///
    /// Fix: correct the segment's name, or wait for its first file.
    NameWithoutSegment {
        /// The name.
        segment: SegmentName,
        /// A segment of almost the same name.
        nearest: Option<String>,
    },
    /// `rebuild`: every object of the state can be read.
    ///
    /// Fix: nothing to do.
    NotDamaged,
    /// `rebuild`: result of a dry run.
    ///
    /// Fix: restore the objects in `damage` from earlier versions, or run `rebuild` without `dry_run`.
    Damaged,
    /// `rebuild`: the state can be used again.
    ///
    /// Fix: check the next run, which is held if anyone would leave, and release it.
    Rebuilt,
    /// `forget`: result of a dry run.
    ///
    /// Fix: nothing to do.
    WouldForget,
    /// `forget`: the run is dropped.
    ///
    /// Fix: nothing to do.
    Forgotten,
}

codes!(AnswerMessage {
    NothingFound = "ITB-A01",
    Connected = "ITB-A02",
    ConnectedWithoutConsent = "ITB-A03",
    NoCompleteRun = "ITB-A04",
    BeingRetired = "ITB-A06",
    NothingFailed = "ITB-A07",
    WouldRetry = "ITB-A08",
    Retried = "ITB-A09",
    NoDeadLetterQueue = "ITB-A10",
    MoreDeadLetters = "ITB-A11",
    FedByAnother = "ITB-A12",
    Unfed = "ITB-A13",
    NameWithoutSegment = "ITB-A19",
    NotDamaged = "ITB-A14",
    Damaged = "ITB-A15",
    Rebuilt = "ITB-A16",
    WouldForget = "ITB-A17",
    Forgotten = "ITB-A18",
    ConnectedUnproved = "ITB-A25",
    Overdue = "ITB-A26",
    ConnectedSource = "ITB-K31",
    NoSources = "ITB-K32",
    NeverFetched = "ITB-K33",
});

impl fmt::Display for AnswerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingFound => {
                "No files of a segment found.\nCheck `ignored`, and the export's folder, segments and path."
            }
            Self::Connected => {
                "Connected. The key is valid and has `users.track`: Braze accepted a request that changes no profile."
            }
            Self::ConnectedUnproved => {
                "Connected. The key is valid; whether it has `users.track` is not certain.\n\
                 Run connect again. If this message stays, check in Braze that the key has the permission."
            }
            Self::ConnectedWithoutConsent => {
                "Connected, but nothing is sent yet: agree_to_data_transfer is not true.\n\
                 Set it to true in exports.toml once your organisation has approved sending customer data to Braze."
            }
            Self::ConnectedSource { files } => {
                return write!(
                    f,
                    "Connected. The SAS or application may list and read: {} in the folder.",
                    counted(*files, "file", "files")
                );
            }
            Self::NoSources => "exports.toml has no table [sources.NAME]: there is nothing to fetch from.",
            Self::NeverFetched => "Nothing has been fetched from this source yet.",
            Self::NoCompleteRun => "No complete run yet.",
            Self::BeingRetired => {
                "This segment is being retired. If no invocation is working on it, run retire again to continue."
            }
            Self::NothingFailed => "No failed deliveries found.",
            Self::WouldRetry => "Nothing was sent. The deliveries in `retried` would be put back into the queue.",
            Self::Retried => "The deliveries in `retried` are back in the queue; see their reports for the result.",
            Self::NoDeadLetterQueue => {
                "The dead-letter queue was not read: the environment variable DEAD_LETTER_QUEUE_URL is not set."
            }
            Self::MoreDeadLetters => "The dead-letter queue contains more messages: run retry again.",
            Self::NotDamaged => "The state is not damaged. Nothing was changed.",
            Self::Damaged => "Nothing was changed.",
            Self::Rebuilt => {
                "The state can be used again.\n\
                 The next complete run sends everyone, and is held if anyone would leave: the number in its report releases it."
            }
            Self::WouldForget => {
                "Nothing was changed.\n\
                 What may have been sent of the run stays on record, and the next complete run is compared with it."
            }
            Self::Forgotten => {
                "The run is no longer delivered, and later runs are not compared with its time.\n\
                 What may have been sent of it stays on record, and the next complete run is compared with it."
            }
            Self::Overdue(overdue) => {
                let (since, interval) = (minute(overdue.since), overdue.interval());
                return write!(
                    f,
                    "Not delivered since {since}: the usual interval is {interval}.\n\
                     No one was changed. Check that the export runs in Customer Insights and that its files arrive.",
                );
            }
            Self::FedByAnother { owner } => return write!(f, "The attribute is fed by {owner}."),
            Self::NameWithoutSegment { segment, nearest: None } => {
                return write!(f, "attribute_names: no files of a segment \"{segment}\" found.");
            }
            Self::NameWithoutSegment { segment, nearest: Some(nearest) } => {
                return write!(
                    f,
                    "attribute_names: no files of a segment \"{segment}\" found. Did you mean \"{nearest}\"?"
                );
            }
            Self::Unfed { attribute, people, last } => {
                return write!(
                    f,
                    "The attribute \"{attribute}\" is still set for {}, but no segment feeds it.\n\
                     The last one was {last}. Retire the attribute with the action retire, or lead a segment to it under \
                     attribute_names.",
                    counted(*people, "person", "people"),
                );
            }
        })
    }
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
