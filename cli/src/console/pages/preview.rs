//! What a dry run found, as pages show it.

use std::collections::BTreeMap;

use insights_to_braze::config::{Config, Export};
use insights_to_braze::page::text::duration;
use insights_to_braze::report::{Check, Report};
use serde::Deserialize;
use serde_json::Value;

use crate::console::messages::Said;
use crate::console::view::Frame;

/// The code of the warning that nothing was delivered through a connection yet.
const UNTESTED: &str = "ITB-W02";

/// The result of a dry run.
#[derive(Default)]
pub(crate) struct Preview {
    pub(crate) entered: u64,
    pub(crate) left: u64,
    /// Who would leave if the run were not held.
    pub(crate) held: u64,
    pub(crate) rejected: u64,
    pub(crate) requests: u64,
    pub(crate) data_points: u64,
    pub(crate) time: String,
    pub(crate) checks: Vec<(String, Said)>,
    pub(crate) segments: Vec<SegmentPreview>,
    pub(crate) fields: Vec<FieldLine>,
    /// What the answer says if there is no report.
    pub(crate) said: Option<Said>,
    /// Whether no segment has a complete run yet.
    pub(crate) is_first: bool,
}

/// What a delivery would do with a segment.
pub(crate) struct SegmentPreview {
    pub(crate) name: String,
    pub(crate) attribute: String,
    pub(crate) run: String,
    pub(crate) before: u64,
    pub(crate) entered: u64,
    pub(crate) left: u64,
    pub(crate) after: u64,
    pub(crate) read: u64,
    pub(crate) rejected: u64,
    pub(crate) would_be_held: bool,
    pub(crate) reasons: Vec<(String, u64)>,
    pub(crate) objects: Vec<String>,
}

/// A field, the column that fills it, and how many of its values are not sent.
pub(crate) struct FieldLine {
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) dropped: u64,
    pub(crate) reasons: Vec<String>,
}

impl Preview {
    /// From the answers of a dry run.
    pub(crate) fn new(frame: &Frame, answers: &[Value], config: &Config, is_tested: impl Fn(&str) -> bool) -> Self {
        let reports: Vec<Report> = reports(answers);
        let export_of = |report: &Report| config.exports.get(&report.export);
        let mut preview = Self { is_first: true, ..Self::default() };
        let mut seconds = 0.0;
        let mut checks: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for report in &reports {
            preview.entered += report.members.entered;
            preview.rejected += report.rows.rejected;
            preview.data_points += report.data_points;
            preview.is_first &= report.members.before == 0;
            if let Some(found) = &report.preview {
                if found.would_be_held.is_some() {
                    preview.held += found.unset;
                    // Each of them would cost one.
                    preview.data_points -= found.unset.min(report.data_points);
                } else {
                    preview.left += found.unset;
                }
                preview.requests += found.requests;
                seconds += found.seconds_at_the_limit;
                let is_tested = export_of(report).is_some_and(|export| is_tested(export.connection.name.as_str()));
                let wanted = found.check_first.iter().filter(|check| !(is_tested && check.code == UNTESTED));
                for Check { message, code } in wanted {
                    checks.entry((code.clone(), message.clone())).or_default().push(report.segment.to_string());
                }
            }
            preview.segments.push(SegmentPreview::new(report));
        }
        preview.time = if seconds < 1.0 { frame.t("less-than-a-second") } else { duration(seconds) };
        let named = |((code, message), segments): ((String, String), Vec<String>)| {
            let everywhere = segments.len() == reports.len() && reports.len() > 1;
            (if everywhere { String::new() } else { segments.join(", ") }, frame.said(&message, &code))
        };
        preview.checks = checks.into_iter().map(named).collect();
        // Of several exports, each has fields of its own.
        let is_one = answers.len() == 1;
        let export = reports.first().and_then(export_of).filter(|_| is_one);
        preview.fields = export.map(|export| fields(export, &reports)).unwrap_or_default();
        if reports.is_empty() {
            let answer = answers.first().unwrap_or(&Value::Null);
            let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            preview.said = Some(frame.said(&text("message"), &text("code")));
        }
        preview
    }
}

/// The reports in answers.
pub(crate) fn reports(answers: &[Value]) -> Vec<Report> {
    answers.iter().flat_map(|answer| Vec::<Report>::deserialize(&answer["reports"]).unwrap_or_default()).collect()
}

impl SegmentPreview {
    fn new(report: &Report) -> Self {
        let preview = report.preview.as_ref();
        let objects = preview.map(|preview| preview.objects.iter());
        let pretty = |object: &Value| serde_json::to_string_pretty(object).unwrap_or_default();
        Self {
            name: report.segment.to_string(),
            attribute: report.attribute.to_string(),
            run: report.run.map(|run| run.to_string()).unwrap_or_default(),
            before: report.members.before,
            entered: report.members.entered,
            left: report.members.left,
            after: report.members.after,
            read: report.rows.read,
            rejected: report.rows.rejected,
            would_be_held: preview.is_some_and(|preview| preview.would_be_held.is_some()),
            reasons: report.rejected_reasons.iter().map(|(reason, rows)| (reason.clone(), *rows)).collect(),
            objects: objects.map(|objects| objects.map(pretty).collect()).unwrap_or_default(),
        }
    }
}

/// Every field of an export, with the values that are not sent.
fn fields(export: &Export, reports: &[Report]) -> Vec<FieldLine> {
    let matching = &export.data_matching;
    let identifiers = [("external_id", &matching.customer_id), ("email", &matching.email)];
    let identifiers = identifiers.into_iter().filter_map(|(field, column)| Some((field, column.as_ref()?)));
    let others = export.attributes.iter().map(|field| (field.name.as_str(), &field.column));
    let line = |(field, column): (&str, &String)| {
        let mut line = FieldLine { field: field.to_owned(), column: column.clone(), dropped: 0, reasons: Vec::new() };
        for (reason, rows) in reports.iter().flat_map(|report| &report.dropped_fields) {
            if let Some(why) = reason.strip_prefix(field).and_then(|rest| rest.strip_prefix(": ")) {
                line.dropped += rows;
                if !line.reasons.iter().any(|known| known == why) {
                    line.reasons.push(why.to_owned());
                }
            }
        }
        line
    };
    identifiers.chain(others).map(line).collect()
}
