//! Reads the figures of a page, as a person would, and holds them against a report.

use std::collections::BTreeMap;

use serde_json::Value;

/// The lines of a table: what they are called, and their cells.
type Line = (String, Vec<String>);

/// A number as pages write it.
pub(crate) fn count(number: &Value) -> String {
    let digits = number.as_u64().unwrap_or_else(|| panic!("{number} is no count")).to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// A name as pages show it, once the HTML is read.
pub(crate) fn as_shown(name: &str) -> String {
    name.replace('\u{202e}', "⟨U+202E⟩")
}

/// What a browser shows of a piece of HTML.
fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').expect("tags are closed").1;
    }
    text.push_str(rest);
    let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    named.iter().fold(text, |text, (entity, character)| text.replace(entity, character)).trim().to_owned()
}

/// Every line of every table that names itself by its first cell.
fn lines(html: &str) -> Vec<Line> {
    let rows = html.split("<tr>").skip(1).map(|rest| rest.split("</tr>").next().unwrap());
    let named = rows.filter_map(|row| row.split_once("<th scope=\"row\">")?.1.split_once("</th>"));
    named
        .map(|(name, cells)| {
            // Examples stand below the name.
            let name = text(name.split("<p").next().unwrap());
            let cells = cells.split("<td").skip(1).map(|cell| cell.split_once('>').unwrap().1);
            (name, cells.map(|cell| text(cell.split("</td>").next().unwrap())).collect())
        })
        .collect()
}

#[track_caller]
fn assert_shown(lines: &[Line], name: &str, number: &Value) {
    let wanted = count(number);
    let found: Vec<&Vec<String>> =
        lines.iter().filter(|(of, _)| *of == as_shown(name)).map(|(_, cells)| cells).collect();
    assert!(found.iter().any(|cells| cells[0] == wanted), "{name} is {wanted}; the page has {found:?} in {lines:#?}");
}

fn assert_all_shown(lines: &[Line], counts: &Value) {
    for (name, number) in counts.as_object().into_iter().flatten() {
        assert_shown(lines, name, number);
    }
}

/// The page of a run has every figure of its report.
#[track_caller]
pub(crate) fn assert_same(report: &Value, page: &str) {
    let lines = lines(page);
    let shown = |name: &str, number: &Value| assert_shown(&lines, name, number);
    let (rows, members, requests) = (&report["rows"], &report["members"], &report["requests"]);
    // A table of nothing but zeros is left out.
    if rows["read"] != 0 {
        shown("Read", &rows["read"]);
        shown("Accepted by Braze", &rows["accepted"]);
        shown("Unchanged", &rows["unchanged"]);
        shown("Duplicates", &rows["duplicate"]);
        shown("Rejected", &rows["rejected"]);
    }
    if members["before"] != 0 || members["after"] != 0 {
        shown("Before", &members["before"]);
        shown("Left", &members["left"]);
        shown("Stayed", &members["stayed"]);
        shown("Entered", &members["entered"]);
        shown("After", &members["after"]);
    }
    shown("Requests", &requests["sent"]);
    shown("Retries", &requests["retried"]);
    shown("Rate limited (429)", &requests["rate_limited"]);
    shown("Data points", &report["data_points"]);
    assert_all_shown(&lines, &report["rejected_reasons"]);
    assert_all_shown(&lines, &report["dropped_fields"]);
    for file in report["files"].as_array().unwrap() {
        shown(file["key"].as_str().unwrap(), &file["rows"]);
    }
    for part in ["message", "attribute", "segment", "export"] {
        let whole = text(page.split("<body>").nth(1).unwrap());
        for line in report[part].as_str().unwrap().lines() {
            assert!(whole.contains(&as_shown(line.trim())), "{part} {line:?} is not on {page}");
        }
    }
}

/// The page of a dry run has the figures of all its reports, and their sums.
#[track_caller]
pub(crate) fn assert_dry_run(reports: &[Value], page: &str) {
    let lines = lines(page);
    let mut sums = [0; 4];
    for report in reports {
        let (members, preview) = (&report["members"], &report["preview"]);
        for (sum, figure) in sums.iter_mut().zip([
            &members["entered"],
            &members["left"],
            &report["rows"]["rejected"],
            &report["data_points"],
        ]) {
            *sum += figure.as_u64().unwrap();
        }
        for (name, number) in [
            ("Would be sent", &report["rows"]["accepted"]),
            ("Unchanged", &report["rows"]["unchanged"]),
            ("Rejected", &report["rows"]["rejected"]),
            ("Entered", &members["entered"]),
            ("Stayed", &members["stayed"]),
            ("Left", &members["left"]),
            ("Requests", &preview["requests"]),
            ("Members set to false", &preview["unset"]),
            ("Data points", &report["data_points"]),
        ] {
            assert_shown(&lines, name, number);
        }
        assert_all_shown(&lines, &report["rejected_reasons"]);
        if let Some(last) = preview["last_run"].as_object() {
            assert_shown(&lines, "Members", &last["members"]["after"]);
        }
        let whole = text(page.split("<body>").nth(1).unwrap());
        for object in preview["objects"].as_array().unwrap() {
            let object = serde_json::to_string_pretty(object).unwrap();
            assert!(whole.contains(&as_shown(&object)), "{object} is not on {page}");
        }
    }
    let names = ["would enter", "would leave", "rows rejected", "data points"];
    for (name, sum) in names.into_iter().zip(sums) {
        let wanted = format!("<div><dt>{name}</dt><dd>{}</dd></div>", count(&sum.into()));
        assert!(page.contains(&wanted), "{wanted} is not on {page}");
    }
}

/// The runs of each segment as a page of history has them: the newest first.
pub(crate) fn sections(page: &str) -> BTreeMap<String, Vec<Line>> {
    page.split("<section aria-labelledby=\"segment-")
        .skip(1)
        .map(|section| {
            let name = section.split("<bdi>").nth(1).and_then(|rest| rest.split("</bdi>").next()).unwrap();
            (text(name), lines(section))
        })
        .collect()
}

/// A line of the history says what the run's report says; of a run that was not complete when a newer one was, that it
/// was superseded.
#[track_caller]
pub(crate) fn assert_line((run, cells): &Line, report: &Value) {
    assert_eq!(*run, report["run"].as_str().unwrap().replace('T', " ").replace('Z', ""));
    let outcome = if report["outcome"] == "delivered" { "Delivered" } else { "Superseded" };
    let members = &report["members"];
    let figures = [&members["after"], &members["entered"], &members["left"], &report["rows"]["rejected"]].map(count);
    assert_eq!(cells[0], outcome, "{report:#}");
    assert_eq!(cells[1..5], figures, "{report:#}");
    assert!(!cells[6].is_empty(), "it ended");
}
