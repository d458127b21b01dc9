//! Makes Braze's reason for a refusal fit for reports and logs: bounded, on one line, without personal data.
//!
//! Braze's texts are prose or constants, and some repeat the value that they complain about. Field names stay; text that
//! equals a value of the object, or looks like an address or an ID, is removed.

use serde_json::Value;

use crate::secrets::ApiKey;

/// Longest reason, in characters.
const LONGEST: usize = 200;

/// The longest text of Braze's that is processed, in characters.
const LONGEST_READ: usize = 2_000;

/// What replaces a removed text.
const REMOVED: &str = "[removed]";

/// Values of at least this many characters are removed inside words too.
const LONG_VALUE: usize = 4;

/// Names that Braze's texts put in quotes and that are not personal data (pages "User attributes object" and "POST: Track
/// users"). The object's own field names are kept as well.
const BRAZE_NAMES: &[&str] = &[
    "_update_existing_only",
    "alias_label",
    "alias_name",
    "attributes",
    "braze_id",
    "country",
    "current_location",
    "date_of_first_session",
    "date_of_last_session",
    "dob",
    "email",
    "email_subscribe",
    "events",
    "external_id",
    "first_name",
    "gender",
    "home_city",
    "language",
    "last_name",
    "phone",
    "purchases",
    "push_subscribe",
    "push_tokens",
    "subscription_group_id",
    "subscription_groups",
    "subscription_state",
    "time_zone",
    "user_alias",
];

/// `text`, Braze's reason for refusing `object`, fit to be shown.
pub(super) fn presentable(text: &str, object: &[u8], key: &ApiKey) -> String {
    let text: String = text.chars().take(LONGEST_READ).collect();
    let mut text: Vec<char> = key.removed_from(&text, REMOVED).chars().map(unless_control).collect();
    let (mut names, mut values) = (Vec::new(), Vec::new());
    if let Ok(object) = serde_json::from_slice(object) {
        collect(&object, &mut names, &mut values);
    }
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in &values {
        text = without_value(&text, value);
    }
    let text = without_quoted(&text, &names);
    let words: Vec<&str> = text.split_whitespace().map(|word| if is_personal(word) { REMOVED } else { word }).collect();
    let reason = words.join(" ");
    match reason.chars().count() {
        0 => "Braze gave no reason".to_owned(),
        1..=LONGEST => format!("Braze: {reason}"),
        _ => format!("Braze: {}…", reason.chars().take(LONGEST - 1).collect::<String>()),
    }
}

fn unless_control(character: char) -> char {
    // Line and paragraph separators and direction marks are no control characters, yet change how a line reads.
    let disturbing = matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || disturbing { ' ' } else { character }
}

fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn collect(value: &Value, names: &mut Vec<String>, values: &mut Vec<Vec<char>>) {
    let mut add = |text: &str| {
        let text: Vec<char> = text.trim().chars().map(|character| lower(unless_control(character))).collect();
        if !text.is_empty() {
            values.push(text);
        }
    };
    match value {
        Value::String(text) => add(text),
        Value::Number(number) => add(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names, values)),
        Value::Object(members) => {
            for (name, member) in members {
                names.push(name.clone());
                collect(member, names, values);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Removes `value` (in lower case): as a word, or anywhere when it is long.
fn without_value(text: &[char], value: &[char]) -> Vec<char> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let end = at + value.len();
        let found = text.get(at..end).is_some_and(|part| part.iter().map(|c| lower(*c)).eq(value.iter().copied()));
        let bounded = |neighbour: Option<&char>| neighbour.is_none_or(|c| !c.is_alphanumeric() && *c != '_');
        let a_word = bounded(kept.last()) && bounded(text.get(end));
        if found && (a_word || value.len() >= LONG_VALUE) {
            kept.extend(REMOVED.chars());
            at = end;
        } else {
            kept.push(text[at]);
            at += 1;
        }
    }
    kept
}

/// Removes quoted text that is not a field name: Braze may repeat a value in another form than it was sent in.
fn without_quoted(text: &[char], names: &[String]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let opening = text[at];
        kept.push(opening);
        at += 1;
        // An apostrophe inside a word is not a quote.
        let inside_a_word = at >= 2 && text[at - 2].is_alphanumeric();
        let Some(closing) = closing_quote(opening).filter(|_| !(inside_a_word && opening == '\'')) else {
            continue;
        };
        let Some(length) = text[at..].iter().position(|character| *character == closing) else {
            continue;
        };
        let quoted: String = text[at..at + length].iter().collect();
        let a_name = BRAZE_NAMES.contains(&quoted.as_str()) || names.contains(&quoted);
        kept.push_str(if a_name || quoted.trim().is_empty() { &quoted } else { REMOVED });
        kept.push(closing);
        at += length + 1;
    }
    kept
}

fn closing_quote(opening: char) -> Option<char> {
    match opening {
        '\'' | '"' | '`' => Some(opening),
        '‘' => Some('’'),
        '“' => Some('”'),
        '«' => Some('»'),
        _ => None,
    }
}

/// Whether a word looks like an address, a telephone number or an id.
fn is_personal(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    word.contains('@') || digits >= 5 || (digits >= 1 && word.chars().count() >= 20)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(text: &str) -> String {
        let object = json!({
            "external_id": "K-77", "email": "zoë.müller@example.com", "first_name": "Li", "last_name": "O'Neil Świątek",
            "Loyalty Tier": "gold", "points": 4210, "tags": ["さくら🌸"], "VIP": true
        });
        presentable(text, object.to_string().as_bytes(), &ApiKey::new("canary-key-1".to_owned()))
    }

    #[test]
    fn field_names_and_constants_stay() {
        for text in [
            "'email' is not a valid email",
            "EMAIL_BAD_FORMAT",
            "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO",
            "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required",
            "the attribute \"Loyalty Tier\" can't be changed, it's blocklisted",
            "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.",
        ] {
            assert_eq!(shown(text), format!("Braze: {text}"));
        }
    }

    #[test]
    fn values_of_the_object_go_in_any_case() {
        assert_eq!(shown("email ZOË.Müller@example.com is bad"), "Braze: email [removed] is bad");
        assert_eq!(
            shown("no user K-77, named Li o'neil świątek"),
            "Braze: no user [removed], named [removed] [removed]"
        );
        assert_eq!(shown("value さくら🌸 of 4210 too long"), "Braze: value [removed] of [removed] too long");
        assert_eq!(shown("Limit exceeded"), "Braze: Limit exceeded", "a short value is removed as a word only");
        assert_eq!(shown("tier:GOLDEN"), "Braze: tier:[removed]EN");
    }

    #[test]
    fn what_looks_personal_goes_even_when_it_is_of_another_row() {
        assert_eq!(shown("clash with other@example.org"), "Braze: clash with [removed]");
        assert_eq!(shown("call +49-30-901820 now"), "Braze: call [removed] now");
        assert_eq!(shown("user 5f2a8e0c-77aa-4bd1-9c3d-1b2c3d4e5f60 exists"), "Braze: user [removed] exists");
        assert_eq!(shown("'Jane Doe' and “太郎” are bad"), "Braze: '[removed]' and “[removed]” are bad");
        assert_eq!(shown("Invalid API key: canary-key-1"), "Braze: Invalid API key: [removed]");
    }

    #[test]
    fn it_is_one_bounded_line() {
        assert_eq!(shown("bad\r\nforged: log\u{1b}[31m line\u{2028}end"), "Braze: bad forged: log [31m line end");
        assert_eq!(shown("  \n "), "Braze gave no reason");
        let long = shown(&"wort ".repeat(10_000));
        assert_eq!(long.chars().count(), "Braze: ".len() + LONGEST);
        assert!(long.ends_with('…'));
        assert_eq!(presentable("plain", b"not json", &ApiKey::new(String::new())), "Braze: plain");
    }
}
