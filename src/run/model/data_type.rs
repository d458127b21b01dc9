//! The data types of the Common Data Model, as `model.json` declares them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `dataType` of an attribute in `model.json` (Microsoft, "The metadata file (model.json) for the Common Data
/// Model"; `date` and `time` are written by the CDM object model although that page leaves them out).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "&'static str")]
pub enum DataType {
    /// `string`, and every unknown type
    #[default]
    String,
    /// `guid`
    Guid,
    /// `int64`
    Int64,
    /// `double`
    Double,
    /// `decimal`
    Decimal,
    /// `boolean`
    Boolean,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `dateTime`
    DateTime,
    /// `dateTimeOffset`
    DateTimeOffset,
    /// `json`
    Json,
    /// `unclassified`
    Unclassified,
}

impl DataType {
    const ALL: [Self; 12] = [
        Self::String,
        Self::Guid,
        Self::Int64,
        Self::Double,
        Self::Decimal,
        Self::Boolean,
        Self::Date,
        Self::Time,
        Self::DateTime,
        Self::DateTimeOffset,
        Self::Json,
        Self::Unclassified,
    ];

    /// Parses a `dataType` in any case, trimmed. An unknown name is [`DataType::String`], since any value can be sent as text.
    pub fn parse(name: &str) -> Self {
        let name = name.trim();
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name)).unwrap_or_default()
    }

    /// The name as `model.json` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Guid => "guid",
            Self::Int64 => "int64",
            Self::Double => "double",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "dateTime",
            Self::DateTimeOffset => "dateTimeOffset",
            Self::Json => "json",
            Self::Unclassified => "unclassified",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for DataType {
    fn from(name: String) -> Self {
        Self::parse(&name)
    }
}

impl From<DataType> for &'static str {
    fn from(data_type: DataType) -> Self {
        data_type.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::DataType;

    #[test]
    fn every_name_parses_back_whatever_its_case() {
        for known in DataType::ALL {
            assert_eq!(DataType::parse(known.as_str()), known);
            assert_eq!(DataType::parse(&format!(" {} ", known.as_str().to_uppercase())), known);
        }
        assert_eq!(DataType::parse("GUID"), DataType::Guid);
    }

    #[test]
    fn an_unknown_name_is_text() {
        for name in ["", "float128", "日付", "int"] {
            assert_eq!(DataType::parse(name), DataType::String);
        }
    }
}
