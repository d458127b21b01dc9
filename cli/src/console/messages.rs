//! Messages of the application in the language of the page: by their code where there is a text, else as they are.

use insights_to_braze::config::ConfigError;
use insights_to_braze::message::{Coded, Message};
use insights_to_braze::report::{Allowance, Report};
use insights_to_braze::texts::messages::{Surface, translated, worded};
use insights_to_braze::texts::{Language, Texts};

use crate::ending::Failure;
use crate::show;

/// What leads elsewhere at the terminal, and what a page says.
const ON_PAGES: [(&str, &str); 6] = [
    (" `itb hold list` shows the numbers and what you can do.", ""),
    ("Stopped at the time limit; it continues automatically", "Stopped at a checkpoint; run it again to resume"),
    (
        "Set the environment variable BRAZE_API_KEY, or run the command in a terminal and enter the key.",
        "Enter it on the page of the connection.",
    ),
    ("Set --files to the folder as written by", "Use the folder as written by"),
    ("Test it with connect", "Test it on the page of the connection"),
    (": test it with `itb connect`", ": test it on the page of the connection"),
];

/// A message of the terminal, for a page.
fn here(text: &str) -> String {
    ON_PAGES.iter().fold(text.to_owned(), |text, (terminal, page)| text.replace(terminal, page))
}

/// A message as a page shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// What it says in the language of the page, a paragraph each.
    pub(crate) lines: Vec<String>,
    /// The language of the lines, if it is not that of the page.
    pub(crate) lang: Option<&'static str>,
    pub(crate) code: String,
}

impl Said {
    /// A message with its code. What ends with its code in brackets is shown without it.
    pub(crate) fn new(texts: &Texts, text: &str, code: &str) -> Self {
        let text = Message::split(text.trim_end()).map_or(text, |(text, _)| text);
        let language = texts.language();
        let (text, lang) = match translated(language, Surface::Console, text, code) {
            Some(text) => (text, None),
            None => (here(&show::message(text)), (language != Language::English).then_some(Language::English.tag())),
        };
        // Backticks are for terminals.
        let lines = text.lines().filter(|line| !line.is_empty()).map(|line| line.replace('`', ""));
        Self { lines: lines.collect(), lang, code: code.to_owned() }
    }

    /// The message of a report. Of a file that is held, the end leads to a field of a request, and a page has the decision
    /// itself.
    pub(crate) fn of_report(texts: &Texts, report: &Report) -> Self {
        let said = Self::new(texts, &report.message, &report.code);
        if report.released_by.is_some_and(Allowance::is_of_unsent) { said.without_request() } else { said }
    }

    /// The same without the sentences of the last line that lead to a field of a request.
    pub(crate) fn without_request(mut self) -> Self {
        const REQUESTS: [&str; 4] = ["\"allow_", "--allow-", "\"send\"", "--send"];
        if let Some(line) = self.lines.last_mut() {
            let sentences = line.split_inclusive([';', '。']).flat_map(|part| part.split_inclusive(". "));
            let kept = sentences.filter(|sentence| !REQUESTS.iter().any(|request| sentence.contains(request)));
            kept.collect::<String>().trim_end().trim_end_matches(';').clone_into(line);
        }
        self.lines.retain(|line| !line.is_empty());
        self
    }

    /// What a command of the terminal would have ended with.
    pub(crate) fn failure(texts: &Texts, failure: &Failure) -> Self {
        let words = show::in_words(failure);
        Self::new(texts, &words.text, &words.code)
    }

    /// A message of the console itself.
    pub(crate) fn own(texts: &Texts, key: &str) -> Self {
        Self { lines: texts.text(key).lines().map(str::to_owned).collect(), ..Self::default() }
    }

    /// Its first line.
    pub(crate) fn first(&self) -> String {
        self.lines.first().cloned().unwrap_or_default()
    }

    /// The page that explains the code.
    pub(crate) fn help(&self) -> String {
        format!("/help/{}", self.code)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// What is wrong with an `exports.toml`, in the language of the page: an entry each.
pub(crate) fn mistakes(texts: &Texts, error: &ConfigError) -> Vec<String> {
    let (text, language) = (error.to_string(), texts.language());
    match error {
        ConfigError::Mistakes(_) => {
            text.lines().map(|line| worded(language, Surface::Console, line).into_owned()).collect()
        }
        ConfigError::Syntax(_) => vec![translated(language, Surface::Console, &text, error.code()).unwrap_or(text)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::texts::of;

    #[test]
    fn a_message_is_in_the_language_and_the_words_of_the_page() {
        let text = "The files are delivered, but the run is held: it has no members, and 6 members would leave.\nNo one was set to `false`. If this is right, run the export with \"run\": \"R\", \"allow_leavers\": 6; if not, the next normal run replaces it. [ITB-H01]";
        let english = Said::new(of(Language::English), text, "ITB-H01");
        assert_eq!(english.lines[1], "No one was set to false.", "the page itself has the decision");
        assert!(english.lang.is_none());
        let japanese = Said::new(of(Language::Japanese), text, "ITB-H01");
        assert!(japanese.first().contains("保留") && japanese.lang.is_none(), "{japanese:?}");
        let held = "a.csv is held: 116 of the 137 rows checked share a customer ID with rows that have another email: the column of the customer ID may be the wrong one\nNothing of it was sent. Correct the export or data_matching; if the identifiers are right, run the export on demand with \"allow_identifiers\": 116.";
        let english = Said::new(of(Language::English), held, "ITB-D05").without_request();
        assert_eq!(english.lines[1], "Nothing of it was sent. Correct the export or data_matching");
        let japanese = Said::new(of(Language::Japanese), held, "ITB-D05").without_request();
        assert!(japanese.lines.len() == 2 && !japanese.lines[1].contains("allow_identifiers"), "{japanese:?}");
        let unknown = Said::new(of(Language::Japanese), "something rare", "ITB-Z99");
        assert_eq!((unknown.lang, unknown.first().as_str()), (Some("en"), "something rare"));
        let stopped =
            Said::new(of(Language::English), "Stopped at the time limit; it continues automatically.", "ITB-R05");
        assert_eq!(stopped.first(), "Stopped at a checkpoint; run it again to resume.");
    }
}
