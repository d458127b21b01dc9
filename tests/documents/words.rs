//! Texts are in plain English: phrases that readers stumbled over stay out of the documentation, of string literals, of
//! `--help`, of the pages, of the texts in both languages and of comments. A number in front of a plural has to be `counted`.

use std::fs;
use std::path::{Path, PathBuf};

/// A phrase, and what to write instead.
const PHRASES: [(&str, &str); 50] = [
    ("admit", "allow"),
    ("admits", "allows"),
    ("admitted", "allowed"),
    ("anew", "again"),
    ("any more", "no longer"),
    ("anybody", "anyone"),
    ("at work", "running, working on"),
    ("came of", "the result of"),
    ("departure", "members who left"),
    ("does not suffice", "is not enough"),
    ("everybody", "everyone"),
    ("fate", "result"),
    ("further fields", "additional fields"),
    ("given up", "moved to the dead-letter queue"),
    ("go on", "continue, resume"),
    ("goes on", "continues, resumes"),
    ("in other hands", "another invocation is working on it"),
    ("is told", "is logged, is set to `false`"),
    ("kept back", "not sent"),
    ("known to be whole", "complete"),
    ("lie in", "are located in, are stored in"),
    ("lies", "is located, is stored"),
    ("meanwhile", "in the meantime"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("mends", "fixes"),
    ("mistake of", "bug"),
    ("nobody", "no one"),
    ("none that", "not supported, not one of"),
    ("of old", "legacy"),
    ("on their way", "in flight"),
    ("once more", "again"),
    ("passes over", "skips"),
    ("set out", "is sent"),
    ("slip in", "typo"),
    ("so many", "this many"),
    ("somebody", "someone"),
    ("stand-in", "mock"),
    ("stands", "is, occurs"),
    ("stands for", "represents"),
    ("taken out", "removed"),
    ("takes its place", "replaces it"),
    ("tells", "says, shows"),
    ("told", "said, set to `false`"),
    ("under way", "in flight, running"),
    ("unset", "set to `false`, removed"),
    ("went on", "continued"),
    ("whoever", "everyone who, people who"),
    ("whole run", "complete run"),
    ("wherever", "where, if"),
];

/// In the Japanese pages.
const JAPANESE: [(&str, &str); 7] = [
    ("抜けた", "外れた"),
    ("行方", "処理結果"),
    ("代役", "モックサーバー"),
    ("受領書", "処理結果の控え"),
    ("黙って", "通知なしに"),
    ("メモリー", "メモリ"),
    ("要りません", "不要です"),
];

/// Where a phrase is right: the end of the file's path, a part of the line, and why.
const EXCEPTIONS: [(&str, &str, &str); 11] = [
    ("docs/deploy.md", "unset KEY", "a command of the shell"),
    ("docs/reliability.md", "late files of old runs", "runs that are old"),
    ("docs/reliability.md", "was unset by no whole run", "what the simulation prints"),
    ("cli/src/demo/people.rs", "Nobody", "a person's name"),
    ("docs/configuration.md", "wherever it starts", "any window of time"),
    ("docs/architecture.md", "wherever it starts", "any window of time"),
    ("docs/reliability.md", "wherever a function is killed", "at any place"),
    ("docs/try.md", "(line 8): found the text \"unset\"", "a value that the sample file got wrong"),
    ("docs/architecture.md", "are told apart by", "distinguish"),
    ("SECURITY.md", "stand-in", "a file name"),
    ("CONTRIBUTING.md", "stand-in", "a file name"),
];

/// Things that are counted in texts.
const PLURALS: [&str; 13] = [
    "data points",
    "entities",
    "files",
    "leavers",
    "lines",
    "members",
    "objects",
    "people",
    "profiles",
    "requests",
    "rows",
    "runs",
    "segments",
];

/// Literals with a number in front of a plural that is never 1: the end of the file's path, a part of the literal, and why.
const NEVER_ONE: [(&str, &str, &str); 6] = [
    ("src/page/history.rs", "The last {shown} of {} runs", "only where runs are left out"),
    ("src/page/dry_run.rs", "segments would be held", "one segment has its own text"),
    ("src/inspect/message.rs", "files have a problem", "one file has its own text"),
    ("src/rows/error.rs", "rows with non-ASCII characters", "100 rows"),
    ("src/braze/outcome.rs", "requests in {} s failed", "an outage takes several failures"),
    ("cli/src/show/progress.rs", "{human_", "a template of the progress bar"),
];

/// A line of text that somebody reads, and where it is.
struct Line {
    file: String,
    number: usize,
    text: String,
}

#[test]
fn texts_are_in_plain_english() {
    let mut found = Vec::new();
    for line in documents().iter().chain(&translations()).chain(&literals()).chain(&help()).chain(&comments()) {
        let japanese = [".ja.md", "/ja.ftl", ".ja.ftl"];
        let is_japanese = japanese.iter().any(|end| line.file.ends_with(end)) || line.file.starts_with("docs/ja/");
        let phrases: &[(&str, &str)] = if is_japanese { &JAPANESE } else { &PHRASES };
        found.extend(stumbles(line, phrases));
    }
    assert!(found.is_empty(), "{} phrases:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_number_agrees_with_its_plural() {
    let found: Vec<String> = literals().iter().filter_map(disagreement).collect();
    assert!(found.is_empty(), "use `counted`:\n{}", found.join("\n"));
}

#[test]
fn a_planted_phrase_is_found_with_its_place() {
    let planted = |text: &str| Line { file: "docs/planted.md".to_owned(), number: 7, text: text.to_owned() };
    let found = stumbles(&planted("Whoever left is told; mend `hostname`."), &PHRASES);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|found| found.starts_with("docs/planted.md:7: ")), "{found:?}");
    assert!(stumbles(&planted("The amended whoever_left untold standings."), &PHRASES).is_empty());
    assert_eq!(stumbles(&planted("セグメントを抜けた人"), &JAPANESE).len(), 1);
    assert!(disagreement(&planted("{} files were read")).is_some());
    assert!(disagreement(&planted("{files} were read")).is_none());
    let source = "// \"told\"\nlet a = '\"'; let b = \"a \\\"quoted\\\" \\\n   text\"; #[cfg(test)]\nlet c = \"told\";";
    let texts: Vec<(usize, String)> = literals_of(source);
    assert_eq!(texts, [(2, "a \"quoted\" text".to_owned())]);
}

/// The phrases in a line, each with its place and what to write instead.
fn stumbles(line: &Line, phrases: &[(&str, &str)]) -> Vec<String> {
    let Line { file, number, text } = line;
    let lower = text.to_lowercase();
    let is_exception = EXCEPTIONS.iter().any(|(end, part, _)| file.ends_with(end) && text.contains(part));
    phrases
        .iter()
        .filter(|(phrase, _)| !is_exception && has_phrase(&lower, phrase))
        .map(|(phrase, better)| format!("{file}:{number}: \"{phrase}\": write {better}: {}", text.trim()))
        .collect()
}

/// Whether the phrase is in the text as whole words. A name in code is one word.
fn has_phrase(text: &str, phrase: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    text.match_indices(phrase).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_word);
        let after = text[at + phrase.len()..].chars().next().is_some_and(is_word);
        !before && !after
    })
}

/// A placeholder in front of a plural, which is wrong for 1.
fn disagreement(line: &Line) -> Option<String> {
    let Line { file, number, text } = line;
    let plural = PLURALS.iter().find(|plural| {
        let after = text.match_indices("} ").map(|(at, _)| &text[at + 2..]);
        after.filter_map(|rest| rest.strip_prefix(**plural)).any(|rest| !rest.starts_with(char::is_alphanumeric))
    })?;
    let is_right = NEVER_ONE.iter().any(|(end, part, _)| file.ends_with(end) && text.contains(part));
    (!is_right).then(|| format!("{file}:{number}: {{…}} {plural}: {text}"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn lines(path: &Path) -> Vec<Line> {
    let file = path.strip_prefix(root()).unwrap().display().to_string();
    let text = fs::read_to_string(path).unwrap();
    let numbered = (1..).zip(text.lines());
    numbered.map(|(number, text)| Line { file: file.clone(), number, text: text.to_owned() }).collect()
}

/// The documentation, the pages and the template.
fn documents() -> Vec<Line> {
    let mut files = Vec::new();
    for folder in ["", "docs", "docs/ja", "events", "fuzz", "src/page"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md" || extension == "html") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 15, "the documentation is not where it was: {files:?}");
    files.push(root().join("template.yaml"));
    files.sort();
    files.iter().flat_map(|file| lines(file)).collect()
}

/// The texts of pages, mails, console and terminal in both languages.
fn translations() -> Vec<Line> {
    let mut files = Vec::new();
    for folder in ["src", "cli/src"] {
        files_with("ftl", &root().join(folder), &mut files);
    }
    assert!(files.len() > 8, "the texts are not where they were: {files:?}");
    files.iter().flat_map(|file| lines(file)).collect()
}

/// What clap shows as `--help`.
fn help() -> Vec<Line> {
    let mut files = Vec::new();
    sources(&root().join("cli/src/arguments"), &mut files);
    files.iter().flat_map(|file| lines(file)).filter(|line| line.text.trim_start().starts_with("///")).collect()
}

/// The comments of the library and of the command line, without what they quote as code.
fn comments() -> Vec<Line> {
    let mut files = Vec::new();
    for folder in ["src", "cli/src"] {
        sources(&root().join(folder), &mut files);
    }
    let mut found = Vec::new();
    for mut line in files.iter().flat_map(|file| lines(file)) {
        let text = line.text.trim_start();
        if text.starts_with("//") {
            line.text = text.split('`').step_by(2).collect::<Vec<_>>().join("…");
            found.push(line);
        }
    }
    assert!(found.len() > 1_000, "the comments are not where they were");
    found
}

/// The string literals of the library and of the command line, but for their tests and the mock servers.
fn literals() -> Vec<Line> {
    let mut files = Vec::new();
    for folder in ["src", "cli/src"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "the source is not where it was");
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(root()).unwrap().display().to_string();
        let texts = literals_of(&fs::read_to_string(&path).unwrap());
        found.extend(texts.into_iter().map(|(number, text)| Line { file: file.clone(), number, text }));
    }
    found
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    files_with("rs", folder, files);
}

/// The files below a folder with this ending, but for tests and the mock servers.
fn files_with(ending: &str, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "standin"].contains(&name.as_str()) {
            files_with(ending, &path, files);
        } else if path.extension().is_some_and(|extension| extension == ending) && name != "tests.rs" {
            files.push(path);
        }
    }
}

/// The string literals of a Rust source up to its tests, each with its line.
fn literals_of(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("'\"'") || rest.starts_with("\\\"") {
            at += if rest.starts_with('\'') { 3 } else { 2 };
        } else if let Some(text) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = text.find(|character| {
                let ends = character == '"' && !escaped;
                escaped = character == '\\' && !escaped;
                ends
            });
            let literal = &text[..end.unwrap_or(text.len())];
            let joined: Vec<&str> = literal.split("\\\n").map(str::trim_start).collect();
            found.push((
                source[..at].matches('\n').count() + 1,
                joined.concat().replace("\\\"", "\"").replace("\\n", " "),
            ));
            at += literal.len() + 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}
