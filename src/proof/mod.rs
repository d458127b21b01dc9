//! Whether Braze holds what was sent. Braze answers that it accepted a request, and applies it later: a value of another type,
//! an attribute on the blocklist or a deleted profile shows only when the profile is read.
//!
//! | question | module |
//! | --- | --- |
//! | Would the workspace keep what would be sent? | `schema` |
//! | Do profiles show what was sent? | `comparison` |
//! | Is what was found a reason to hold the run? | `hold` |
//!
//! Nothing here asks Braze: the answers are functions of what was read ([`braze`](crate::braze)).

mod comparison;
mod hold;
mod note;
mod schema;

pub use self::comparison::{FIELDS, Sent, compare};
pub use self::hold::{ProofHold, members_are_missing, trial_fails};
pub use self::note::ProofNote;
pub use self::schema::{Findings, SentField, findings};
