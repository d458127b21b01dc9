//! What a person sees: results on standard output, progress and remarks on standard error, colours on a terminal alone.

mod progress;
mod reports;
mod table;

use std::fmt::Display;
use std::io::{self, Write};

use console::style;
use insights_to_braze::message::Coded;
pub(crate) use insights_to_braze::message::count;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::progress::Progress;
pub(crate) use self::reports::{history, preview, reports};
pub(crate) use self::table::Table;
use crate::ending::Failure;

/// A line of the result. A closed pipe (`| head`) does not stop the work.
pub(crate) fn line(text: impl Display) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// A remark beside the result.
pub(crate) fn aside(text: impl Display) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// The error that ends the command, with its code.
pub(crate) fn error(failure: &Failure) {
    aside(format!("{} {}", style("error:").for_stderr().red().bold(), failure.with_code()));
}

/// What the functions' messages call a field of JSON, and what the terminal calls it.
const IN_TERMINAL: [(&str, &str); 8] = [
    ("run the export with \"run\": ", "run the command with --run "),
    ("release it with \"run\": ", "release it with --run "),
    (", \"allow_leavers\": ", " --allow-leavers "),
    ("run the export on demand with \"allow_identifiers\": ", "run the command with --allow-identifiers "),
    ("(\"allow_identifiers\": ", "(--allow-identifiers "),
    ("Check `ignored`, and", "Check the ignored files, and"),
    ("see `problem`", "see above"),
    ("try `run` with \"dry_run\": true", "try `itb dry-run`"),
];

/// A message of a report or a response, in the words of the terminal.
pub(crate) fn message(text: &str) -> String {
    IN_TERMINAL.iter().fold(text.to_owned(), |text, (field, here)| text.replace(field, here))
}

/// The result for a program.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// The elements of a list in a handler's answer; none where there is no list.
pub(crate) fn elements(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text in a handler's answer, as a cell of a table.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

/// A heading of the result, with an empty line before it.
pub(crate) fn heading(text: impl Display) {
    line(format!("\n{}", style(text).bold()));
}

/// Good news.
pub(crate) fn good(text: impl Display) -> String {
    style(text).green().to_string()
}

/// Bad news.
pub(crate) fn bad(text: impl Display) -> String {
    style(text).red().bold().to_string()
}

/// News to look at.
pub(crate) fn caution(text: impl Display) -> String {
    style(text).yellow().to_string()
}
