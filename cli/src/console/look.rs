//! What is in a folder that nothing describes yet: segments, runs, and what the values of each column look like. Values of
//! people are never shown, only their shapes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use insights_to_braze::bucket::Bucket;
use insights_to_braze::config::Export;
use insights_to_braze::description::{ColumnsFrom, FileDescription};
use insights_to_braze::inspect::Kind;
use insights_to_braze::masked::masked;
use insights_to_braze::names::SegmentName;
use insights_to_braze::rows::RowReader;
use insights_to_braze::run::{FileToDeliver, Models};
use insights_to_braze::survey::{FoundRun, Survey};
use jiff::Timestamp;

use crate::ending::Failure;
use crate::proposal::UNIFIED;

/// The most rows of a file that are read.
const ROWS: u64 = 20_000;
/// The most files that are read.
const FILES: usize = 12;
/// The most shapes that are shown of a column.
const SHAPES: usize = 3;
/// The most columns.
const COLUMNS: usize = 200;

/// What is in a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) segments: Vec<SegmentFiles>,
    /// Objects that are ignored, by reason.
    pub(crate) ignored: Vec<(String, u64)>,
    pub(crate) columns: Vec<Column>,
    /// Rows that were read.
    pub(crate) rows: u64,
    /// Why some file could not be read, as a text of the console or of the application.
    pub(crate) problems: BTreeSet<String>,
    /// Whether a file has no header, and nothing names its columns.
    pub(crate) is_without_header: bool,
}

/// The newest run of a segment.
#[derive(Clone, Debug)]
pub(crate) struct SegmentFiles {
    pub(crate) name: String,
    pub(crate) run: String,
    pub(crate) files: u64,
    /// The newest runs and the sizes of their files in words, the newest run first.
    pub(crate) sizes: Vec<(String, String)>,
}

/// The size of the files of a run in words.
fn size(run: &FoundRun) -> String {
    match run.files.iter().map(|file| file.object.size).sum() {
        bytes @ 0..1_000 => format!("{bytes} B"),
        bytes @ 1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        bytes => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

/// A column, and what its values look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Rows that were read of it.
    pub(crate) of: u64,
    pub(crate) filled: u64,
    pub(crate) kinds: BTreeMap<Kind, u64>,
    pub(crate) shapes: Vec<String>,
    /// In how many of the files it is.
    files: usize,
    /// Hashes of values, so that different ones can be counted.
    different: HashSet<u64>,
}

impl Column {
    /// The share of `part` in `of`, in per cent, rounded down.
    fn percent(part: u64, of: u64) -> u64 {
        (part * 100).checked_div(of).unwrap_or_default()
    }

    /// How many rows have a value, in per cent.
    pub(crate) fn filled_percent(&self) -> u64 {
        Self::percent(self.filled, self.of)
    }

    /// How many values are different, in per cent of the values.
    pub(crate) fn distinct_percent(&self) -> u64 {
        Self::percent(self.different.len() as u64, self.filled)
    }

    /// How many different values there are, in each segment.
    pub(crate) fn distinct(&self) -> u64 {
        self.different.len() as u64
    }

    /// What most of the values look like, and their share in per cent.
    pub(crate) fn looks_like(&self) -> Option<(Kind, u64)> {
        let values = self.kinds.iter().filter(|(kind, _)| **kind != Kind::Empty);
        let (kind, count) = values.max_by_key(|(_, count)| **count)?;
        Some((*kind, Self::percent(*count, self.filled)))
    }

    fn share_of(&self, kind: Kind) -> u64 {
        Self::percent(self.kinds.get(&kind).copied().unwrap_or_default(), self.filled)
    }

    /// Adds a value. People who are in two segments are no repetition.
    fn add(&mut self, segment: &str, value: &str, hasher: &RandomState) {
        self.of += 1;
        let kind = Kind::of(value);
        *self.kinds.entry(kind).or_default() += 1;
        if kind == Kind::Empty {
            return;
        }
        self.filled += 1;
        self.different.insert(hasher.hash_one((segment, value)));
        let shape = masked(value.trim());
        if self.shapes.len() < SHAPES && !self.shapes.contains(&shape) {
            self.shapes.push(shape);
        }
    }
}

impl Look {
    /// Looks at the newest run of each segment in an export's folder.
    pub(crate) async fn of(bucket: &Bucket, export: &Export) -> Result<Self, Failure> {
        let survey = Survey::of(bucket, export, Timestamp::now()).await?;
        let models = Models::new(bucket.clone());
        let mut look = Self { ignored: survey.ignored.into_iter().collect(), ..Self::default() };
        let (mut read, hasher) = (0, RandomState::new());
        for (segment, runs) in &survey.segments {
            let Some(newest) = runs.newest.first() else { continue };
            look.segments.push(SegmentFiles {
                name: segment.to_string(),
                run: newest.run.to_string(),
                files: newest.files.len() as u64,
                sizes: runs.newest.iter().map(|run| (run.run.to_string(), size(run))).collect(),
            });
            for file in newest.files.iter().take(FILES.saturating_sub(read)) {
                read += 1;
                if let Err(error) = look.read(bucket, export, &models, segment, file, &hasher).await {
                    look.problems.insert(error);
                }
            }
        }
        look.columns.retain(|column| column.files == read);
        look.columns.truncate(COLUMNS);
        Ok(look)
    }

    async fn read(
        &mut self,
        bucket: &Bucket,
        export: &Export,
        models: &Models,
        segment: &SegmentName,
        file: &FileToDeliver,
        hasher: &RandomState,
    ) -> Result<(), String> {
        let key = &file.object.key;
        let model = models.describing(export, segment, key).await.ok().flatten();
        let model = model.as_ref().map(|(key, model)| (key.as_str(), model.as_ref()));
        let description = FileDescription::of(export, segment, key, model);
        let source = bucket.open(key, Some(&file.object.etag), 0).await;
        let source = source.map_err(|error| error.to_string())?.into_async_read();
        let mut reader = match RowReader::open(source, description.settings.clone()).await {
            Ok(reader) => reader,
            Err(error) => return Err(error.to_string()),
        };
        let names = reader.header().columns.clone();
        // A first row with values of people is no header.
        let is_name = |name: &String| matches!(Kind::of(name), Kind::Text | Kind::Empty | Kind::List);
        if description.columns_from == ColumnsFrom::Nowhere && !names.iter().all(is_name) {
            self.is_without_header = true;
            return Ok(());
        }
        let mut columns: Vec<Column> = names.iter().map(|name| self.take(name)).collect();
        for _ in 0..ROWS {
            let row = match reader.next_row().await {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => {
                    self.columns.append(&mut columns);
                    return Err(error.to_string());
                }
            };
            self.rows += 1;
            if row.problem().is_none() {
                for (index, column) in columns.iter_mut().enumerate() {
                    column.add(segment.as_str(), row.field(index).unwrap_or_default(), hasher);
                }
            }
        }
        self.columns.append(&mut columns);
        Ok(())
    }

    /// The column of this name so far, in the order of the last file.
    fn take(&mut self, name: &str) -> Column {
        let known = self.columns.iter().position(|column| column.name == name);
        let mut column = known.map(|at| self.columns.remove(at)).unwrap_or_default();
        name.clone_into(&mut column.name);
        column.files += 1;
        column
    }

    /// How many objects of the folder are ignored.
    pub(crate) fn ignored_objects(&self) -> u64 {
        self.ignored.iter().map(|(_, objects)| objects).sum()
    }

    /// A column by its name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column with the most email addresses, if nearly all of its values are some.
    pub(crate) fn email(&self) -> Option<&str> {
        const LEAST: u64 = 80;
        let share = |column: &&Column| (column.share_of(Kind::Email), column.filled);
        let best = self.columns.iter().rev().max_by_key(share)?;
        (best.share_of(Kind::Email) >= LEAST).then_some(best.name.as_str())
    }

    /// The column that probably identifies customers: filled, different in nearly every row, no address, no date. One
    /// that is named like an ID comes first, and Customer Insights' own ID last.
    pub(crate) fn customer_id(&self) -> Option<&str> {
        // Some people have an address alone, and some rows repeat a person.
        const LEAST_FILLED: u64 = 60;
        const LEAST_DISTINCT: u64 = 95;
        let kinds = [Kind::Email, Kind::Date, Kind::DateTime, Kind::Boolean, Kind::Fraction];
        let identifies = |column: &&Column| {
            column.filled_percent() >= LEAST_FILLED
                && column.distinct_percent() >= LEAST_DISTINCT
                && kinds.iter().all(|kind| column.share_of(*kind) < 5)
        };
        let named = |column: &&&Column| {
            let name = column.name.to_lowercase();
            let ends = ["id", "number", "no", "key"];
            ends.iter().any(|end| name.ends_with(end)) || ["番号", "コード"].iter().any(|end| name.contains(end))
        };
        let candidates: Vec<&Column> = self.columns.iter().filter(identifies).filter(|column| named(&column)).collect();
        let own = candidates.iter().find(|column| column.name != UNIFIED);
        own.or_else(|| candidates.first()).map(|column| column.name.as_str())
    }
}

/// Whether a column is Customer Insights' own ID, which changes when profiles are merged.
pub(crate) fn is_unified(column: &str) -> bool {
    column == UNIFIED
}

/// The standard field of Braze that a column is probably meant for.
pub(crate) fn field_for(column: &str) -> Option<&'static str> {
    let folded: String = column.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    let names: [(&str, &[&str]); 8] = [
        ("first_name", &["firstname", "givenname", "名"]),
        ("last_name", &["lastname", "surname", "familyname", "姓"]),
        ("home_city", &["city", "homecity", "市区町村"]),
        ("country", &["country", "countrycode", "国"]),
        ("language", &["language", "preferredlanguage", "言語"]),
        ("dob", &["birthdate", "dateofbirth", "birthday", "dob", "生年月日"]),
        ("gender", &["gender", "性別"]),
        ("phone", &["phone", "phonenumber", "mobile", "mobilephone", "telephone", "電話", "電話番号"]),
    ];
    names.iter().find(|(_, spellings)| spellings.contains(&folded.as_str())).map(|(field, _)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[&str]) -> Column {
        let mut column = Column { name: name.to_owned(), ..Column::default() };
        let hasher = RandomState::new();
        for value in values {
            column.add("VIP", value, &hasher);
        }
        column
    }

    #[test]
    fn columns_are_proposed_by_their_values_and_shown_by_their_shapes() {
        let look = Look {
            columns: vec![
                column("CustomerId", &["4f1c", "77ab", "90de"]),
                column("Points", &["1", "2", "3"]),
                column("StoreNo", &["7", "7", "7"]),
                column("LoyaltyId", &["L-001", "L-002", "L-003"]),
                column("EMail", &["tanaka@example.jp", "", "b@example.com"]),
            ],
            ..Look::default()
        };
        assert_eq!((look.customer_id(), look.email()), (Some("LoyaltyId"), Some("EMail")));
        let email = &look.columns[4];
        assert_eq!((email.filled_percent(), email.looks_like()), (66, Some((Kind::Email, 100))));
        assert_eq!((email.shapes.join(" "), email.distinct()), ("a…@a….jp a…@a….com".to_owned(), 2));
        let only = Look { columns: look.columns[..3].to_vec(), ..Look::default() };
        assert_eq!((only.customer_id(), only.email()), (Some("CustomerId"), None));
        assert_eq!(
            (field_for("First Name"), field_for("生年月日"), field_for("Points")),
            (Some("first_name"), Some("dob"), None)
        );
        assert!(is_unified("CustomerId"));
    }
}
