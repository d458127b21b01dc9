//! Encodings other than UTF-8: recognised by their bytes, and read where they are certain or set.

use std::fmt;

use encoding_rs::{Encoding as Known, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An encoding in which text can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(pub(super) &'static Known);

impl TextEncoding {
    /// The encoding of a label such as `shift_jis`, `windows-1252`, `latin1` or `utf-16le` (the Encoding Standard).
    /// `cp932` is Windows' name for `Shift_JIS`, and other numbers of code pages are understood too.
    pub fn of_label(label: &str) -> Option<Self> {
        let label = label.trim().to_ascii_lowercase();
        let known = Known::for_label(label.as_bytes());
        let page = || label.trim_start_matches("cp").trim_start_matches("windows-").trim_start_matches("ms").to_owned();
        let by_page = || match page().as_str() {
            "932" | "shiftjis" => Some(SHIFT_JIS),
            number => Known::for_label(format!("windows-{number}").as_bytes()),
        };
        known.or_else(by_page).filter(|known| *known != encoding_rs::REPLACEMENT).map(Self)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl Default for TextEncoding {
    fn default() -> Self {
        Self(UTF_8)
    }
}

impl fmt::Debug for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TextEncoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for TextEncoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = String::deserialize(deserializer)?;
        Self::of_label(&label).ok_or_else(|| serde::de::Error::custom("an encoding that is not known"))
    }
}

/// An encoding that is not read unless it is set.
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
    /// What Windows and Excel write in Japan (code page 932).
    ShiftJis,
    /// What Windows and Excel write in Western Europe and America.
    Windows1252,
    /// One byte for each character, or an East Asian encoding: the bytes don't show which one.
    EightBit,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::ShiftJis => "Shift_JIS (CP932)",
            Self::Windows1252 => "Windows-1252 (or Latin-1)",
            Self::EightBit => "a legacy encoding (Shift_JIS, Windows-1252, Latin-1, …)",
        })
    }
}

impl Encoding {
    /// The value of `encoding` under `[exports.NAME.csv]` that reads it.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Utf32Le | Self::Utf32Be | Self::ShiftJis | Self::EightBit => "shift_jis",
        }
    }

    /// What text that is not UTF-8 is encoded in, as far as its bytes show it: in `Shift_JIS`, nearly every character beyond
    /// ASCII has two bytes, the first of them one that Western texts hardly have.
    pub(super) fn of_legacy(text: &[u8]) -> Self {
        let mut leads = 0;
        let mut others = 0;
        let mut bytes = text.iter().copied();
        while let Some(byte) = bytes.next() {
            match byte {
                0x81..=0x9f => match bytes.next() {
                    Some(0x40..=0x7e | 0x80..=0xfc) => leads += 1,
                    Some(_) => others += 1,
                    None => {}
                },
                // Kanji of the second level, half-width kana, or a letter of a Western text.
                0xa0..=0xff => others += 1,
                _ => {}
            }
        }
        match (leads, others) {
            (0, 0) => Self::EightBit,
            (leads, others) if leads >= others && leads > 0 => Self::ShiftJis,
            _ => Self::Windows1252,
        }
    }
}

/// UTF-8's byte-order mark.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The encoding that a text's byte-order mark names, UTF-8 aside (The Unicode Standard, section 23.8): one that is read, or
/// one that is not.
pub(super) fn marked(text: &[u8]) -> Option<Result<TextEncoding, Encoding>> {
    match text {
        [0xFF, 0xFE, 0, 0, ..] => Some(Err(Encoding::Utf32Le)),
        [0, 0, 0xFE, 0xFF, ..] => Some(Err(Encoding::Utf32Be)),
        [0xFF, 0xFE, ..] => Some(Ok(TextEncoding(UTF_16LE))),
        [0xFE, 0xFF, ..] => Some(Ok(TextEncoding(UTF_16BE))),
        _ => None,
    }
}

/// How much of a text the pattern of its NUL bytes is looked for in.
const PATTERN_BYTES: usize = 4 << 10;

/// Fewer NUL bytes than this are no pattern.
const LEAST_NULS: usize = 2;

/// UTF-16 or UTF-32 without a byte-order mark, recognised by the positions of NUL bytes: delimiters, digits and line endings
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

/// The declared encoding of a text that is not UTF-8. The text may end inside a character.
pub(super) fn declared(text: &[u8], label: Option<&str>) -> Option<TextEncoding> {
    let is_ascii = |label: &str| label.trim().to_ascii_lowercase().replace(['-', '_'], "").ends_with("ascii");
    let encoding = label.filter(|label| !is_ascii(label)).and_then(TextEncoding::of_label);
    encoding.filter(|encoding| *encoding != TextEncoding::default() && !may_be_utf8(text))
}

/// Whether a text that may end inside a character is UTF-8.
pub(super) fn may_be_utf8(text: &[u8]) -> bool {
    std::str::from_utf8(text).map_or_else(|error| error.error_len().is_none(), |_| true)
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
