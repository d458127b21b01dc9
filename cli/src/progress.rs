//! A delivery with its progress on the terminal.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::application::Application;
use crate::ending::Failure;
use crate::show::{Progress, elements};
use crate::texts;

/// How often the rows delivered so far are looked up. They are on record every second.
const LOOK: Duration = Duration::from_secs(1);
/// The same of a function, which each look invokes.
const LOOK_OF_FUNCTION: Duration = Duration::from_secs(5);

/// Runs a delivery and shows its progress.
pub(crate) async fn with_progress(
    application: &Application,
    request: &Value,
    what: &'static str,
) -> Result<Value, Failure> {
    let progress = Progress::without_end(texts::t(what));
    let look = if application.is_function() { LOOK_OF_FUNCTION } else { LOOK };
    let mut before: Option<(Instant, Standing)> = None;
    let mut delivering = std::pin::pin!(application.on_demand(request));
    loop {
        tokio::select! {
            answer = &mut delivering => {
                progress.end();
                return answer;
            }
            () = tokio::time::sleep(look) => {}
        }
        let status = json!({"action": "status", "export": request["export"]});
        // What cannot be looked up is not worth a delivery's end.
        tokio::select! {
            answer = &mut delivering => {
                progress.end();
                return answer;
            }
            status = application.on_demand(&status) => {
                if let Ok(status) = status {
                    let (now, standing) = (Instant::now(), Standing::of(&status, request["segment"].as_str()));
                    let words = before.map(|(then, earlier)| standing.since(&earlier, now - then).words()).unwrap_or_default();
                    progress.reached(standing.rows, &words);
                    before = Some((now, standing));
                }
            }
        }
    }
}

/// How far the runs are that are not complete, as the state has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Standing {
    pub(crate) rows: u64,
    pub(crate) requests: u64,
    /// The members of the last complete runs of the same segments, which a new run has about as many rows as.
    pub(crate) expected: u64,
    /// The connection's requests a second.
    pub(crate) limit: u64,
}

impl Standing {
    pub(crate) fn of(status: &Value, segment: Option<&str>) -> Self {
        let mut standing = Self::default();
        for export in elements(&status["exports"]) {
            standing.limit = export["requests_per_second"].as_u64().unwrap_or_default();
            let wanted = |found: &&Value| segment.is_none_or(|segment| found["segment"] == segment);
            for segment in elements(&export["segments"]).filter(wanted) {
                standing.expected += segment["last_complete"]["members"].as_u64().unwrap_or_default();
                let runs = elements(&segment["runs"]).filter(|run| run["phase"] != "complete");
                for file in runs.flat_map(|run| elements(&run["files"])) {
                    standing.rows += file["rows"]["read"].as_u64().unwrap_or_default();
                    standing.requests += file["requests"].as_u64().unwrap_or_default();
                }
            }
        }
        standing
    }

    /// The pace since `earlier`, `elapsed` ago.
    pub(crate) fn since(&self, earlier: &Self, elapsed: Duration) -> Pace {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let pace = |now: u64, then: u64| whole(now.saturating_sub(then)) / seconds;
        let rows = pace(self.rows, earlier.rows);
        let share = || pace(self.requests, earlier.requests) / whole(self.limit) * 100.0;
        let left = || whole(self.expected - self.rows) / rows;
        Pace {
            of_limit: (self.limit > 0).then(|| format!("{:.0}", share())),
            seconds_left: (rows > 0.0 && self.expected > self.rows).then(|| format!("{:.0}", left())),
        }
    }
}

/// How fast a delivery is, in whole numbers.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The share of the rate limit, in per cent.
    pub(crate) of_limit: Option<String>,
    /// The time left, where an earlier run lets it be guessed.
    pub(crate) seconds_left: Option<String>,
}

impl Pace {
    /// In words of the terminal.
    fn words(&self) -> String {
        let share = self.of_limit.iter().map(|share| texts::w("progress-of-limit", "share", share));
        let left = self.seconds_left.iter().map(|seconds| texts::w("progress-left", "seconds", seconds));
        share.chain(left).collect::<Vec<_>>().join(", ")
    }
}

#[expect(clippy::cast_precision_loss, reason = "only shown, in whole percents and seconds")]
fn whole(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn status(read: u64, requests: u64) -> Value {
        json!({"exports": [{"requests_per_second": 1000, "segments": [
            {"segment": "優良顧客", "last_complete": {"members": 100_000}, "runs": [
                {"phase": "complete", "files": [{"rows": {"read": 100}, "requests": 2}]},
                {"phase": "open", "files": [{"rows": {"read": read}, "requests": requests}, {"rows": {"read": 5}}]},
            ]},
            {"segment": "ChurnRisk", "last_complete": null, "runs": []},
        ]}]})
    }

    #[test]
    fn the_pace_is_shown_as_a_share_of_the_limit_with_the_time_left() {
        let earlier = Standing::of(&status(20_000, 300), None);
        assert_eq!(earlier, Standing { rows: 20_005, requests: 300, expected: 100_000, limit: 1000 });
        let now = Standing::of(&status(60_000, 1_200), Some("優良顧客"));
        assert_eq!(now.since(&earlier, Duration::from_secs(1)).words(), "90 % of the rate limit, about 1 s left");
        assert_eq!(Standing::of(&status(1, 1), Some("ChurnRisk")).expected, 0, "another segment is none of this");
        assert_eq!(Standing::of(&json!({}), None).since(&Standing::default(), LOOK).words(), "");
    }
}
