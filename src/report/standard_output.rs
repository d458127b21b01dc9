//! Lines on standard output, which AWS Lambda takes into the function's log as they are.

use std::fmt::Display;
use std::io::Write;

/// Writes a line. A failure is a warning: nothing depends on the line.
pub(crate) fn write_line(what: &'static str, line: &impl Display) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{line}") {
        tracing::warn!(%error, "can't write {what} to standard output");
    }
}
