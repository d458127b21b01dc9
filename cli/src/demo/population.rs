//! Who is in which segment when, and what a right delivery therefore reports.

use std::ops::Range;

use insights_to_braze::report::{Members, Rows};

use super::people::{Run, changes, strangers};

/// A segment of the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Delivered under the attribute "High Value Customers".
    HighValueCustomers,
    /// Delivered under its own name.
    ChurnRisk,
}

impl Segment {
    pub(super) const BOTH: [Self; 2] = [Self::HighValueCustomers, Self::ChurnRisk];

    /// The table's name.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::HighValueCustomers => "HighValueCustomers",
            Self::ChurnRisk => "ChurnRisk",
        }
    }

    /// The custom attribute in Braze.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::HighValueCustomers => "High Value Customers",
            Self::ChurnRisk => "ChurnRisk",
        }
    }

    /// How many files it is written in.
    pub(super) fn files(self) -> u64 {
        match self {
            Self::HighValueCustomers => 3,
            Self::ChurnRisk => 2,
        }
    }
}

/// Whether a member's row is cut short in a run. It is rejected, and the member stays one.
pub(super) fn is_broken(segment: Segment, number: u64, run: Run) -> bool {
    let broken = match segment {
        Segment::HighValueCustomers => 12,
        Segment::ChurnRisk => 16,
    };
    run == Run::Second && number == broken
}

/// Whether a member's row is in the file twice.
pub(super) fn is_repeated(number: u64) -> bool {
    number % 331 == 4
}

/// The people of the demonstration. They are numbered from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Population {
    /// How many there are in the first run, at least 100.
    pub(super) members: u64,
}

impl Population {
    /// The people that there are in a run; new ones come behind the others.
    pub(super) fn people(self, run: Run) -> Range<u64> {
        match run {
            Run::First => 0..self.members,
            Run::Second => 0..self.members + self.members / 25,
        }
    }

    /// Whether a person is a member of a segment in a run.
    pub(super) fn is_member(self, segment: Segment, number: u64, run: Run) -> bool {
        let from_the_start = match segment {
            Segment::HighValueCustomers => number % 6 < 4,
            Segment::ChurnRisk => number % 6 >= 3,
        };
        // Some leave the one segment and enter the other.
        let leaves = match segment {
            Segment::HighValueCustomers => number % 20 == 7,
            Segment::ChurnRisk => number % 25 == 11,
        };
        let moves_in = segment == Segment::ChurnRisk && number % 60 == 7;
        match run {
            Run::First => number < self.members && from_the_start,
            Run::Second if number < self.members => (from_the_start && !leaves) || moves_in,
            Run::Second => number < self.people(run).end && from_the_start,
        }
    }

    /// The people whose rows are in one of the files, which are counted from 0.
    pub(super) fn people_in_file(self, segment: Segment, run: Run, file: u64) -> Range<u64> {
        let all = self.people(run).end;
        all * file / segment.files()..all * (file + 1) / segment.files()
    }

    /// What the report of a right delivery says.
    pub(super) fn expected(self, segment: Segment, run: Run) -> (Rows, Members) {
        let mut rows = Rows { read: strangers().len() as u64, rejected: strangers().len() as u64, ..Rows::default() };
        let mut members = Members::default();
        for number in self.people(Run::Second) {
            let was = run == Run::Second && self.is_member(segment, number, Run::First);
            let is = self.is_member(segment, number, run);
            members.before += u64::from(was);
            members.entered += u64::from(is && !was);
            members.stayed += u64::from(is && was);
            members.left += u64::from(was && !is);
            members.after += u64::from(is);
            if !is {
                continue;
            }
            rows.read += 1;
            if is_broken(segment, number, run) {
                rows.rejected += 1;
            } else if was && !changes(number) {
                rows.unchanged += 1;
            } else {
                rows.accepted += 1;
            }
            if is_repeated(number) {
                rows.read += 1;
                rows.duplicate += 1;
            }
        }
        (rows, members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_of_the_first_run_is_in_a_segment_and_everything_happens_even_in_the_smallest_demonstration() {
        for members in [100, 101, 3_000] {
            let population = Population { members };
            for number in population.people(Run::First) {
                assert!(Segment::BOTH.iter().any(|segment| population.is_member(*segment, number, Run::First)));
            }
            for segment in Segment::BOTH {
                for run in [Run::First, Run::Second] {
                    let (rows, members) = population.expected(segment, run);
                    assert_eq!(rows.unaccounted(), 0);
                    assert!(members.add_up(), "{members:?}");
                }
                let (rows, members) = population.expected(segment, Run::Second);
                assert!(rows.accepted > 0 && rows.unchanged > rows.accepted && rows.rejected == 7, "{rows:?}");
                assert!(members.entered > 0 && members.left > 0 && members.stayed > members.left, "{members:?}");
            }
        }
        let both =
            |number| Segment::BOTH.map(|segment| Population { members: 100 }.is_member(segment, number, Run::Second));
        assert_eq!(both(7), [false, true], "moved from one segment to the other");
        assert!(!Population { members: 3_000 }.is_member(Segment::HighValueCustomers, 3_121, Run::Second));
    }

    #[test]
    fn the_files_share_all_people_out() {
        let population = Population { members: 101 };
        let parts: Vec<_> =
            (0..3).map(|file| population.people_in_file(Segment::HighValueCustomers, Run::Second, file)).collect();
        assert_eq!((parts[0].start, parts[2].end), (0, 105));
        assert!(parts[0].end == parts[1].start && parts[1].end == parts[2].start);
    }
}
