//! Where a physical line ends: at LF, at CR LF, or at a CR alone.

use memchr::memchr2;

/// Where the line that begins at the start of a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// The line's content ends at `content`, the next line begins at `next`.
    Found { content: usize, next: usize },
    /// It is not known yet; nothing before `scanned` ends the line.
    Unknown { scanned: usize },
}

/// Finds the end of the first line of `text`, whose bytes before `from` are known to hold no line ending.
/// `ended`: nothing follows `text`, so its end ends the line.
pub(super) fn line_end(text: &[u8], from: usize, ended: bool) -> LineEnd {
    let rest = text.get(from..).unwrap_or_default();
    let Some(at) = memchr2(b'\n', b'\r', rest).map(|at| from + at) else {
        let length = text.len();
        return if ended {
            LineEnd::Found { content: length, next: length }
        } else {
            LineEnd::Unknown { scanned: length }
        };
    };
    ending(text, at, ended)
}

/// The line end at `at`.
pub(super) fn ending(text: &[u8], at: usize, ended: bool) -> LineEnd {
    if text[at] == b'\n' {
        return LineEnd::Found { content: at, next: at + 1 };
    }
    match text.get(at + 1) {
        Some(b'\n') => LineEnd::Found { content: at, next: at + 2 },
        None if !ended => LineEnd::Unknown { scanned: at },
        _ => LineEnd::Found { content: at, next: at + 1 },
    }
}

/// The physical lines of a text that is complete, without their endings.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match line_end(text, 0, true) {
            LineEnd::Found { content, next } if next > content => {
                rest = text.get(next..);
                text.get(..content)
            }
            _ => rest.take(),
        }
    })
}
