//! The place of a part among those that a table is made of.

const LAST: u64 = (1 << 15) - 1;

/// Fifteen bits: of more parts, the last ones share a place, and the larger fingerprint wins there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PartNumber(u64);

impl PartNumber {
    /// A later part comes.
    pub(super) fn next(&mut self) {
        self.0 = (self.0 + 1).min(LAST);
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }
}
