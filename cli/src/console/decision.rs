//! What a person decided about a held run, kept beside its report.

use insights_to_braze::bucket::Condition;
use insights_to_braze::pattern::RunId;
use insights_to_braze::state::ReportKeys;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::application::Application;
use crate::ending::Failure;
use crate::held::HeldRun;

/// The name of the object beside `report.json`.
const NAME: &str = "decision.json";
/// The largest one that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// A decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// `released`, `rejected`, or `postponed`.
    pub(crate) outcome: String,
    /// How many people left, or would have.
    pub(crate) people: u64,
    pub(crate) reason: String,
    /// Who decided, as they wrote it.
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    /// Until when it was postponed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
}

impl Decision {
    /// That of a run, if one was made.
    pub(crate) async fn read(
        application: &Application,
        keys: &ReportKeys,
        run: RunId,
    ) -> Result<Option<Self>, Failure> {
        let Ok(bucket) = application.bucket() else { return Ok(None) };
        let read = bucket.read(&keys.report(run, NAME), LARGEST).await?;
        Ok(read.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
    }

    /// That of a held run.
    pub(crate) async fn of_held(application: &Application, held: &HeldRun) -> Result<Option<Self>, Failure> {
        let keys = ReportKeys::new(&held.export.as_str().into(), &held.segment.as_str().into());
        Self::read(application, &keys, held.run).await
    }

    /// Until when it is postponed, if it still is.
    pub(crate) fn postponed_until(&self) -> Option<Timestamp> {
        self.until.filter(|until| *until > Timestamp::now())
    }

    /// The key of the text that says what was decided.
    pub(crate) fn text(&self) -> &'static str {
        match self.outcome.as_str() {
            "released" => "decision-released",
            "postponed" => "decision-postponed",
            _ => "decision-rejected",
        }
    }

    /// Keeps it.
    pub(crate) async fn keep(&self, application: &Application, keys: &ReportKeys, run: RunId) -> Result<(), Failure> {
        application.bucket()?.write_json(&keys.report(run, NAME), self, &Condition::Any).await?;
        Ok(())
    }
}
