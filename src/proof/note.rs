//! Notes about what was read in Braze.

use std::fmt;

use crate::braze::Unread;
use crate::message::{codes, counted};

/// A note about what was read in Braze, or could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofNote {
    /// Something was not checked in Braze. The delivery continues without it.
    ///
    /// Fix: nothing has to be done. To have it checked, create a key that has the permission as well.
    Unchecked {
        /// What.
        what: &'static str,
        /// Why.
        unread: Unread,
    },
    /// A few members of the last complete run do not have the attribute in Braze.
    ///
    /// Fix: nothing, if profiles were deleted; send everyone again (`"send": "all"`) to repair it.
    SomeMissing {
        /// How many.
        missing: u64,
        /// How many were read.
        read: u64,
    },
    /// The workspace may not keep every value of a field.
    ///
    /// Fix: compare the type of the field in `exports.toml` with that in Braze (*Data Settings* > *Custom Attributes*).
    Doubt {
        /// What is doubtful.
        doubt: String,
    },
    /// Some of the first people who were sent do not show all of it.
    ///
    /// Fix: look up the fields under `proof` in the report.
    Differing {
        /// How many.
        differing: u64,
        /// How many were read.
        people: u64,
    },
    /// People of the trial had no profile before.
    ///
    /// Fix: nothing, if Braze does not know these people yet; otherwise check the column of the customer ID.
    NewProfiles {
        /// How many.
        new: u64,
        /// How many were read.
        people: u64,
    },
    /// A run that was held is released.
    ///
    /// Fix: nothing to do.
    Released {
        /// Why it was held.
        reason: String,
    },
}

codes!(ProofNote {
    Unchecked = "ITB-Y01",
    SomeMissing = "ITB-Y02",
    Doubt = "ITB-Y03",
    Differing = "ITB-Y04",
    NewProfiles = "ITB-Y05",
    Released = "ITB-Y06",
});

impl fmt::Display for ProofNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchecked { what, unread } => write!(f, "{what} not checked in Braze: {unread}"),
            Self::SomeMissing { missing, read } => {
                write!(
                    f,
                    "{missing} of {} read in Braze do not have the attribute",
                    counted(*read, "member", "members")
                )
            }
            Self::Doubt { doubt } => write!(f, "{doubt}"),
            Self::Differing { differing, people } => write!(
                f,
                "{differing} of {} read back do not show all that was sent",
                counted(*people, "person", "people")
            ),
            Self::NewProfiles { new, people } => {
                write!(f, "{new} of the first {} had no profile in Braze before", counted(*people, "person", "people"))
            }
            Self::Released { reason } => write!(f, "released although {reason}"),
        }
    }
}
