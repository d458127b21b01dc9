//! Words for yes and no.

use super::fold::fold;

/// What spreadsheets, databases and forms write for true: in English, and in the languages of Braze's dashboard and of the
/// larger countries of Europe and Asia.
const TRUE: &[&str] = &[
    "1",
    "true",
    "t",
    "yes",
    "y",
    "ja",
    "j",
    "wahr",
    "oui",
    "vrai",
    "si",
    "verdadero",
    "vero",
    "sim",
    "verdadeiro",
    "waar",
    "kylla",
    "tosi",
    "tak",
    "prawda",
    "ano",
    "pravda",
    "igen",
    "igaz",
    "evet",
    "dogru",
    "da",
    "adevarat",
    "да",
    "истина",
    "так",
    "ναι",
    "はい",
    "真",
    "是",
    "예",
    "네",
    "참",
    "sant",
    "sand",
    "sann",
    "ya",
];

/// What they write for false.
const FALSE: &[&str] = &[
    "0",
    "false",
    "f",
    "no",
    "n",
    "nein",
    "falsch",
    "non",
    "faux",
    "falso",
    "nao",
    "nee",
    "onwaar",
    "ei",
    "epatosi",
    "nie",
    "falsz",
    "ne",
    "nepravda",
    "nem",
    "hamis",
    "hayir",
    "hayır",
    "yanlis",
    "yanlış",
    "fals",
    "нет",
    "ложь",
    "ні",
    "όχι",
    "いいえ",
    "偽",
    "否",
    "아니요",
    "아니오",
    "거짓",
    "nej",
    "nei",
    "falskt",
    "falsk",
    "usann",
    "tidak",
];

/// What `text`, without white space around it, means; `None` if it is no such word.
pub fn boolean(text: &str) -> Option<bool> {
    /// Longer texts are no such words.
    const LONGEST: usize = 32;
    let plain = |word: &str| text.eq_ignore_ascii_case(word);
    if text.is_ascii() {
        // The first words of both lists are what nearly every column holds.
        return TRUE
            .iter()
            .zip(FALSE)
            .take(2)
            .find_map(|(yes, no)| if plain(yes) { Some(true) } else { plain(no).then_some(false) })
            .or_else(|| either(&plain));
    }
    let folded = if text.len() <= LONGEST { fold(text) } else { return None };
    either(&|word| *word == folded || fold(word) == folded)
}

/// True or false if a word of theirs is meant.
fn either(is: &dyn Fn(&str) -> bool) -> Option<bool> {
    if TRUE.iter().any(|word| is(word)) { Some(true) } else { FALSE.iter().any(|word| is(word)).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::{FALSE, TRUE, boolean};

    #[test]
    fn no_word_means_both() {
        for word in TRUE {
            assert!(!FALSE.iter().any(|other| fold(other) == fold(word)), "{word}");
        }
    }

    #[test]
    fn words_of_several_languages() {
        for (yes, no) in [
            ("Yes", "No"),
            ("JA", "Nein"),
            ("Oui", "NON"),
            ("Sí", "no"),
            ("はい", "いいえ"),
            ("VRAI", "FAUX"),
            ("Sim", "Não"),
            ("да", "НЕТ"),
            ("예", "아니요"),
            ("1", "0"),
            ("ｔｒｕｅ", "ｆａｌｓｅ"),
            ("DOĞRU", "YANLIŞ"),
            ("Ναι", "Όχι"),
        ] {
            assert_eq!(boolean(yes), Some(true), "{yes:?}");
            assert_eq!(boolean(no), Some(false), "{no:?}");
        }
        for text in ["", "on", "off", "2", "-1", "x", "maybe", "Yes, please", "unknown", "○"] {
            assert_eq!(boolean(text), None, "{text:?}");
        }
    }
}
