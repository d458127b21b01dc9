//! The lines in which two versions of `exports.toml` differ.

/// A line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// `same`, `added` or `removed`.
    pub(crate) change: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) text: String,
}

impl Line {
    fn new(change: &'static str, text: &str) -> Self {
        let sign = match change {
            "added" => "+",
            "removed" => "−",
            _ => " ",
        };
        Self { change, sign, text: text.to_owned() }
    }
}

/// The lines of two versions, with those that are in one of them alone. Lines far from a change are left out.
pub(crate) fn difference(before: &str, after: &str) -> Vec<Line> {
    const AROUND: usize = 3;
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // The longest common subsequence; an exports.toml is short.
    let mut longest = vec![vec![0_u32; after.len() + 1]; before.len() + 1];
    for (left, line) in before.iter().enumerate().rev() {
        for (right, other) in after.iter().enumerate().rev() {
            longest[left][right] = if line == other {
                longest[left + 1][right + 1] + 1
            } else {
                longest[left + 1][right].max(longest[left][right + 1])
            };
        }
    }
    let (mut left, mut right, mut lines) = (0, 0, Vec::new());
    while left < before.len() || right < after.len() {
        if left < before.len() && right < after.len() && before[left] == after[right] {
            lines.push(Line::new("same", before[left]));
            (left, right) = (left + 1, right + 1);
        } else if right < after.len() && (left == before.len() || longest[left][right + 1] > longest[left + 1][right]) {
            lines.push(Line::new("added", after[right]));
            right += 1;
        } else {
            lines.push(Line::new("removed", before[left]));
            left += 1;
        }
    }
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.change != "same").map(|(at, _)| at).collect();
    let is_near = |at: usize| changed.iter().any(|change| change.abs_diff(at) <= AROUND);
    lines.into_iter().enumerate().filter(|(at, _)| is_near(*at)).map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_shows_what_is_in_one_version_alone() {
        let lines = difference("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ne\nf\nG\nh\n");
        let shown: Vec<String> = lines.iter().map(|line| format!("{}{}", line.sign, line.text)).collect();
        assert_eq!(shown, [" d", " e", " f", "−g", "+G", "+h"]);
        assert!(difference("a\n", "a\n").is_empty());
    }
}
