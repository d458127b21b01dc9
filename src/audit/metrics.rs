//! The metrics of an audit, in one line on standard output (see [`crate::report::metrics`]).

use serde_json::Value;

use super::receipt::{AuditOutcome, Audited};
use crate::report::metrics::{Metric, directive, embedded};
use crate::report::write_line;

/// Every metric of an audit. Each is given by `Stack`, and by `Stack` and `Export`.
pub const AUDIT_METRICS: [Metric; 3] =
    [Metric::count("AuditMissing"), Metric::count("AuditExtra"), Metric::count("AuditsFailed")];

/// Writes the metrics of an audit that ended to standard output, where AWS Lambda takes them into the function's log.
pub fn log(stack: &str, audited: &Audited) {
    write_line("the metrics", &line(stack, audited));
}

fn line(stack: &str, audited: &Audited) -> Value {
    let failed = audited.outcome == AuditOutcome::Failed;
    let figures = (!failed).then_some([audited.missing.people, audited.extra.people]);
    let values: [Option<u64>; 3] =
        [figures.map(|[missing, _]| missing), figures.map(|[_, extra]| extra), Some(failed.into())];
    let given: Vec<(&Metric, u64)> =
        AUDIT_METRICS.iter().zip(values).filter_map(|(metric, value)| Some((metric, value?))).collect();
    let directive = directive(&[&["Stack"], &["Stack", "Export"]], given.iter().map(|(metric, _)| *metric));
    let values = given.into_iter().map(|(metric, value)| (metric.name.to_owned(), value.into())).collect();
    let names = [("Stack", stack), ("Export", audited.export.as_str()), ("Segment", audited.segment.as_str())];
    embedded(values, &[directive], &names, audited.written_at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use serde_json::json;

    use super::*;
    use crate::audit::{AuditMessage, Extra, Missing};
    use crate::report::metrics::assert_documented;

    fn audited() -> Audited {
        Audited {
            action: "audit",
            export: "loyalty".into(),
            segment: "VIP".into(),
            attribute: "VIP".into(),
            run: None,
            outcome: AuditOutcome::Unfinished,
            members: 10,
            profiles: 9,
            missing: Missing { people: 3, ..Missing::default() },
            extra: Extra { people: 2, ..Extra::default() },
            unknown: 0,
            unsettled: 0,
            sent: None,
            members_digest: String::new(),
            export_files: Vec::new(),
            asked_at: None,
            written_at: jiff::Timestamp::UNIX_EPOCH,
            message: String::new(),
            code: String::new(),
            stored_as: None,
            signature: None,
        }
    }

    #[test]
    fn a_line_has_the_differences_unless_the_audit_failed() {
        let found =
            line("stack", &audited().ended(AuditOutcome::Differs, &AuditMessage::Differs { missing: 3, extra: 2 }));
        assert_eq!(
            (&found["AuditMissing"], &found["AuditExtra"], &found["AuditsFailed"]),
            (&json!(3), &json!(2), &json!(0))
        );
        assert_eq!(found["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), 3);
        let failed = line("stack", &audited().failed(&crate::audit::AuditError::NoBucket));
        assert_eq!((failed.get("AuditMissing"), &failed["AuditsFailed"]), (None, &json!(1)));
    }

    #[test]
    fn the_documentation_lists_these_metrics_and_no_others() {
        assert_documented("Metrics of audits", AUDIT_METRICS.iter());
    }
}
