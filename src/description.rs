//! What is known of a file before it is read: the configuration's settings, and the `model.json` beside it.
//!
//! The configuration wins over the model, and the model over what the content shows. What neither says is detected.

use crate::config::{CsvSettings, Export};
use crate::names::SegmentName;
use crate::profile::{ColumnTypes, TypesDigest};
use crate::rows::{Header, Quoting, ReadSettings};
use crate::run::model::{CsvStyle, Entity, Model, QuoteStyle};

/// What is known of a file before it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDescription {
    /// How it is read.
    pub settings: ReadSettings,
    /// What the model says of its columns.
    pub types: ColumnTypes,
    /// Where the columns of a file without a header come from.
    pub columns_from: ColumnsFrom,
    /// Whether the model says that the file holds changes of a table instead of the members of a segment.
    pub is_change_feed: bool,
}

/// Where the columns of a file without a header come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColumnsFrom {
    /// `columns` under `[exports.NAME.csv]`.
    Config,
    /// The model's entity.
    Model,
    /// Nothing names them: the file must have a header.
    #[default]
    Nowhere,
}

impl FileDescription {
    /// Describes the file `key` of `segment`. `model` is the document beside it with its own key, where there is one.
    pub fn of(export: &Export, segment: &SegmentName, key: &str, model: Option<(&str, &Model)>) -> Self {
        let csv = &export.csv;
        let settings = ReadSettings {
            delimiter: csv.delimiter,
            backslash_escapes: csv.backslash_escapes,
            encoding: csv.encoding,
            columns: csv.columns.clone(),
            limits: csv.limits,
            ..ReadSettings::default()
        };
        let columns_from = if csv.columns.is_some() { ColumnsFrom::Config } else { ColumnsFrom::Nowhere };
        let mut description = Self { settings, columns_from, ..Self::default() };
        if let Some((model_key, model)) = model
            && let Some(entity) = model.entity(segment)
        {
            description.add_entity(entity, key, model_key);
        }
        description
    }

    /// Whether a file that was opened with this header and whose columns had these types would be read in the same way now.
    ///
    /// What `csv`, the configuration, sets is not looked at: a change of the configuration is for the next run.
    pub fn reads_alike(&self, header: &Header, types: &TypesDigest, csv: &CsvSettings) -> bool {
        let (settings, dialect) = (&self.settings, header.dialect);
        let delimiter = csv.delimiter.is_some() || settings.delimiter.is_none_or(|set| set == dialect.delimiter);
        let never = |quoting: Quoting| quoting == Quoting::Never;
        let quoting = settings.quoting.is_none_or(|set| never(set) == never(dialect.quoting));
        let has_header = settings.header.is_none_or(|set| set == header.in_file);
        let columns = header.in_file
            || csv.columns.is_some()
            || settings.columns.as_ref().is_none_or(|columns| *columns == header.columns);
        header.empty || (delimiter && quoting && has_header && columns && self.types.digest() == *types)
    }

    fn add_entity(&mut self, entity: &Entity, key: &str, model_key: &str) {
        let settings = &mut self.settings;
        let format = entity.format_of(key, model_key);
        settings.delimiter = settings.delimiter.or(format.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok()));
        if settings.columns.is_none() && !entity.columns.is_empty() {
            settings.columns = Some(entity.columns.iter().map(|column| column.name.clone()).collect());
            self.columns_from = ColumnsFrom::Model;
        }
        settings.header = format.column_headers;
        settings.quoting = match (format.quote_style, format.csv_style) {
            (Some(QuoteStyle::None), _) => Some(Quoting::Never),
            (_, Some(CsvStyle::QuoteAlways)) => Some(Quoting::Always),
            _ => None,
        };
        settings.declared_encoding = format.encoding;
        self.is_change_feed = entity.is_change_feed;
        let types = entity.column_types().map(|(name, data_type)| (name.to_owned(), data_type));
        self.types = ColumnTypes::new(types, entity.culture().map(str::to_owned));
    }
}
