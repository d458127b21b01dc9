//! `explain`: what a code means, from the list of all messages.

use insights_to_braze::texts::list::{OR, all};

use crate::arguments::Explain;
use crate::ending::{Ending, Failure};
use crate::{show, texts};

pub(crate) fn run(arguments: &Explain) -> Result<Ending, Failure> {
    let wanted = arguments.code.trim_matches(['[', ']']).to_uppercase();
    let wanted = if wanted.starts_with("ITB-") { wanted } else { format!("ITB-{wanted}") };
    let all = all();
    let Some(found) = all.iter().find(|explained| explained.code == wanted) else {
        return Err(Failure::NoSuchCode { code: wanted });
    };
    show::line(format!("{} ({})", show::caution(found.code), found.surface));
    let (cause, fix) = (found.cause_in(texts::language()), found.fix_in(texts::language()));
    for (heading, paragraph) in [("explain-message", &found.message), ("explain-cause", &cause), ("explain-fix", &fix)]
    {
        show::heading(texts::t(heading));
        show::line(paragraph.split(OR).map(|form| show::said(form, found.code)).collect::<Vec<_>>().join("\n"));
    }
    show::line(format!("\n{}", texts::t("explain-place")));
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

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
