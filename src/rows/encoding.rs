//! Encodings other than UTF-8, detected so that the message can name them.

use std::fmt;

/// An encoding that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-16, low byte first; what Windows calls "Unicode".
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// UTF-32, low byte first.
    Utf32Le,
    /// UTF-32, high byte first.
    Utf32Be,
    /// One byte for each character, or an East Asian encoding: which one cannot be told from the bytes.
    EightBit,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::EightBit => "a legacy encoding (Shift_JIS, Latin-1, Windows-1252, …)",
        })
    }
}

/// UTF-8's byte-order mark.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The encoding that a text's byte-order mark names, UTF-8 aside (The Unicode Standard, section 23.8).
pub(super) fn marked(text: &[u8]) -> Option<Encoding> {
    match text {
        [0xFF, 0xFE, 0, 0, ..] => Some(Encoding::Utf32Le),
        [0, 0, 0xFE, 0xFF, ..] => Some(Encoding::Utf32Be),
        [0xFF, 0xFE, ..] => Some(Encoding::Utf16Le),
        [0xFE, 0xFF, ..] => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// How much of a text the pattern of its NUL bytes is looked for in.
const PATTERN_BYTES: usize = 4 << 10;

/// Fewer NUL bytes than this are no pattern.
const LEAST_NULS: usize = 2;

/// UTF-16 or UTF-32 without a byte-order mark, known by where the NUL bytes lie: delimiters, digits and line endings
/// leave one byte of each pair empty (three of each four), always the same one. A stray NUL byte makes no such pattern.
pub(super) fn unmarked(text: &[u8]) -> Option<Encoding> {
    let text = &text[..text.len().min(PATTERN_BYTES)];
    let mut nul = [0_usize; 4];
    for (index, _) in text.iter().enumerate().filter(|(_, byte)| **byte == 0) {
        nul[index % 4] += 1;
    }
    if nul.iter().sum::<usize>() < LEAST_NULS {
        return None;
    }
    let quads = (text.len() / 4).max(1);
    let mostly = |count: usize| count * 4 >= quads * 3;
    let (first, second) = (nul[0] + nul[2], nul[1] + nul[3]);
    if mostly(nul[1]) && mostly(nul[2]) && mostly(nul[3]) && nul[0] == 0 {
        Some(Encoding::Utf32Le)
    } else if mostly(nul[0]) && mostly(nul[1]) && mostly(nul[2]) && nul[3] == 0 {
        Some(Encoding::Utf32Be)
    } else if second * 8 >= text.len() && first * 8 <= second {
        Some(Encoding::Utf16Le)
    } else if first * 8 >= text.len() && second * 8 <= first {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// Whether a text is not UTF-8 and is not meant to be, by the encoding that is declared for it. The text may end inside a
/// character.
pub(super) fn contradicts(text: &[u8], declared: Option<&str>) -> bool {
    let is_utf8 = |name: &str| {
        let name = name.to_ascii_lowercase().replace(['-', '_'], "");
        ["utf8", "utf8bom", "ascii", "usascii"].contains(&name.as_str())
    };
    declared.is_some_and(|name| !is_utf8(name.trim()))
        && std::str::from_utf8(text).is_err_and(|error| error.error_len().is_some())
}

/// What a file is that is no text at all, known by its first bytes.
pub(super) fn not_text(text: &[u8]) -> Option<&'static str> {
    match text {
        [b'P', b'K', 3, 4, ..] => Some("a ZIP archive or an Excel workbook"),
        [b'P', b'A', b'R', b'1', ..] => Some("a Parquet file"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some("compressed with Zstandard"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Some("compressed with bzip2"),
        [0x1f, 0x8b, ..] => Some("compressed with gzip twice"),
        _ => None,
    }
}
