//! `report`: the reports of runs that are stored.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{Handler, HandlerError};
use crate::config::Config;
use crate::pattern::RunId;
use crate::report::Report;
use crate::state::ReportKeys;
use crate::trigger::on_demand::StoredReports;

/// Bytes of reports in an answer, at most: one of AWS Lambda has at most 6 MB (AWS Lambda developer guide, "Lambda quotas").
const MOST_BYTES: usize = 5 * 1024 * 1024;
/// How many reports are read at the same time.
const AT_THE_SAME_TIME: usize = 16;

/// The keys of the reports of an export, by segment and run.
type Stored = BTreeMap<String, BTreeMap<RunId, String>>;

impl Handler {
    /// The reports, the newest run first. Each is what its delivery wrote, and its key is in `keys`.
    pub(super) async fn stored_reports(&self, config: &Config, wanted: &StoredReports) -> Result<Value, HandlerError> {
        let stored = self.stored(wanted).await?;
        if stored.is_empty() {
            Self::export(config, &wanted.export)?;
        }
        let runs: BTreeSet<RunId> = stored.values().flat_map(BTreeMap::keys).copied().collect();
        let chosen = chosen(&stored, wanted);
        let all = chosen.len();
        let (mut bytes, mut keys, mut reports) = (0, Vec::new(), Vec::new());
        let mut read = stream::iter(chosen)
            .map(async |key| Ok::<_, HandlerError>((self.bucket.read(&key, Report::SIZE_LIMIT).await?, key)))
            .buffered(AT_THE_SAME_TIME)
            // The time to keep a report may have just ended.
            .try_filter_map(|(content, key)| ready(Ok(content.map(|(content, _)| (content, key)))));
        while let Some((content, key)) = read.try_next().await? {
            bytes += content.len();
            if bytes > MOST_BYTES && !reports.is_empty() {
                break;
            }
            keys.push(key);
            reports.push(serde_json::from_slice::<Value>(&content).unwrap_or_default());
        }
        let left_out = if bytes > MOST_BYTES { all - reports.len() } else { 0 };
        Ok(json!({ "action": "report", "reports": reports, "keys": keys, "runs": runs, "left_out": left_out }))
    }

    async fn stored(&self, wanted: &StoredReports) -> Result<Stored, HandlerError> {
        let prefix = match &wanted.segment {
            Some(segment) => ReportKeys::new(&wanted.export, segment).everything().to_owned(),
            None => ReportKeys::of_export(&wanted.export),
        };
        let mut stored = Stored::new();
        for key in self.bucket.keys(&prefix).await? {
            let mut levels = key.rsplit('/');
            let (name, run, segment) = (levels.next(), levels.next(), levels.next());
            if let (Some("report.json"), Some(Ok(run)), Some(segment)) = (name, run.map(str::parse), segment) {
                stored.entry(segment.to_owned()).or_default().insert(run, key);
            }
        }
        Ok(stored)
    }
}

/// The keys of the reports of one run, of all, or else of the newest of each segment; the newest run first.
fn chosen(stored: &Stored, wanted: &StoredReports) -> Vec<String> {
    let of_segment = |runs: &BTreeMap<RunId, String>| -> Vec<(RunId, String)> {
        let all = runs.iter().map(|(run, key)| (*run, key.clone())).rev();
        match wanted.run {
            Some(run) => all.filter(|(found, _)| *found == run).collect(),
            None => all.take(if wanted.history { usize::MAX } else { 1 }).collect(),
        }
    };
    let mut chosen: Vec<_> = stored.values().flat_map(of_segment).collect();
    chosen.sort_by_key(|(run, _)| Reverse(*run));
    chosen.into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_newest_run_of_each_segment_is_chosen_unless_others_are_wanted() {
        let run = |day: u32| format!("2026-11-{day}T01:02Z").parse::<RunId>().unwrap();
        let of = |name: &str, days: &[u32]| {
            let runs = days.iter().map(|day| (run(*day), format!("{name}{day}")));
            (name.to_owned(), runs.collect::<BTreeMap<_, _>>())
        };
        let stored = Stored::from([of("a", &[23, 24]), of("b", &[22, 23])]);
        let wanted = |run, history| StoredReports { export: "e".into(), segment: None, run, history };
        for (asked, keys) in [
            (wanted(None, false), &["a24", "b23"][..]),
            (wanted(None, true), &["a24", "a23", "b23", "b22"]),
            (wanted(Some(run(23)), false), &["a23", "b23"]),
            (wanted(Some(run(21)), false), &[]),
        ] {
            assert_eq!(chosen(&stored, &asked), keys, "{asked:?}");
        }
    }
}
