//! All messages by their code, as `docs/messages.md` lists them. A test renders that page from the source of the messages.

use std::sync::LazyLock;

use super::{Language, Texts};

const LIST: &str = include_str!("../../docs/messages.md");

/// A message of the list. Words in ⟨angle brackets⟩ stand for values.
#[derive(Debug)]
pub struct Listed {
    /// The code.
    pub code: &'static str,
    /// Where it appears.
    pub surface: &'static str,
    /// Its text; the forms of a message that has several are separated by [`OR`].
    pub message: String,
    /// What causes it.
    pub cause: String,
    /// What to do.
    pub fix: String,
}

impl Listed {
    /// What causes the message, in a language.
    pub fn cause_in(&self, language: Language) -> String {
        language.pick(self.cause.clone(), EXPLANATIONS.text(self.code))
    }

    /// What to do, in a language.
    pub fn fix_in(&self, language: Language) -> String {
        language.pick(self.fix.clone(), EXPLANATIONS.attribute(self.code, "fix"))
    }
}

static EXPLANATIONS: LazyLock<Texts> =
    LazyLock::new(|| Texts::new(Language::Japanese, include_str!("explanations.ja.ftl")));

/// What separates the forms of a message.
pub const OR: &str = " / ";

/// All messages, in the order of the list.
pub fn all() -> Vec<Listed> {
    let (mut surface, mut all) = ("", Vec::new());
    for line in LIST.lines() {
        if let Some(heading) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with("##")) {
            surface = heading;
        }
        let Some(cells) = line.strip_prefix("| ITB-") else { continue };
        let code = &line[2..2 + "ITB-".len() + cells.find(' ').unwrap_or_default()];
        let masked = cells.replace("\\|", "\0");
        let cell = |number: usize| {
            let cell = masked.trim_end_matches(" |").split(" | ").nth(number).unwrap_or_default();
            cell.replace('\0', "|").replace("<br>", "\n").replace("&lt;", "<").trim().to_owned()
        };
        all.push(Listed { code, surface, message: cell(1), cause: cell(2), fix: cell(3) });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_explained_in_japanese() {
        let is_japanese = |text: &str| text.chars().any(|letter| ('\u{3040}'..'\u{a000}').contains(&letter));
        for listed in all() {
            let (cause, fix) = (listed.cause_in(Language::Japanese), listed.fix_in(Language::Japanese));
            assert!(is_japanese(&cause) && is_japanese(&fix), "{} in explanations.ja.ftl: {cause} {fix}", listed.code);
        }
        let codes = include_str!("explanations.ja.ftl").lines().filter(|line| line.starts_with("ITB-")).count();
        assert_eq!(codes, all().len(), "explanations.ja.ftl has others");
    }

    #[test]
    fn every_message_of_the_list_has_all_of_its_parts() {
        let all = all();
        assert!(all.len() > 250, "{} messages", all.len());
        for Listed { code, surface, message, cause, fix } in &all {
            assert!(code.len() == 7 && !surface.is_empty(), "{code}");
            assert!(!message.is_empty() && !cause.is_empty() && !fix.is_empty(), "{code}");
        }
    }
}
