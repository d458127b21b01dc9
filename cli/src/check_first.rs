//! What to check before a delivery, at the beginning of what a command shows.

use std::collections::BTreeMap;

use insights_to_braze::report::{Check, Report};

use crate::{show, texts};

/// The warnings of a dry run: each once, with the segments that it is about.
pub(crate) fn of_reports(reports: &[Report]) -> Vec<String> {
    let mut segments: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut order = Vec::new();
    for report in reports {
        for Check { message, code } in report.preview.iter().flat_map(|preview| &preview.check_first) {
            let message = show::said(message, code);
            let of = segments.entry(message.clone()).or_default();
            if of.is_empty() {
                order.push(message);
            }
            of.push(report.segment.as_str());
        }
    }
    let named = |message: String| match &segments[&message][..] {
        of if of.len() == reports.len() && of.len() > 1 => message,
        of => format!("{}: {message}", of.join(", ")),
    };
    order.into_iter().map(named).collect()
}

/// The list as it is shown; nothing if there is nothing to check.
pub(crate) fn listed(warnings: &[String]) -> Option<String> {
    if warnings.is_empty() {
        return None;
    }
    let lines: Vec<String> = warnings.iter().map(|warning| format!("  {} {warning}", show::caution("!"))).collect();
    Some(format!("{}\n{}", texts::t("check-first"), lines.join("\n")))
}
