//! Looks into a file: dialect, header, columns, first values.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::error::InspectError;
use super::values::Kind;
use crate::bucket::{Bucket, BucketError, ObjectSummary};
use crate::config::Export;
use crate::delivery::look_at;
use crate::description::{ColumnsFrom, FileDescription};
use crate::masked::masked;
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;
use crate::profile::{ConfiguredColumn, Matcher};
use crate::rows::{Header, Kept, LineEnding, Quoting, ReadError, RowReader};
use crate::run::{ModelReadError, Models};

/// A file whose content is inspected.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) export: Arc<Export>,
    pub(super) segment: SegmentName,
    pub(super) run: RunId,
    pub(super) object: ObjectSummary,
}

/// The most rows that are read.
const ROWS: u64 = 20;
/// Most columns listed.
const COLUMNS_TOLD: usize = 100;
/// As many values of a column are shown, masked.
const VALUES_SHOWN: usize = 3;

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InspectedFile {
    /// Its key.
    pub key: String,
    /// The export that it was read for.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
    /// The run.
    pub run: RunId,
    /// Whether it would be delivered as it is: it can be read, and has every column that the configuration names.
    pub fits: bool,
    /// Why not, with what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How it writes its records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<FoundDialect>,
    /// Where its columns come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<&'static str>,
    /// The description beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How many columns it has.
    pub column_count: usize,
    /// Its columns, the first hundred.
    pub columns: Vec<InspectedColumn>,
    /// How the configured columns were found, and what they are read as.
    pub configured: Vec<ConfiguredColumn>,
    /// What someone should know although it is no error.
    pub notes: Vec<String>,
    /// Rows that were read.
    pub rows: u64,
    /// What is wrong with some of them, by line.
    pub row_problems: Vec<String>,
}

/// A dialect in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundDialect {
    /// The delimiter: `,` `;` `|` or `tab`.
    pub delimiter: String,
    /// `always`, `when needed` or `never`.
    pub quotes: &'static str,
    /// `LF`, `CR LF` or `CR`.
    pub line_ending: &'static str,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
    /// Whether it begins with a byte-order mark.
    pub byte_order_mark: bool,
}

/// One column of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InspectedColumn {
    /// Its name.
    pub name: String,
    /// Its type in the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_type: Option<&'static str>,
    /// The first values, masked.
    pub first_values: Vec<String>,
    /// What the values of the first rows look like. It is a hint for choosing types, and nothing is read by it.
    pub looks_like: BTreeSet<Kind>,
}

pub(super) async fn inspect_file(
    bucket: &Bucket,
    models: &Models,
    chosen: &Chosen,
) -> Result<InspectedFile, InspectError> {
    let key = &chosen.object.key;
    let mut inspected = InspectedFile {
        key: key.clone(),
        export: chosen.export.name.clone(),
        segment: chosen.segment.clone(),
        run: chosen.run,
        fits: false,
        problem: None,
        dialect: None,
        header: None,
        model: None,
        column_count: 0,
        columns: Vec::new(),
        configured: Vec::new(),
        notes: Vec::new(),
        rows: 0,
        row_problems: Vec::new(),
    };
    let model = match models.describing(&chosen.export, &chosen.segment, key).await {
        Ok(model) => model,
        Err(error @ ModelReadError::Model { .. }) => {
            inspected.problem = Some(error.to_string());
            return Ok(inspected);
        }
        Err(error) => return Err(error.into()),
    };
    inspected.model = model.as_ref().map(|(key, _)| key.clone());
    let model = model.as_ref().map(|(key, model)| (key.as_str(), model.as_ref()));
    let description = FileDescription::of(&chosen.export, &chosen.segment, key, model);
    let mut source = match bucket.open(key, Some(&chosen.object.etag), 0).await {
        Ok(stream) => Kept::new(stream.into_async_read()),
        Err(error @ (BucketError::Missing { .. } | BucketError::Changed { .. })) => {
            inspected.problem = Some(error.to_string());
            return Ok(inspected);
        }
        Err(error) => return Err(error.into()),
    };
    let looked = match inspected.look_into(&mut source, chosen, &description).await {
        Ok(Some(matcher)) => {
            source.rewind();
            inspected.judge(source, &description, matcher).await
        }
        other => other.map(|_| ()),
    };
    if let Err(error) = looked {
        inspected.fits = false;
        inspected.problem = Some(error.to_string());
    }
    Ok(inspected)
}

impl InspectedFile {
    async fn look_into(
        &mut self,
        source: impl tokio::io::AsyncRead + Unpin,
        chosen: &Chosen,
        description: &FileDescription,
    ) -> Result<Option<Matcher>, ReadError> {
        let mut reader = RowReader::open(source, description.settings.clone()).await?;
        let header = reader.header().clone();
        self.dialect = Some(FoundDialect::of(&header));
        self.header = Some(header_from(&header, description.columns_from));
        self.notes.extend(header.notes());
        if header.empty {
            self.fits = true;
            return Ok(None);
        }
        self.column_count = header.columns.len();
        self.columns = columns(&header, description);
        self.configured = ConfiguredColumn::all_of(&chosen.export, &header.columns, &description.types);
        let attribute = chosen.export.attribute_of(&chosen.segment);
        let mut fitting = None;
        match Matcher::new(&chosen.export, &attribute, &header.columns, &description.types) {
            Ok(matcher) => {
                self.fits = true;
                fitting = Some(matcher);
            }
            Err(error) => {
                // Values that were taken for a header are personal data.
                if matches!(error.columns, crate::profile::ColumnsFound::NotAHeader(_)) {
                    self.columns.iter_mut().for_each(|column| column.name = masked(&column.name));
                }
                self.problem = Some(error.to_string());
            }
        }
        while self.rows < ROWS
            && let Some(row) = reader.next_row().await?
        {
            self.rows += 1;
            if let Some(problem) = row.problem() {
                self.row_problems.push(format!("line {}: {problem}", row.line()));
                continue;
            }
            for (index, column) in self.columns.iter_mut().enumerate() {
                let value = row.field(index).unwrap_or_default();
                column.looks_like.insert(Kind::of(value));
                if column.first_values.len() < VALUES_SHOWN {
                    column.first_values.push(masked(value));
                }
            }
        }
        Ok(fitting)
    }

    /// Says what a delivery would find before it sends anything.
    async fn judge(
        &mut self,
        source: impl tokio::io::AsyncRead + Unpin,
        description: &FileDescription,
        matcher: Matcher,
    ) -> Result<(), ReadError> {
        let mut reader = RowReader::open(source, description.settings.clone()).await?;
        let look = look_at(&mut reader, description, &matcher, false).await?;
        self.notes.extend(matcher.after(&look).notes().iter().cloned());
        self.notes.extend(look.identifiers().notes());
        self.notes.extend(look.note_of_every_row());
        Ok(())
    }
}

impl FoundDialect {
    fn of(header: &Header) -> Self {
        let dialect = header.dialect;
        Self {
            delimiter: match dialect.delimiter {
                b'\t' => "tab".to_owned(),
                other => char::from(other).to_string(),
            },
            quotes: match dialect.quoting {
                Quoting::Always => "always",
                Quoting::Minimal => "when needed",
                Quoting::Never => "never",
            },
            line_ending: match dialect.line_ending {
                LineEnding::Lf => "LF",
                LineEnding::CrLf => "CR LF",
                LineEnding::Cr => "CR",
            },
            gzip: dialect.gzip,
            byte_order_mark: dialect.byte_order_mark,
        }
    }
}

fn header_from(header: &Header, columns_from: ColumnsFrom) -> &'static str {
    match (header.empty, header.in_file, columns_from) {
        (true, ..) => "none: the file is empty",
        (_, true, _) => "in the file",
        (_, false, ColumnsFrom::Config) => "none in the file; the columns are those of csv.columns",
        (_, false, _) => "none in the file; the columns are those of the model",
    }
}

fn columns(header: &Header, description: &FileDescription) -> Vec<InspectedColumn> {
    let column = |name: &String| InspectedColumn {
        name: name.clone(),
        model_type: description.types.data_type(name).map(crate::run::model::DataType::as_str),
        first_values: Vec::new(),
        looks_like: BTreeSet::new(),
    };
    header.columns.iter().take(COLUMNS_TOLD).map(column).collect()
}
