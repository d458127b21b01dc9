//! Reads the keys of one table as the reference describes them and records what does not fit.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistakes::{Located, Mistakes, Refusal, Reported, in_file_order};
use super::reference::{Key, Kind, Presence, Table};
use super::shown::{describe, did_you_mean, kind_of, may_be_key, quoted, toml_key};

/// One table of the file and its place.
pub(super) struct TableReader<'a, 't> {
    /// Its header without the brackets.
    path: String,
    table: &'a DeTable<'t>,
    offset: usize,
}

impl<'a, 't> TableReader<'a, 't> {
    /// The top level of the file.
    pub(super) fn root(table: &'a Spanned<DeTable<'t>>, reference: &Table, mistakes: &mut Mistakes<'_>) -> Self {
        let reader = Self { path: String::new(), table: table.get_ref(), offset: 0 };
        reader.report_unknown_keys(reference, mistakes);
        reader
    }

    /// The table under `name` of this table, which must be one; `allowed` says what else a message names.
    pub(super) fn child(
        &self,
        name: &Located<&str>,
        value: &'a Spanned<DeValue<'t>>,
        reference: &Table,
        allowed: &dyn ToString,
        mistakes: &mut Mistakes<'_>,
    ) -> Result<Self, Reported> {
        let Some(table) = value.get_ref().as_table() else {
            let refusal = Refusal::new(kind_of(value.get_ref()), allowed.to_string());
            return Err(mistakes.add(&self.path, name.value, name.offset, refusal));
        };
        let path = match self.path.as_str() {
            "" => toml_key(name.value),
            path => format!("{path}.{}", toml_key(name.value)),
        };
        let reader = Self { path, table, offset: name.offset };
        reader.report_unknown_keys(reference, mistakes);
        Ok(reader)
    }

    /// The table under `key`, or `None` where it is left out and may be.
    pub(super) fn table(
        &self,
        key: &Key,
        reference: &Table,
        mistakes: &mut Mistakes<'_>,
    ) -> Result<Option<Self>, Reported> {
        match self.table.get_key_value(key.name) {
            Some((name, value)) => {
                let name = Located { value: key.name, offset: name.span().start };
                self.child(&name, value, reference, &key.kind, mistakes).map(Some)
            }
            None => self.absent(key, mistakes).map(|_| None),
        }
    }

    fn report_unknown_keys(&self, reference: &Table, mistakes: &mut Mistakes<'_>) {
        if reference.chosen_keys.is_some() {
            return;
        }
        let allowed: Vec<&str> = reference.keys.iter().map(|key| key.name).collect();
        for (key, _) in in_file_order(self.table) {
            if !allowed.contains(&key.value) {
                let advice = if self.path.starts_with("connections.") && key.value.contains("key") {
                    Some("store the API key in AWS Secrets Manager, and set secret to its name".to_owned())
                } else {
                    did_you_mean(key.value, allowed.iter().copied())
                };
                let refusal = Refusal::new("an unknown key", allowed.join(", ")).advise(advice);
                let name = if may_be_key(key.value) { "…" } else { key.value };
                mistakes.add(&self.path, name, key.offset, refusal);
            }
        }
    }

    /// The entries in the order of the file.
    pub(super) fn entries(&self) -> Vec<(Located<&'a str>, &'a Spanned<DeValue<'t>>)> {
        in_file_order(self.table)
    }

    /// The header without the brackets.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where the table begins.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// Records that what `key` holds at `offset` is refused.
    pub(super) fn refuse(&self, key: &Key, offset: usize, refusal: Refusal, mistakes: &mut Mistakes<'_>) -> Reported {
        mistakes.add(&self.path, key.name, offset, refusal)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &Key, mistakes: &mut Mistakes<'_>) -> Result<Option<Located<String>>, Reported> {
        self.read(key, mistakes, |value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned))
    }

    /// A text that must be there.
    pub(super) fn needed_text(&self, key: &Key, mistakes: &mut Mistakes<'_>) -> Result<Located<String>, Reported> {
        self.text(key, mistakes).and_then(|text| text.map_or_else(|| Err(self.missing(key, mistakes)), Ok))
    }

    /// `true` or `false`, of a key that has a default.
    pub(super) fn boolean(&self, key: &Key, mistakes: &mut Mistakes<'_>) -> Result<bool, Reported> {
        let value = self.read(key, mistakes, |value| match value {
            DeValue::Boolean(value) => Some(*value),
            _ => None,
        });
        self.needed(key, value, mistakes)
    }

    /// A whole number in the key's range, or `None` where it is left out and has no default.
    pub(super) fn whole_number<N: TryFrom<u64>>(
        &self,
        key: &Key,
        mistakes: &mut Mistakes<'_>,
    ) -> Result<Option<N>, Reported> {
        let number = self.read(key, mistakes, |value| {
            let digits = value.as_integer()?;
            let number = u64::from_str_radix(digits.as_str(), digits.radix()).ok()?;
            let in_range = matches!(key.kind, Kind::WholeNumber(least, most) if (least..=most).contains(&number));
            if in_range { N::try_from(number).ok() } else { None }
        })?;
        Ok(number.map(|number| number.value))
    }

    /// A whole number in the key's range, of a key that has a default.
    pub(super) fn needed_whole_number<N: TryFrom<u64>>(
        &self,
        key: &Key,
        mistakes: &mut Mistakes<'_>,
    ) -> Result<N, Reported> {
        self.whole_number(key, mistakes).and_then(|number| number.map_or_else(|| Err(self.missing(key, mistakes)), Ok))
    }

    /// A number in the key's range, of a key that has a default.
    pub(super) fn number(&self, key: &Key, mistakes: &mut Mistakes<'_>) -> Result<f64, Reported> {
        let value = self.read(key, mistakes, |value| {
            let text = match value {
                DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
                DeValue::Float(number) => number.as_str(),
                _ => return None,
            };
            let number = text.parse::<f64>().ok()?;
            let in_range = matches!(key.kind, Kind::Number(least, most) if (least..=most).contains(&number));
            in_range.then_some(number)
        });
        self.needed(key, value, mistakes)
    }

    /// The value of one of the key's texts; `None` if it is left out and has no default.
    pub(super) fn choice<T>(
        &self,
        key: &Key,
        mistakes: &mut Mistakes<'_>,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Located<T>>, Reported> {
        self.read(key, mistakes, |value| value.as_str().and_then(&meaning))
    }

    /// The value of one of the key's texts, for a key with a default.
    pub(super) fn needed_choice<T>(
        &self,
        key: &Key,
        mistakes: &mut Mistakes<'_>,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Reported> {
        let value = self.choice(key, mistakes, meaning);
        self.needed(key, value, mistakes)
    }

    /// A list of different texts, not empty unless it is of the kind that may be; where it is left out, its default or `None`.
    pub(super) fn text_list(
        &self,
        key: &Key,
        mistakes: &mut Mistakes<'_>,
    ) -> Result<Option<Vec<Located<String>>>, Reported> {
        let Some(list) = self.table.get(key.name) else {
            let default = self.absent(key, mistakes)?.and_then(|text| DeValue::parse(text).ok());
            let texts = default.as_ref().and_then(|list| list.get_ref().as_array()).map(|list| {
                let texts = list.iter().filter_map(|text| text.get_ref().as_str());
                texts.map(|text| Located { value: text.to_owned(), offset: self.offset }).collect()
            });
            return Ok(texts);
        };
        let Some(elements) = list.get_ref().as_array() else {
            let refusal = Refusal::new(describe(list.get_ref()), key.kind.to_string());
            return Err(self.refuse(key, list.span().start, refusal, mistakes));
        };
        if elements.is_empty() && !matches!(key.kind, Kind::Texts(_)) {
            let refusal = Refusal::new("an empty list", key.kind.to_string());
            return Err(self.refuse(key, list.span().start, refusal, mistakes));
        }
        let mut seen = BTreeSet::new();
        let mut texts = Vec::new();
        let mut reported = None;
        for element in elements {
            let offset = element.span().start;
            let found = match element.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() && seen.insert(text) => {
                    texts.push(Located { value: text.to_owned(), offset });
                    continue;
                }
                Some(text) if !text.trim().is_empty() => {
                    format!("{} twice in the list", describe(element.get_ref()))
                }
                _ => format!("{} in the list", describe(element.get_ref())),
            };
            reported = Some(self.refuse(key, offset, Refusal::new(found, key.kind.to_string()), mistakes));
        }
        reported.map_or(Ok(Some(texts)), Err)
    }

    fn read<T>(
        &self,
        key: &Key,
        mistakes: &mut Mistakes<'_>,
        convert: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Result<Option<Located<T>>, Reported> {
        let Some(found) = self.table.get(key.name) else {
            let default = self.absent(key, mistakes)?;
            let value = default.and_then(|text| DeValue::parse(text).ok()).and_then(|value| convert(value.get_ref()));
            return Ok(value.map(|value| Located { value, offset: self.offset }));
        };
        let offset = found.span().start;
        let value = found.get_ref();
        if let Some(value) = convert(value) {
            return Ok(Some(Located { value, offset }));
        }
        let unshown = matches!(key.kind, Kind::UnshownText(_)) && value.as_str() != Some("");
        let words = if unshown { kind_of(value).to_owned() } else { describe(value) };
        let advice = match (&key.kind, value) {
            (Kind::OneOf(texts), DeValue::String(text)) => did_you_mean(text, texts.iter().copied()),
            (Kind::OneOf(texts), DeValue::Boolean(_)) if texts.contains(&words.as_str()) => {
                Some(format!("write it in quotes: {}", quoted(&words)))
            }
            (Kind::Boolean, DeValue::String(text)) if text == "true" || text == "false" => {
                Some(format!("write it without quotes: {text}"))
            }
            (Kind::WholeNumber(..) | Kind::Number(..), DeValue::String(_)) => {
                Some("write it without quotes".to_owned())
            }
            _ => None,
        };
        Err(self.refuse(key, offset, Refusal::new(words, key.kind.to_string()).advise(advice), mistakes))
    }

    /// What holds for a key that is left out: its default, or nothing, or that this is a mistake.
    fn absent(&self, key: &Key, mistakes: &mut Mistakes<'_>) -> Result<Option<&'static str>, Reported> {
        match key.presence {
            Presence::Required => Err(self.missing(key, mistakes)),
            Presence::Default(text) => Ok(Some(text)),
            Presence::Optional(_) => Ok(None),
        }
    }

    fn missing(&self, key: &Key, mistakes: &mut Mistakes<'_>) -> Reported {
        self.refuse(key, self.offset, Refusal::new("nothing, the key is missing", key.kind.to_string()), mistakes)
    }

    fn needed<T>(
        &self,
        key: &Key,
        value: Result<Option<Located<T>>, Reported>,
        mistakes: &mut Mistakes<'_>,
    ) -> Result<T, Reported> {
        value?.map_or_else(|| Err(self.missing(key, mistakes)), |value| Ok(value.value))
    }
}
