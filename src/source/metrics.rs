//! The metrics of a fetch, in one line on standard output (see [`crate::report::metrics`]).

use std::io::Write;

use serde_json::{Map, Value, json};

use super::report::{FetchOutcome, FetchReport};
use crate::report::metrics::{NAMESPACE, dimension_value};

/// Every metric of a source, with its unit. Each is given by `Stack`, and by `Stack` and `Source`.
pub const SOURCE_METRICS: [(&str, &str); 4] =
    [("FilesFetched", "Count"), ("BytesFetched", "Bytes"), ("FetchesFailed", "Count"), ("SasDaysLeft", "Count")];

/// Writes the metrics of a report to standard output, where AWS Lambda takes them into the function's log.
pub fn log(stack: &str, report: &FetchReport) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{}", line(stack, report)) {
        tracing::warn!(%error, "can't write the metrics to standard output");
    }
}

fn line(stack: &str, report: &FetchReport) -> Value {
    let values: [Option<Value>; 4] = [
        Some(report.files.fetched.into()),
        Some(report.bytes.into()),
        Some(u64::from(report.outcome == FetchOutcome::Failed).into()),
        report.days_left.map(|days| days.max(0).into()),
    ];
    let given = SOURCE_METRICS.iter().zip(values).filter_map(|(metric, value)| Some((metric, value?)));
    let (mut line, mut metrics) = (Map::new(), Vec::new());
    for ((name, unit), value) in given {
        metrics.push(json!({ "Name": name, "Unit": unit }));
        line.insert((*name).to_owned(), value);
    }
    let directive =
        json!({ "Namespace": NAMESPACE, "Dimensions": [["Stack"], ["Stack", "Source"]], "Metrics": metrics });
    let timestamp = report.finished_at.as_millisecond();
    line.insert("_aws".to_owned(), json!({ "Timestamp": timestamp, "CloudWatchMetrics": [directive] }));
    line.insert("Stack".to_owned(), dimension_value(stack).into());
    line.insert("Source".to_owned(), dimension_value(report.source.as_str()).into());
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn report(days: Option<i64>) -> FetchReport {
        serde_json::from_value(json!({
            "source": "ci", "place": "acct.blob.core.windows.net/ci", "into": "incoming/BlobExport", "outcome": "failed",
            "files": { "listed": 9, "old": 0, "unchanged": 2, "fetched": 7, "changed": 0, "gone": 0, "failed": 0 },
            "bytes": 70, "list_calls": 1, "keys": [], "gone": [], "expires_at": null, "days_left": days,
            "started_at": "2026-11-23T01:05:00Z", "finished_at": "2026-11-23T01:06:00Z", "seconds": 60.0,
            "message": "", "code": ""
        }))
        .unwrap()
    }

    #[test]
    fn a_line_declares_what_it_has() {
        let expired = line("stack", &report(Some(-3)));
        let declared = expired["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert_eq!(declared.len(), 4);
        assert_eq!((&expired["SasDaysLeft"], &expired["FetchesFailed"]), (&json!(0), &json!(1)));
        assert_eq!((&expired["FilesFetched"], &expired["BytesFetched"]), (&json!(7), &json!(70)));
        let without_end = line("stack", &report(None));
        assert_eq!(without_end["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), 3);
        assert!(without_end.get("SasDaysLeft").is_none());
    }

    #[test]
    fn the_documentation_lists_these_metrics_and_no_others() {
        let page = include_str!("../../docs/operate.md");
        let table = page.split("## Metrics of sources").nth(1).expect("the chapter about metrics of sources");
        let table = table.split("\n## ").next().unwrap();
        let documented: Vec<(&str, String)> = table
            .lines()
            .filter_map(|row| row.strip_prefix("| `")?.split_once("` | "))
            .map(|(name, rest)| (name, rest.split(" |").next().unwrap().to_owned()))
            .collect();
        let written: Vec<(&str, String)> =
            SOURCE_METRICS.iter().map(|(name, unit)| (*name, unit.to_lowercase())).collect();
        assert_eq!(documented, written);
    }
}
