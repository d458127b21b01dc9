use super::error::ModelError;
use super::json::Node;

/// The format of a partition according to its model. `None` is "not stated".
///
/// The Common Data Model reads an absent `columnHeaders` as "no header", an absent delimiter as a comma and an absent
/// encoding as UTF-8. Whether exports of Customer Insights follow this is not documented, so what is not stated is detected
/// when the file is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFormat {
    /// Whether the first row is a header.
    pub column_headers: Option<bool>,
    /// The field delimiter.
    pub delimiter: Option<char>,
    /// The encoding's name as it was written, such as `UTF-8`.
    pub encoding: Option<String>,
    /// Whether quotes are special.
    pub quote_style: Option<QuoteStyle>,
    /// Which fields are quoted.
    pub csv_style: Option<CsvStyle>,
}

/// `quoteStyle`: whether quotes are special.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteStyle {
    /// `QuoteStyle.Csv`: a quoted field may hold delimiters and line breaks.
    Csv,
    /// `QuoteStyle.None`: a quote is an ordinary character.
    None,
}

/// `csvStyle`: which fields are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsvStyle {
    /// `CsvStyle.QuoteAlways`
    QuoteAlways,
    /// `CsvStyle.QuoteAfterDelimiter`
    QuoteAfterDelimiter,
}

impl FileFormat {
    /// Reads the members that `setting` returns: those of `fileFormatSettings`, or the arguments of a trait.
    pub(super) fn read<'v>(setting: impl Fn(&str) -> Option<Node<'v>>) -> Result<Self, ModelError> {
        let text = |name| setting(name).map(|node| node.text()).transpose();
        Ok(Self {
            column_headers: setting("columnHeaders").map(|node| node.flag()).transpose()?,
            delimiter: setting("delimiter").map(|node| delimiter(&node)).transpose()?,
            encoding: text("encoding")?.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
            quote_style: text("quoteStyle")?.and_then(quote_style),
            csv_style: text("csvStyle")?.and_then(csv_style),
        })
    }
}

fn delimiter(node: &Node<'_>) -> Result<char, ModelError> {
    let text = node.text()?;
    if text == r"\t" || text.eq_ignore_ascii_case("tab") {
        return Ok('\t');
    }
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(delimiter), None) => Ok(delimiter),
        _ => Err(node.unexpected("a delimiter of one character")),
    }
}

fn quote_style(text: &str) -> Option<QuoteStyle> {
    match last_part(text).as_str() {
        "csv" => Some(QuoteStyle::Csv),
        "none" => Some(QuoteStyle::None),
        _ => None,
    }
}

fn csv_style(text: &str) -> Option<CsvStyle> {
    match last_part(text).as_str() {
        "quotealways" => Some(CsvStyle::QuoteAlways),
        "quoteafterdelimiter" => Some(CsvStyle::QuoteAfterDelimiter),
        _ => None,
    }
}

/// `QuoteStyle.Csv` and `Csv` are both in use.
fn last_part(text: &str) -> String {
    text.rsplit('.').next().unwrap_or_default().trim().to_ascii_lowercase()
}
