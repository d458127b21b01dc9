//! `report`: what became of runs, from the reports that are kept beside the state.

use std::collections::BTreeMap;

use insights_to_braze::bucket::Bucket;
use insights_to_braze::names::{ExportName, SegmentName};
use insights_to_braze::pattern::RunId;
use insights_to_braze::report::Report;
use insights_to_braze::state::ReportKeys;

use crate::application::Application;
use crate::ending::{Ending, Failure};
use crate::{arguments, html, show, texts};

pub(crate) async fn run(arguments: &arguments::Report) -> Result<Ending, Failure> {
    let application = arguments.place.open(Some(&arguments.export)).await?;
    let export = ExportName::from(arguments.export.as_str());
    let segment = arguments.segment.as_deref().map(SegmentName::from);
    let kept = Kept::of(application.bucket(), &export, segment.as_ref()).await?;
    let mut wanted = kept.wanted(arguments.run, arguments.history);
    if wanted.is_empty() {
        return Err(kept.missing(arguments));
    }
    // The newest first.
    wanted.sort_by_key(|(run, _)| std::cmp::Reverse(*run));
    let mut reports = Vec::new();
    for (_, key) in &wanted {
        if let Some(report) = read(&application, key).await? {
            reports.push(report);
        }
    }
    let history_page = ReportKeys::history_page(&export);
    if arguments.json {
        show::json(&reports)?;
    } else if arguments.history {
        show::history(&reports);
        html::tell(&application, &format!("\n{}", texts::t("page")), &history_page).await?;
    } else {
        show::reports(&reports);
        for (_, key) in &wanted {
            show::line(format!("\n{}", texts::w("report", "location", &application.location(key))));
            html::tell(&application, &texts::t("page"), &page_beside(key)).await?;
        }
    }
    if let Some(file) = &arguments.html {
        let page = match &wanted[..] {
            _ if arguments.history => history_page,
            [(_, key)] => page_beside(key),
            several => return Err(Failure::SeveralPages { runs: several.len() }),
        };
        html::copy(&application, &page, file).await?;
    }
    Ok(Ending::of_reports(&reports))
}

/// The newest report of each segment of an export.
pub(crate) async fn newest(application: &Application, export: &ExportName) -> Result<Vec<Report>, Failure> {
    let mut reports = Vec::new();
    for (_, key) in Kept::of(application.bucket(), export, None).await?.wanted(None, false) {
        reports.extend(read(application, &key).await?);
    }
    Ok(reports)
}

/// The key of the page that belongs to the report with this key.
fn page_beside(report: &str) -> String {
    format!("{}.html", report.strip_suffix(".json").unwrap_or(report))
}

/// The keys of the reports of an export, by segment and run.
struct Kept(BTreeMap<String, BTreeMap<RunId, String>>);

impl Kept {
    async fn of(bucket: &Bucket, export: &ExportName, segment: Option<&SegmentName>) -> Result<Self, Failure> {
        let prefix = match segment {
            Some(segment) => ReportKeys::new(export, segment).everything().to_owned(),
            None => ReportKeys::of_export(export),
        };
        let mut kept: BTreeMap<String, BTreeMap<RunId, String>> = BTreeMap::new();
        for key in bucket.keys(&prefix).await? {
            let mut levels = key.rsplit('/');
            let (name, run, segment) = (levels.next(), levels.next(), levels.next());
            if let (Some("report.json"), Some(Ok(run)), Some(segment)) = (name, run.map(str::parse), segment) {
                kept.entry(segment.to_owned()).or_default().insert(run, key);
            }
        }
        Ok(Self(kept))
    }

    /// Those of one run, of all, or else the newest of each segment.
    fn wanted(&self, run: Option<RunId>, all: bool) -> Vec<(RunId, String)> {
        let of_segment = |runs: &BTreeMap<RunId, String>| -> Vec<(RunId, String)> {
            let all_of = runs.iter().map(|(run, key)| (*run, key.clone()));
            match run {
                Some(run) => all_of.filter(|(found, _)| *found == run).collect(),
                None if all => all_of.collect(),
                None => all_of.rev().take(1).collect(),
            }
        };
        self.0.values().flat_map(of_segment).collect()
    }

    fn missing(&self, arguments: &arguments::Report) -> Failure {
        let segment = arguments.segment.as_ref().map(|segment| format!(" and the segment {segment:?}"));
        let run = arguments.run.map(|run| format!(" and the run {run}"));
        let of =
            format!("of the export {:?}{}{}", arguments.export, segment.unwrap_or_default(), run.unwrap_or_default());
        let runs: Vec<String> = self.0.values().flat_map(BTreeMap::keys).map(ToString::to_string).collect();
        let advice = if runs.is_empty() {
            "`itb status` lists the delivered segments".to_owned()
        } else {
            format!("Runs with a report: {}", runs.join(", "))
        };
        Failure::NoReport { of, advice }
    }
}

/// A report, unless its time to be kept has just ended.
async fn read(application: &Application, key: &str) -> Result<Option<Report>, Failure> {
    let Some((bytes, _)) = application.bucket().read(key, Report::SIZE_LIMIT).await? else { return Ok(None) };
    let report = serde_json::from_slice(&bytes)
        .map_err(|source| Failure::Unreadable { location: application.location(key), source })?;
    Ok(Some(report))
}
