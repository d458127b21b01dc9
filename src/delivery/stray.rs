//! Recognises a file that is no part of its run: a note, a list, the export of something else that was put into the folder.
//!
//! People who are in none of a run's files count as having left, so a part that can't be read must never be skipped. A file is
//! ignored only if everything suggests it: it has none of the identifying columns, its columns differ from those of the run's
//! delivered files, its name is unlike theirs, and no `model.json` lists it.

use std::collections::BTreeSet;

use super::DeliveryError;
use super::note::FileNote;
use super::segment::SegmentDelivery;
use crate::names::SegmentName;
use crate::profile::{ColumnsFound, MatchError, MatchProblem};
use crate::run::FileToDeliver;
use crate::run::expected::expected_files;
use crate::state::{Progress, RunRecord};

/// Names that begin or end with as many equal letters are alike.
const ALIKE: usize = 3;

/// A file of the same run that matches the export.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sibling<'a> {
    key: &'a str,
    columns: &'a [String],
}

impl<'a> Sibling<'a> {
    pub(super) fn new(key: &'a str, columns: &'a [String]) -> Self {
        Self { key, columns }
    }

    /// The files of a run that were delivered, as far as it is known how.
    pub(super) fn delivered(run: &'a RunRecord) -> impl Iterator<Item = Self> {
        let delivered = run.files.iter().filter(|(_, file)| file.progress == Progress::Delivered);
        delivered.filter_map(|(key, file)| Some(Self::new(key, &file.checkpoint.as_ref()?.header.columns)))
    }
}

impl SegmentDelivery {
    /// The note about `file`, which can't be opened, if it is no part of its run and is to be ignored.
    pub(super) async fn note_of_stray(
        &self,
        file: &FileToDeliver,
        error: &DeliveryError,
        siblings: &[Sibling<'_>],
    ) -> Result<Option<String>, DeliveryError> {
        let DeliveryError::Match { key, source } = error else { return Ok(None) };
        let matching = &self.export.data_matching;
        let identifiers = [&matching.customer_id, &matching.email].into_iter().flatten().count();
        if !is_stray(key, source, identifiers, &self.segment, siblings) || self.is_listed(file, siblings).await? {
            return Ok(None);
        }
        Ok(Some(FileNote::Stray.about(key)))
    }

    async fn is_listed(&self, file: &FileToDeliver, siblings: &[Sibling<'_>]) -> Result<bool, DeliveryError> {
        let key = file.object.key.as_str();
        let Some((model_key, model)) = self.models.describing(&self.export, &self.segment, key).await? else {
            return Ok(false);
        };
        let existing: Vec<&str> = siblings.iter().map(|sibling| sibling.key).chain([key]).collect();
        let listed = expected_files(&self.export, &self.segment, file.run, &model, &model_key, &existing);
        Ok(listed.is_some_and(|listed| listed.iter().any(|listed| listed == key)))
    }
}

/// `identifiers`: how many identifying columns the export names.
fn is_stray(
    key: &str,
    error: &MatchError,
    identifiers: usize,
    segment: &SegmentName,
    siblings: &[Sibling<'_>],
) -> bool {
    let is_missing = |problem: &&MatchProblem| matches!(problem, MatchProblem::Missing { key, .. } if key.starts_with("data_matching."));
    let columns = match &error.columns {
        ColumnsFound::Names(names) | ColumnsFound::NotAHeader(names) => names,
    };
    let has_other_columns = |sibling: &Sibling<'_>| {
        let known: BTreeSet<String> = sibling.columns.iter().map(|name| name.to_lowercase()).collect();
        let shared = columns.iter().filter(|name| known.contains(&name.to_lowercase())).count();
        columns.len() != sibling.columns.len() && shared * 2 < columns.len()
    };
    let stem = stem_of(key);
    !siblings.is_empty()
        && error.problems.iter().filter(is_missing).count() == identifiers
        && siblings.iter().all(has_other_columns)
        && siblings
            .iter()
            .map(|sibling| stem_of(sibling.key))
            .chain([segment.as_str().to_lowercase()])
            .all(|other| !are_alike(&stem, &other))
}

/// The name of a file in small letters, without folders and endings.
fn stem_of(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key).to_lowercase();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Whether two names can be those of parts of one export: they share a beginning or an end, or one is a number or a code,
/// as exports give to parts.
fn are_alike(stem: &str, other: &str) -> bool {
    let is_code = |stem: &str| {
        let letters: Vec<char> = stem.chars().filter(|c| c.is_alphanumeric()).collect();
        letters.iter().all(char::is_ascii_hexdigit)
            || letters.iter().filter(|c| c.is_ascii_digit()).count() * 2 > letters.len()
    };
    let shared = stem.chars().zip(other.chars()).take_while(|(one, two)| one == two).count();
    let shared_end = stem.chars().rev().zip(other.chars().rev()).take_while(|(one, two)| one == two).count();
    let shortest = stem.chars().count().min(other.chars().count()).min(ALIKE);
    is_code(stem) || is_code(other) || shared >= shortest || shared_end >= shortest
}

#[cfg(test)]
mod tests {
    use super::{Sibling, is_stray};
    use crate::names::SegmentName;
    use crate::profile::{ColumnsFound, MatchError, MatchProblem};

    /// A sibling's key, the file's key, its columns, the identifying columns that it lacks, and whether it is ignored.
    type Case<'c> = (&'c str, &'c str, &'c [&'c str], &'c [&'c str], bool);

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn error(columns: &[&str], missing: &[&str]) -> MatchError {
        MatchError {
            export: "x".into(),
            problems: missing
                .iter()
                .map(|key| MatchProblem::Missing { key: format!("data_matching.{key}"), column: "Id".to_owned() })
                .collect(),
            columns: ColumnsFound::Names(texts(columns)),
        }
    }

    #[test]
    fn only_a_file_unlike_all_others_is_no_part_of_the_run() {
        let columns = texts(&["Id", "Email", "Name"]);
        let both = ["customer_id", "email"];
        let cases: &[Case<'_>] = &[
            // A list that someone put beside the parts.
            ("f/Gold_1.csv", "f/readme.csv", &["Country", "Count"], &both, true),
            ("f/Gold_1.csv", "f/除外リスト.csv", &["国", "件数"], &both, true),
            // Parts whose header is lost or changed are never skipped.
            ("f/Gold_1.csv", "f/Gold_2.csv", &["Country", "Count"], &both, false),
            ("f/p.csv", "f/gold-new.csv", &["Country", "Count"], &both, false),
            ("f/part-0001-ab.csv", "f/part-0002-cd.csv", &["Country", "Count"], &both, false),
            ("f/0a1b.csv", "f/readme.csv", &["Country", "Count"], &both, false),
            ("f/Gold_1.csv", "f/2026.csv", &["Country", "Count"], &both, false),
            ("f/Gold_1.csv", "f/9f86d081-884c.csv", &["Country", "Count"], &both, false),
            ("f/Gold_1.csv", "f/readme.csv", &["a", "b", "c"], &both, false),
            ("f/Gold_1.csv", "f/readme.csv", &["Name", "Count"], &both, false),
            // One of the identifying columns is there.
            ("f/Gold_1.csv", "f/readme.csv", &["Email", "Count"], &["customer_id"], false),
        ];
        let segment = SegmentName::from("Gold");
        for (sibling, key, found, missing, expected) in cases {
            let siblings = [Sibling { key: sibling, columns: &columns }];
            assert_eq!(
                is_stray(key, &error(found, missing), 2, &segment, &siblings),
                *expected,
                "{key} beside {sibling}"
            );
        }
        assert!(!is_stray("f/readme.csv", &error(&["Country"], &both), 2, &segment, &[]), "it may be the only file");
    }
}
