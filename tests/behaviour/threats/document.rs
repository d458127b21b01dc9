//! SECURITY.md against the code: every test that it names exists, and its days are the template's.

use std::path::Path;

const PAGE: &str = include_str!("../../../SECURITY.md");
const TEMPLATE: &str = include_str!("../../../template.yaml");

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["src", "tests", "cli/src", "cli/tests"] {
        sources(&root.join(folder), &mut text);
    }
    let model = PAGE.split("## Threats").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> =
        model.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| threat")).collect();
    let rows: Vec<&str> = rows.into_iter().filter(|line| !line.starts_with("| ---")).collect();
    assert!(rows.len() >= 20, "{} threats", rows.len());
    for row in rows {
        let proofs = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test proves: {row}");
        for name in names {
            assert!(text.contains(&format!("fn {name}(")), "there is no test {name}");
        }
    }
}

#[test]
fn retention_is_what_the_document_says() {
    let default = |parameter: &str| {
        let text = TEMPLATE.split(&format!("\n  {parameter}:\n")).nth(1).unwrap();
        text.lines().find_map(|line| line.trim().strip_prefix("Default: ")).unwrap().to_owned()
    };
    for (prefix, parameter) in [("incoming/", "IncomingRetentionDays"), ("reports/", "ReportRetentionDays")] {
        let rule = TEMPLATE.split(&format!("Prefix: {prefix}")).nth(1).unwrap();
        let rule: Vec<&str> = rule.lines().take(3).collect();
        assert!(rule.iter().any(|line| line.contains(&format!("ExpirationInDays: !Ref {parameter}"))), "{rule:?}");
        let noncurrent = rule.iter().find_map(|line| line.split("NoncurrentDays: ").nth(1)).unwrap();
        let noncurrent = noncurrent.trim_end_matches([' ', '}']);
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{prefix}`"))).unwrap();
        assert!(row.contains(&format!("{} days", default(parameter))), "{row}");
        assert!(row.contains(&format!("{noncurrent} days")), "{row}");
        assert!(row.contains(parameter), "{row}");
    }
    let state = TEMPLATE.split("Prefix: state/").nth(1).unwrap().lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(!state.contains("ExpirationInDays"), "what has been delivered never expires by age: {state}");
    assert!(state.contains("NoncurrentDays: 14"), "{state}");
}
