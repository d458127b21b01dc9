//! Messages of the on-demand function's responses.

use std::fmt;

use crate::message::codes;

/// The message of a response: what was found, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// `status`: the segment has no complete run.
    ///
    /// Fix: nothing to do; the files received so far may be delivered already.
    NoCompleteRun,
    /// `status`: the segment is no longer in `exports.toml`, but still has members in Braze.
    ///
    /// Fix: run the action `retire` to set its attribute to `false` or remove it.
    RemovedFromConfig,
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
}

codes!(AnswerMessage {
    NothingFound = "ITB-A01",
    Connected = "ITB-A02",
    ConnectedUnproved = "ITB-A12",
    ConnectedWithoutConsent = "ITB-A03",
    NoCompleteRun = "ITB-A04",
    RemovedFromConfig = "ITB-A05",
    BeingRetired = "ITB-A06",
    NothingFailed = "ITB-A07",
    WouldRetry = "ITB-A08",
    Retried = "ITB-A09",
    NoDeadLetterQueue = "ITB-A10",
    MoreDeadLetters = "ITB-A11",
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
            Self::NoCompleteRun => "No complete run yet.",
            Self::RemovedFromConfig => {
                "This segment is no longer in exports.toml.\nIts members keep the attribute until you run the action retire."
            }
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
        })
    }
}
