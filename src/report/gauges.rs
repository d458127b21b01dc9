//! Gauges: how many segments are held, fail or wait, written by every scheduled invocation, so that an alarm lasts as long as
//! its cause.

use jiff::Timestamp;
use serde_json::Value;

use super::metrics::{GAUGES, directive, embedded};
use super::write_line;
use crate::names::ExportName;

/// How the segments of an export, or of all exports, are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Segments whose newest run is held.
    pub held: u64,
    /// Segments that could not be delivered.
    pub failing: u64,
    /// Segments whose runs are superseded again and again.
    pub superseded: u64,
    /// Segments without a delivery for too long.
    pub overdue: u64,
    /// For how long the newest run of a segment has waited for its rest, the longest of them.
    pub oldest_waiting_hours: f64,
}

impl Gauges {
    /// Takes in the segments of another export.
    pub fn add(&mut self, other: &Self) {
        self.held += other.held;
        self.failing += other.failing;
        self.superseded += other.superseded;
        self.overdue += other.overdue;
        self.oldest_waiting_hours = self.oldest_waiting_hours.max(other.oldest_waiting_hours);
    }

    /// The line in the embedded metric format, of one export or of the stack.
    pub fn line(&self, stack: &str, export: Option<&ExportName>, at: Timestamp) -> Value {
        let hours = (self.oldest_waiting_hours * 10.0).round() / 10.0;
        let values: [Value; 5] =
            [self.held.into(), self.failing.into(), self.superseded.into(), self.overdue.into(), hours.into()];
        let values = GAUGES.iter().zip(values).map(|(metric, value)| (metric.name.to_owned(), value)).collect();
        let mut names = vec![("Stack", stack)];
        names.extend(export.map(|export| ("Export", export.as_str())));
        let dimensions: Vec<&str> = names.iter().map(|(dimension, _)| *dimension).collect();
        embedded(values, &[directive(&[&dimensions], &GAUGES)], &names, at)
    }

    /// Writes the line to standard output, where AWS Lambda takes it into the function's log.
    pub fn log(&self, stack: &str, export: Option<&ExportName>, at: Timestamp) {
        write_line("the gauges", &self.line(stack, export, at));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_every_gauge_under_its_own_dimensions() {
        let mut all = Gauges { held: 1, oldest_waiting_hours: 2.04, ..Gauges::default() };
        all.add(&Gauges { held: 2, failing: 1, superseded: 3, overdue: 4, oldest_waiting_hours: 1.0 });
        let line = all.line("braze-eu", None, Timestamp::UNIX_EPOCH);
        let expected = json!({
            "SegmentsHeld": 3, "SegmentsFailing": 1, "SegmentsSuperseded": 3, "SegmentsOverdue": 4, "OldestWaitingHours": 2.0,
            "Stack": "braze-eu", "_aws": line["_aws"],
        });
        assert_eq!(line, expected);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
        let line = all.line("braze-eu", Some(&"顧客".into()), Timestamp::UNIX_EPOCH);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack", "Export"]]));
        assert_eq!(line["Export"], "%E9%A1%A7%E5%AE%A2");
    }
}
