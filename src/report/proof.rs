//! What was read in Braze about a run: before anything was sent, after the first people were sent, and at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{count, counted};

/// What was read in Braze about a run, and what could not be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// When Braze was asked before anything was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// What could not be checked, and why. It prevents nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unchecked: BTreeSet<String>,
    /// What is worth a look although it holds nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub notes: BTreeSet<String>,
    /// How many attributes of the workspace were compared with what would be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<u64>,
    /// Members of the last complete run who were read before anything was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<MembersRead>,
    /// The first people who were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<ReadBack>,
    /// People who were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_back: Option<ReadBack>,
}

/// Members of the last complete run who were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersRead {
    /// How many.
    pub read: u64,
    /// How many of them have the attribute.
    pub have_it: u64,
}

/// People whose profiles were read after they had been sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadBack {
    /// How many.
    pub people: u64,
    /// How many show what was sent.
    pub confirmed: u64,
    /// How many have no profile, where none is created.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub without_profile: u64,
    /// How many profiles did not exist before.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub new_profiles: u64,
    /// How long it took until they showed it, in seconds.
    pub seconds: f64,
    /// What is different, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub differences: BTreeMap<String, Difference>,
}

/// A field that profiles do not show as it was sent. The values are shapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// For how many people.
    pub people: u64,
    /// To how many it was sent.
    pub of: u64,
    /// An example of what was sent.
    pub sent: String,
    /// What the profile has instead.
    pub found: String,
}

impl Proof {
    /// Whether nothing was read or tried.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was read, line by line: what it is about, and the result. What was not read is not among them.
    pub fn in_words(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        if let Some(MembersRead { read, have_it }) = self.members {
            let text = format!("{} of {} have the attribute", count(have_it), counted(read, "member", "members"));
            lines.push(("Members of the last run, before sending".to_owned(), text));
        }
        if let Some(attributes) = self.attributes {
            lines.push(("Attributes compared".to_owned(), count(attributes)));
        }
        for (what, read) in [("Trial of the first people", &self.trial), ("Read back after sending", &self.read_back)] {
            let Some(read) = read else { continue };
            let confirmed = format!("confirmed {} of {}", count(read.confirmed), count(read.people));
            lines.push((what.to_owned(), format!("{confirmed}, after {:.1} s", read.seconds)));
            let differing = read.differences.iter();
            lines.extend(differing.map(|(field, difference)| (format!("{what}: {field}"), difference.to_string())));
        }
        lines.extend(self.notes.iter().map(|note| ("Worth a look".to_owned(), note.clone())));
        lines
    }

    /// Adds what was read of another file of the run.
    pub fn add(&mut self, other: &Self) {
        self.checked_at = self.checked_at.into_iter().chain(other.checked_at).min();
        self.unchecked.extend(other.unchecked.iter().cloned());
        self.notes.extend(other.notes.iter().cloned());
        self.attributes = self.attributes.max(other.attributes);
        self.members = self.members.or(other.members);
        for (own, others) in [(&mut self.trial, &other.trial), (&mut self.read_back, &other.read_back)] {
            if let Some(others) = others {
                own.get_or_insert_default().add(others);
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, of, sent, found } = self;
        write!(f, "{} of {} have {found} instead of {sent}", count(*people), count(*of))
    }
}

impl ReadBack {
    /// Adds people who were read at another time.
    pub fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.confirmed += other.confirmed;
        self.without_profile += other.without_profile;
        self.new_profiles += other.new_profiles;
        self.seconds = self.seconds.max(other.seconds);
        for (field, difference) in &other.differences {
            let known = self.differences.entry(field.clone()).or_insert_with(|| Difference {
                people: 0,
                of: 0,
                ..difference.clone()
            });
            known.people += difference.people;
            known.of += difference.of;
        }
    }

    /// Leaves out the fields that do not differ.
    pub fn keep_differing(&mut self) {
        self.differences.retain(|_, difference| difference.people > 0);
    }

    /// How many people do not show what was sent although they should.
    pub fn unconfirmed(&self) -> u64 {
        self.people.saturating_sub(self.confirmed + self.without_profile)
    }
}
