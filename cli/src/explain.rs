//! `explain`: what a code means, from the list of all messages.

use crate::arguments::Explain;
use crate::ending::{Ending, Failure};
use crate::show;

/// Rendered from the source of the messages, and checked by a test.
pub(crate) const MESSAGES: &str = include_str!("../../docs/messages.md");

/// A message of the list.
pub(crate) struct Explained<'a> {
    pub(crate) code: &'a str,
    /// Where it appears.
    pub(crate) surface: &'a str,
    pub(crate) message: String,
    pub(crate) cause: String,
    pub(crate) fix: String,
}

/// All messages, in the order of the list.
pub(crate) fn all() -> Vec<Explained<'static>> {
    let (mut surface, mut all) = ("", Vec::new());
    for line in MESSAGES.lines() {
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
        all.push(Explained { code, surface, message: cell(1), cause: cell(2), fix: cell(3) });
    }
    all
}

pub(crate) fn run(arguments: &Explain) -> Result<Ending, Failure> {
    let wanted = arguments.code.trim_matches(['[', ']']).to_uppercase();
    let wanted = if wanted.starts_with("ITB-") { wanted } else { format!("ITB-{wanted}") };
    let all = all();
    let Some(found) = all.iter().find(|explained| explained.code == wanted) else {
        return Err(Failure::NoSuchCode { code: wanted });
    };
    show::line(format!("{} ({})", show::caution(found.code), found.surface));
    for (heading, paragraph) in [(text::MESSAGE, &found.message), (text::CAUSE, &found.cause), (text::FIX, &found.fix)]
    {
        show::heading(heading);
        show::line(show::message(paragraph));
    }
    show::line(format!("\n{}", text::PLACE));
    Ok(Ending::Done)
}

/// The texts of the command.
mod text {
    pub(super) const MESSAGE: &str = "Message";
    pub(super) const CAUSE: &str = "Cause";
    pub(super) const FIX: &str = "What to do";
    pub(super) const PLACE: &str = "All messages: docs/messages.md. Words in ⟨angle brackets⟩ stand in for values.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_the_list_has_all_of_its_parts() {
        let all = all();
        assert!(all.len() > 100, "{} messages", all.len());
        for explained in &all {
            let Explained { code, surface, message, cause, fix } = explained;
            assert!(code.len() == 7 && !surface.is_empty(), "{code}");
            assert!(!message.is_empty() && !cause.is_empty() && !fix.is_empty(), "{code}");
        }
    }

    /// A person at a terminal has flags and commands, no fields of JSON and no environment of a function.
    #[test]
    fn no_message_at_a_terminal_speaks_of_another_surface() {
        // Errors of a function's start, and of the queues that only functions have.
        const OF_FUNCTIONS: [&str; 4] = ["ITB-E04", "ITB-E06", "ITB-A10", "ITB-E10"];
        let forbidden = [
            "environment variable BUCKET",
            "environment variable CONFIG_KEY",
            "\"allow_leavers\"",
            "\"run\"",
            "\"file\"",
            "the action ",
        ];
        for explained in all().iter().filter(|explained| !OF_FUNCTIONS.contains(&explained.code)) {
            let shown = show::message(&explained.message);
            for part in forbidden {
                assert!(explained.surface == "Start" || !shown.contains(part), "{}: {shown}", explained.code);
            }
        }
    }
}
