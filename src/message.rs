//! Messages with stable codes, and numbers in texts.

use std::fmt;

/// A message with a code that stays the same when its text changes: `ITB-`, a letter for the area, and a number.
///
/// `docs/messages.md` lists all of them. A code is never reused.
pub trait Coded: fmt::Display {
    /// The code, such as `ITB-B05`.
    fn code(&self) -> &'static str;

    /// The text and the code.
    fn to_message(&self) -> Message {
        Message { text: self.to_string(), code: self.code().to_owned() }
    }

    /// The text with its code at the end, for places that have no separate field for the code.
    fn with_code(&self) -> String {
        self.to_message().to_string()
    }
}

/// A text and its code, as in reports and responses. Displayed with the code at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What happened, what is safe, and what to do next: a first line, and the details in further lines.
    pub text: String,
    /// The code of the text; the first one if a text consists of several.
    pub code: String,
}

impl Message {
    /// The text and the code of a text that ends with its code, as [`Coded::with_code`] writes it.
    pub fn split(text: &str) -> Option<(&str, &str)> {
        let (text, code) = text.strip_suffix(']')?.rsplit_once(" [")?;
        code.starts_with("ITB-").then_some((text, code))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.code)
    }
}

/// A number with a comma at each thousand: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things: `1 member`, `2,640 members`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Implements [`Coded`] for an enum. A variant that `wraps` another message, or has it as its `source`, has the code of
/// that message.
#[macro_export]
macro_rules! codes {
    (
        $message:ident $(wraps $($wrapper:ident),+)? $(source $($place:ident),+)?
        { $($variant:ident = $code:literal),* $(,)? }
    ) => {
        impl $crate::message::Coded for $message {
            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)*
                    $($(Self::$wrapper(inner) => $crate::message::Coded::code(inner),)+)?
                    $($(Self::$place { source, .. } => $crate::message::Coded::code(source),)+)?
                }
            }
        }
    };
}

pub use codes;

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::{Message, count, counted};

    #[test]
    fn a_text_and_its_code_are_split_where_they_were_put_together() {
        let message = Message { text: "lost [1]\nNothing".to_owned(), code: "ITB-A01".to_owned() };
        assert_eq!(Message::split(&message.to_string()), Some(("lost [1]\nNothing", "ITB-A01")));
        assert_eq!([Message::split("lost [1]"), Message::split("lost")], [None, None]);
    }

    #[test]
    fn numbers_and_plurals_are_easy_to_read() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 2_640].map(|n| counted(n, "member", "members")), ["0 members", "1 member", "2,640 members"]);
    }
}
