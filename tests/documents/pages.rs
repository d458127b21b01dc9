//! Pages of the documentation fit together: every link has its page and its heading, every alarm its section on the on-call
//! page, every Japanese page the structure of the English one, the READMEs are short, and the on-demand function supports
//! every payload.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use insights_to_braze::trigger::on_demand::OnDemand;
use serde_json::Value;

/// The most lines of a README.
const README_LINES: usize = 140;

/// A page in Markdown.
struct Page {
    /// The path from the root of the repository.
    path: String,
    text: String,
}

impl Page {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    /// The lines outside of fenced blocks, each with its number.
    fn prose(&self) -> Vec<(usize, &str)> {
        let mut fence = None;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            let start = line.trim_start();
            let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
            match (fence, mark) {
                (None, Some(mark)) => fence = Some(mark),
                (Some(open), Some(mark)) if open == mark => fence = None,
                (None, None) => lines.push((number, line)),
                _ => {}
            }
        }
        lines
    }

    fn headings(&self) -> Vec<(usize, &str)> {
        let prose = self.prose();
        let headings = prose.iter().filter_map(|(_, line)| {
            let text = line.trim_start_matches('#');
            let level = line.len() - text.len();
            text.strip_prefix(' ').filter(|_| level > 0).map(|text| (level, text))
        });
        headings.collect()
    }

    /// The anchors of its headings, as GitHub and mdBook make them.
    fn anchors(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let anchors = self.headings().into_iter().map(|(_, text)| {
            let anchor = anchor(text);
            let before = seen.entry(anchor.clone()).or_default();
            *before += 1;
            if *before == 1 { anchor } else { format!("{anchor}-{}", *before - 1) }
        });
        anchors.collect()
    }

    /// The targets of its links and pictures, each with its line.
    fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (number, line) in self.prose() {
            let text = without_code(line);
            let targets = text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split_once(')'));
            links.extend(targets.map(|(target, _)| (number, target.to_owned())));
        }
        links
    }

    /// What a reader sees beside the words: headings, blocks, pictures, and the rows of tables and items of lists.
    fn structure(&self) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        let mut is_first = true;
        for (_, line) in self.prose() {
            let begins_paragraph = std::mem::replace(&mut is_first, line.is_empty());
            let kind = match line.trim_start() {
                line if line.starts_with('#') => line.split(' ').next().unwrap(),
                line if line.starts_with('|') => "row",
                line if line.starts_with("- ") => "item",
                line if line.starts_with("![") => "picture",
                line if begins_paragraph && has_title(line) => "paragraph with a title",
                line if line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok()) => "step",
                _ => continue,
            };
            parts.push(kind.to_owned());
        }
        let fences = self.text.lines().filter(|line| line.starts_with("```") && line.len() > 3);
        parts.extend(fences.map(str::to_owned));
        parts
    }
}

/// The text of a heading as an anchor: small letters, digits, `-` and `_`, and hyphens for spaces.
fn anchor(heading: &str) -> String {
    let mut text = heading.to_owned();
    while let Some((before, rest)) = text.split_once("](") {
        let after = rest.split_once(')').map_or("", |(_, after)| after);
        text = format!("{before}{after}");
    }
    let kept = text.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Whether a paragraph begins with a title in bold, and not with the names of languages or of a menu.
fn has_title(line: &str) -> bool {
    let title = line.strip_prefix("**").and_then(|rest| rest.split_once("**"));
    title.is_some_and(|(title, after)| !title.contains(" > ") && !after.starts_with(" · "))
}

/// A line without what stands in backticks, which is no link.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the repository.
fn pages() -> Vec<Page> {
    let mut found = Vec::new();
    collect(&root(), &mut found);
    found.sort();
    assert!(found.len() > 25, "the documentation is not where it was: {found:?}");
    found.iter().map(|path| Page::read(path)).collect()
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path.strip_prefix(root()).unwrap().display().to_string());
        }
    }
}

/// Why a link of a page leads nowhere.
fn fault(page: &Page, target: &str, anchors: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let is_of_github = target.starts_with("../../actions/");
    let is_elsewhere = target.contains("://") || target.starts_with("mailto:") || is_of_github;
    if is_elsewhere {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let file = if path.is_empty() { page.path.clone() } else { beside(&page.path, path) };
    if !root().join(&file).exists() {
        return Some(format!("{file} does not exist"));
    }
    let known = anchors.get(&file)?;
    let missing = anchor.filter(|anchor| !known.iter().any(|known| known == anchor))?;
    Some(format!("{file} has no heading #{missing}"))
}

/// The path of a file that a page names, from the root of the repository.
fn beside(page: &str, path: &str) -> String {
    let mut parts = Vec::new();
    for part in Path::new(page).parent().unwrap().join(path).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

#[test]
fn every_link_has_its_page_and_its_heading() {
    let pages = pages();
    let anchors: BTreeMap<String, Vec<String>> = pages.iter().map(|page| (page.path.clone(), page.anchors())).collect();
    let (mut faults, mut checked) = (Vec::new(), 0);
    for page in &pages {
        for (number, target) in page.links() {
            checked += 1;
            let fault = fault(page, &target, &anchors);
            faults.extend(fault.map(|fault| format!("{}:{number}: {fault}", page.path)));
        }
    }
    assert!(checked > 200, "only {checked} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_planted_fault_is_found() {
    let page = Page {
        path: "docs/planted.md".to_owned(),
        text: "# One `two` [three](four.md)\n[a](#one-two-three) [b](../README.md#nowhere) [c](no.md)\n```\n[d](no.md)\n```\n`[e](no.md)`"
            .to_owned(),
    };
    let mut anchors = BTreeMap::from([(page.path.clone(), page.anchors())]);
    anchors.insert("README.md".to_owned(), Page::read("README.md").anchors());
    let found: Vec<String> = page
        .links()
        .iter()
        .filter(|(number, _)| *number > 1)
        .filter_map(|(_, target)| fault(&page, target, &anchors))
        .collect();
    // The planted page itself does not exist, so its own heading counts as missing too.
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(page.anchors(), ["one-two-three"]);
    assert_eq!(anchor("401, 403: *what* now?"), "401-403-what-now");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = Page::read("docs/SUMMARY.md");
    let listed: Vec<String> = summary.links().iter().map(|(_, target)| beside(&summary.path, target)).collect();
    let missing: Vec<String> = pages()
        .into_iter()
        .map(|page| page.path)
        .filter(|path| path.starts_with("docs/") && *path != summary.path && !listed.contains(path))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
    for readme in ["README.md", "README.ja.md"] {
        assert!(listed.contains(&readme.to_owned()), "{readme} is not in docs/SUMMARY.md");
    }
}

#[test]
fn the_readmes_are_short() {
    for path in ["README.md", "README.ja.md"] {
        let lines = Page::read(path).text.lines().count();
        assert!(lines <= README_LINES, "{path} has {lines} lines; move what not everyone needs to docs/");
    }
}

#[test]
fn a_japanese_page_has_the_structure_of_the_english_one() {
    let japanese: Vec<Page> =
        pages().into_iter().filter(|page| page.path == "README.ja.md" || page.path.starts_with("docs/ja/")).collect();
    assert!(japanese.len() >= 5, "README, marketers, administrators, on call, glossary");
    for page in japanese {
        let english = Page::read(&page.path.replace(".ja.md", ".md").replace("docs/ja/", "docs/"));
        let (parts, expected) = (page.structure(), english.structure());
        let same = parts.iter().zip(&expected).take_while(|(part, expected)| part == expected).count();
        assert_eq!(parts, expected, "{} and {} differ after {:?}", page.path, english.path, &parts[..same]);
        let leads = |from: &Page, to: &Page| from.links().iter().any(|(_, link)| beside(&from.path, link) == to.path);
        assert!(leads(&page, &english) && leads(&english, &page), "{} and {} have no link", page.path, english.path);
    }
}

#[test]
fn every_alarm_has_its_section_on_the_on_call_page() {
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    let lines: Vec<&str> = template.lines().collect();
    let alarms: Vec<usize> =
        (1..lines.len()).filter(|&at| lines[at].trim() == "Type: AWS::CloudWatch::Alarm").map(|at| at - 1).collect();
    assert!(alarms.len() >= 8, "the alarms are not where they were");
    for at in alarms {
        let name = lines[at].trim().trim_end_matches(':');
        let place = anchor(name);
        for path in ["docs/on-call.md", "docs/ja/on-call.md"] {
            assert!(Page::read(path).anchors().contains(&place), "{path} has no section {name}");
        }
        let description = lines[at..].iter().find(|line| line.trim().starts_with("AlarmDescription:")).unwrap();
        assert!(
            description.contains(&format!("docs/on-call.md#{place}")),
            "the description of {name} does not lead to its section: {description}"
        );
    }
}

#[test]
fn every_payload_that_people_are_shown_is_supported() {
    let mut checked = 0;
    for page in pages() {
        for (at, _) in page.text.match_indices("ask '{") {
            let payload = page.text[at + "ask '".len()..].split('\'').next().unwrap();
            let request = serde_json::from_str::<Value>(payload)
                .map_err(|error| error.to_string())
                .and_then(|value| OnDemand::parse(&value).map_err(|error| error.to_string()));
            assert!(request.is_ok(), "{}: {payload}: {}", page.path, request.unwrap_err());
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} payloads were found");
}
