/// Endings of names that SFTP clients, browsers and copiers use while they write.
const HALF_UPLOADED: &[&str] =
    &[".filepart", ".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".uploading", "~"];

/// Whether a component of a key is a name that a client gives while it writes, or a hidden file or folder.
pub(super) fn is_half_uploaded(component: &str) -> bool {
    component.starts_with('.') || HALF_UPLOADED.iter().any(|ending| strip_ending(component, ending).is_some())
}

/// Whether a file's name is that of a model or of a manifest.
pub(super) fn is_model(file: &str) -> bool {
    file.eq_ignore_ascii_case("model.json") || is_manifest(file)
}

/// Whether a file's name is that of a manifest of the Common Data Model.
pub(in crate::run) fn is_manifest(file: &str) -> bool {
    strip_ending(file, ".manifest.cdm.json").is_some_and(|stem| !stem.is_empty())
}

/// The name of a text table without its extension: `.csv`, `.txt` or `.tsv`, each also with `.gz`, in any case.
pub(super) fn table_stem(file: &str) -> Option<&str> {
    let plain = strip_ending(file, ".gz").unwrap_or(file);
    [".csv", ".txt", ".tsv"].iter().find_map(|extension| strip_ending(plain, extension)).filter(|stem| !stem.is_empty())
}

/// Whether a file's stem can be a segment's name and nothing else. Output tables of Customer Insights begin with a
/// letter and have letters, digits and underscores; a number at the end may as well be a part or a date.
pub(super) fn looks_like_segment(stem: &str) -> bool {
    let starts_right = stem.chars().next().is_some_and(char::is_alphabetic);
    let ordinary = stem.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
    let before_number = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = before_number.len() < stem.len() && before_number.ends_with(['_', '-', ' ']);
    let long_number = stem.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 6);
    let words: Vec<String> =
        stem.split(['_', '-', ' ']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let is_one_of = |word: Option<&String>, list: &[&str]| {
        word.is_some_and(|word| list.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    let copied = words.len() > 1
        && (is_one_of(words.last(), COPIES) || (is_one_of(words.first(), COPIES) && is_one_of(words.get(1), OF)));
    let copied = copied || JOINED_COPIES.iter().any(|word| stem.ends_with(word));
    let a_part = is_part(&stem.to_lowercase());
    // The file that a report leaves behind, and copies of it, are part of a run and never a segment.
    let first_word = stem.split(['_', '-', ' ']).next().unwrap_or_default();
    let rejected_rows = first_word.eq_ignore_ascii_case("rejected");
    starts_right && ordinary && !numbered && !long_number && !copied && !a_part && !rejected_rows
}

/// What ends the name of a copy or of a version that was put aside, in several languages.
const COPIES: &[&str] = &[
    "copy",
    "kopie",
    "copie",
    "copia",
    "cópia",
    "コピー",
    "のコピー",
    "副本",
    "복사본",
    "backup",
    "bak",
    "old",
    "orig",
    "tmp",
    "temp",
];

/// What ends the name of a copy without a space in front.
const JOINED_COPIES: &[&str] = &["コピー", "副本", "복사본"];

/// What follows such a word at the beginning of a name.
const OF: &[&str] = &["of", "von", "de", "di"];

/// Whether a name, in small letters, ends like that of a part: `seg_part1`, `segpart3`, `seg-teil2`.
fn is_part(stem: &str) -> bool {
    const PARTS: [&str; 8] = ["part", "teil", "partie", "parte", "chunk", "split", "partition", "パート"];
    let before_number = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let word = before_number.trim_end_matches(['_', '-', ' ']);
    before_number.len() < stem.len() && PARTS.iter().any(|part| word.ends_with(part))
}

/// Whether a file's name is that of a snapshot of another: `Orders.csv@snapshot=2026-11-23T01:02:03Z`.
pub(super) fn is_snapshot(file: &str) -> bool {
    file.split_once('@')
        .is_some_and(|(name, rest)| table_stem(name).is_some() && rest.to_ascii_lowercase().starts_with("snapshot"))
}

/// Whether a name found in a key can be a segment's: the Common Data Model gives a table 1 to 256 characters. A step of a
/// path or a control character would go from here into the keys of state and reports, into logs and into Braze.
pub(super) fn can_be_segment(name: &str) -> bool {
    const LONGEST_NAME: usize = 256;
    !matches!(name, "" | "." | "..")
        && name.chars().count() <= LONGEST_NAME
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
}

fn strip_ending<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    let at = name.len().checked_sub(ending.len())?;
    let found = name.get(at..)?;
    if found.eq_ignore_ascii_case(ending) { name.get(..at) } else { None }
}
