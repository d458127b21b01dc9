//! JSON text, appended to the bytes of a request.

/// Appends `text` as a JSON string, with its quotes.
pub(crate) fn append_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    // Nearly no text has anything to escape. Without an early exit, the compiler looks at many bytes at once.
    let is_escaped = |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    if text.bytes().fold(0, |any, byte| any | is_escaped(byte)) != 0 {
        // Neither a string nor a vector of bytes can fail.
        drop(serde_json::to_writer(&mut *out, text));
    } else {
        append_quoted(out, text);
    }
}

/// Appends a text that has nothing to escape as a JSON string.
pub(super) fn append_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
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
    fn a_key_is_escaped_too() {
        assert_eq!(member_key("5\" TV"), br#","5\" TV":"#);
    }
}
