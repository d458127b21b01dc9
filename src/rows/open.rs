//! Opening a file: what its first bytes say about the rest.

use std::collections::BTreeSet;

use tokio::io::AsyncRead;

use super::ReadSettings;
use super::detect::Sample;
use super::dialect::{Dialect, Quoting};
use super::encoding::{self, BYTE_ORDER_MARK, Encoding, TextEncoding};
use super::error::ReadError;
use super::guard::{are_added, unguarded_text};
use super::header::Header;
use super::parser::Fault;
use super::quotes::QUOTE;
use super::reader::{Found, Look, RowReader};
use super::source::Source;
use super::window::{Blank, Window};

/// The longest byte-order mark.
const LONGEST_MARK: usize = 4;

impl<S: AsyncRead + Unpin> RowReader<S> {
    /// Opens a file at its beginning: detects gzip, the byte-order mark, the dialect and the header. The next row is the first.
    ///
    /// An empty file opens too: [`Header::empty`] says so, and there are no columns and no rows.
    pub async fn open(source: S, settings: ReadSettings) -> Result<Self, ReadError> {
        check(&settings)?;
        let mut window = Window::new(Source::sniff(source).await?, 0, settings.limits.max_text_bytes);
        while window.unread().len() < LONGEST_MARK && !window.ended() {
            window.fill().await?;
        }
        let encoding = match encoding::marked(window.unread()) {
            Some(marked) => Some(marked.map_err(ReadError::Encoding)?),
            None if window.unread().starts_with(BYTE_ORDER_MARK) => None,
            None => settings.encoding,
        };
        let encoding = match encoding.filter(|encoding| *encoding != TextEncoding::default()) {
            None => find_declared(&mut window, &settings).await?,
            some => some,
        };
        if let Some(encoding) = encoding {
            window.decode(encoding);
            while window.unread().len() < LONGEST_MARK && !window.ended() {
                window.fill().await?;
            }
        }
        let byte_order_mark = window.unread().starts_with(BYTE_ORDER_MARK);
        if byte_order_mark {
            window.consume(BYTE_ORDER_MARK.len());
        }
        let line = pass_blank_lines(&mut window).await?;
        while Sample::of(window.unread()).whole && !window.ended() {
            window.fill().await?;
        }
        let sample = Sample::of(window.unread());
        refuse(sample.text)?;
        let legacy =
            if encoding::may_be_utf8(sample.text) { Encoding::EightBit } else { Encoding::of_legacy(sample.text) };
        let mut dialect = Dialect {
            gzip: window.is_gzip(),
            byte_order_mark: byte_order_mark || encoding.is_some(),
            encoding: encoding.unwrap_or_default(),
            ..detect(sample, &settings)
        };
        let in_file = !sample.text.is_empty() && has_header(sample, dialect, &settings)?;
        let empty = sample.text.is_empty();
        let columns = if empty || in_file { Vec::new() } else { settings.columns.clone().unwrap_or_default() };
        let named = if in_file {
            sample.first_record(dialect.delimiter, dialect.quoting).map_or(0, |names| names.len())
        } else {
            columns.len()
        };
        dialect.surplus_field = sample.has_surplus_field(dialect, named, usize::from(in_file));

        let mut reader = Self::start(window, Header { columns, dialect, in_file, empty }, &settings);
        reader.line = line;
        reader.legacy = legacy;
        if in_file {
            reader.read_header(&settings).await?;
        }
        reader.parser.expected = Some(reader.fields_of_a_row());
        Ok(reader)
    }

    async fn read_header(&mut self, settings: &ReadSettings) -> Result<(), ReadError> {
        let limits = &settings.limits;
        self.parser.max_bytes = limits.max_header_bytes;
        let line = self.line;
        let found = loop {
            match self.look() {
                Look::Found(found) => break found,
                Look::NeedMore => self.window.fill().await?,
                Look::End => return Ok(()),
            }
        };
        self.parser.max_bytes = limits.max_record_bytes;
        match found.shape().fault {
            Some(Fault::TooLarge) => {
                return Err(ReadError::HeaderTooLarge { limit: limits.max_header_bytes });
            }
            Some(Fault::StrayQuote { .. }) => return Err(ReadError::HeaderQuote { line }),
            None => {}
        }
        if found.shape().found > limits.max_columns {
            return Err(ReadError::TooManyColumns { found: found.shape().found, limit: limits.max_columns });
        }
        let mut columns = self.names(&found, line)?;
        if are_added(&columns) {
            self.guarded = true;
            for column in &mut columns {
                let name = unguarded_text(column);
                *column = name.to_owned();
            }
        }
        self.header.columns = columns;
        Ok(())
    }

    fn names(&self, found: &Found, line: u64) -> Result<Vec<String>, ReadError> {
        let (data, fields) = self.contents(found);
        let mut names = Vec::with_capacity(fields.len());
        for (index, &(start, end)) in fields.iter().enumerate() {
            let name = std::str::from_utf8(&data[start..end]).map_err(|_| ReadError::Encoding(self.legacy))?;
            if name.contains('\0') {
                return Err(ReadError::HeaderNul { line, column: index + 1 });
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }
}

/// Refuses settings that no file can be read with.
fn check(settings: &ReadSettings) -> Result<(), ReadError> {
    if let Some(delimiter) = settings.delimiter
        && (!delimiter.is_ascii() || matches!(delimiter, b'"' | b'\r' | b'\n' | 0))
    {
        return Err(ReadError::Delimiter(delimiter));
    }
    let found = settings.columns.as_ref().map_or(0, Vec::len);
    if found > settings.limits.max_columns {
        return Err(ReadError::TooManyColumns { found, limit: settings.limits.max_columns });
    }
    Ok(())
}

/// Skips the blank lines before the first record. Returns its line.
async fn pass_blank_lines<S: AsyncRead + Unpin>(window: &mut Window<S>) -> Result<u64, ReadError> {
    let mut line = 1;
    while window.pass_blank_lines(&mut line) == Blank::NeedMore {
        window.fill().await?;
    }
    Ok(line)
}

/// The encoding that is declared for a text that is not UTF-8.
async fn find_declared<S: AsyncRead + Unpin>(
    window: &mut Window<S>,
    settings: &ReadSettings,
) -> Result<Option<TextEncoding>, ReadError> {
    if settings.declared_encoding.is_none() || settings.encoding.is_some() {
        return Ok(None);
    }
    while Sample::of(window.unread()).whole && !window.ended() {
        window.fill().await?;
    }
    Ok(encoding::declared(Sample::of(window.unread()).text, settings.declared_encoding.as_deref()))
}

/// Refuses what is not UTF-8 text, as far as its beginning shows it.
fn refuse(sample: &[u8]) -> Result<(), ReadError> {
    if let Some(found) = encoding::not_text(sample) {
        return Err(ReadError::NotText { found });
    }
    encoding::unmarked(sample).map_or(Ok(()), |encoding| Err(ReadError::Encoding(encoding)))
}

/// The dialect that is set, and where nothing is set, the one that the sample shows.
fn detect(sample: Sample<'_>, settings: &ReadSettings) -> Dialect {
    let quoting = settings.quoting.unwrap_or(match sample.text.first() {
        Some(&QUOTE) => Quoting::Always,
        _ => Quoting::Minimal,
    });
    let columns = settings.columns.as_ref().map(Vec::len);
    let delimiter = settings.delimiter.unwrap_or_else(|| sample.delimiter(quoting, columns));
    let found = || quoting.reads_quotes() && sample.has_backslash_escapes(delimiter);
    Dialect {
        delimiter,
        quoting,
        line_ending: sample.line_ending(),
        gzip: false,
        byte_order_mark: false,
        backslash_escapes: settings.backslash_escapes.unwrap_or_else(found),
        surplus_field: false,
        encoding: TextEncoding::default(),
    }
}

/// Whether the first record is a header.
fn has_header(sample: Sample<'_>, dialect: Dialect, settings: &ReadSettings) -> Result<bool, ReadError> {
    let columns = settings.columns.as_ref().filter(|columns| !columns.is_empty());
    match (settings.header, columns) {
        (Some(false), None) => Err(ReadError::NoColumns),
        (Some(header), _) => Ok(header),
        (None, None) => Ok(true),
        (None, Some(columns)) => {
            let first = sample.first_record(dialect.delimiter, dialect.quoting).unwrap_or_default();
            Ok(names_columns(&first, columns))
        }
    }
}

/// Whether a record names the columns: all of them in any order, or at least two and half of them in their places, as when the
/// columns are those of a newer or older `model.json`.
fn names_columns(record: &[Vec<u8>], columns: &[String]) -> bool {
    let plain = |name: &str| name.trim().to_lowercase();
    let fields: Vec<String> = record.iter().map(|field| plain(&String::from_utf8_lossy(field))).collect();
    let columns: Vec<String> = columns.iter().map(|column| plain(column)).collect();
    let known: BTreeSet<&String> = fields.iter().collect();
    let in_place = fields.iter().zip(&columns).filter(|(field, column)| field == column).count();
    columns.iter().all(|column| known.contains(column)) || (in_place >= 2 && in_place * 2 >= columns.len())
}
