//! What a person sees: results on standard output, progress and remarks on standard error, colours on a terminal alone.

mod progress;
mod reports;
mod surface;
mod table;
mod wrap;

use std::fmt::Display;
use std::io::{self, Write};

use console::{Term, style};
pub(crate) use insights_to_braze::message::count;
use insights_to_braze::message::{Coded, Message};
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::progress::Progress;
pub(crate) use self::reports::{history, preview, reports};
pub(crate) use self::surface::{message, reason, said};
pub(crate) use self::table::Table;
use crate::aws::{AwsError, without_structures};
use crate::ending::Failure;
use crate::texts;

/// A line of the result. A closed pipe (`| head`) does not stop the work.
pub(crate) fn line(text: impl Display) {
    let text = wrap::for_terminal(&Term::stdout(), &text.to_string());
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// A remark beside the result.
pub(crate) fn aside(text: impl Display) {
    let text = wrap::for_terminal(&Term::stderr(), &text.to_string());
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// The error that ends the command, with its code.
pub(crate) fn error(failure: &Failure, verbose: bool) {
    aside(format!("{} {}", style(texts::t("error")).for_stderr().red().bold(), failure_in_words(failure, verbose)));
}

fn failure_in_words(failure: &Failure, verbose: bool) -> String {
    if !verbose {
        return in_words(failure).to_string();
    }
    let usual = AwsError::in_text(&failure.to_string());
    usual.map_or_else(|| failure.with_code(), |usual| format!("{}\n{failure}", usual.with_code()))
}

/// An error in the words of the terminal, without the Rust structures of the AWS SDK.
pub(crate) fn in_words(failure: &Failure) -> Message {
    let text = failure.to_string();
    let words = || Message { text: without_structures(&text).to_owned(), code: failure.code().to_owned() };
    let Message { text, code } = AwsError::in_text(&text).map_or_else(words, |usual| usual.to_message());
    Message { text: said(&text, &code), code }
}

/// The result for a program.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    drop(writeln!(io::stdout().lock(), "{}", serde_json::to_string_pretty(value)?));
    Ok(())
}

/// The result for a program, on one line.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    drop(writeln!(io::stdout().lock(), "{}", serde_json::to_string(value)?));
    Ok(())
}

/// The first line of a result that takes the place of the one before: on a terminal, the screen is cleared.
pub(crate) fn anew(text: impl Display) {
    let terminal = Term::stdout();
    if terminal.is_term() {
        drop(terminal.clear_screen());
    }
    line(text);
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
