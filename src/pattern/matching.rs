use super::{PathPattern, Token};
use crate::pattern::RunId;

/// A placeholder whose text the caller may restrict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Export,
    Segment,
}

/// What a pattern read in a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading<'p> {
    pub(crate) export: Option<&'p str>,
    pub(crate) segment: &'p str,
    pub(crate) run: Option<RunId>,
    pub(crate) part: Option<&'p str>,
}

impl PathPattern {
    /// Reads `path`, the key below the export's folder. `accepts` says which texts may be a segment or an export's name. If
    /// several readings remain, the first in the documented order is used.
    pub(crate) fn read<'p>(&self, path: &'p str, accepts: &dyn Fn(Field, &str) -> bool) -> Option<Reading<'p>> {
        let failed = vec![false; (self.tokens.len() + 1) * (path.len() + 1)];
        let mut search = Search { tokens: &self.tokens, path, accepts, failed, reading: Reading::default() };
        search.from(0, 0).then_some(search.reading)
    }
}

/// Depth first, remembering where the rest of the pattern has already failed: what the rest can read does not
/// depend on how its beginning was reached, so no place is tried twice.
struct Search<'t, 'p> {
    tokens: &'t [Token],
    path: &'p str,
    accepts: &'t dyn Fn(Field, &str) -> bool,
    failed: Vec<bool>,
    reading: Reading<'p>,
}

impl<'p> Search<'_, 'p> {
    fn from(&mut self, token: usize, at: usize) -> bool {
        let place = token * (self.path.len() + 1) + at;
        if self.failed.get(place).copied().unwrap_or(true) {
            return false;
        }
        let found = self.try_token(token, at);
        if !found && let Some(failed) = self.failed.get_mut(place) {
            *failed = true;
        }
        found
    }

    fn try_token(&mut self, token: usize, at: usize) -> bool {
        let path = self.path;
        let Some(rest) = path.get(at..) else { return false };
        let Some(current) = self.tokens.get(token) else { return rest.is_empty() };
        match current {
            Token::Literal(text) => rest.starts_with(text.as_str()) && self.from(token + 1, at + text.len()),
            Token::Run(formats) => {
                for format in formats {
                    if let Some((run, width)) = format.read(rest)
                        && self.from(token + 1, at + width)
                    {
                        self.reading.run = Some(run);
                        return true;
                    }
                }
                false
            }
            Token::Any => std::iter::once(0).chain(ends(rest)).any(|end| self.from(token + 1, at + end)),
            Token::Part => within_folder(rest).any(|end| {
                let found = self.from(token + 1, at + end);
                if found {
                    self.reading.part = rest.get(..end);
                }
                found
            }),
            Token::Export => within_folder(rest).any(|end| self.name(Field::Export, token, at, end)),
            Token::Segment => {
                let ends: Vec<usize> = within_folder(rest).collect();
                ends.into_iter().rev().any(|end| self.name(Field::Segment, token, at, end))
            }
        }
    }

    fn name(&mut self, field: Field, token: usize, at: usize, width: usize) -> bool {
        let path: &'p str = self.path;
        let Some(name) = path.get(at..at + width) else { return false };
        if !(self.accepts)(field, name) || !self.from(token + 1, at + width) {
            return false;
        }
        match field {
            Field::Export => self.reading.export = Some(name),
            Field::Segment => self.reading.segment = name,
        }
        true
    }
}

/// Where each character of `text` ends.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(begin, character)| begin + character.len_utf8())
}

/// Where each character ends, up to the first slash.
fn within_folder(text: &str) -> impl Iterator<Item = usize> {
    ends(text.split('/').next().unwrap_or_default())
}
