//! From a partition's `location` in a model to the key of the copied file.
//!
//! A `model.json` names its files by URIs of an Azure storage account ("The metadata file (model.json) for the
//! Common Data Model", Microsoft). In S3 the files have other keys, so a location is read as a path and mapped:
//!
//! 1. scheme, host, query and fragment are dropped at once and never kept: a query may hold a signature;
//! 2. the path is percent-decoded once and the container dropped;
//! 3. what follows the folder that holds the model is appended to the model's own folder in S3;
//! 4. if there is no such file, the only file whose path has the same end is used. For dated folders that end is
//!    segment, date, time and name, so that a file of another run is never used;
//! 5. otherwise the file is missing.
//!
//! Locations in a manifest are relative to its folder and used unchanged.

use std::collections::{HashMap, HashSet};
use std::fmt;

use percent_encoding::percent_decode_str;

use super::dated::{self, DatedPath};
use super::layout::{file_of, folder_of};

/// The path of a partition, without anything that could grant access.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    components: Vec<String>,
    relative: bool,
}

impl Location {
    /// Parses a `location`. `None` if it names no file.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (path, relative) = match text.split_once("://") {
            Some((scheme, rest)) => (path_in_storage(scheme, rest), false),
            None => match namespace_path(text) {
                Some(path) => (path.to_owned(), false),
                None => (before_query(text, &['?']).to_owned(), true),
            },
        };
        if path.is_empty() || path.ends_with('/') {
            return None;
        }
        let components = resolve(&path)?;
        (!components.is_empty()).then_some(Self { components, relative })
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        self.components.last().map_or("", String::as_str)
    }

    /// The path as text, without host, container and query, so that nothing in it grants access.
    pub fn path_text(&self) -> String {
        self.components.join("/")
    }

    /// The path's components, without the container.
    fn path(&self) -> Vec<&str> {
        self.components.iter().map(String::as_str).collect()
    }

    /// The segment and run of dated folders in the path.
    pub(super) fn dated(&self) -> Option<DatedPath<'_>> {
        DatedPath::read(&self.path())
    }

    /// The key of the existing or expected file; `None` if it doesn't follow from the path.
    pub(super) fn key(&self, model_key: &str, existing: &ExistingKeys<'_>) -> Option<String> {
        let folder = folder_of(model_key);
        let carried = if self.relative {
            Some(join(folder, &self.components))
        } else {
            self.after_folder(folder).map(|rest| join(folder, rest))
        };
        if let Some(key) = &carried
            && existing.has(key)
        {
            return carried;
        }
        existing.with_same_end(&self.path()).map(str::to_owned).or(carried)
    }

    /// The most likely key of the file once it is copied: its dated folders, or its name, in the model's folder.
    pub(super) fn likely_key(&self, model_key: &str) -> String {
        let kept = if self.dated().is_some() { dated::COMPONENTS } else { 1 };
        let from = self.components.len().saturating_sub(kept);
        join(folder_of(model_key), self.components.get(from..).unwrap_or_default())
    }

    /// What follows the component that is named like the model's folder. If several are, the one whose parents
    /// agree best with the folder's parents.
    fn after_folder(&self, folder: &str) -> Option<&[String]> {
        let folder: Vec<&str> = folder.split('/').collect();
        let path = self.path();
        let mut best: Option<(usize, usize)> = None;
        for end in 1..path.len() {
            let agreeing = agreeing_end(path.get(..end)?, &folder);
            if agreeing > best.map_or(0, |(agreeing, _)| agreeing) {
                best = Some((agreeing, end));
            }
        }
        self.components.get(best?.1..)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({:?})", self.components.join("/"))
    }
}

/// The keys that are known to exist, by name.
pub(super) struct ExistingKeys<'k> {
    keys: HashSet<&'k str>,
    by_file: HashMap<&'k str, Vec<&'k str>>,
}

impl<'k> ExistingKeys<'k> {
    pub(super) fn new(keys: &[&'k str]) -> Self {
        let mut by_file: HashMap<&str, Vec<&str>> = HashMap::new();
        for key in keys {
            by_file.entry(file_of(key)).or_default().push(key);
        }
        Self { keys: keys.iter().copied().collect(), by_file }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// The one key that agrees with the end of the path longer than all others, and long enough to be sure of the run.
    fn with_same_end(&self, path: &[&str]) -> Option<&'k str> {
        let is_dated = DatedPath::read(path).is_some();
        let needed = if is_dated { dated::COMPONENTS } else { 1 };
        let mut best: Option<(usize, &str)> = None;
        let mut is_only = true;
        for key in self.by_file.get(path.last()?)? {
            let components: Vec<&str> = key.split('/').collect();
            let agreeing = agreeing_end(path, &components);
            if agreeing < needed || DatedPath::read(&components).is_some() != is_dated {
                continue;
            }
            match best {
                Some((most, _)) if agreeing < most => {}
                Some((most, other)) if agreeing == most => is_only = is_only && other == *key,
                _ => (best, is_only) = (Some((agreeing, *key)), true),
            }
        }
        best.filter(|_| is_only).map(|(_, key)| key)
    }
}

/// How many components agree, counted from the end.
fn agreeing_end(left: &[&str], right: &[&str]) -> usize {
    left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count()
}

fn join(folder: &str, components: &[String]) -> String {
    let rest = components.join("/");
    if folder.is_empty() { rest } else { format!("{folder}/{rest}") }
}

/// The decoded path of a URI below its container.
fn path_in_storage(scheme: &str, rest: &str) -> String {
    let (authority, path) = before_query(rest, &['?', '#']).split_once('/').unwrap_or_default();
    let path = match percent_decode_str(path).decode_utf8() {
        Ok(decoded) => decoded.into_owned(),
        Err(_) => path.to_owned(),
    };
    // abfss://container@account/path and wasbs:// of the same form name the container before the host.
    let container_in_authority = authority.contains('@') && !scheme.eq_ignore_ascii_case("https");
    if container_in_authority {
        return path;
    }
    path.trim_start_matches('/').split_once('/').map_or_else(String::new, |(_, path)| path.to_owned())
}

/// The path of the Common Data Model's own form: `adls:/folder/file.csv`, or `/folder/file.csv` from the root.
fn namespace_path(text: &str) -> Option<&str> {
    let path = match text.split_once(":/") {
        Some((namespace, path)) if namespace.chars().all(|c| c.is_ascii_alphanumeric()) => path,
        _ => text.strip_prefix('/')?,
    };
    Some(before_query(path, &['?']))
}

fn before_query<'t>(text: &'t str, marks: &[char]) -> &'t str {
    text.split(marks).next().unwrap_or_default()
}

/// The components, with `.` and `..` resolved; `None` where they lead out of the root.
fn resolve(path: &str) -> Option<Vec<String>> {
    let mut components: Vec<String> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(components.pop()?),
            name => components.push(name.to_owned()),
        }
    }
    Some(components)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    const MODEL: &str = "incoming/CustomerInsights_0/BlobExport/model.json";

    fn key(location: &str, model_key: &str, existing: &[&str]) -> Option<String> {
        Location::parse(location)?.key(model_key, &ExistingKeys::new(existing))
    }

    #[test]
    fn the_path_after_the_models_folder_is_carried_over() {
        let expected = "incoming/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv";
        for location in [
            "https://acct.blob.core.windows.net/ci/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv",
            "https://acct.dfs.core.windows.net/ci/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv?snapshot=2026-11-23T01:09:00.0Z",
            "https://acct.blob.core.windows.net/ci/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv?sv=2026-01-01&sig=a%2Fb/c#x",
            "https://acct.blob.core.windows.net/ci/CustomerInsights_0%2FBlobExport%2FHighValue%2F2026%2F11%2F23%2F0102%2FHighValue_1.csv",
            "abfss://ci@acct.dfs.core.windows.net/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv",
            "http://127.0.0.1:10000/devstoreaccount1/ci/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv",
            "adls:/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv",
            "HighValue/2026/11/23/0102/HighValue_1.csv",
            "./HighValue/2026/11/23/0102/HighValue_1.csv?sig=secret",
            "../BlobExport2/../BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv",
        ] {
            let found = key(location, MODEL, &[]);
            let expected = (!location.starts_with("..")).then(|| expected.to_owned());
            assert_eq!(found, expected, "{location}");
        }
    }

    #[test]
    fn names_are_decoded_once() {
        for (encoded, name) in [
            ("%E9%AB%98%E9%A1%8D%E9%A1%A7%E5%AE%A2_1.csv", "高額顧客_1.csv"),
            ("High%20Value+1.csv", "High Value+1.csv"),
            ("100%2525.csv", "100%25.csv"),
            ("100%.csv", "100%.csv"),
            ("%FF.csv", "%FF.csv"),
        ] {
            let found = key(&format!("https://a/ci/BlobExport/S/{encoded}"), "incoming/BlobExport/model.json", &[]);
            assert_eq!(found.as_deref(), Some(format!("incoming/BlobExport/S/{name}").as_str()), "{encoded}");
        }
    }

    #[test]
    fn a_segment_named_like_the_folder_does_not_mislead() {
        let found = key("https://a/ci/CustomerInsights_0/BlobExport/BlobExport/2026/11/23/0102/x.csv", MODEL, &[]);
        assert_eq!(found.as_deref(), Some("incoming/CustomerInsights_0/BlobExport/BlobExport/2026/11/23/0102/x.csv"));
    }

    #[test]
    fn a_renamed_folder_is_found_by_the_end_of_the_path() {
        let location = "https://a/ci/CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv";
        let existing = [
            "incoming/loyalty/HighValue/2026/11/22/0102/HighValue_1.csv",
            "incoming/loyalty/HighValue/2026/11/23/0102/HighValue_1.csv",
            "incoming/loyalty/ChurnRisk/2026/11/23/0102/HighValue_1.csv",
        ];
        assert_eq!(key(location, "incoming/loyalty/model.json", &existing).as_deref(), Some(existing[1]));
        assert_eq!(key(location, "incoming/loyalty/model.json", &existing[..1]), None, "never another run's file");
        let twice = [existing[1], "incoming/copy/HighValue/2026/11/23/0102/HighValue_1.csv"];
        assert_eq!(key(location, "incoming/loyalty/model.json", &twice), None, "two files fit equally well");
    }

    #[test]
    fn a_name_alone_does_not_stand_for_a_file_in_dated_folders() {
        let existing = ["incoming/loyalty/Orders/2026/11/23/0102/Orders.csv"];
        assert_eq!(key("https://a/powerbi/Orders.csv?snapshot=x", "incoming/loyalty/model.json", &existing), None);
        let flat = ["incoming/loyalty/Orders.csv"];
        assert_eq!(
            key("https://a/powerbi/Orders.csv?snapshot=x", "incoming/loyalty/model.json", &flat).as_deref(),
            Some(flat[0])
        );
    }

    #[test]
    fn a_file_that_is_still_to_come_has_its_key() {
        let location = "https://a/ci/BlobExport/HighValue/2026/11/23/0102/HighValue_2.csv";
        let existing = ["incoming/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv"];
        assert_eq!(
            key(location, "incoming/BlobExport/model.json", &existing).as_deref(),
            Some("incoming/BlobExport/HighValue/2026/11/23/0102/HighValue_2.csv")
        );
    }

    #[test]
    fn texts_without_a_file_are_no_location() {
        for text in [
            "",
            " ",
            "/",
            "https://acct.blob.core.windows.net",
            "https://acct/ci",
            "https://acct/ci/folder/",
            "?sig=x",
            "..",
        ] {
            assert_eq!(Location::parse(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_of_a_signature_or_host_is_kept() {
        let location =
            Location::parse("https://user:pass@acct.example/ci/BlobExport/x.csv?sig=TOPSECRET#TOPSECRET").unwrap();
        let shown = format!("{location:?}");
        assert_eq!(shown, "Location(\"BlobExport/x.csv\")");
        let relative = format!("{:?}", Location::parse("BlobExport/x.csv?sig=TOPSECRET"));
        assert!(relative.contains("x.csv") && !relative.contains("SECRET"), "{relative}");
    }

    proptest! {
        #![proptest_config(crate::run::seeded())]

        #[test]
        fn any_text_is_read_without_its_query(text in "[a-z:/@.%#é]{0,40}", secret in "[A-Z]{12}", model in "[a-z/]{0,20}", other in "[a-z/]{0,20}") {
            let location = Location::parse(&format!("{text}?sig={secret}"));
            let shown = format!("{location:?}");
            prop_assert!(!shown.contains(&secret), "{}", shown);
            if let Some(location) = location {
                let _ = location.key(&model, &ExistingKeys::new(&[&other]));
                prop_assert!(!location.likely_key(&model).contains(&secret));
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Location::parse(&text);
        }
    }
}
