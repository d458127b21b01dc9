//! Writes the files of a run as Customer Insights does, one row after the other.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::DateTime;

use super::people::{COLUMNS, Person, Run, strangers};
use super::population::{Population, Segment, is_broken, is_repeated};

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrittenFile {
    pub(super) segment: Segment,
    /// Below the folder of the export, with slashes.
    pub(super) path: String,
    /// Rows in it.
    pub(super) rows: u64,
}

/// How the files of a segment look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) quote_always: bool,
    line_ending: &'static str,
    begins_with: &'static [u8],
}

impl Dialect {
    pub(super) fn of(segment: Segment) -> Self {
        match segment {
            Segment::HighValueCustomers => Self { quote_always: true, line_ending: "\r\n", begins_with: b"" },
            Segment::ChurnRisk => Self { quote_always: false, line_ending: "\n", begins_with: b"\xef\xbb\xbf" },
        }
    }
}

/// The path of a file below the export's folder; the last file of a segment is compressed.
fn path_of(segment: Segment, run: DateTime, file: u64) -> String {
    let table = segment.table();
    let compressed = if file + 1 == segment.files() { ".gz" } else { "" };
    format!("{table}/{}/{table}_{}.csv{compressed}", run.strftime("%Y/%m/%d/%H%M"), file + 1)
}

/// Writes all files of a run into `folder`. `time` is the one in their paths.
pub(super) fn write_run(
    folder: &Path,
    population: Population,
    run: Run,
    time: DateTime,
) -> io::Result<Vec<WrittenFile>> {
    let mut written = Vec::new();
    for segment in Segment::BOTH {
        for file in 0..segment.files() {
            let path = path_of(segment, time, file);
            let rows = write_file(&folder.join(&path), population, segment, run, file)?;
            written.push(WrittenFile { segment, path, rows });
        }
    }
    Ok(written)
}

fn write_file(path: &Path, population: Population, segment: Segment, run: Run, file: u64) -> io::Result<u64> {
    let mut csv = CsvFile::create(path, Dialect::of(segment))?;
    csv.row(COLUMNS.iter().map(|(name, _)| name.as_bytes()))?;
    for number in population.people_in_file(segment, run, file) {
        if !population.is_member(segment, number, run) {
            continue;
        }
        let person = Person::new(number, run);
        let kept = if is_broken(segment, number, run) { 3 } else { COLUMNS.len() };
        let times = if is_repeated(number) { 2 } else { 1 };
        for _ in 0..times {
            csv.row(person.cells.iter().take(kept).map(String::as_bytes))?;
        }
    }
    if file == 0 {
        for stranger in strangers() {
            csv.row(stranger.iter().map(Vec::as_slice))?;
        }
    }
    csv.finish()
}

/// A file that is being written.
struct CsvFile {
    sink: Sink,
    dialect: Dialect,
    line: Vec<u8>,
    lines: u64,
}

enum Sink {
    Plain(BufWriter<File>),
    Compressed(Box<GzEncoder<BufWriter<File>>>),
}

impl CsvFile {
    fn create(path: &Path, dialect: Dialect) -> io::Result<Self> {
        fs::create_dir_all(path.parent().map_or_else(PathBuf::new, Path::to_owned))?;
        let file = BufWriter::new(File::create(path)?);
        let compressed = path.extension().is_some_and(|extension| extension == "gz");
        let sink = if compressed {
            Sink::Compressed(Box::new(GzEncoder::new(file, Compression::fast())))
        } else {
            Sink::Plain(file)
        };
        Ok(Self { sink, dialect, line: dialect.begins_with.to_vec(), lines: 0 })
    }

    fn row<'c>(&mut self, cells: impl Iterator<Item = &'c [u8]>) -> io::Result<()> {
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                self.line.push(b',');
            }
            if self.dialect.quote_always || cell.iter().any(|byte| b"\",\r\n".contains(byte)) {
                self.line.push(b'"');
                for byte in cell {
                    self.line.extend((*byte == b'"').then_some(b'"'));
                    self.line.push(*byte);
                }
                self.line.push(b'"');
            } else {
                self.line.extend_from_slice(cell);
            }
        }
        self.line.extend_from_slice(self.dialect.line_ending.as_bytes());
        match &mut self.sink {
            Sink::Plain(file) => file.write_all(&self.line)?,
            Sink::Compressed(file) => file.write_all(&self.line)?,
        }
        self.line.clear();
        self.lines += 1;
        Ok(())
    }

    /// Completes the file and gives the rows in it, the header not counted.
    fn finish(self) -> io::Result<u64> {
        match self.sink {
            Sink::Plain(mut file) => file.flush()?,
            Sink::Compressed(file) => file.finish()?.flush()?,
        }
        Ok(self.lines - 1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use insights_to_braze::rows::{ReadSettings, RowReader};

    use super::*;

    fn time() -> DateTime {
        DateTime::constant(2026, 11, 23, 1, 2, 0, 0)
    }

    /// Reads a file with the library's own reader: rows, rejected ones among them, and the rows' cells.
    async fn read(path: &Path) -> (u64, u64, Vec<Vec<String>>) {
        let bytes = fs::read(path).unwrap();
        let mut reader = RowReader::open(&bytes[..], ReadSettings::default()).await.unwrap();
        assert_eq!(reader.header().columns, COLUMNS.map(|(name, _)| name));
        let (mut rows, mut problems, mut good) = (0, 0, Vec::new());
        while let Some(row) = reader.next_row().await.unwrap() {
            rows += 1;
            if row.problem().is_some() {
                problems += 1;
            } else {
                good.push((0..row.len()).map(|place| row.field(place).unwrap().to_owned()).collect());
            }
        }
        (rows, problems, good)
    }

    #[tokio::test]
    async fn the_rows_that_are_promised_are_read_back_cell_by_cell() {
        let folder = tempfile::tempdir().unwrap();
        let population = Population { members: 2_000 };
        for run in [Run::First, Run::Second] {
            let written = write_run(folder.path(), population, run, time()).unwrap();
            assert_eq!(written.len(), 5);
            for segment in Segment::BOTH {
                let (mut rows, mut problems, mut good) = (0, 0, Vec::new());
                for file in written.iter().filter(|file| file.segment == segment) {
                    let (of_file, problems_of_file, good_of_file) = read(&folder.path().join(&file.path)).await;
                    assert_eq!(of_file, file.rows, "{}", file.path);
                    rows += of_file;
                    problems += problems_of_file;
                    good.extend(good_of_file);
                }
                let (expected, members) = population.expected(segment, run);
                assert_eq!(rows, expected.read);
                let broken = u64::from(run == Run::Second);
                assert_eq!(problems, 3 + broken, "too long, too short, not UTF-8");
                let mut people = good.into_iter().filter(|cells| !cells[0].is_empty());
                let mut met = 0;
                for number in population.people(run) {
                    if !population.is_member(segment, number, run) || is_broken(segment, number, run) {
                        continue;
                    }
                    let expected = Person::new(number, run).cells;
                    for _ in 0..if is_repeated(number) { 2 } else { 1 } {
                        assert_eq!(people.next().unwrap(), expected);
                    }
                    met += 1;
                }
                assert_eq!((people.next(), met), (None, members.after - broken));
            }
        }
    }

    #[tokio::test]
    async fn files_look_as_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let written = write_run(folder.path(), Population { members: 100 }, Run::First, time()).unwrap();
        assert_eq!(written[2].path, "HighValueCustomers/2026/11/23/0102/HighValueCustomers_3.csv.gz");
        let begins = |place: usize| fs::read(folder.path().join(&written[place].path)).unwrap();
        assert!(begins(0).starts_with(b"\"CustomerId\",\"LoyaltyId\""));
        assert!(begins(2).starts_with(&[0x1f, 0x8b]), "compressed");
        assert!(begins(3).starts_with("\u{feff}CustomerId,LoyaltyId".as_bytes()));
    }
}
