//! What the first rows of a file show of the file as a whole, before anything of it is sent: in which order its columns
//! write dates, whether its identifiers are some, and whether any of its rows can be sent.

mod dates;
mod identifiers;

use super::note::ColumnNote;
use super::{Fields, Matcher};
use crate::message::Coded;
use crate::rows::RowProblem;

use dates::DateOrders;
use identifiers::IdentifierCounts;

pub use identifiers::{Doubt, DoubtfulIdentifiers};

/// The most rows of a file that are checked.
pub const ROWS_LOOKED_AT: u64 = 20_000;

/// The same, once another file of the run has been checked: more only if a column's dates could be read in either order.
const ROWS_OF_ANOTHER_FILE: u64 = 2_000;

/// Of a file with fewer rows, each is rejected by itself.
const LEAST_REFUSED: u64 = 5;

/// What the first rows of a file show.
#[derive(Debug)]
pub struct FirstLook {
    rows: u64,
    /// This many rows are enough if they show the order of all dates.
    enough: u64,
    dates: DateOrders,
    identifiers: IdentifierCounts,
    refused: Refused,
}

/// Whether every row so far is refused for one reason.
#[derive(Debug, Default)]
enum Refused {
    #[default]
    None,
    All(String),
    NotAll,
}

impl FirstLook {
    /// A look at a file with these columns. `is_increment`: its `model.json` says that it is a part of a change feed.
    pub fn new(matcher: &Matcher, columns: &[String], is_increment: bool) -> Self {
        Self {
            rows: 0,
            enough: ROWS_LOOKED_AT,
            dates: DateOrders::new(&matcher.fields),
            identifiers: IdentifierCounts::new(columns, is_increment),
            refused: Refused::None,
        }
    }

    /// The same at one file of a run of which another has been delivered. Reading most of each of many small files twice would
    /// cost as much as the delivery.
    #[must_use]
    pub fn at_another_file(mut self) -> Self {
        self.enough = ROWS_OF_ANOTHER_FILE;
        self
    }

    /// Checks the next row. `false` when enough have been checked.
    pub fn see<'r, R: Fields<'r> + ?Sized>(&mut self, matcher: &Matcher, row: &R) -> bool {
        self.rows += 1;
        self.dates.see(&matcher.fields, row);
        let result = matcher.identity(row);
        self.identifiers.see(matcher, row, &result);
        self.note_refusal(result.err().map(|reason| reason.to_string()));
        self.wants_more()
    }

    /// The same for a row that cannot be read.
    pub fn see_problem(&mut self, problem: &RowProblem) -> bool {
        self.rows += 1;
        self.note_refusal(Some(problem.without_place()));
        self.wants_more()
    }

    fn wants_more(&self) -> bool {
        self.rows < self.enough || (self.rows < ROWS_LOOKED_AT && self.dates.any_is_ambiguous())
    }

    fn note_refusal(&mut self, reason: Option<String>) {
        self.refused = match (std::mem::take(&mut self.refused), reason) {
            (Refused::None, Some(reason)) if self.rows == 1 => Refused::All(reason),
            (Refused::All(known), Some(reason)) if known == reason => Refused::All(known),
            _ => Refused::NotAll,
        };
    }

    /// Why no row of the file can be sent, if it is the same for each of at least a few rows.
    pub fn every_row_is_refused(&self) -> Option<(&str, u64)> {
        match &self.refused {
            Refused::All(reason) if self.rows >= LEAST_REFUSED => Some((reason, self.rows)),
            _ => None,
        }
    }

    /// The same as a note.
    pub fn note_of_every_row(&self) -> Option<String> {
        let (reason, _) = self.every_row_is_refused()?;
        Some(ColumnNote::EveryRowRejected { reason: reason.to_owned() }.with_code())
    }

    /// What is doubtful about the identifiers.
    pub fn identifiers(&self) -> DoubtfulIdentifiers {
        self.identifiers.doubts(self.rows)
    }
}

impl Matcher {
    /// Whether a look at the first rows says how the others are read.
    pub fn wants_look(&self) -> bool {
        self.fields.iter().any(|field| field.value.is_date() && !field.order_is_set)
    }

    /// The same, reading the dates of each column in the order that its cells show.
    #[must_use]
    pub fn after(mut self, look: &FirstLook) -> Self {
        let notes = look.dates.decide(&mut self.fields);
        self.notes.extend(notes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::FirstLook;
    use crate::config::{EmptyRule, ValueType};
    use crate::profile::tests::{export, field, names, try_matcher};

    /// After how many rows with these cells, over and over, enough have been checked.
    fn rows_checked(another_file: bool, cells: &[&str]) -> u64 {
        let columns = ["LoyaltyId", "EMail", "Birthday"];
        let export = export(vec![field("dob", "Birthday", Some(ValueType::Date), EmptyRule::Keep)]);
        let Ok(matcher) = try_matcher(&export, &columns) else { return 0 };
        let look = FirstLook::new(&matcher, &names(&columns), false);
        let mut look = if another_file { look.at_another_file() } else { look };
        let mut cells = cells.iter().cycle();
        let mut rows = 1;
        while look.see(&matcher, ["L-1", "", cells.next().unwrap_or(&"")].as_slice()) {
            rows += 1;
        }
        rows
    }

    #[test]
    fn of_another_file_few_rows_are_checked_unless_its_dates_stay_ambiguous() {
        assert_eq!(rows_checked(false, &["1990-12-31"]), 20_000);
        assert_eq!(rows_checked(true, &["1990-12-31", ""]), 2_000);
        assert_eq!(rows_checked(true, &["05/04/1990", "31/12/1990"]), 2_000);
        assert_eq!(rows_checked(true, &["05/04/1990"]), 20_000);
        let late: Vec<&str> = (0..3_000).map(|_| "05/04/1990").chain(["31/12/1990"]).collect();
        assert_eq!(rows_checked(true, &late), 3_001);
    }
}
