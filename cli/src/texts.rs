//! The texts of the command line, in the language of the person: `--lang`, or else the environment's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock};

pub(crate) use insights_to_braze::texts::Argument::{Number, Word};
use insights_to_braze::texts::Texts;
pub(crate) use insights_to_braze::texts::{Argument, Language};

static CHOSEN: OnceLock<Language> = OnceLock::new();
static FOR_A_PROGRAM: AtomicBool = AtomicBool::new(false);

/// Chooses the language of this process, once.
pub(crate) fn choose(flag: Option<Language>) {
    let language = flag.unwrap_or_else(|| of_environment(|name| std::env::var(name).ok()));
    CHOSEN.get_or_init(|| language);
}

/// The language of messages, as POSIX has it: the first of these variables that is not empty decides (IEEE Std 1003.1,
/// "Environment Variables", 8.2).
fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
    let values = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
    let locale = values.into_iter().find(|value| !value.is_empty());
    locale.and_then(|locale| Language::of_tag(&locale)).unwrap_or_default()
}

/// From here on, texts are in English: what they become a part of is for a program.
pub(crate) fn in_english() {
    FOR_A_PROGRAM.store(true, Ordering::Relaxed);
}

/// The language of this process.
pub(crate) fn language() -> Language {
    let chosen = CHOSEN.get().filter(|_| !FOR_A_PROGRAM.load(Ordering::Relaxed));
    chosen.copied().unwrap_or_default()
}

fn texts() -> &'static Texts {
    static TEXTS: LazyLock<[Texts; 2]> = LazyLock::new(|| {
        [
            Texts::new(Language::English, include_str!("texts/en.ftl")),
            Texts::new(Language::Japanese, include_str!("texts/ja.ftl")),
        ]
    });
    language().pick(&TEXTS[0], &TEXTS[1])
}

/// A text.
pub(crate) fn t(key: &str) -> String {
    texts().text(key)
}

/// A text with a word in it.
pub(crate) fn w(key: &str, name: &str, word: &str) -> String {
    with(key, &[(name, Word(word))])
}

/// A text about a number of things.
pub(crate) fn n(key: &str, number: u64) -> String {
    texts().counted(key, number)
}

/// A text with its arguments.
pub(crate) fn with(key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
    texts().with(key, arguments)
}

/// The name of an outcome; itself where it has no other.
pub(crate) fn outcome(name: &str) -> String {
    let key = format!("outcome-{}", name.replace('_', "-"));
    if texts().has(&key) { t(&key) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        for (variables, language) in [
            (&[][..], Language::English),
            (&[("LANG", "ja_JP.UTF-8")], Language::Japanese),
            (&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")], Language::English),
            (&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "ja_JP")], Language::Japanese),
            (&[("LC_ALL", ""), ("LANG", "ja")], Language::Japanese),
            (&[("LANG", "de_DE.UTF-8")], Language::English),
        ] {
            let value = |name: &str| {
                variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(of_environment(value), language, "{variables:?}");
        }
    }
}
