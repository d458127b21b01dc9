//! Notices that Braze refuses everything with one same answer, before thousands of requests find it out row by row.
//!
//! A refusal of one object says something about that object. The same refusal of everything, before a single object was
//! accepted, says something about the key, the workspace, the attribute, or a proxy in between.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// After this many requests that were refused with the same answer, before anything was accepted, nothing more is sent.
const MOST_REFUSED: u32 = 10;

/// What Braze answered to the first requests of a delivery. They are sent one after the other until it is decided.
#[derive(Debug, Default)]
pub struct FirstAnswers(Mutex<State>);

#[derive(Debug)]
enum State {
    /// Nothing was accepted yet; `requests` in a row were refused with `answer`.
    Undecided { answer: String, requests: u32 },
    /// An object was accepted, or the refusals differ: they are about single objects.
    Decided,
}

impl Default for State {
    fn default() -> Self {
        Self::Undecided { answer: String::new(), requests: 0 }
    }
}

/// Requests that were all refused with one same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameRefusal {
    /// How many requests.
    pub requests: u32,
    /// Braze's answer, without personal data.
    pub answer: String,
}

impl FirstAnswers {
    /// Whether many requests may be in flight: Braze accepted something, or refuses for different reasons.
    pub fn are_decided(&self) -> bool {
        matches!(*self.lock(), State::Decided)
    }

    /// The refusals so far, if every request was refused with one same answer.
    pub fn same_refusal(&self) -> Option<SameRefusal> {
        match &*self.lock() {
            State::Undecided { answer, requests } if *requests > 0 => {
                Some(SameRefusal { requests: *requests, answer: answer.clone() })
            }
            _ => None,
        }
    }

    /// Which of `objects` to send alone, after everything so far was refused: each time one from further on, so that a few bad
    /// rows in a row are not taken for everything.
    pub(super) fn to_try_alone(&self, objects: usize) -> Option<usize> {
        match &*self.lock() {
            State::Undecided { requests, .. } if *requests > 0 && objects > 1 => {
                Some(objects * (*requests as usize).min(MOST_REFUSED as usize - 1) / MOST_REFUSED as usize)
            }
            _ => None,
        }
    }

    /// Braze accepted an object, or refuses single objects for reasons of their own.
    pub fn accepted(&self) {
        *self.lock() = State::Decided;
    }

    /// Braze refused every object of a request with `text`, a reason without personal data. Returns the refusals once
    /// there are enough of them to stop sending.
    pub(super) fn refused(&self, text: &str) -> Option<SameRefusal> {
        let mut state = self.lock();
        let State::Undecided { answer, requests } = &mut *state else {
            return None;
        };
        if *requests > 0 && answer != text {
            *state = State::Decided;
            return None;
        }
        text.clone_into(answer);
        *requests += 1;
        (*requests >= MOST_REFUSED).then(|| SameRefusal { requests: *requests, answer: answer.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_same_refusals_are_enough() {
        let first = FirstAnswers::default();
        for _ in 1..MOST_REFUSED {
            assert_eq!(first.refused("Braze: no"), None);
            assert!(!first.are_decided());
        }
        let same = SameRefusal { requests: MOST_REFUSED, answer: "Braze: no".to_owned() };
        assert_eq!(first.refused("Braze: no"), Some(same.clone()));
        assert_eq!(first.same_refusal(), Some(same));
    }

    #[test]
    fn one_acceptance_or_another_reason_decides() {
        for decide in [FirstAnswers::accepted, |first: &FirstAnswers| assert_eq!(first.refused("Braze: other"), None)] {
            let first = FirstAnswers::default();
            assert_eq!(first.same_refusal(), None);
            assert_eq!(first.refused("Braze: no"), None);
            decide(&first);
            assert!(first.are_decided());
            assert_eq!((first.same_refusal(), first.to_try_alone(75)), (None, None));
            for _ in 0..2 * MOST_REFUSED {
                assert_eq!(first.refused("Braze: no"), None);
            }
        }
    }

    #[test]
    fn objects_from_all_over_a_request_are_tried_alone() {
        let first = FirstAnswers::default();
        assert_eq!(first.to_try_alone(75), None, "before anything was refused");
        let mut places = Vec::new();
        for _ in 1..MOST_REFUSED {
            first.refused("Braze: no");
            places.extend(first.to_try_alone(75));
        }
        assert_eq!(places, [7, 15, 22, 30, 37, 45, 52, 60, 67]);
        assert_eq!(first.to_try_alone(1), None, "it is alone");
        assert_eq!(first.to_try_alone(2), Some(1));
    }
}
