//! Texts that fit the terminal.

use console::{Term, measure_text_width};

/// Continuation lines of a narrower terminal would be shorter than a word.
const NARROWEST: usize = 40;
/// What never begins a line in Japanese.
const CLOSING: &str = "。、)）」』…:：;,.";

/// The text with line breaks where the terminal would break within a word; as it is where there is no terminal.
pub(super) fn for_terminal(terminal: &Term, text: &str) -> String {
    match terminal.size_checked() {
        Some((_, columns)) if terminal.is_term() => wrapped(text, usize::from(columns).max(NARROWEST)),
        _ => text.to_owned(),
    }
}

/// Rows of tables, whose columns are two spaces apart, and objects of JSON stay in one line.
fn wrapped(text: &str, columns: usize) -> String {
    let is_fixed = |line: &str| line.trim().contains("  ") || line.trim_start().starts_with('{');
    let lines = text.split('\n').map(|line| {
        if measure_text_width(line) <= columns || is_fixed(line) { line.to_owned() } else { broken(line, columns) }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn broken(line: &str, columns: usize) -> String {
    let indent = " ".repeat(line.len() - line.trim_start().len());
    let (mut lines, mut last) = (Vec::new(), String::new());
    for word in line.split_inclusive(' ').flat_map(parts) {
        let is_full = measure_text_width(&last) + measure_text_width(word.trim_end()) > columns;
        if is_full && !last.trim().is_empty() && !word.starts_with(|letter| CLOSING.contains(letter)) {
            lines.push(last.trim_end().to_owned());
            last.clone_from(&indent);
        }
        last.push_str(word);
    }
    lines.push(last.trim_end().to_owned());
    lines.join("\n")
}

/// A word, or what may be parted of it: Japanese has no spaces.
fn parts(word: &str) -> Vec<&str> {
    let is_wide = |letter: char| letter >= '\u{2e80}';
    // A path is copied as a whole.
    if !word.contains(is_wide) || word.contains(['\u{1b}', '/']) {
        return vec![word];
    }
    let (mut parts, mut start) = (Vec::new(), 0);
    let ends = word
        .char_indices()
        .skip(1)
        .filter(|(at, letter)| is_wide(*letter) || word[..*at].chars().next_back().is_some_and(is_wide));
    for (at, _) in ends {
        parts.push(&word[start..at]);
        start = at;
    }
    parts.push(&word[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn texts_are_broken_between_words_and_tables_are_not() {
        assert_eq!(wrapped("  one two three four", 12), "  one two\n  three four");
        assert_eq!(wrapped("name   members   state of it", 12), "name   members   state of it");
        assert_eq!(wrapped("/a/path/of/優良顧客/long and short", 12), "/a/path/of/優良顧客/long\nand short");
        assert_eq!(wrapped("設定: 正しい設定です。次", 12), "設定: 正しい\n設定です。次");
        assert_eq!(wrapped("六文字になる。次", 12), "六文字になる。\n次", "a full stop begins no line");
    }
}
