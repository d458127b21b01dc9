//! Bars that show proportions: how a whole divides into parts.

/// The length of a bar that is the whole.
pub(super) const LENGTH: u64 = 1_000;
/// A part that exists is seen, however small it is.
const LEAST: u64 = 4;

/// A part of a bar.
#[derive(Debug)]
pub(super) struct Part {
    /// Its class in the style sheet.
    pub(super) class: &'static str,
    pub(super) from: u64,
    pub(super) width: u64,
}

/// The parts of a bar, side by side. The whole bar represents `whole`; the first part starts at `skipped`.
pub(super) fn parts(whole: u64, skipped: u64, parts: &[(&'static str, u64)]) -> Vec<Part> {
    let scaled = |count: u64| u64::try_from(u128::from(count) * u128::from(LENGTH) / u128::from(whole.max(1)));
    let scaled = |count: u64| scaled(count).unwrap_or(LENGTH).min(LENGTH);
    let mut before = skipped;
    let mut drawn = Vec::new();
    for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
        let from = scaled(before);
        before = before.saturating_add(*count);
        let width = (scaled(before) - from).max(LEAST);
        drawn.push(Part { class, from: from.min(LENGTH - width.min(LENGTH)), width });
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_fill_the_bar_and_none_is_lost() {
        let drawn = parts(100, 0, &[("accepted", 59), ("unchanged", 0), ("rejected", 41)]);
        assert_eq!(drawn.iter().map(|part| (part.from, part.width)).collect::<Vec<_>>(), [(0, 590), (590, 410)]);
        let drawn = parts(1_000_001, 0, &[("accepted", 1_000_000), ("rejected", 1)]);
        assert_eq!((drawn[1].from, drawn[1].width), (996, 4));
        assert_eq!(parts(0, 0, &[("accepted", 0)]).len(), 0);
        assert_eq!(parts(4, 2, &[("entered", 2)])[0].from, 500);
    }
}
