//! The metrics of a fetch, in one line on standard output (see [`crate::report::metrics`]).

use serde_json::Value;

use super::report::{FetchOutcome, FetchReport};
use crate::report::metrics::{Metric, Unit, directive, embedded};
use crate::report::write_line;

/// Every metric of a source. Each is given by `Stack`, and by `Stack` and `Source`.
pub const SOURCE_METRICS: [Metric; 4] = [
    Metric::count("FilesFetched"),
    Metric { name: "BytesFetched", unit: Unit::Bytes, by_segment: false },
    Metric::count("FetchesFailed"),
    Metric::count("SasDaysLeft"),
];

/// Writes the metrics of a report to standard output, where AWS Lambda takes them into the function's log.
pub fn log(stack: &str, report: &FetchReport) {
    write_line("the metrics", &line(stack, report));
}

fn line(stack: &str, report: &FetchReport) -> Value {
    let values: [Option<Value>; 4] = [
        Some(report.files.fetched.into()),
        Some(report.bytes.into()),
        Some(u64::from(report.outcome == FetchOutcome::Failed).into()),
        report.days_left.map(|days| days.max(0).into()),
    ];
    let given: Vec<(&Metric, Value)> =
        SOURCE_METRICS.iter().zip(values).filter_map(|(metric, value)| Some((metric, value?))).collect();
    let directive = directive(&[&["Stack"], &["Stack", "Source"]], given.iter().map(|(metric, _)| *metric));
    let values = given.into_iter().map(|(metric, value)| (metric.name.to_owned(), value)).collect();
    embedded(values, &[directive], &[("Stack", stack), ("Source", report.source.as_str())], report.finished_at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use serde_json::json;

    use super::*;
    use crate::report::metrics::assert_documented;

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
        assert_documented("Metrics of sources", SOURCE_METRICS.iter());
    }
}
