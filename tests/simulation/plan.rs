//! What Customer Insights exports in one case: people, rows, files and runs. A simple model of its own, which shares
//! nothing with the library.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rand::RngExt;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseKind {
    /// A few people and whatever goes wrong.
    Ordinary,
    /// Hundreds of people: several requests in flight, parts and checkpoints.
    Large,
    /// A file takes minutes; its owner loses the lease while it works, and the file is overwritten meanwhile.
    Slow,
}

impl CaseKind {
    pub(crate) fn draw(random: &mut SmallRng) -> Self {
        match random.random_range(0..100) {
            0..4 => Self::Slow,
            4 => Self::Large,
            _ => Self::Ordinary,
        }
    }
}

/// How a case tells that a run is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// `model.json` lists the files.
    Model,
    /// The folder is quiet for a minute.
    Quiet,
    /// One flat file per run.
    OneFile,
}

/// Which identifiers somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Both, though a row may leave the ID out.
    Both,
    /// Both, and the ID may be replaced by another.
    ChangesId,
    IdAlone,
    EmailAlone,
}

/// Somebody who may be a member.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
}

impl Person {
    /// The customer ID; some are awkward.
    pub(crate) fn id(&self, generation: u8) -> String {
        let number = self.number;
        match number % 4 {
            0 => format!("00{number}-{generation}"),
            1 => format!("会員, \"{number}\" {generation}"),
            2 => format!("L;{number}🎉{generation}"),
            _ => format!("LID|{number}|{generation}"),
        }
    }

    pub(crate) fn email(&self) -> String {
        format!("person.{}@example.jp", self.number)
    }
}

/// How a row names its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Both,
    IdAlone,
    EmailAlone,
    /// A field too many: rejected here, and yet a member.
    Broken,
}

/// One row of a person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) person: usize,
    pub(crate) generation: u8,
    pub(crate) form: Form,
    pub(crate) name: String,
    pub(crate) points: Option<u32>,
}

/// The members that a run of one segment has.
pub(crate) type Members = BTreeMap<usize, Row>;

/// One file: its rows in their order, repetitions included, and how many rows name nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FileRows {
    pub(crate) rows: Vec<Row>,
    pub(crate) nobody: usize,
}

/// One refresh of one segment.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) number: usize,
    pub(crate) segment: &'static str,
    pub(crate) files: BTreeMap<String, FileRows>,
}

pub(crate) const SEGMENTS: [&str; 2] = ["HighValueCustomers", "ChurnRisk"];
pub(crate) const FOLDER: &str = "incoming/BlobExport";
const NAMES: [&str; 6] = ["海斗", "Siobhán \"Shiv\"", "two\r\nlines 🎉", "O'Connor, Zoë", "José;|", "Ann"];

/// The people of a case.
pub(crate) fn people(random: &mut SmallRng, kind: CaseKind) -> Vec<Person> {
    let kinds = [Kind::Both, Kind::Both, Kind::ChangesId, Kind::IdAlone, Kind::EmailAlone];
    let count = match kind {
        CaseKind::Ordinary => random.random_range(3..13),
        CaseKind::Large => random.random_range(100..400),
        CaseKind::Slow => random.random_range(50..90),
    };
    (0..count).map(|number| Person { number, kind: kinds[random.random_range(0..kinds.len())] }).collect()
}

/// The members of the next run: some enter, some leave, some change.
pub(crate) fn next_members(random: &mut SmallRng, people: &[Person], before: &Members, churn: f64) -> Members {
    let mut members = Members::new();
    for person in people {
        let was = before.get(&person.number);
        let stays = if random.random_bool(churn) { random.random_bool(0.55) } else { was.is_some() };
        if !stays {
            continue;
        }
        let row = match was {
            Some(row) if row.form != Form::Broken && !random.random_bool(0.3) => row.clone(),
            was => new_row(random, person, was),
        };
        members.insert(person.number, row);
    }
    members
}

fn new_row(random: &mut SmallRng, person: &Person, was: Option<&Row>) -> Row {
    let generation = was.map_or(0, |row| row.generation);
    let renewed = person.kind == Kind::ChangesId && random.random_bool(0.3);
    let form = match person.kind {
        _ if random.random_bool(0.06) => Form::Broken,
        Kind::Both if random.random_bool(0.35) => Form::EmailAlone,
        Kind::Both | Kind::ChangesId => Form::Both,
        Kind::IdAlone => Form::IdAlone,
        Kind::EmailAlone => Form::EmailAlone,
    };
    Row {
        person: person.number,
        generation: generation + u8::from(renewed),
        form,
        name: format!("{} {}", NAMES[random.random_range(0..NAMES.len())], random.random_range(0..4)),
        points: random.random_bool(0.7).then(|| random.random_range(0..5)),
    }
}

/// What the fields of each person have been: what a person is called does not depend on the segment.
#[derive(Debug, Default)]
pub(crate) struct Called(BTreeMap<usize, Vec<(String, Option<u32>)>>);

impl Called {
    /// Gives the members of a run the fields that the people have then. Whoever is in `decided` has them from another segment
    /// of the run already. Some have again what they had before.
    pub(crate) fn agree(
        &mut self,
        random: &mut SmallRng,
        before: &Members,
        members: &mut Members,
        decided: &mut BTreeSet<usize>,
    ) {
        for (person, row) in members {
            let history = self.0.entry(*person).or_default();
            let changes = before.get(person).is_none_or(|was| was != row);
            if decided.insert(*person) && (changes || history.is_empty()) {
                let drawn = (row.name.clone(), row.points);
                let again = history.iter().nth_back(1).filter(|_| random.random_bool(0.5)).cloned();
                history.push(again.unwrap_or(drawn));
            }
            let (name, points) = history.last().expect("one at least").clone();
            (row.name, row.points) = (name, points);
        }
    }
}

/// Splits the members among files, in random order, with repetitions and rows that name nobody.
pub(crate) fn split(random: &mut SmallRng, members: &Members, keys: &[String]) -> BTreeMap<String, FileRows> {
    let mut files: BTreeMap<String, FileRows> = keys.iter().map(|key| (key.clone(), FileRows::default())).collect();
    let mut rows: Vec<&Row> = members.values().collect();
    rows.shuffle(random);
    for row in rows {
        let times = if random.random_bool(0.1) { 2 } else { 1 };
        for _ in 0..times {
            let key = &keys[random.random_range(0..keys.len())];
            files.get_mut(key).expect("a key of the run").rows.push(row.clone());
        }
    }
    for file in files.values_mut() {
        file.nobody = usize::from(random.random_bool(0.1));
    }
    files
}

/// The keys of a run's files.
pub(crate) fn keys(random: &mut SmallRng, evidence: Evidence, segment: &str, number: usize) -> Vec<String> {
    if evidence == Evidence::OneFile {
        return vec![format!("{FOLDER}/loyalty_{segment}_{}.csv", 1_763_856_000 + 86_400 * number)];
    }
    let gzip = if random.random_bool(0.3) { ".gz" } else { "" };
    (1..=[1, 2, 2, 3][random.random_range(0..4)]).map(|part| dated_key(segment, number, part, gzip)).collect()
}

/// The key of a file in dated folders.
pub(crate) fn dated_key(segment: &str, number: usize, part: usize, gzip: &str) -> String {
    format!("{FOLDER}/{segment}/2026/11/{:02}/0102/{segment}_{part}.csv{gzip}", number + 1)
}

/// What `RunId` shows for the run with this number.
pub(crate) fn run_name(evidence: Evidence, number: usize) -> String {
    match evidence {
        // 1763856000 is 2025-11-23T00:00:00Z.
        Evidence::OneFile => format!("2025-11-{:02}T00:00:00Z", 23 + number),
        _ => format!("2026-11-{:02}T01:02Z", number + 1),
    }
}

impl FileRows {
    /// The file as Customer Insights writes it.
    pub(crate) fn text(&self, people: &[Person]) -> String {
        let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
        for row in &self.rows {
            let person = &people[row.person];
            let has_email = person.kind != Kind::IdAlone;
            let has_id = person.kind != Kind::EmailAlone;
            let id = if has_id && row.form != Form::EmailAlone { person.id(row.generation) } else { String::new() };
            let email = if has_email && row.form != Form::IdAlone { person.email() } else { String::new() };
            let points = row.points.map(|points| points.to_string()).unwrap_or_default();
            write!(text, "{},{},{},{points}", quoted(&id), quoted(&email), quoted(&row.name)).expect("to a string");
            text.push_str(if row.form == Form::Broken { ",too,many\r\n" } else { "\r\n" });
        }
        for _ in 0..self.nobody {
            text.push_str(",,nobody,1\r\n");
        }
        text
    }

    pub(crate) fn read(&self) -> usize {
        self.rows.len() + self.nobody
    }
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r', ';', '|']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

impl Run {
    /// Everybody whom the run has, by all identifiers under which nobody may be unset because of it.
    pub(crate) fn protected(&self, people: &[Person]) -> BTreeSet<String> {
        self.protected_by(people, |_| true)
    }

    /// The same by certain rows alone.
    pub(crate) fn protected_by(&self, people: &[Person], rows: impl Fn(&Row) -> bool) -> BTreeSet<String> {
        let mut protected = BTreeSet::new();
        for row in self.files.values().flat_map(|file| &file.rows).filter(|row| rows(row)) {
            let person = &people[row.person];
            if person.kind != Kind::EmailAlone {
                protected.insert(person.id(row.generation));
            }
            if person.kind != Kind::IdAlone {
                protected.insert(person.email());
            }
        }
        protected
    }

    /// The rows by person.
    pub(crate) fn members(&self) -> Members {
        self.files.values().flat_map(|file| &file.rows).map(|row| (row.person, row.clone())).collect()
    }
}
