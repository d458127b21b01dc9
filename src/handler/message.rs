//! What an answer of the on-demand function says in a sentence, beside its figures.

use std::fmt;

/// The message of an answer: what was found, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerMessage {
    /// `run` and `run_all`: the exports' folders hold no file of a segment.
    NothingFound,
    /// `connect`: all is well.
    Connected,
    /// `connect`: all is well, but for the consent.
    ConnectedWithoutConsent,
    /// `status`: no run of the segment was ever complete.
    NothingDelivered,
    /// `status`: the same, and `retire` was begun.
    BeingRetired,
    /// `retry`: no message and no run has failed.
    NothingFailed,
    /// `retry`: a dry run.
    WouldRetry,
    /// `retry`: what failed is tried again.
    Retried,
    /// `retry`, in addition: the function does not know where messages rest that were given up.
    DeadLettersNotLookedAt,
    /// `retry`, in addition: the time, or the number of messages that can be held at once, did not suffice.
    MoreDeadLetters,
}

impl fmt::Display for AnswerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingFound => {
                "No file of a segment was found. Look at `ignored`, and at the export's folder, segments and path."
            }
            Self::Connected => "Braze takes the key, and the key may write users.",
            Self::ConnectedWithoutConsent => {
                "Braze takes the key. Nothing is sent yet, because agree_to_data_transfer is not true: set it in \
                 exports.toml once someone who may decide so agrees that customer data goes to Braze."
            }
            Self::NothingDelivered => "No run has been delivered whole yet.",
            Self::BeingRetired => {
                "This segment is being retired. If no function is at work on it any more, run retire again to go on."
            }
            Self::NothingFailed => "Nothing that failed was found.",
            Self::WouldRetry => "Nothing was sent. What `retried` lists would go into the queue once more.",
            Self::Retried => "What `retried` lists is in the queue once more; its reports tell the end.",
            Self::DeadLettersNotLookedAt => {
                "Dead letters were not looked at: the environment variable DEAD_LETTER_QUEUE_URL is not set."
            }
            Self::MoreDeadLetters => "There are more dead letters than could be looked at: run retry again.",
        })
    }
}
