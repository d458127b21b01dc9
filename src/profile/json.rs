//! JSON text, appended to the bytes of a request.

const HEX: [u8; 16] = *b"0123456789abcdef";

/// Which bytes a JSON string cannot hold as they are (RFC 8259, section 7): control characters, quote and backslash.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escaped[byte] = true;
        byte += 1;
    }
    escaped[b'"' as usize] = true;
    escaped[b'\\' as usize] = true;
    escaped
};

/// Appends `text` as a JSON string, quotes included. Runs without anything to escape are copied whole.
pub(crate) fn append_string(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + 2);
    out.push(b'"');
    while let Some(at) = first_escaped(rest) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        if let Some((&byte, tail)) = tail.split_first() {
            append_escaped(out, byte);
            rest = tail;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte lies that has to be escaped. Eight bytes are passed over at once where none of them is one.
fn first_escaped(text: &[u8]) -> Option<usize> {
    let (words, _) = text.as_chunks::<8>();
    let plain = 8 * words.iter().take_while(|word| !may_hold_escaped(u64::from_ne_bytes(**word))).count();
    let rest = text.get(plain..)?;
    // The last eight bytes overlap what has been passed over already, which does no harm.
    if let Some(last) = text.last_chunk::<8>()
        && rest.len() < last.len()
        && !may_hold_escaped(u64::from_ne_bytes(*last))
    {
        return None;
    }
    rest.iter().position(|&byte| ESCAPED[usize::from(byte)]).map(|at| plain + at)
}

/// Whether one of eight bytes has to be escaped (Anderson, "Bit Twiddling Hacks": a word with a byte less than n, or equal).
fn may_hold_escaped(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let below = |bytes: u64, least: u64| bytes.wrapping_sub(ONES * least) & !bytes & HIGH;
    let quotes = word ^ (ONES * 0x22);
    let backslashes = word ^ (ONES * 0x5c);
    (below(word, 0x20) | below(quotes, 1) | below(backslashes, 1)) != 0
}

fn append_escaped(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// `,"name":` ready to be copied before a value.
pub(super) fn member_key(name: &str) -> Vec<u8> {
    let mut key = vec![b','];
    append_string(&mut key, name);
    key.push(b':');
    key
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{append_string, member_key};

    #[test]
    fn texts_come_back_as_they_were() {
        let every_ascii: String = (0..=0x7f_u8).map(char::from).collect();
        for text in ["", "田中 花子", "👩‍👩‍👧", "say \"hi\"\\", "a\rb\nc\td\u{0}e\u{7f}", "\u{2028}\u{feff}", &every_ascii]
        {
            let mut json = Vec::new();
            append_string(&mut json, text);
            assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn every_byte_is_found_at_every_place() {
        for place in 0..20 {
            for byte in 0..=0x7f_u8 {
                let mut text = "é".repeat(10).into_bytes();
                text.splice(place..place, [byte]);
                if let Ok(text) = String::from_utf8(text) {
                    let mut json = Vec::new();
                    append_string(&mut json, &text);
                    assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
                }
            }
        }
    }

    #[test]
    fn a_key_is_escaped_too() {
        assert_eq!(member_key("5\" TV"), br#","5\" TV":"#);
    }
}
