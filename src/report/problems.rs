//! What is wrong with a run although all of its files are delivered: it is then `delivered_with_problems`.

use std::collections::BTreeMap;
use std::fmt;

use super::Counts;
use crate::message::{codes, count, counted};

/// A larger share of a run's rows that are rejected is a problem, in per cent.
pub const MOST_REJECTED: u64 = 5;

/// A larger share of a run's rows in which the value of one field is not sent is a problem, in per cent.
pub const MOST_LEFT_OUT: u64 = 20;

/// Most problems named in a message.
const NAMED: usize = 10;

/// What is wrong with a delivered run. The text is part of another message.
///
/// Fix: look up the reasons in the report, and fix the data or the columns in `exports.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Too large a share of its rows was rejected, or Braze has none of them.
    Rejected {
        /// Rejected rows.
        rows: u64,
        /// Rows read.
        of: u64,
    },
    /// The value of a field was not sent for too large a share of its rows.
    LeftOut {
        /// The field.
        field: String,
        /// Rows without it.
        rows: u64,
        /// Rows read.
        of: u64,
    },
    /// Every row of one of its files was rejected.
    FileRejected {
        /// The key of the file.
        file: String,
        /// Its rows.
        rows: u64,
    },
    /// The value of a field was sent for no row of one of its files.
    FileLeftOut {
        /// The key of the file.
        file: String,
        /// The field.
        field: String,
        /// Its rows.
        rows: u64,
    },
    /// There are more problems than a message lists.
    Further {
        /// How many.
        problems: u64,
    },
}

codes!(Problem {
    Rejected = "ITB-Q01",
    LeftOut = "ITB-Q02",
    FileRejected = "ITB-Q03",
    FileLeftOut = "ITB-Q04",
    Further = "ITB-Q05",
});

impl Problem {
    /// What is wrong with a run of these files: their keys, and the results of their rows.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a Counts)>) -> Vec<Self> {
        let files: Vec<_> = files.into_iter().collect();
        let mut run = Counts::default();
        for (_, counts) in &files {
            run.add(counts);
        }
        let mut problems = Vec::new();
        let (rows, of) = (run.rows.rejected, run.rows.read);
        if exceeds(rows, of, MOST_REJECTED) || (rows > 0 && run.rows.accepted + run.rows.unchanged == 0) {
            problems.push(Self::Rejected { rows, of });
        }
        let mut fields: Vec<(&str, u64)> = left_out(&run).into_iter().collect();
        fields.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let too_many = fields.into_iter().filter(|(_, rows)| exceeds(*rows, of, MOST_LEFT_OUT));
        problems.extend(too_many.map(|(field, rows)| Self::LeftOut { field: field.to_owned(), rows, of }));
        if files.len() > 1 {
            for (file, counts) in &files {
                add_file(&mut problems, file, counts);
            }
        }
        problems
    }
}

fn add_file(problems: &mut Vec<Problem>, file: &str, counts: &Counts) {
    let rows = counts.rows.read;
    if rows == 0 {
        return;
    }
    if counts.rows.rejected == rows {
        problems.push(Problem::FileRejected { file: file.to_owned(), rows });
        return;
    }
    for (field, _) in left_out(counts).into_iter().filter(|(_, left_out)| *left_out == rows) {
        problems.push(Problem::FileLeftOut { file: file.to_owned(), field: field.to_owned(), rows });
    }
}

/// Whether `part` is more than this many per cent of `whole`.
pub(super) fn exceeds(part: u64, whole: u64, percent: u64) -> bool {
    u128::from(part) * 100 > u128::from(whole) * u128::from(percent)
}

/// In how many rows each field was left out.
fn left_out(counts: &Counts) -> BTreeMap<&str, u64> {
    let mut fields = BTreeMap::new();
    for (field, rows) in &counts.dropped_fields {
        // `field: reason`; no reason has a colon.
        let field = field.rsplit_once(": ").map_or(field.as_str(), |(field, _)| field);
        *fields.entry(field).or_default() += rows;
    }
    fields
}

/// A share as people say it, rounded to whole per cent but never to none or to all.
fn share(part: u64, whole: u64) -> String {
    let percent = (part.saturating_mul(100) + whole / 2) / whole.max(1);
    match percent {
        0 => "< 1 %".to_owned(),
        100 if part < whole => "99 %".to_owned(),
        _ => format!("{percent} %"),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows_of = |of: &u64| counted(*of, "row", "rows");
        let name = |file: &str| file.rsplit('/').next().unwrap_or_default().to_owned();
        match self {
            Self::Rejected { rows, of } if rows == of => write!(f, "all {} rejected", rows_of(of)),
            Self::Rejected { rows, of } => {
                write!(f, "{} of {} ({share}) rejected", count(*rows), rows_of(of), share = share(*rows, *of))
            }
            Self::LeftOut { field, rows, of } => {
                let share = share(*rows, *of);
                write!(f, "{field} not sent for {} of {} ({share})", count(*rows), rows_of(of))
            }
            Self::FileRejected { file, rows } => write!(f, "{}: all {} rejected", name(file), rows_of(rows)),
            Self::FileLeftOut { file, field, rows } => {
                write!(f, "{}: {field} not sent for any of {}", name(file), rows_of(rows))
            }
            Self::Further { problems } => write!(f, "and {} more", count(*problems)),
        }
    }
}

/// The problems as they stand in a message.
pub(super) fn listed(problems: &[Problem]) -> String {
    let mut texts: Vec<String> = problems.iter().take(NAMED).map(ToString::to_string).collect();
    if let Some(more) = problems.len().checked_sub(NAMED).filter(|more| *more > 0) {
        texts.push(Problem::Further { problems: more as u64 }.to_string());
    }
    texts.join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::report::Rows;

    /// A file of `read` rows, of which this many are rejected, `unchanged` and without a field.
    fn file(read: u64, rejected: u64, unchanged: u64, left_out: &[(&str, u64)]) -> Counts {
        let accepted = read - rejected - unchanged;
        Counts {
            rows: Rows { read, accepted, unchanged, duplicate: 0, rejected },
            dropped_fields: left_out.iter().map(|(field, rows)| ((*field).to_owned(), *rows)).collect(),
            ..Counts::default()
        }
    }

    fn of(files: &[Counts]) -> Vec<String> {
        let keys = ["incoming/顧客/1.csv", "incoming/顧客/2.csv"];
        Problem::of(keys.into_iter().zip(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn shares_up_to_the_limits_are_no_problem() {
        assert_eq!(of(&[file(0, 0, 0, &[])]), [""; 0]);
        assert_eq!(of(&[file(100, 5, 95, &[("dob: not a date", 20)])]), [""; 0]);
        assert_eq!(of(&[file(100, 6, 94, &[])]), ["6 of 100 rows (6 %) rejected"]);
        let dob = [("dob: not a date", 15), ("dob: not readable", 6), ("点: not a number", 90)];
        assert_eq!(
            of(&[file(100, 0, 0, &dob)]),
            ["点 not sent for 90 of 100 rows (90 %)", "dob not sent for 21 of 100 rows (21 %)"]
        );
    }

    #[test]
    fn nothing_that_braze_has_is_a_problem() {
        assert_eq!(of(&[file(1, 1, 0, &[])]), ["all 1 row rejected"]);
        let mut repeated = file(1, 1, 0, &[]);
        repeated.rows.read += 99;
        repeated.rows.duplicate += 99;
        assert_eq!(of(&[repeated]), ["1 of 100 rows (1 %) rejected"]);
    }

    #[test]
    fn one_file_among_many_is_a_problem() {
        let good = || file(100_000, 0, 0, &[]);
        assert_eq!(of(&[good(), file(2, 2, 0, &[])]), ["2.csv: all 2 rows rejected"]);
        assert_eq!(of(&[file(3, 0, 3, &[("名: not readable", 3)]), good()]), ["1.csv: 名 not sent for any of 3 rows"]);
    }

    #[test]
    fn many_problems_are_counted() {
        let fields: Vec<(String, u64)> = (0..13).map(|number| (format!("f{number:02}: too long"), 9)).collect();
        let fields: Vec<(&str, u64)> = fields.iter().map(|(field, rows)| (field.as_str(), *rows)).collect();
        let counts = file(9, 0, 0, &fields);
        let text = listed(&Problem::of([("1.csv", &counts)]));
        assert_eq!((text.lines().count(), text.lines().last()), (11, Some("and 3 more")));
    }
}
