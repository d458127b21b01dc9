//! `state`: shows the lines of a part of the state, as `docs/state.md` describes them.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::path::PathBuf;

use insights_to_braze::profile::Identifier;
use insights_to_braze::state::{EmailHash, PartRow, Standing, read_part};

use crate::arguments::State;
use crate::ending::{Ending, Failure};

pub(crate) fn run(arguments: &State) -> Result<Ending, Failure> {
    let failure =
        |source| Failure::File { what: text::WHAT, path: PathBuf::from(&arguments.key), source, advice: text::ADVICE };
    let mut part = Vec::new();
    io::stdin().lock().read_to_end(&mut part).map_err(failure)?;
    let mut lines = String::from("line,external_id,email,email_hash,fingerprint,standing\n");
    let content = read_part(&arguments.key, &part, |line, row| write_line(&mut lines, line, &row));
    let content = content.map_err(|error| failure(io::Error::other(error)))?;
    io::stdout().lock().write_all(lines.as_bytes()).map_err(failure)?;
    if !content.seen.is_empty() {
        crate::show::aside(text::named(content.seen.len(), &String::from(content.base)));
    }
    Ok(Ending::Done)
}

fn write_line(lines: &mut String, line: u32, row: &PartRow<'_>) {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let (id, email) = match row.identifier {
        Identifier::ExternalId(id) => (quoted(id), String::new()),
        Identifier::Email(email) => (String::new(), quoted(email)),
    };
    let hash = row.email.map(EmailHash::bits).map(|hash| format!("{hash:016x}")).unwrap_or_default();
    let known = Some(row.fingerprint).filter(|known| known.is_known());
    let fingerprint = known.map(|known| format!("{:012x}", known.bits())).unwrap_or_default();
    let standing = match row.standing {
        Standing::Member => "",
        Standing::Left => "left",
        Standing::Address => "address",
    };
    // Writing into memory does not fail.
    let _ = writeln!(lines, "{line},{id},{email},{hash},{fingerprint},{standing}");
}

/// The texts of the command.
mod text {
    pub(super) const WHAT: &str = "can't read the part";
    pub(super) const ADVICE: &str = "Its content is read from standard input, and its key is checked: aws s3 cp \"s3://BUCKET/KEY\" - | itb state KEY\n\
         A part that begins with itb-sealed-1 is encrypted and can't be shown.";

    pub(super) fn named(lines: u64, base: &str) -> String {
        format!("Lines of the last complete run that it names: {lines} (base {base}).")
    }
}
