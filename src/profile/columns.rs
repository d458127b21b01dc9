//! The columns of a file: finding the configured ones, and what `model.json` says of their types.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::field_type::FieldType;
use crate::run::model::DataType;
use crate::values::{Culture, same_width};

/// What `model.json` says of a file's columns. Empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnTypes {
    data_types: HashMap<String, DataType>,
    culture: Option<String>,
}

impl ColumnTypes {
    /// Takes each column's name and type, and the IETF tag of the culture where the model or the entity has one.
    pub fn new(columns: impl IntoIterator<Item = (String, DataType)>, culture: Option<String>) -> Self {
        Self { data_types: columns.into_iter().collect(), culture }
    }

    /// The type of the column with this name: the very same, else the same but for case and white space around it.
    pub fn data_type(&self, column: &str) -> Option<DataType> {
        let folded = fold(column);
        self.data_types
            .get(column)
            .or_else(|| self.data_types.iter().find(|(name, _)| fold(name) == folded).map(|(_, data_type)| data_type))
            .copied()
    }

    /// What these types make of cells, in short.
    pub fn digest(&self) -> TypesDigest {
        let named = self.data_types.iter().map(|(name, data_type)| (name, FieldType::of_data_type(*data_type)));
        let typed: BTreeSet<(&String, &'static str)> =
            named.filter(|(_, kind)| *kind != FieldType::Text).map(|(name, kind)| (name, kind.in_words())).collect();
        if typed.is_empty() {
            return TypesDigest::default();
        }
        let mut hasher = Xxh3Default::new();
        let culture = self.culture();
        let order = culture.date_order.map_or(0, |order| order as u8 + 1);
        hasher.update(&[order, u8::from(culture.decimal_comma), u8::from(culture.groups_digits)]);
        for (name, kind) in typed {
            for text in [name.as_str(), kind] {
                hasher.update(&text.len().to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
        TypesDigest(format!("{:016x}", hasher.digest()))
    }

    /// The declared culture's tag.
    pub fn culture_tag(&self) -> Option<&str> {
        self.culture.as_deref()
    }

    /// How dates and numbers are written: [`Culture::UNDECLARED`] without a declared culture, and
    /// [`Culture::YEAR_FIRST`] for one that is not known.
    pub fn culture(&self) -> Culture {
        self.culture.as_deref().map_or(Culture::UNDECLARED, |tag| Culture::of_tag(tag).unwrap_or(Culture::YEAR_FIRST))
    }
}

/// A digest that is equal for two [`ColumnTypes`] that read every cell alike, even if the models differ in what makes no
/// difference, such as `guid` for `string`. The default is the digest without a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypesDigest(String);

/// How a configured column was found in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Under the very name.
    Exactly(usize),
    /// Under a name that differs in case or white space around it.
    Nearly(usize),
    /// Not at all.
    Nowhere,
    /// More than once, at these positions from 0.
    Ambiguous(Vec<usize>),
}

/// A header, prepared for look-ups.
pub(super) struct Header<'h> {
    names: &'h [String],
    folded: Vec<String>,
}

impl<'h> Header<'h> {
    pub(super) fn new(names: &'h [String]) -> Self {
        Self { names, folded: names.iter().map(|name| fold(name)).collect() }
    }

    pub(super) fn find(&self, column: &str) -> Found {
        let exact = positions(self.names, column);
        match exact.as_slice() {
            [] => {}
            [at] => return Found::Exactly(*at),
            _ => return Found::Ambiguous(exact),
        }
        let near = positions(&self.folded, &fold(column));
        match near.as_slice() {
            [] => Found::Nowhere,
            [at] => Found::Nearly(*at),
            _ => Found::Ambiguous(near),
        }
    }
}

fn positions(names: &[String], name: &str) -> Vec<usize> {
    names.iter().enumerate().filter(|(_, other)| *other == name).map(|(at, _)| at).collect()
}

/// What two spellings of a column's name have in common: they look the same but for case and width, whatever the Unicode
/// form.
fn fold(name: &str) -> String {
    same_width(name.trim()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{ColumnTypes, DataType, Found, Header, TypesDigest};

    #[test]
    fn a_column_is_found_exactly_first() {
        let names = ["Id", "ID", " EMail ", "氏名", "Twice", "Twice", "near", "NEAR"].map(String::from);
        let header = Header::new(&names);
        assert_eq!(header.find("ID"), Found::Exactly(1));
        assert_eq!(header.find("id"), Found::Ambiguous(vec![0, 1]));
        assert_eq!(header.find("email"), Found::Nearly(2));
        assert_eq!(header.find("氏名"), Found::Exactly(3));
        assert_eq!(header.find("Twice"), Found::Ambiguous(vec![4, 5]));
        assert_eq!(header.find("Near"), Found::Ambiguous(vec![6, 7]));
        assert_eq!(header.find("Nowhere"), Found::Nowhere);
        let names = ["ﾒｰﾙｱﾄﾞﾚｽ", "プレミアム".replace('プ', "フ\u{309a}").as_str()].map(String::from);
        let header = Header::new(&names);
        assert_eq!(header.find("メールアドレス"), Found::Nearly(0));
        assert_eq!(header.find("プレミアム"), Found::Nearly(1));
    }

    #[test]
    fn types_are_found_whatever_the_case() {
        let types = ColumnTypes::new([("Points".to_owned(), DataType::Int64)], Some("de-DE".to_owned()));
        assert_eq!(types.data_type("Points"), Some(DataType::Int64));
        assert_eq!(types.data_type(" points"), Some(DataType::Int64));
        assert_eq!(types.data_type("Other"), None);
        assert!(types.culture().decimal_comma);
    }

    #[test]
    fn a_digest_distinguishes_what_cells_become_and_nothing_else() {
        let digest = |columns: &[(&str, DataType)], culture: Option<&str>| {
            let columns = columns.iter().map(|(name, data_type)| ((*name).to_owned(), *data_type));
            ColumnTypes::new(columns, culture.map(str::to_owned)).digest()
        };
        let none = TypesDigest::default();
        assert_eq!(digest(&[], None), none);
        assert_eq!(digest(&[("Id", DataType::Guid), ("氏名", DataType::String)], Some("de-DE")), none);
        let points = digest(&[("Points", DataType::Int64), ("Id", DataType::Guid)], None);
        assert_eq!(points, digest(&[("Id", DataType::String), ("Points", DataType::Int64)], None));
        assert_eq!(digest(&[("P", DataType::Double)], None), digest(&[("P", DataType::Decimal)], None));
        for other in [
            none,
            digest(&[("Points", DataType::Double)], None),
            digest(&[("points", DataType::Int64)], None),
            digest(&[("Points", DataType::Int64)], Some("de-DE")),
            digest(&[("Points", DataType::Int64)], Some("en-US")),
            digest(&[("Points", DataType::Int64), ("Joined", DataType::Date)], None),
        ] {
            assert_ne!(points, other);
        }
    }
}
