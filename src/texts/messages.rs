//! Messages of the application in a person's language.
//!
//! JSON and the state carry a message as its English text and its code; that is their contract. Here the arguments are read back
//! from the text, with the pattern that the list of messages has for the code, and fill the text of the other language. What no
//! pattern fits, such as the message of an earlier version, stays in English.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::list::{self, OR};
use super::phrases::PHRASES;
use super::{Argument, Language, Texts};
use crate::message::Message;

/// Where a message is read: each surface words the next step in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A report's page, or a mail.
    Page,
    /// The console.
    Console,
    /// A terminal.
    Terminal,
    /// A terminal after Ctrl-C.
    Stopped,
}

impl Surface {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Page, Self::Console, Self::Terminal, Self::Stopped];

    /// Its name in the texts.
    const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Console => "console",
            Self::Terminal => "terminal",
            Self::Stopped => "stopped",
        }
    }
}

/// The arguments of messages are messages themselves, such as the reason of a held run, at most so deep.
const DEEPEST: u8 = 3;

/// A pattern with fewer letters fits texts that are none of its own.
const LEAST_LETTERS: usize = 6;

/// What a number of things is called in the English texts.
const UNITS: &str = " data point data points day days file files hour hours member members object objects people person \
                     request requests row rows run runs segment segments ";

/// The English form of a message.
#[derive(Debug)]
struct Pattern {
    code: &'static str,
    /// The key of the text.
    key: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq)]
enum Piece {
    Literal(String),
    /// The name of a value.
    Place(String),
}

struct Patterns {
    all: Vec<Pattern>,
    /// Those without a value, by their text.
    fixed: HashMap<String, usize>,
    texts: Texts,
}

static JAPANESE: LazyLock<Patterns> = LazyLock::new(|| {
    let mut all = Vec::new();
    for listed in list::all() {
        for (form, number) in listed.message.split(OR).zip(1..) {
            let key = if number == 1 { listed.code.to_owned() } else { format!("{}-{number}", listed.code) };
            all.push(Pattern { code: listed.code, key, pieces: pieces(form) });
        }
    }
    for &(key, form) in PHRASES {
        all.push(Pattern { code: "", key: key.to_owned(), pieces: pieces(form) });
    }
    let fixed = all.iter().enumerate().rev().filter_map(|(at, pattern)| match &pattern.pieces[..] {
        [Piece::Literal(text)] => Some((text.clone(), at)),
        _ => None,
    });
    let texts = Texts::new(Language::Japanese, include_str!("messages.ja.ftl"));
    Patterns { fixed: fixed.collect(), all, texts }
});

/// A message in a language and for a surface, without its code at the end; `None` where it has to stay as it is.
pub fn translated(language: Language, surface: Surface, text: &str, code: &str) -> Option<String> {
    let text = text.trim();
    match language {
        Language::English => None,
        Language::Japanese => JAPANESE.message(surface, text.strip_suffix(&format!(" [{code}]")).unwrap_or(text), code),
    }
}

/// A text that may be a message, without a code or with one at its end, in a language.
pub fn worded(language: Language, surface: Surface, text: &str) -> Cow<'_, str> {
    if language == Language::English {
        return Cow::Borrowed(text);
    }
    let found = Message::split(text)
        .and_then(|(text, code)| Some(format!("{} [{code}]", JAPANESE.message(surface, text, code)?)));
    let found = found.or_else(|| JAPANESE.fragment(surface, text, 0));
    let after = |(at, separator): (usize, &str)| {
        let (about, text) = text.split_at(at + separator.len());
        Some(format!("{about}{}", JAPANESE.fragment(surface, text, 0)?))
    };
    let found = found.or_else(|| text.match_indices(": ").find_map(after));
    found.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A reason by which rows are counted: of a field, `field: reason`.
pub fn reason(language: Language, surface: Surface, text: &str) -> String {
    match text.rsplit_once(": ").map(|(field, reason)| (field, worded(language, surface, reason), reason)) {
        Some((field, worded, reason)) if worded != reason => format!("{field}: {worded}"),
        _ => worded(language, surface, text).into_owned(),
    }
}

impl Patterns {
    /// A message whose code is known. It may come after what it is about: `key: message`.
    fn message(&self, surface: Surface, text: &str, code: &str) -> Option<String> {
        let patterns = || self.all.iter().filter(|pattern| pattern.code == code);
        let whole = |text: &str| {
            let found = patterns().find_map(|pattern| Some((pattern, matched(&pattern.pieces, text)?)));
            found.map(|(pattern, values)| self.filled(surface, pattern, &values, 0))
        };
        let after = |(at, _): (usize, &str)| {
            let (about, text) = text.split_at(at + 1);
            let white = text.len() - text.trim_start().len();
            if white == 0 {
                return None;
            }
            let said = whole(&text[white..])?;
            let about = self.fragment(surface, about, DEEPEST).unwrap_or_else(|| about.to_owned());
            Some(format!("{about}{}{said}", &text[..white]))
        };
        whole(text).or_else(|| text.match_indices(':').find_map(after))
    }

    /// A text that may be a message or a phrase.
    fn fragment(&self, surface: Surface, text: &str, depth: u8) -> Option<String> {
        if let Some(at) = self.fixed.get(text) {
            return Some(self.filled(surface, &self.all[*at], &[], depth));
        }
        let fitting = self.all.iter().filter(|pattern| pattern.letters() >= LEAST_LETTERS);
        let found = fitting.filter_map(|pattern| Some((pattern, matched(&pattern.pieces, text)?)));
        // A value at the beginning would take in what the message is about.
        let is_about = |values: &[(&str, &str)]| values.first().is_some_and(|(_, value)| value.contains(": "));
        let found =
            found.filter(|(pattern, values)| !matches!(pattern.pieces[..], [Piece::Place(_), ..]) || !is_about(values));
        // A phrase is one line.
        let found = found.filter(|(pattern, _)| !pattern.code.is_empty() || !text.contains('\n'));
        let best = found.max_by_key(|(pattern, _)| (pattern.has_others_as_values(), pattern.letters()));
        let best = best.map(|(pattern, values)| self.filled(surface, pattern, &values, depth));
        best.or_else(|| {
            let (first, last) = alternatives(text)?;
            let words = [("first", first), ("last", last)].map(|(name, word)| (name, Argument::Word(word)));
            Some(self.texts.with("phrase-alternatives", &words))
        })
    }

    fn filled(&self, surface: Surface, pattern: &Pattern, values: &[(&str, &str)], depth: u8) -> String {
        let worded: Vec<(String, Result<u64, String>)> = values
            .iter()
            .map(|(name, value)| (identifier(name), number(value).ok_or_else(|| self.value(surface, value, depth + 1))))
            .collect();
        let mut arguments = vec![("surface", Argument::Word(surface.name()))];
        for (name, value) in &worded {
            let argument = match value {
                Ok(number) => Argument::Number(*number),
                Err(word) => Argument::Word(word),
            };
            if !arguments.iter().any(|(known, _)| *known == name.as_str()) {
                arguments.push((name, argument));
            }
        }
        self.texts.with(&pattern.key, &arguments)
    }

    /// An argument, which may be a message or a list of messages.
    fn value(&self, surface: Surface, text: &str, depth: u8) -> String {
        if depth > DEEPEST {
            return text.to_owned();
        }
        let each = |separator: &str| {
            let parts = text.split(separator);
            let worded = parts.map(|part| self.fragment(surface, part, depth).unwrap_or_else(|| part.to_owned()));
            worded.collect::<Vec<_>>().join(separator)
        };
        // Each line about an exports.toml is one of its own, and a pattern may fit all of them together.
        let is_mistake = |line: &str| {
            self.all.iter().any(|pattern| pattern.has_others_as_values() && matched(&pattern.pieces, line).is_some())
        };
        if text.contains('\n') && text.lines().any(is_mistake) {
            return each("\n");
        }
        let after = |(at, separator): (usize, &str)| {
            let (about, text) = text.split_at(at + separator.len());
            Some(format!("{about}{}", self.fragment(surface, text, depth)?))
        };
        let found = self.fragment(surface, text, depth).or_else(|| text.match_indices(": ").find_map(after));
        match found {
            Some(text) => text,
            None if text.contains('\n') => each("\n"),
            None if text.contains("; ") => each("; "),
            None => each(" and "),
        }
    }
}

impl Pattern {
    /// Whether it is a line about an exports.toml. Its values are phrases that have more letters than itself.
    fn has_others_as_values(&self) -> bool {
        self.key.starts_with("phrase-mistake")
    }

    fn letters(&self) -> usize {
        let literals = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.chars().filter(|letter| letter.is_alphabetic()).count(),
            Piece::Place(_) => 0,
        });
        literals.sum()
    }
}

/// Values of a key in quotes: `"a", "b" or "c"`, where it is split.
fn alternatives(text: &str) -> Option<(&str, &str)> {
    let is_one = |last: &str| last.starts_with('"') && last.ends_with('"') && last.matches('"').count() <= 3;
    text.rsplit_once(" or ").filter(|(first, last)| first.starts_with('"') && is_one(last))
}

fn pieces(form: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in form.split_inclusive('⟩') {
        let (literal, place) = match part.strip_suffix('⟩').and_then(|part| part.split_once('⟨')) {
            Some((literal, place)) => (literal, Some(place)),
            None => (part, None),
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned()));
        }
        pieces.extend(place.map(|place| Piece::Place(place.to_owned())));
    }
    pieces
}

/// The values in the places of a pattern that the whole text fits. A value ends where the next literal begins first, unless
/// the rest then does not fit.
fn matched<'a>(pieces: &'a [Piece], text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    match pieces {
        [] => text.is_empty().then(Vec::new),
        [Piece::Literal(literal), rest @ ..] => matched(rest, text.strip_prefix(literal.as_str())?),
        [Piece::Place(name)] => Some(vec![(name.as_str(), text)]),
        [Piece::Place(name), rest @ ..] => {
            let Some(Piece::Literal(next)) = rest.first() else {
                // Nothing separates two places: the first one is a word.
                let end = text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len());
                let mut values = matched(rest, &text[end..])?;
                values.insert(0, (name.as_str(), &text[..end]));
                return Some(values);
            };
            text.match_indices(next.as_str()).find_map(|(at, _)| {
                let mut values = matched(rest, &text[at..])?;
                values.insert(0, (name.as_str(), &text[..at]));
                Some(values)
            })
        }
    }
}

/// The name of a place in the texts.
fn identifier(place: &str) -> String {
    if place == "…" { "text".to_owned() } else { place.replace(' ', "_") }
}

/// A number, alone or with the things that it counts.
fn number(value: &str) -> Option<u64> {
    let (digits, unit) = value.split_once(' ').unwrap_or((value, ""));
    let is_unit = unit.is_empty() || UNITS.contains(&format!(" {unit} "));
    let is_number = digits.starts_with(|letter: char| letter.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    if is_unit && is_number { digits.replace(',', "").parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    const SOURCE: &str = include_str!("messages.ja.ftl");

    /// The texts of the file by key, with their placeholders.
    fn placeholders() -> HashMap<String, BTreeSet<String>> {
        let mut all: HashMap<String, BTreeSet<String>> = HashMap::new();
        let mut key = String::new();
        for line in SOURCE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                name.clone_into(&mut key);
                assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
            }
            let names = line.split('$').skip(1);
            let is_name = |letter: &char| letter.is_alphanumeric() || *letter == '_';
            let names = names.map(|rest| rest.chars().take_while(is_name).collect::<String>());
            all.get_mut(&key).unwrap().extend(names.filter(|name| name != "surface"));
        }
        all
    }

    #[test]
    fn every_message_is_in_japanese_with_the_same_placeholders() {
        assert!(fluent_bundle::FluentResource::try_new(SOURCE.to_owned()).is_ok());
        let mut japanese = placeholders();
        let mut wrong = Vec::new();
        let mut patterns: HashMap<&str, BTreeSet<String>> = HashMap::new();
        for pattern in &JAPANESE.all {
            patterns.entry(&pattern.key).or_default().extend(pattern.pieces.iter().filter_map(|piece| match piece {
                Piece::Place(name) => Some(identifier(name)),
                Piece::Literal(_) => None,
            }));
        }
        for (key, english) in patterns {
            let found = japanese.remove(key);
            if found.as_ref() != Some(&english) {
                wrong.push(format!("{key}: English has {english:?}, Japanese {found:?}"));
            }
        }
        wrong.extend(japanese.keys().map(|key| format!("{key}: no such message")));
        wrong.sort();
        assert!(wrong.is_empty(), "src/texts/messages.ja.ftl:\n{}", wrong.join("\n"));
    }

    /// The English text of every message, filled with values, is recognised, and its values are in the Japanese one.
    #[test]
    fn every_message_is_recognised_on_every_surface() {
        let is_japanese = |text: &str| text.chars().any(|letter| ('\u{3040}'..'\u{a000}').contains(&letter));
        for pattern in JAPANESE.all.iter().filter(|pattern| !pattern.code.is_empty()) {
            let (mut text, mut values) = (String::new(), Vec::new());
            for piece in &pattern.pieces {
                match piece {
                    Piece::Literal(literal) => text.push_str(literal),
                    Piece::Place(name) => {
                        let value = format!("⁂{}⁂", name.replace(' ', ""));
                        text.push_str(&value);
                        values.push(value);
                    }
                }
            }
            let has_words = pattern.letters() > 0;
            for surface in Surface::ALL {
                let japanese = translated(Language::Japanese, surface, &text, pattern.code).unwrap();
                assert!(!has_words || is_japanese(&japanese), "{}: {japanese}", pattern.key);
                assert!(!japanese.contains("{$") && !japanese.contains("{ $"), "{}: {japanese}", pattern.key);
                let key = &pattern.key;
                let present = values.iter().filter(|value| japanese.contains(value.as_str())).count();
                assert!(present == values.len() || SOURCE_DEPENDS.contains(&key.as_str()), "{key}: {japanese}");
            }
        }
    }

    /// What leads to the next step on one surface is a button or a command on another.
    const SOURCE_DEPENDS: [&str; 4] = ["ITB-H01", "ITB-H11", "ITB-D05", "ITB-D09"];

    #[test]
    fn arguments_are_numbers_and_messages() {
        let said = |text: &str, code: &str| translated(Language::Japanese, Surface::Terminal, text, code);
        let held = "The files are delivered, but the run is held: 600 of 2,800 members would leave (75 %); the limit \
                    (`max_leavers`) is 50 %.\nNo one was set to `false`. If this is right, run the export with \"run\": \
                    \"2026-11-23T01:02Z\", \"allow_leavers\": 600; if not, the next normal run replaces it.";
        assert_eq!(
            said(held, "ITB-H01").unwrap(),
            "ファイルは反映済みですが、この実行は保留中です: 2,800 人のうち 600 人 (75 %) が外れることになります。上限 \
             (max_leavers) は 50 % です。\n属性を false にした人はいません。人数と対処方法は `itb hold list` で確認できます。"
        );
        let problems = "Delivered with problems: all 1 row rejected\nand 3 more\nEverything else is delivered, and no one \
                        was set to `false` because of it. The report has the reasons; fix the data or the columns in \
                        exports.toml, and the next run sends what is missing.";
        let japanese = said(problems, "ITB-R17").unwrap();
        assert!(
            japanese.starts_with("問題がありますが、反映しました: 1 行すべてが却下されました\nほか 3 件\n"),
            "{japanese}"
        );
        assert_eq!(
            said("incoming/a.csv: the gzip data is truncated\nUpload the complete file again.", "ITB-F02").unwrap(),
            "incoming/a.csv: gzip データが途中で切れています。\n完全なファイルをもう一度アップロードしてください。"
        );
        let doubt = "a.csv: 11 of the 1,043 rows checked have another text than an address in the column of the email";
        assert_eq!(
            said(doubt, "ITB-W06").unwrap(),
            "a.csv: 確認した 1,043 行のうち 11 行で、メールの列にメールアドレス以外の文字列があります"
        );
        let held = "would be held: a.csv: 9 of the 10 rows checked share a customer ID with rows that have another email: the \
                    column of the customer ID may be the wrong one (\"allow_identifiers\": 9 lets it through)";
        let held = said(held, "ITB-W07").unwrap();
        assert!(!held.contains("rows") && held.contains("10 行のうち 9 行"), "{held}");
        let type_of = "\"Tier\" is String (Automatically Detected) in Braze, and a number would be sent";
        assert!(worded(Language::Japanese, Surface::Console, type_of).starts_with("「Tier」は Braze では String"));
        assert_eq!(said("Words of an earlier version.", "ITB-R01"), None);
        assert_eq!(translated(Language::English, Surface::Page, "Whatever", "ITB-R01"), None);
        let worded = |text| worded(Language::Japanese, Surface::Page, text).into_owned();
        assert_eq!(worded("not a date"), "日付ではありません");
        assert_eq!(worded("columns without a name: 3 [ITB-M01]"), "名前のない列があります: 3 [ITB-M01]");
        assert_eq!(worded("something else"), "something else");
    }

    /// Every line of a wrong exports.toml, whose English texts are fixtures, has no English words left but names and examples.
    #[test]
    fn the_mistakes_of_a_configuration_are_in_japanese() {
        let all = [
            include_str!("../../tests/fixtures/config/conflicts.txt"),
            include_str!("../../tests/fixtures/config/unknown-keys.txt"),
            include_str!("../../tests/fixtures/config/wrong-types.txt"),
            include_str!("../../tests/fixtures/config/wrong-values.txt"),
        ];
        for line in all.iter().flat_map(|text| text.lines()) {
            let japanese = translated(Language::Japanese, Surface::Terminal, &format!("a.toml:\n{line}"), "ITB-C12");
            let japanese = japanese.unwrap();
            let unquoted: String = japanese.split('"').step_by(2).collect();
            let words =
                ["found", "allowed", "the", "a", "an", "of", "with", "which", "to", "write", "name", "text", "or"];
            let left: Vec<&str> = unquoted.split(' ').filter(|word| words.contains(word)).collect();
            assert!(left.is_empty() && japanese.contains("行目"), "{line}\n{japanese}");
        }
        let wrong = "[exports.loyalty] on_leave (line 20): found false; allowed: \"false\", \"remove\" or \"keep\"; write it in quotes: \"false\"";
        assert_eq!(
            worded(Language::Japanese, Surface::Terminal, wrong),
            "[exports.loyalty] on_leave (20 行目): false は使用できません。使用できるもの: \"false\", \"remove\" または \"keep\"。引用符で囲んでください: \"false\""
        );
        let syntax = "x/exports.toml:\nline 3, column 1: not valid TOML: key with no value, expected `=`\nWrite `key = value`, with an equals sign. The rest of the file is checked after this is fixed.";
        let japanese = translated(Language::Japanese, Surface::Terminal, syntax, "ITB-C11").unwrap();
        assert!(
            japanese.starts_with("x/exports.toml:\n3 行目 1 文字目:") && japanese.contains("等号を付けて"),
            "{japanese}"
        );
    }

    #[test]
    fn a_value_ends_where_the_rest_fits() {
        let pieces = pieces("⟨key⟩: ⟨rows⟩ of it.");
        assert_eq!(matched(&pieces, "a: b: 3 of it."), Some(vec![("key", "a"), ("rows", "b: 3")]));
        assert_eq!(matched(&pieces, "a: b"), None);
        assert_eq!(
            [number("2,640 members"), number("12"), number("7 s"), number("2026-11")],
            [Some(2_640), Some(12), None, None]
        );
    }
}
