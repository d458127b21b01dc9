//! Messages in the words of the terminal. Reports and answers word the next step for the JSON of the functions.

use insights_to_braze::texts::messages::{self, Surface};

use crate::interrupt;
use crate::texts::{Language, language};

/// What the functions' messages call a field of JSON, and what the terminal calls it.
const IN_TERMINAL: [(&str, &str); 33] = [
    (" or set the environment variable CONFIG_KEY to its key", " or set --config-key to its key"),
    ("Check the environment variable BUCKET", "Check --bucket"),
    ("run the export on demand with \"allow_identifiers\": ", "run the command with --allow-identifiers "),
    ("(\"allow_identifiers\": ", "(--allow-identifiers "),
    ("run the export on demand with \"allow_differences\": ", "run the command with --allow-differences "),
    ("run the export on demand: it tries", "run the command again: it tries"),
    ("run it with \"allow_differences\": ", "run it with --allow-differences "),
    ("and with \"send\": \"all\" to send", "and with --send all to send"),
    ("Check `ignored`, and", "Check the ignored files, and"),
    ("see `problem`", "see above"),
    ("try `run` with \"dry_run\": true", "try `itb run --dry-run`"),
    ("use the action forget with its \"run\"", "drop it with `itb forget`"),
    ("use the action forget with \"file\"", "use `itb forget` with --file"),
    ("dropped with the action forget", "dropped with `itb forget`"),
    ("Retire the attribute with the action retire", "Retire the attribute with `itb retire`"),
    (": test it with connect", ": test it with `itb connect`"),
    ("the action retire", "`itb retire`"),
    ("the action rebuild", "`itb rebuild`"),
    ("the action retry", "`itb retry`"),
    ("the action forget", "`itb forget`"),
    ("the action status", "`itb status`"),
    ("the action inspect", "`itb inspect`"),
    ("the action connect", "`itb connect`"),
    ("run the export with \"send\": \"all\"", "run the export with --send all"),
    ("ask for undo again", "run `itb undo` again"),
    ("Ask for undo again", "Run `itb undo` again"),
    ("run retire again", "run `itb retire` again"),
    ("Run retire again", "Run `itb retire` again"),
    ("Run erase again", "Run `itb erase` again"),
    ("see `left` and `unsearched`", "see below"),
    ("see `incoming`", "see below"),
    ("see `unsearched`", "see below"),
    ("listed under `incoming`", "listed above"),
];

/// Where the text of a held run begins to speak of the next step, and how the terminal does.
const RELEASE: [(&str, &str); 4] = [
    (" If this is right, ask for undo with \"run\": ", " If this is right, type the number that `itb undo` asks for."),
    (" If it is the one, ask for undo with \"run\": ", " If it is the one, name it with --run."),
    (" If this is right, run the export with \"run\": ", " `itb hold list` shows the numbers and what you can do."),
    (" If that is right, release it with \"run\": ", " `itb hold list` shows the numbers and what you can do."),
];

/// After Ctrl-C, what would continue by itself in a function waits for the person who stopped it.
const STOPPED: [(&str, &str); 2] = [
    (
        "Stopped at the time limit; it continues automatically",
        "Stopped by you (Ctrl-C); run the same command to resume",
    ),
    ("Stopped at the time limit", "Stopped by you (Ctrl-C)"),
];

/// A message of a report or a response, in the words and the language of the terminal.
pub(crate) fn message(text: &str) -> String {
    match language() {
        Language::English => worded(text, interrupt::has_come()),
        Language::Japanese => messages::worded(Language::Japanese, surface(), text).into_owned(),
    }
}

/// A message whose code is known.
pub(crate) fn said(text: &str, code: &str) -> String {
    messages::translated(language(), surface(), text, code).unwrap_or_else(|| message(text))
}

/// A reason by which rows are counted.
pub(crate) fn reason(text: &str) -> String {
    messages::reason(language(), surface(), text)
}

fn surface() -> Surface {
    if interrupt::has_come() { Surface::Stopped } else { Surface::Terminal }
}

fn worded(text: &str, stopped: bool) -> String {
    let mut text = text.to_owned();
    for (start, here) in RELEASE {
        if let Some(at) = text.find(start) {
            let rest = text[at..].find('\n').map_or(String::new(), |end| text[at + end..].to_owned());
            text = format!("{}{here}{rest}", &text[..at]);
        }
    }
    let stops = STOPPED.iter().filter(|_| stopped);
    IN_TERMINAL.iter().chain(stops).fold(text, |text, (field, here)| text.replace(field, here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_pressed_ctrl_c_reads_that_they_stopped_it() {
        let text = "Stopped at the time limit; it continues automatically.";
        assert_eq!(worded(text, true), "Stopped by you (Ctrl-C); run the same command to resume.");
        assert_eq!(worded(text, false), text);
    }

    #[test]
    fn a_held_run_leads_to_the_command_that_decides() {
        let text = "held.\nNo one was set to `false`. If this is right, run the export with \"run\": \"R\", \"allow_leavers\": 6; if not, x.";
        assert_eq!(
            worded(text, false),
            "held.\nNo one was set to `false`. `itb hold list` shows the numbers and what you can do."
        );
    }
}
