//! What the steps of a delivery have in common: one segment of one export, and the means to deliver it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;

use super::DeliveryError;
use super::loaded::{LoadedRun, LoadedSent};
use super::sample::Sample;
use super::small_parts::SmallParts;
use crate::braze::{BrazeClient, FirstAnswers};
use crate::bucket::Bucket;
use crate::budget::TimeBudget;
use crate::config::{Connection, Export, SendRule, StateIdentifiers};
use crate::membership::SentElsewhere;
use crate::names::{AttributeName, SegmentName};
use crate::pattern::RunId;
use crate::randomness::Randomness;
use crate::report::metrics::{self, Work};
use crate::report::{Report, Trigger};
use crate::run::Models;
use crate::secrets::ApiKeys;
use crate::state::{
    Feeder, Feeds, FormerState, Lease, Ledger, LedgerStore, MEMBERS_NAMED_FROM, PartStore, ReportKeys, StateKeys,
};

/// The delivery of one segment of one export.
#[derive(Debug)]
pub struct SegmentDelivery {
    pub(super) bucket: Bucket,
    pub(super) api_keys: ApiKeys,
    pub(super) braze: BrazeClient,
    /// What Braze answered first, to whichever file or leaver of this delivery.
    pub(super) first_answers: FirstAnswers,
    pub(super) export: Arc<Export>,
    pub(super) segment: SegmentName,
    pub(super) attribute: AttributeName,
    pub(super) feeder: Feeder,
    pub(super) feeds: Arc<Feeds>,
    pub(super) former: FormerState,
    pub(super) keys: StateKeys,
    pub(super) reports: ReportKeys,
    pub(super) ledger: LedgerStore,
    pub(super) parts: PartStore,
    pub(super) models: Models,
    pub(super) budget: TimeBudget,
    pub(super) trigger: Trigger,
    randomness: Randomness,
    pub(super) logs_reports: bool,
    /// Whether metrics are written as well.
    pub(super) metrics_of: Option<Arc<str>>,
    work: Mutex<Work>,
    counted: Mutex<Option<CountedFile>>,
    pub(super) elsewhere: Mutex<Option<ElsewhereOfRun>>,
    /// What was sent since the last complete run, for the next file.
    pub(super) sent: Mutex<Option<LoadedSent>>,
    pub(super) small_parts: SmallParts,
    pub(super) loaded: LoadedRun,
    pub(super) names_lines_from: u64,
    /// People who were sent by this invocation, to be read back.
    pub(super) sample: Mutex<Sample>,
    /// Further notes for the reports of this invocation.
    pub(super) remarks: BTreeSet<String>,
    begun: Instant,
}

/// A file that this invocation has delivered from its beginning to its end.
#[derive(Debug)]
struct CountedFile {
    /// The folder of its parts; every attempt at a file has its own.
    folder: String,
    members: u64,
}

/// What other segments have sent, as it was when the first file of a run was opened. What they send later is found with the next
/// run.
#[derive(Clone, Debug)]
pub(super) struct ElsewhereOfRun {
    pub(super) run: RunId,
    pub(super) sent: Arc<SentElsewhere>,
    /// Whether every list is still there and could be read.
    pub(super) is_whole: bool,
}

/// What a person may ask of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Which rows are sent, if not as the export says.
    pub send: Option<SendRule>,
    /// The number of people who may leave with the run, if a person has said that it is right.
    pub release: Option<Release>,
    /// In how many rows of a file, at most, doubtful identifiers are right.
    pub allow_identifiers: Option<u64>,
    /// How many people or fields may differ in Braze, at most.
    pub allow_differences: Option<u64>,
    /// Whether a content that has been delivered is read again, because it is described or configured differently since. Of
    /// its members those are sent whose objects are others than before.
    pub reread: bool,
}

/// What a person releases: the run, and how many people leave with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The run.
    pub run: RunId,
    /// How many people's attribute is set.
    pub people: u64,
}

impl SegmentDelivery {
    /// Everything that a delivery of `segment` needs.
    #[expect(clippy::too_many_arguments, reason = "the means of a delivery, named once")]
    pub fn new(
        bucket: Bucket,
        api_keys: ApiKeys,
        braze: BrazeClient,
        export: Arc<Export>,
        segment: SegmentName,
        feeds: Arc<Feeds>,
        former: FormerState,
        models: Models,
        budget: TimeBudget,
        trigger: Trigger,
        randomness: Randomness,
    ) -> Self {
        let connection = &export.connection;
        let attribute = export.attribute_of(&segment);
        let keys = StateKeys::new(&connection.workspace, &attribute);
        let seals = connection.state_identifiers == StateIdentifiers::Encrypted;
        let parts = PartStore::new(bucket.clone(), api_keys.clone(), vec![connection.secret.clone()], seals);
        Self {
            parts,
            ledger: keys.ledger(&bucket).with(randomness.clone()),
            attribute,
            feeder: Feeder::new(&export.name, &segment),
            feeds,
            former,
            reports: ReportKeys::new(&export.name, &segment),
            remarks: BTreeSet::new(),
            bucket,
            api_keys,
            braze,
            first_answers: FirstAnswers::default(),
            export,
            segment,
            keys,
            models,
            budget,
            trigger,
            randomness,
            logs_reports: true,
            metrics_of: None,
            work: Mutex::default(),
            counted: Mutex::default(),
            elsewhere: Mutex::default(),
            sent: Mutex::default(),
            small_parts: SmallParts::default(),
            loaded: LoadedRun::default(),
            names_lines_from: MEMBERS_NAMED_FROM,
            sample: Mutex::default(),
            begun: Instant::now(),
        }
    }

    /// The same, where runs after one with at least this many members name its lines.
    #[must_use]
    pub fn naming_lines_from(mut self, members: u64) -> Self {
        self.names_lines_from = members;
        self
    }

    /// The same, which finds in memory what another delivery has loaded.
    #[must_use]
    pub fn sharing(mut self, loaded: LoadedRun) -> Self {
        self.loaded = loaded;
        self
    }

    /// The same, with or without a line on standard output for each report.
    #[must_use]
    pub fn logging_reports(mut self, logs_reports: bool) -> Self {
        self.logs_reports = logs_reports;
        self
    }

    /// The same, with or without a line of metrics on standard output for each report.
    #[must_use]
    pub fn logging_metrics(mut self, metrics_of: Option<Arc<str>>) -> Self {
        self.metrics_of = metrics_of;
        self
    }

    /// The segment and its export, as the source of the attribute.
    pub fn feeder(&self) -> &Feeder {
        &self.feeder
    }

    /// The export.
    pub fn export(&self) -> &Export {
        &self.export
    }

    /// The attribute.
    pub fn attribute(&self) -> &AttributeName {
        &self.attribute
    }

    /// The segment.
    pub fn segment(&self) -> &SegmentName {
        &self.segment
    }

    /// The connection that it is sent through.
    pub fn connection(&self) -> &Connection {
        &self.export.connection
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.budget.now()
    }

    /// The client that it is sent with.
    pub fn braze(&self) -> &BrazeClient {
        &self.braze
    }

    /// The segment's ledger as it is now; `None` before the first delivery.
    pub async fn ledger(&self) -> Result<Option<Ledger>, DeliveryError> {
        Ok(self.ledger.read().await?)
    }

    /// The same for an attribute that the segment does not feed by the present configuration.
    #[must_use]
    pub fn of_attribute(mut self, attribute: &AttributeName) -> Self {
        self.attribute = attribute.clone();
        self.keys = StateKeys::new(&self.export.connection.workspace, attribute);
        self.ledger = self.keys.ledger(&self.bucket).with(self.randomness.clone());
        self
    }

    /// The same with further remarks for the reports of this invocation.
    #[must_use]
    pub fn remarking(mut self, remarks: BTreeSet<String>) -> Self {
        self.remarks = remarks;
        self
    }

    /// Takes a step on the ledger; `None` if there is none.
    pub async fn change<T>(&self, mut step: impl FnMut(&mut Ledger) -> T) -> Result<Option<T>, DeliveryError> {
        Ok(self.ledger.update(|ledger| ledger.as_mut().map(&mut step)).await?)
    }

    /// Whether `exports.toml` is still the one that this invocation has read.
    pub(super) async fn configuration_is_current(&self) -> Result<bool, DeliveryError> {
        let Some((key, etag)) = &self.feeds.stored else {
            return Ok(true);
        };
        Ok(self.bucket.summary(key).await?.is_some_and(|stored| stored.etag == *etag))
    }

    /// Writes the report to the log, unless the caller shows it in another way.
    pub(super) fn log(&self, report: &Report) {
        if self.logs_reports {
            report.log();
        }
        if let Some(stack) = &self.metrics_of {
            let work = std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner));
            let rate = self.export.connection.requests_per_second;
            metrics::log(stack, report, &work, rate, self.begun.elapsed().as_secs_f64());
        }
    }

    /// Writes down what this invocation did, for the metrics.
    pub(super) fn note_work(&self, note: impl FnOnce(&mut Work)) {
        note(&mut self.work.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Remembers how many different members the file with its parts in `folder` has, if that is known, so that they need not
    /// be read back.
    pub(super) fn note_members(&self, folder: &str, members: Option<u64>) {
        let counted = members.map(|members| CountedFile { folder: folder.to_owned(), members });
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    /// How many different members the parts in `folder` list, if this invocation has written and counted them all.
    pub(super) fn members_counted(&self, folder: &str) -> Option<u64> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.as_ref().filter(|file| file.folder == folder).map(|file| file.members)
    }

    /// Sending needs someone's consent.
    pub(super) fn demand_consent(&self) -> Result<(), DeliveryError> {
        if self.export.connection.agree_to_data_transfer {
            Ok(())
        } else {
            Err(DeliveryError::NoConsent { connection: self.export.connection.name.clone() })
        }
    }

    /// The number by which an owner of a lease proves itself.
    pub(super) fn new_owner(&self) -> String {
        self.randomness.owner()
    }

    /// A lease that `owner` takes now.
    pub(super) fn lease_of(&self, owner: &str, now: Timestamp) -> Lease {
        Lease { owner: owner.to_owned(), until: Lease::end(now, self.budget.ends_at()) }
    }

    /// Which columns fill which fields, as a digest: another one makes other objects of the same rows.
    pub(super) fn mapping(&self) -> String {
        let export = &self.export;
        let fields = (&export.data_matching, &export.attributes, export.create_profiles);
        let values = (&export.null_values, &export.default_country, &export.culture, export.consent);
        let mapping = format!("{fields:?} {values:?}");
        format!("{:016x}", xxhash_rust::xxh3::xxh3_64(mapping.as_bytes()))
    }
}
