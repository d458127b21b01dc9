//! Texts for people are in Fluent files, in English and Japanese: every text in both, with the same values, and used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_bundle::FluentResource;
use insights_to_braze::config::reference::TABLES;
use insights_to_braze::texts::Language;
use insights_to_braze::texts::messages::{Surface, worded};
use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;
use syn::visit::Visit;

/// The texts of a file by key.
fn texts(source: &str) -> BTreeMap<String, String> {
    assert!(FluentResource::try_new(source.to_owned()).is_ok());
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some((key, text)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            assert!(all.insert(key.to_owned(), text.to_owned()).is_none(), "{key} is there twice");
            key.clone_into(&mut last);
        } else {
            all.get_mut(&last).unwrap().push_str(line);
        }
    }
    all
}

/// The names of the values in a text.
fn placeholders(text: &str) -> BTreeSet<String> {
    let is_name = |letter: &char| letter.is_alphanumeric() || "-_".contains(*letter);
    text.split('$').skip(1).map(|rest| rest.chars().take_while(is_name).collect()).collect()
}

/// A pair of files, where their keys are used, and the families of keys whose end is made of a value.
struct Pair {
    folder: &'static str,
    used_in: &'static [&'static str],
    families: &'static [&'static str],
}

const PAIRS: [Pair; 4] = [
    Pair {
        folder: "src/handler/notices/texts",
        used_in: &["src/handler/notices"],
        families: &["heading-", "state-", "safe-"],
    },
    Pair { folder: "src/page/texts", used_in: &["src/page"], families: &["outcome-", "trigger-", "compared-"] },
    Pair {
        folder: "cli/src/texts",
        used_in: &["cli/src"],
        families: &["outcome-", "col-", "compared-", "forget-", "erase-", "doctor-", "demo-"],
    },
    Pair {
        folder: "cli/src/console/texts",
        used_in: &["cli/src/console"],
        families: &[
            "outcome-",
            "kind-",
            "badge-",
            "field-",
            "state-",
            "step-",
            "job-",
            "leave-",
            "consequence-",
            "look-",
        ],
    },
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_text_is_in_both_languages_with_the_same_values() {
    for Pair { folder, .. } in PAIRS {
        let [english, japanese] = ["en", "ja"].map(|language| texts(&read(&format!("{folder}/{language}.ftl"))));
        let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<BTreeSet<_>>();
        let (left, right) = (keys(&english), keys(&japanese));
        assert!(left == right, "{folder}: {:?}", left.symmetric_difference(&right).collect::<Vec<_>>());
        for (key, text) in &english {
            let (mut english, mut japanese) = (placeholders(text), placeholders(&japanese[key]));
            // Where a number is shown beside the text, it is there for the plural form alone.
            if key.starts_with("figure-") {
                english.remove("n");
                japanese.remove("n");
            }
            assert_eq!(english, japanese, "{folder}: {key}");
        }
    }
}

#[test]
fn every_text_is_used() {
    for Pair { folder, used_in, families } in PAIRS {
        let mut words = BTreeSet::new();
        for folder in used_in {
            quoted(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut words);
        }
        let is_used = |key: &&String| words.contains(*key) || families.iter().any(|family| key.starts_with(family));
        let texts = texts(&read(&format!("{folder}/en.ftl")));
        let unused: Vec<_> = texts.keys().filter(|key| !is_used(key)).collect();
        assert!(unused.is_empty(), "{folder}: {unused:?}");
    }
}

/// Everything between double quotes in the templates and the code of a folder.
fn quoted(folder: &Path, found: &mut BTreeSet<String>) {
    let paths: Vec<_> = if folder.is_dir() {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![folder.to_owned()]
    };
    for path in paths {
        if path.is_dir() {
            quoted(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "html") {
            found.extend(fs::read_to_string(&path).unwrap().split('"').map(str::to_owned));
        }
    }
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{3040}'..'\u{a000}').contains(&letter))
}

/// Code whose words for people are all in Fluent files.
const WITHOUT_WORDS: [&str; 29] = [
    "src/page/dry_run.rs",
    "src/page/frame.rs",
    "src/page/history.rs",
    "src/page/run_report.rs",
    "src/page/sections.rs",
    "src/page/settings.rs",
    "cli/src/answer.rs",
    "cli/src/check_first.rs",
    "cli/src/confirm.rs",
    "cli/src/connect.rs",
    "cli/src/deliver.rs",
    "cli/src/demo/check.rs",
    "cli/src/erase.rs",
    "cli/src/explain.rs",
    "cli/src/fetch.rs",
    "cli/src/forget.rs",
    "cli/src/held.rs",
    "cli/src/hold.rs",
    "cli/src/inspect.rs",
    "cli/src/interrupt.rs",
    "cli/src/progress.rs",
    "cli/src/rebuild.rs",
    "cli/src/retire.rs",
    "cli/src/retry.rs",
    "cli/src/status.rs",
    "cli/src/show/mod.rs",
    "cli/src/show/reports.rs",
    "cli/src/show/table.rs",
    "cli/src/dry_run.rs",
];

/// The literals of a file that look like words for people: two words, and no command. Tests and attributes have their own.
#[derive(Default)]
struct Words(Vec<String>);

impl<'ast> Visit<'ast> for Words {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.add(&text.value());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
    }
}

impl Words {
    fn add(&mut self, text: &str) {
        // The name of a column of a table is the end of a key.
        let is_word = |word: &str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_alphabetic());
        let words: Vec<&str> = text.split(' ').collect();
        let two = words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1]));
        let is_key =
            text.chars().all(|letter| letter.is_ascii_alphabetic() || " >".contains(letter)) && words.len() < 4;
        if two && !is_key && !text.starts_with("itb ") {
            self.0.push(text.to_owned());
        }
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string()) {
                        self.add(&text.value());
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn no_words_for_people_are_outside_of_the_fluent_files() {
    for path in WITHOUT_WORDS {
        let mut words = Words::default();
        words.visit_file(&syn::parse_file(&read(path)).unwrap());
        // What the log says is for engineers, in English. What has a Japanese form is translated where it is shown.
        words.0.retain(|text| !text.contains("history page") && !text.contains("page of a report"));
        words.0.retain(|text| !is_japanese(&worded(Language::Japanese, Surface::Terminal, text)));
        assert!(words.0.is_empty(), "{path}: {:?}", words.0);
    }
    for folder in ["src/page", "cli/src/console/templates"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "html") {
                let words = words_of_template(&fs::read_to_string(&path).unwrap());
                assert!(words.is_empty(), "{}: {words:?}", path.display());
            }
        }
    }
}

/// The words that a template itself has, outside of its expressions: between tags, and in the attributes that people read.
fn words_of_template(template: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (_, end), after)) = [("{{", "}}"), ("{%", "%}")]
        .into_iter()
        .filter_map(|marks| {
            let at = rest.find(marks.0)?;
            Some((at, marks))
        })
        .min_by_key(|(at, _)| *at)
        .map(|(at, marks)| (&rest[..at], marks, &rest[at + 2..]))
    {
        text.push_str(before);
        rest = after.split_once(end).map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    let mut words = Vec::new();
    for part in text.split('<') {
        let (tag, between) = part.split_once('>').unwrap_or(("", part));
        for attribute in ["aria-label=\"", "title=\"", "data-name=\"", "placeholder=\"", "alt=\""] {
            let value = tag.split_once(attribute).and_then(|(_, value)| value.split_once('"')).map(|(value, _)| value);
            words.extend(value.map(str::to_owned));
        }
        words.push(between.to_owned());
    }
    // Names and values are the same in every language, and a macro may begin within a tag.
    let names = ["insights-to-braze", "exports.toml", "true", "false"];
    words.retain(|word| {
        let word = names.iter().fold(word.clone(), |word, name| word.replace(name, ""));
        !word.contains("=\"") && word.chars().filter(|letter| letter.is_alphabetic()).count() > 2
    });
    words
}

/// Words of `src/config` that are no messages, or whose message is another text.
const NO_MESSAGES: [&str; 8] = [
    ", and both deliver {}",
    ", expected nothing",
    "a folder around that",
    "a folder inside that",
    "an endpoint for Braze's SDKs",
    "key with no value",
    "{INTO_THE_SECRET}, and write only the secret's name here",
    "{relation} of the export {}{both}",
];

/// What is found, allowed and advised in an exports.toml is worded in the code, in English: all of it has a Japanese form.
#[test]
fn what_is_wrong_with_a_configuration_has_japanese_words() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config");
    let mut words = Words::default();
    for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_stem().unwrap().to_string_lossy().into_owned();
        if entry.is_file() && !["mod", "error"].contains(&name.as_str()) {
            words.visit_file(&syn::parse_file(&fs::read_to_string(&entry).unwrap()).unwrap());
        }
    }
    words.0.extend(TABLES.iter().flat_map(|table| table.keys).map(|key| key.kind.to_string()));
    assert!(words.0.len() > 90, "{} texts were found", words.0.len());
    let left: BTreeSet<String> = words.0.into_iter().filter(|text| !NO_MESSAGES.contains(&text.as_str())).collect();
    let left = left.into_iter().filter(|text| {
        // A value stands for each of the places of a format string.
        let filled =
            text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect::<Vec<_>>();
        let is_format = text.contains("{}")
            || text.split('{').skip(1).any(|part| {
                part.split('}').next().unwrap().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            });
        let text = if is_format { filled.join("\"x\"") } else { text.clone() };
        let has_words = text.split('"').step_by(2).any(|part| part.contains(|letter: char| letter.is_alphabetic()));
        has_words && !is_japanese(&worded(Language::Japanese, Surface::Terminal, &text))
    });
    let left: Vec<String> = left.collect();
    assert!(left.is_empty(), "{left:#?}");
}
