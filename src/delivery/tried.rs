//! The state of a run after its files have been tried, and the outcome that follows from it.

use super::DeliveryError;
use super::complete::Completion;
use crate::message::{Coded, Message};
use crate::pattern::RunId;
use crate::report::{Outcome, ReportMessage};
use crate::run::FileToDeliver;

/// How the delivery of one file ended.
#[derive(Debug)]
pub(super) enum FileEnd {
    Delivered,
    AlreadyDelivered,
    Past(Past),
    LeasedElsewhere,
    OutOfTime,
    /// It is no part of the run.
    Ignored,
    /// The object no longer exists.
    Gone,
}

/// Why a run is no longer delivered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Past {
    /// A newer run has begun.
    Superseded { by: RunId },
    /// An operator said so.
    Forgotten,
}

/// The state of a run after its files have been tried.
#[derive(Debug, Default)]
pub(super) struct Tried {
    pub(super) failures: Vec<DeliveryError>,
    pub(super) out_of_time: bool,
    pub(super) leased_elsewhere: bool,
    pub(super) past: Option<Past>,
    pub(super) sent: bool,
}

impl Tried {
    /// Whether the next step may be taken.
    pub(super) fn may_continue(&self) -> bool {
        self.failures.is_empty() && !self.out_of_time && self.past.is_none()
    }

    pub(super) fn fail(&mut self, file: &FileToDeliver, error: DeliveryError) {
        tracing::warn!(key = file.object.key, %error, "can't deliver a file");
        self.failures.push(error);
    }

    pub(super) fn note(&mut self, end: &FileEnd) {
        match end {
            FileEnd::Delivered => self.sent = true,
            FileEnd::AlreadyDelivered | FileEnd::Ignored | FileEnd::Gone => {}
            FileEnd::Past(past) => self.past = Some(*past),
            FileEnd::LeasedElsewhere => self.leased_elsewhere = true,
            FileEnd::OutOfTime => self.out_of_time = true,
        }
    }

    /// Whether only a person's decision is missing.
    pub(super) fn is_held(&self) -> bool {
        !self.failures.is_empty() && self.failures.iter().all(DeliveryError::is_hold)
    }

    pub(super) fn outcome(&self, completion: Option<Completion>) -> (Outcome, Message) {
        if let Some(past) = self.past {
            let message = match past {
                Past::Superseded { by } => ReportMessage::Superseded { by },
                Past::Forgotten => ReportMessage::Forgotten,
            };
            return (Outcome::Superseded, message.to_message());
        }
        if !self.failures.is_empty() {
            let mut all: Vec<String> = self.failures.iter().map(ToString::to_string).collect();
            // Files that fail for the same reason share one message.
            all.dedup();
            let busy = self
                .failures
                .iter()
                .all(|error| matches!(error, DeliveryError::Busy { .. } | DeliveryError::ConfigurationChanged));
            let outcome = match busy {
                true => Outcome::Unfinished,
                false if self.is_held() => Outcome::Held,
                false => Outcome::Failed,
            };
            let code = self.failures.first().map(|error| error.code().to_owned()).unwrap_or_default();
            return (outcome, Message { text: all.join("\n"), code });
        }
        if self.out_of_time || completion == Some(Completion::OutOfTime) {
            return (Outcome::Unfinished, ReportMessage::TimeLimit.to_message());
        }
        if self.leased_elsewhere || completion == Some(Completion::LeasedElsewhere) {
            return (Outcome::Unfinished, ReportMessage::AnotherInvocation.to_message());
        }
        match completion {
            Some(Completion::Complete) if self.sent => (Outcome::Delivered, ReportMessage::Delivered.to_message()),
            Some(Completion::Complete) => (Outcome::Delivered, ReportMessage::DeliveredAlready.to_message()),
            Some(Completion::Held) => (Outcome::Held, Message::default()),
            _ => (Outcome::Waiting, ReportMessage::Waiting.to_message()),
        }
    }
}
