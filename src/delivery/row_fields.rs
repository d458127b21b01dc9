//! The additional fields of one row, whose values are compared with what other segments have sent.

use std::ops::Range;

use crate::state::Fingerprint;

/// The additional fields of the row at hand.
#[derive(Debug)]
pub(super) struct RowFields {
    /// Where each is in the row's object.
    places: Vec<(usize, Range<usize>)>,
    values: Vec<Fingerprint>,
}

impl RowFields {
    /// For rows with these fields.
    pub(super) fn of(fields: &[String]) -> Self {
        Self { places: Vec::with_capacity(fields.len()), values: vec![Fingerprint::UNKNOWN; fields.len()] }
    }

    /// Another row comes.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    /// Notes where a field is in the row's object.
    pub(super) fn note(&mut self, field: usize, place: Range<usize>) {
        self.places.push((field, place));
    }

    /// Whether the row has any.
    pub(super) fn are_there(&self) -> bool {
        !self.places.is_empty()
    }

    /// Hashes of the values in the first bytes of `object`, as many as are sent.
    pub(super) fn hashed(&mut self, object: &[u8], sent: usize) -> &[Fingerprint] {
        self.values.fill(Fingerprint::UNKNOWN);
        for (field, place) in self.places.iter().filter(|(_, place)| place.end <= sent) {
            if let (Some(value), Some(text)) = (self.values.get_mut(*field), object.get(place.clone())) {
                *value = Fingerprint::of(text);
            }
        }
        &self.values
    }
}
