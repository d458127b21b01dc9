//! Who feeds an attribute of a workspace: one segment of one export at a time.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::{ExportName, SegmentName};

/// A segment of an export, as the source of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Feeder {
    /// The export.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
}

impl Feeder {
    /// The segment of the export.
    pub fn new(export: &ExportName, segment: &SegmentName) -> Self {
        Self { export: export.clone(), segment: segment.clone() }
    }
}

impl fmt::Display for Feeder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the segment {} of the export {}", self.segment, self.export)
    }
}

/// How the present configuration leads a segment to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// `segments` lists the segment, or `attribute_names` names it.
    Explicit,
    /// `segments` is left out, and the segment has the attribute's name.
    Found,
}

/// What the present configuration says of one attribute of one workspace.
pub trait Mappings {
    /// The segment that is led to the attribute explicitly. A valid configuration has at most one.
    fn explicit(&self) -> Option<Feeder>;
    /// How the segment is led to the attribute, if it still is.
    fn mapping(&self, feeder: &Feeder) -> Option<Mapping>;
}

/// Whether a segment may feed an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// It does already, or nothing has fed the attribute so far.
    Owner,
    /// It takes the attribute over from a segment that no longer feeds it.
    TakesOver,
    /// Another segment feeds it.
    OwnedBy(Feeder),
}

/// Decides whether `claimant` may feed an attribute that `current` has fed so far.
///
/// The configuration decides where it is explicit. Among segments that are merely found, the first one keeps the attribute as
/// long as it is led there.
pub(super) fn ownership(mappings: &impl Mappings, current: Option<&Feeder>, claimant: &Feeder) -> Ownership {
    let is_current = current == Some(claimant);
    let mine = if is_current || current.is_none() { Ownership::Owner } else { Ownership::TakesOver };
    match (mappings.explicit(), current) {
        (Some(owner), _) if owner == *claimant => mine,
        (Some(owner), _) => Ownership::OwnedBy(owner),
        (None, Some(current)) if !is_current && mappings.mapping(current).is_some() => {
            Ownership::OwnedBy(current.clone())
        }
        (None, _) => mine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments of one export that lead to one attribute.
    struct Leads {
        explicit: Option<&'static str>,
        found: &'static [&'static str],
    }

    fn feeder(segment: &str) -> Feeder {
        Feeder { export: "loyalty".into(), segment: segment.into() }
    }

    impl Mappings for Leads {
        fn explicit(&self) -> Option<Feeder> {
            self.explicit.map(feeder)
        }

        fn mapping(&self, asked: &Feeder) -> Option<Mapping> {
            if self.explicit() == Some(asked.clone()) {
                return Some(Mapping::Explicit);
            }
            self.found.contains(&asked.segment.as_str()).then_some(Mapping::Found)
        }
    }

    #[test]
    fn an_attribute_has_one_feeder_and_the_configuration_hands_it_over() {
        let owned_by = |segment: &str| Ownership::OwnedBy(feeder(segment));
        for (explicit, found, current, claimant, expected) in [
            // Nothing has fed it so far.
            (Some("Gold"), &[][..], None, "Gold", Ownership::Owner),
            (None, &["Gold"][..], None, "Gold", Ownership::Owner),
            (Some("Platinum"), &["Gold"][..], None, "Gold", owned_by("Platinum")),
            // The feeder stays the same.
            (Some("Gold"), &[][..], Some("Gold"), "Gold", Ownership::Owner),
            (None, &["Gold"][..], Some("Gold"), "Gold", Ownership::Owner),
            // Another one comes while the first is still led there.
            (None, &["Gold", "gold of another export"][..], Some("Gold"), "gold of another export", owned_by("Gold")),
            (Some("Platinum"), &["Gold"][..], Some("Platinum"), "Gold", owned_by("Platinum")),
            // What is named explicitly takes over from what was merely found.
            (Some("Platinum"), &["Gold"][..], Some("Gold"), "Platinum", Ownership::TakesOver),
            (Some("Platinum"), &["Gold"][..], Some("Gold"), "Gold", owned_by("Platinum")),
            // The former feeder is led elsewhere, or is gone.
            (Some("GoldV2"), &[][..], Some("Gold"), "GoldV2", Ownership::TakesOver),
            (None, &["Gold"][..], Some("Retired"), "Gold", Ownership::TakesOver),
        ] {
            let leads = Leads { explicit, found };
            let current = current.map(feeder);
            let answer = ownership(&leads, current.as_ref(), &feeder(claimant));
            assert_eq!(answer, expected, "{explicit:?}, {found:?}: {current:?} feeds it, {claimant} comes");
        }
    }
}
