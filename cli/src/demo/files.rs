//! Exports of generated people, for a demonstration that people click through.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::describing::model_json;
use super::export_writer::write_run;
use super::people::{Person, Run};
use super::population::Population;

/// Which people an export has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Those of the first run.
    First,
    /// Some have entered, left or changed.
    Second,
    /// Only the first file of each segment arrived, as after an export that broke off.
    Partial,
}

/// Writes an export of `members` people, with the time in the paths, and the `model.json` that lists its files.
pub(crate) fn write_export(folder: &Path, members: u64, contents: Contents, time: DateTime) -> io::Result<()> {
    let run = if contents == Contents::First { Run::First } else { Run::Second };
    let mut files = write_run(folder, Population { members }, run, time)?;
    if contents == Contents::Partial {
        let (kept, lost): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.path.contains("_1.csv"));
        for file in lost {
            fs::remove_file(folder.join(file.path))?;
        }
        files = kept;
    }
    fs::write(folder.join("model.json"), model_json(&files, Timestamp::now()))
}

/// The email addresses of an export of `members` people.
pub(crate) fn addresses(members: u64) -> impl Iterator<Item = String> {
    let people = Population { members }.people(Run::First);
    people
        .filter_map(|number| Some(Person::new(number, Run::First).address().to_owned()).filter(|text| !text.is_empty()))
}

/// Now, by the clock that names runs.
pub(crate) fn now() -> DateTime {
    TimeZone::UTC.to_datetime(Timestamp::now())
}
