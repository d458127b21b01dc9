//! Metrics: one line on standard output for each report of a delivery that did anything, from which `CloudWatch` takes the
//! figures ("Specification: Embedded metric format" in the Amazon `CloudWatch` User Guide).
//!
//! The line is written here and not by a library: it is one JSON object with a fixed table of names. What the maintained
//! libraries would cost, and where they fall short, is in `docs/architecture.md`.

use std::num::NonZeroU32;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Counts, Outcome, Report, write_line};

/// The namespace of all metrics.
const NAMESPACE: &str = "InsightsToBraze";

/// `CloudWatch`'s limit for the value of a dimension.
const LONGEST_DIMENSION_VALUE: usize = 1024;

/// What one invocation did for a run. A report covers a run over all invocations; metrics are summed by
/// `CloudWatch`, so they cover a single invocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Rows, requests, data points and time.
    pub counts: Counts,
    /// Whether it made the run the last complete one.
    pub completed: bool,
    /// Whether it held the run.
    pub held: bool,
    /// How many people who were read back did not show what was sent, and how many seconds it took until they did.
    pub read_back: Option<(u64, f64)>,
}

/// The unit of a metric, in `CloudWatch`'s words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// An amount of data.
    Bytes,
    /// A time.
    Seconds,
    /// A share.
    Percent,
}

/// A metric. Each is given by `Stack`, and by `Stack` and `Export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Whether it is also given by `Stack`, `Export` and `Segment`.
    pub by_segment: bool,
}

/// Every metric that there is.
pub const METRICS: [Metric; 21] = [
    Metric::count("RowsRead"),
    Metric::count("RowsAccepted"),
    Metric::count("RowsUnchanged"),
    Metric::count("RowsDuplicate"),
    Metric::count("RowsRejected"),
    Metric::count("UnaccountedRows"),
    Metric::of_members("MembersEntered"),
    Metric::of_members("MembersLeft"),
    Metric::of_members("Members"),
    Metric::count("RequestsSent"),
    Metric::count("RequestsRetried"),
    Metric::count("RateLimited"),
    Metric::count("DataPoints"),
    Metric::count("DeliveriesDelivered"),
    Metric::count("DeliveriesWithProblems"),
    Metric::count("DeliveriesFailed"),
    Metric::count("RunsHeld"),
    Metric::count("ReadBackDiffering"),
    Metric { name: "ReadBackSeconds", unit: Unit::Seconds, by_segment: false },
    Metric { name: "DeliverySeconds", unit: Unit::Seconds, by_segment: false },
    Metric { name: "RateLimitShare", unit: Unit::Percent, by_segment: false },
];

/// What every scheduled invocation writes of all segments, see [`Gauges`](super::Gauges).
pub const GAUGES: [Metric; 5] = [
    Metric::count("SegmentsHeld"),
    Metric::count("SegmentsFailing"),
    Metric::count("SegmentsSuperseded"),
    Metric::count("SegmentsOverdue"),
    Metric::count("OldestWaitingHours"),
];

impl Metric {
    pub(crate) const fn count(name: &'static str) -> Self {
        Self { name, unit: Unit::Count, by_segment: false }
    }

    const fn of_members(name: &'static str) -> Self {
        Self { name, unit: Unit::Count, by_segment: true }
    }
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Seconds => "Seconds",
            Self::Percent => "Percent",
        }
    }
}

/// Writes the metrics of a report as one line to standard output, where AWS Lambda takes it into the function's log.
/// `seconds` is the time that the invocation spent on the delivery.
pub fn log(stack: &str, report: &Report, work: &Work, requests_per_second: NonZeroU32, seconds: f64) {
    let Some(line) = line(stack, report, work, requests_per_second, seconds) else {
        return;
    };
    write_line("the metrics", &line);
}

/// The metrics of a report in the embedded metric format; `None` if the invocation had nothing to deliver.
pub fn line(stack: &str, report: &Report, work: &Work, requests_per_second: NonZeroU32, seconds: f64) -> Option<Value> {
    if *work == Work::default() && report.outcome != Outcome::Failed {
        return None;
    }
    let values = values(report, work, requests_per_second, seconds);
    let given = |metric: &&Metric| values.contains_key(metric.name);
    let (of_members, others): (Vec<_>, Vec<_>) = METRICS.iter().filter(given).partition(|metric| metric.by_segment);
    let mut directives = vec![directive(&[&["Stack"], &["Stack", "Export"]], others)];
    if !of_members.is_empty() {
        let dimensions: [&[&str]; 3] = [&["Stack"], &["Stack", "Export"], &["Stack", "Export", "Segment"]];
        directives.push(directive(&dimensions, of_members));
    }
    let names = [("Stack", stack), ("Export", report.export.as_str()), ("Segment", report.segment.as_str())];
    Some(embedded(values, &directives, &names, report.finished_at))
}

/// Says in the embedded metric format which values of a line are metrics, and by which sets of dimensions.
pub(crate) fn directive<'m>(dimensions: &[&[&str]], metrics: impl IntoIterator<Item = &'m Metric>) -> Value {
    let metrics: Vec<Value> =
        metrics.into_iter().map(|metric| json!({ "Name": metric.name, "Unit": metric.unit.name() })).collect();
    json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics })
}

/// A line in the embedded metric format: the values of metrics, and the names of the dimensions.
pub(crate) fn embedded(
    mut values: Map<String, Value>,
    directives: &[Value],
    dimensions: &[(&str, &str)],
    at: Timestamp,
) -> Value {
    values.insert("_aws".to_owned(), json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": directives }));
    values.extend(dimensions.iter().map(|(dimension, name)| ((*dimension).to_owned(), dimension_value(name).into())));
    Value::Object(values)
}

/// What `CloudWatch` takes as the value of a dimension: ASCII, not beginning with a colon, at most 1,024 characters
/// (`PutMetricData`, "Dimension"). Everything else is percent-encoded, and the percent sign too, so that names stay apart.
fn dimension_value(name: &str) -> String {
    const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
    let mut value = utf8_percent_encode(name, ENCODED).to_string();
    if value.starts_with(':') {
        value.replace_range(..1, "%3A");
    }
    value.truncate(LONGEST_DIMENSION_VALUE);
    value
}

fn values(report: &Report, work: &Work, requests_per_second: NonZeroU32, seconds: f64) -> Map<String, Value> {
    let Counts { rows, requests, data_points, .. } = &work.counts;
    let delivered = work.completed && report.outcome.is_delivered();
    let with_problems = work.completed && report.outcome == Outcome::DeliveredWithProblems;
    let mut values = vec![
        ("RowsRead", rows.read),
        ("RowsAccepted", rows.accepted),
        ("RowsUnchanged", rows.unchanged),
        ("RowsDuplicate", rows.duplicate),
        ("RowsRejected", rows.rejected),
        ("UnaccountedRows", report.rows.unaccounted()),
        ("RequestsSent", requests.sent),
        ("RequestsRetried", requests.retried),
        ("RateLimited", requests.rate_limited),
        ("DataPoints", *data_points),
        ("DeliveriesDelivered", u64::from(delivered)),
        ("DeliveriesWithProblems", u64::from(with_problems)),
        ("DeliveriesFailed", u64::from(report.outcome == Outcome::Failed)),
        ("RunsHeld", u64::from(work.held)),
    ];
    if work.completed {
        values.push(("MembersEntered", report.members.entered));
        values.push(("MembersLeft", report.members.left));
        values.push(("Members", report.members.after));
    }
    let mut values: Map<String, Value> =
        values.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    values.insert("DeliverySeconds".to_owned(), rounded(seconds));
    if let Some((differing, seconds)) = work.read_back {
        values.insert("ReadBackDiffering".to_owned(), differing.into());
        values.insert("ReadBackSeconds".to_owned(), rounded(seconds));
    }
    if requests.sent > 0 {
        // Braze counts by the second, so that a delivery of an instant has a whole second's requests.
        let admitted = work.counts.seconds.ceil().max(1.0) * f64::from(requests_per_second.get());
        #[expect(clippy::cast_precision_loss, reason = "a number of requests has fewer than 52 bits")]
        let share = requests.sent as f64 / admitted;
        values.insert("RateLimitShare".to_owned(), rounded(share * 100.0));
    }
    values
}

fn rounded(value: f64) -> Value {
    ((value * 1000.0).round() / 1000.0).into()
}

/// Fails unless a chapter of the documentation lists these metrics and no others.
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test")]
pub(crate) fn assert_documented<'m>(chapter: &str, metrics: impl Iterator<Item = &'m Metric>) {
    let page = include_str!("../../docs/operate.md");
    let (_, table) = page.split_once(&format!("\n## {chapter}\n")).expect("the chapter about the metrics");
    let table = table.split("\n## ").next().unwrap_or_default();
    let documented: Vec<(&str, String)> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, rest)| (name, rest.split(" |").next().unwrap_or_default().to_owned()))
        .collect();
    let written: Vec<(&str, String)> = metrics.map(|metric| (metric.name, metric.unit.name().to_lowercase())).collect();
    assert_eq!(documented, written);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::BTreeSet;
    use std::num::NonZeroU32;

    use serde_json::{Value, json};

    use super::{GAUGES, METRICS, Work, dimension_value, line};
    use crate::braze::Requests;
    use crate::report::{Counts, Report, Rows};

    const RATE: NonZeroU32 = NonZeroU32::new(100).unwrap();

    fn report(outcome: &str) -> Report {
        serde_json::from_value(json!({
            "export": "loyalty", "segment": "顧客 \"A\"", "attribute": "顧客", "run": "2026-11-23T01:02Z",
            "trigger": "scheduled", "outcome": outcome, "files": [],
            "rows": { "read": 5000, "accepted": 5000, "unchanged": 0, "duplicate": 0, "rejected": 0 },
            "members": { "before": 10, "entered": 4, "stayed": 7, "left": 3, "after": 11 },
            "dropped_fields": {}, "rejected_reasons": {},
            "requests": { "sent": 70, "retried": 0, "rate_limited": 0 }, "data_points": 9,
            "started_at": "2026-11-23T01:05:00Z", "finished_at": "2026-11-23T01:06:00Z", "seconds": 60.0, "message": ""
        }))
        .unwrap()
    }

    fn work() -> Work {
        let rows = Rows { read: 12, accepted: 8, unchanged: 2, duplicate: 1, rejected: 1 };
        let requests = Requests { sent: 30, retried: 2, rate_limited: 1 };
        Work {
            counts: Counts { rows, requests, seconds: 0.2, data_points: 16, ..Counts::default() },
            read_back: Some((1, 0.5)),
            ..Work::default()
        }
    }

    fn names(line: &Value) -> BTreeSet<String> {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let metrics = directives.iter().flat_map(|directive| directive["Metrics"].as_array().unwrap());
        metrics.map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_line_is_about_the_invocation_and_not_about_all_of_the_run() {
        let line = line("braze-eu", &report("waiting"), &work(), RATE, 1.23456).unwrap();
        assert_eq!(line["RowsRead"], 12);
        assert_eq!(line["RequestsSent"], 30);
        assert_eq!(line["RateLimitShare"], 30.0);
        assert_eq!(line["DeliverySeconds"], 1.235);
        assert_eq!(line["DeliveriesDelivered"], 0);
        assert_eq!(line["Segment"], "%E9%A1%A7%E5%AE%A2 \"A\"");
        assert_eq!(line["Stack"], "braze-eu");
        assert_eq!(line["_aws"]["Timestamp"], 1_795_395_960_000_u64);
        assert!(!names(&line).contains("Members"), "an open run has no certain members");
    }

    #[test]
    fn every_value_is_declared_and_a_complete_run_has_its_members() {
        let line = line("braze-eu", &report("delivered"), &Work { completed: true, ..work() }, RATE, 1.0).unwrap();
        assert_eq!(
            (&line["Members"], &line["MembersLeft"], &line["DeliveriesDelivered"]),
            (&json!(11), &json!(3), &json!(1))
        );
        let known: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        assert_eq!(names(&line), known);
        let beside = ["_aws", "Stack", "Export", "Segment"].map(str::to_owned);
        let written: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
        assert_eq!(written, known.into_iter().chain(beside).collect());
        let dimensions: Vec<&Value> =
            line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter().map(|one| &one["Dimensions"]).collect();
        assert_eq!(
            dimensions,
            [
                &json!([["Stack"], ["Stack", "Export"]]),
                &json!([["Stack"], ["Stack", "Export"], ["Stack", "Export", "Segment"]])
            ]
        );
    }

    #[test]
    fn a_run_with_problems_is_counted_as_such_and_as_delivered() {
        let work = Work { completed: true, ..work() };
        let line = line("braze-eu", &report("delivered_with_problems"), &work, RATE, 1.0).unwrap();
        assert_eq!((&line["DeliveriesDelivered"], &line["DeliveriesWithProblems"]), (&json!(1), &json!(1)));
    }

    #[test]
    fn dimensions_are_ascii_and_keep_names_apart() {
        for (name, value) in [
            ("HighValueCustomers", "HighValueCustomers"),
            ("顧客ランク", "%E9%A1%A7%E5%AE%A2%E3%83%A9%E3%83%B3%E3%82%AF"),
            ("50 % off 🎁", "50 %25 off %F0%9F%8E%81"),
            (":mine", "%3Amine"),
            ("tab\there", "tab%09here"),
        ] {
            assert_eq!(dimension_value(name), value);
        }
        let longest = dimension_value(&"顧".repeat(400));
        assert!(longest.is_ascii() && longest.len() == 1024, "{longest}");
    }

    #[test]
    fn nothing_is_written_where_nothing_was_to_be_delivered() {
        assert_eq!(line("braze-eu", &report("delivered"), &Work::default(), RATE, 1.0), None);
        assert_eq!(line("braze-eu", &report("failed"), &Work::default(), RATE, 1.0).unwrap()["DeliveriesFailed"], 1);
    }

    #[test]
    fn the_documentation_lists_these_metrics_and_no_others() {
        super::assert_documented("Metrics", METRICS.iter().chain(&GAUGES));
    }
}
