//! What holds a run before more than a few people are sent.

use thiserror::Error;

use crate::message::{codes, counted};
use crate::report::ReadBack;

/// So few missing members hold no run: profiles are deleted all the time.
const FEW: u64 = 5;

/// The smallest sample that says something if all of it is missing.
const SMALLEST_SAMPLE: u64 = 3;

/// One in this many may be missing or different: other systems write, and profiles are merged.
const ONE_IN: u64 = 10;

/// Why a run is held by what Braze holds. Each names the number that releases the run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofHold {
    /// Braze does not hold what was delivered before: it may be another workspace, profiles may have been deleted, or another
    /// system may write the attribute.
    ///
    /// Fix: check the connection. If the workspace is the right one, run the export with `allow_differences`, and with
    /// `"send": "all"` to send everyone again.
    #[error(
        "Braze does not hold what was delivered: {missing} of {} lack the attribute\n\
         Another workspace? Deleted profiles? Another system that writes the attribute? Nothing was sent, and no one was set to \
         `false`. If the workspace is the right one, run the export on demand with \"allow_differences\": {missing}, and with \
         \"send\": \"all\" to send everyone again.",
        counted(*read, "member", "members")
    )]
    MembersMissing {
        /// How many.
        missing: u64,
        /// How many were read.
        read: u64,
    },
    /// The workspace would not keep what would be sent: an attribute has another type or is on the blocklist.
    ///
    /// Fix: correct the type in `exports.toml`, or the attribute in Braze (*Data Settings* > *Custom Attributes*).
    #[error(
        "Braze would not keep what would be sent: {first}\n\
         {rest}Nothing was sent. Correct the field in exports.toml or the attribute in Braze; if it is meant, run the export on \
         demand with \"allow_differences\": {fields}."
    )]
    Contradiction {
        /// The first contradiction.
        first: String,
        /// The others, a line each.
        rest: String,
        /// How many.
        fields: u64,
    },
    /// The first people who were sent do not show it.
    ///
    /// Fix: correct the fields that the report names; the next run tries again.
    #[error(
        "the trial is not in Braze as it was sent: {differing} of {} differ\n\
         {fields}\nOnly these people were sent. Correct the fields in exports.toml or Braze, and run the export on demand: it tries \
         again. If it is right, run it with \"allow_differences\": {differing}.",
        counted(*people, "person", "people")
    )]
    Trial {
        /// How many differ.
        differing: u64,
        /// How many were sent.
        people: u64,
        /// The fields and how they differ, a line each.
        fields: String,
    },
    /// The people of the trial are in Braze under other customer IDs.
    ///
    /// Fix: correct the column of the customer ID in `data_matching`.
    #[error(
        "the customer IDs may be wrong: {new} of {} had no profile before\n\
         Their email addresses belong to profiles with other customer IDs. Only these people were sent. Correct `customer_id` in \
         data_matching; if it is right, run the export on demand with \"allow_differences\": {new}.",
        counted(*people, "person", "people")
    )]
    OtherIds {
        /// How many profiles were created.
        new: u64,
        /// How many people were sent.
        people: u64,
    },
}

codes!(ProofHold {
    MembersMissing = "ITB-H07",
    Contradiction = "ITB-H08",
    Trial = "ITB-H09",
    OtherIds = "ITB-H10",
});

impl ProofHold {
    /// A hold because of these contradictions; `None` without any.
    pub fn of_contradictions(contradictions: &[String]) -> Option<Self> {
        let (first, rest) = contradictions.split_first()?;
        let rest = rest.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        Some(Self::Contradiction { first: first.clone(), rest, fields: contradictions.len() as u64 })
    }

    /// A hold because of a trial.
    pub fn of_trial(trial: &ReadBack) -> Self {
        let lines = trial.differences.iter().map(|(field, difference)| format!("{field}: {difference}"));
        let lines: Vec<String> = lines.collect();
        Self::Trial { differing: trial.unconfirmed(), people: trial.people, fields: lines.join("\n") }
    }

    /// The number that releases the run.
    pub fn number(&self) -> u64 {
        match self {
            Self::MembersMissing { missing, .. } => *missing,
            Self::Contradiction { fields, .. } => *fields,
            Self::Trial { differing, .. } => *differing,
            Self::OtherIds { new, .. } => *new,
        }
    }

    /// Whether a person released it: they allowed this number, or a larger one.
    pub fn is_allowed(&self, allowed: Option<u64>) -> bool {
        allowed.is_some_and(|allowed| allowed >= self.number())
    }
}

/// Whether enough members lack the attribute to say that Braze does not hold what was delivered.
pub fn members_are_missing(missing: u64, read: u64) -> bool {
    let all = missing == read && read >= SMALLEST_SAMPLE;
    all || (missing > FEW && missing * ONE_IN > read)
}

/// Whether a trial shows that a field is not kept: it differs for more than one in ten.
pub fn trial_fails(trial: &ReadBack) -> bool {
    trial.differences.values().any(|difference| difference.people * ONE_IN > difference.of)
        || trial.unconfirmed() * ONE_IN > trial.people
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Difference;

    #[test]
    fn a_sample_that_lacks_the_attribute_holds_the_run() {
        for (missing, read, held) in [
            (0, 50, false),
            (5, 50, false),
            (6, 50, true),
            (50, 50, true),
            (5, 20, false),
            (6, 20, true),
            (2, 2, false),
            (3, 3, true),
            (2, 3, false),
            (0, 0, false),
        ] {
            assert_eq!(members_are_missing(missing, read), held, "{missing} of {read}");
        }
    }

    #[test]
    fn a_trial_fails_if_a_field_is_not_kept() {
        let trial = |people, confirmed, differing, of| ReadBack {
            people,
            confirmed,
            differences: [("points".to_owned(), Difference { people: differing, of, ..Difference::default() })].into(),
            ..ReadBack::default()
        };
        for (trial, fails) in [
            (trial(150, 150, 0, 0), false),
            (trial(150, 149, 1, 150), false),
            (trial(150, 148, 2, 10), true),
            (trial(150, 0, 150, 150), true),
            (trial(150, 130, 0, 0), true),
            (trial(0, 0, 0, 0), false),
        ] {
            assert_eq!(trial_fails(&trial), fails, "{trial:?}");
        }
    }

    #[test]
    fn the_number_or_a_larger_one_releases() {
        let hold = ProofHold::MembersMissing { missing: 50, read: 50 };
        assert_eq!(
            [None, Some(49), Some(50), Some(60)].map(|allowed| hold.is_allowed(allowed)),
            [false, false, true, true]
        );
    }
}
