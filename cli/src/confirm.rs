//! Asks before something is changed that can't be undone. The question goes to standard error, the answer comes from
//! standard input; without either of flag and answer nothing is changed.

use std::io::{self, BufRead, Write};

use insights_to_braze::message::count;

use crate::ending::Failure;
use crate::texts;

/// Has the number of people who are changed confirmed: with `flag` on the command line, or typed.
pub(crate) fn people(given: Option<u64>, expected: u64, question: &str) -> Result<(), Failure> {
    let given = match given {
        Some(given) => given.to_string(),
        None => ask(question, &format!("--people {expected}"))?,
    };
    if given.replace(',', "").parse() == Ok(expected) {
        Ok(())
    } else {
        Err(Failure::OtherNumber { given, expected: count(expected) })
    }
}

/// Has a question answered with `yes`: with the flag `--yes`, or typed.
pub(crate) fn yes(given: bool, question: &str) -> Result<(), Failure> {
    if given {
        return Ok(());
    }
    let answer = ask(&texts::w("type-yes", "question", question), "--yes")?;
    if answer.eq_ignore_ascii_case("yes") { Ok(()) } else { Err(Failure::NotConfirmed) }
}

/// The line that a person types, without the white space around it; `flag` is the flag that makes the question needless.
pub(crate) fn ask(question: &str, flag: &str) -> Result<String, Failure> {
    let mut output = io::stderr().lock();
    drop(write!(output, "{question}").and_then(|()| output.flush()));
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).unwrap_or_default();
    if read == 0 {
        drop(writeln!(output));
        return Err(Failure::Unconfirmed { flag: flag.to_owned() });
    }
    Ok(line.trim().to_owned())
}
