//! How values of the file appear in messages, and which of them must not.

use toml::de::DeValue;

/// Replaces what may be an API key in messages, whether it was pasted as a value or as a name.
const HIDDEN: &str = "a text that looks like a key (not shown)";

/// A longer text is cut in messages.
const LONGEST_SHOWN: usize = 80;

/// What was found, in words: `the text "yes"`, `1.5`, `a list`.
pub(super) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => shown(text),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(date) => format!("the date or time {date}"),
        DeValue::Array(_) | DeValue::Table(_) => kind_of(value).to_owned(),
    }
}

/// What kind of value was found, without the value.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false without quotes",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A text as messages show it, or words in its place where it may be a key.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        "an empty text".to_owned()
    } else if may_be_key(text) {
        HIDDEN.to_owned()
    } else {
        format!("the text {}", quoted(text))
    }
}

/// A text in double quotes, with line breaks and the like escaped, cut when very long; words in its place where it may be a
/// key.
pub(super) fn quoted(text: &str) -> String {
    if may_be_key(text) {
        return HIDDEN.to_owned();
    }
    let mut escaped: String = text.chars().take(LONGEST_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST_SHOWN).is_some() {
        escaped.push('…');
    }
    format!("\"{escaped}\"")
}

/// A message of another part of the program with line breaks and the like escaped, so that it stays on one line.
pub(super) fn on_one_line(message: &str) -> String {
    message
        .chars()
        .map(|letter| if letter.is_control() { letter.escape_debug().to_string() } else { letter.into() })
        .collect()
}

/// Texts in double quotes as a list in a sentence: `"active" or "off"`.
pub(super) fn alternatives(texts: &[&str]) -> String {
    match texts {
        [] => "nothing".to_owned(),
        [only] => quoted(only),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|text| quoted(text)).collect();
            format!("{} or {}", first.join(", "), quoted(last))
        }
    }
}

/// A key as TOML writes it: bare where it may be, else in quotes.
pub(super) fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare && !may_be_key(key) { key.to_owned() } else { quoted(key) }
}

/// Whether a text may hold a key that must never be shown: a UUID, as Braze's REST keys are, or a long run of mixed
/// letters and digits.
pub(super) fn may_be_key(text: &str) -> bool {
    contains_uuid(text) || text.split(|letter: char| !letter.is_ascii_alphanumeric()).any(is_long_mixed_run)
}

/// Whether a text is such a key and nothing else, but for brackets, quotes or the word Bearer around it.
pub(super) fn is_key_alone(text: &str) -> bool {
    const UUID_LENGTH: usize = 36;
    let text = text.trim();
    let text = text.strip_prefix("Bearer").or_else(|| text.strip_prefix("bearer")).unwrap_or(text);
    let text = text.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    text.len() == UUID_LENGTH && contains_uuid(text) || is_long_mixed_run(text)
}

fn is_long_mixed_run(run: &str) -> bool {
    const LONG: usize = 32;
    run.len() >= LONG
        && run.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && run.bytes().any(|byte| byte.is_ascii_digit())
        && run.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn contains_uuid(text: &str) -> bool {
    const LENGTH: usize = 36;
    text.as_bytes().windows(LENGTH).any(|window| {
        window.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

/// The candidate that `word` was probably meant to be: equal but for case and separators, or a few letters
/// away: one for each three letters of the word, three at most.
pub(super) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = folded(word);
    let tolerance = (word.chars().count() / 3).min(3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &folded(candidate)), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean "folder"?`, where a candidate is near enough.
pub(super) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean {}?", quoted(candidate)))
}

fn folded(word: &str) -> String {
    word.to_lowercase().replace(['-', ' '], "_")
}
