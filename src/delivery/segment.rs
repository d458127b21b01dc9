//! What the steps of a delivery have in common: one segment of one export, and the means to deliver it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::DeliveryError;
use crate::braze::BrazeClient;
use crate::bucket::Bucket;
use crate::budget::TimeBudget;
use crate::config::{Connection, Export, SendRule, StateIdentifiers};
use crate::names::{AttributeName, SegmentName};
use crate::randomness::Randomness;
use crate::report::metrics::{self, Work};
use crate::report::{Report, Trigger};
use crate::run::Models;
use crate::secrets::ApiKeys;
use crate::state::{Lease, Ledger, LedgerStore, OlderConfiguration, PartStore, StateKeys};

/// One segment of one export, on its way to Braze.
#[derive(Debug)]
pub struct SegmentDelivery {
    pub(super) bucket: Bucket,
    pub(super) api_keys: ApiKeys,
    pub(super) braze: BrazeClient,
    pub(super) export: Arc<Export>,
    pub(super) segment: SegmentName,
    pub(super) attribute: AttributeName,
    pub(super) keys: StateKeys,
    pub(super) ledger: LedgerStore,
    pub(super) parts: PartStore,
    pub(super) models: Models,
    pub(super) budget: TimeBudget,
    pub(super) trigger: Trigger,
    randomness: Randomness,
    pub(super) logs_reports: bool,
    /// Whether metrics are written as well.
    metrics_of: Option<Arc<str>>,
    work: Mutex<Work>,
    counted: Mutex<Option<CountedFile>>,
    begun: Instant,
}

/// A file that this invocation has delivered from its beginning to its end.
#[derive(Debug)]
struct CountedFile {
    /// Where its parts lie; every attempt at a file has a folder of its own.
    folder: String,
    members: u64,
}

/// What a person may ask of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Which rows are sent, if not as the export says.
    pub send: Option<SendRule>,
    /// Whether any number of leavers is right.
    pub allow_leavers: bool,
    /// In how many rows of a file, at most, doubtful identifiers are right.
    pub allow_identifiers: Option<u64>,
    /// Whether a content that has been delivered is read again, because it is described otherwise by now. Of its members
    /// those are sent whose objects are others than before.
    pub reread: bool,
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
        models: Models,
        budget: TimeBudget,
        trigger: Trigger,
        randomness: Randomness,
    ) -> Self {
        let keys = StateKeys::new(&export.name, &segment);
        let connection = &export.connection;
        let seals = connection.state_identifiers == StateIdentifiers::Encrypted;
        let parts = PartStore::new(bucket.clone(), api_keys.clone(), vec![connection.secret.clone()], seals);
        Self {
            parts,
            ledger: keys.ledger(&bucket).with(randomness.clone()),
            attribute: export.attribute_of(&segment),
            bucket,
            api_keys,
            braze,
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
            begun: Instant::now(),
        }
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

    /// The segment.
    pub fn segment(&self) -> &SegmentName {
        &self.segment
    }

    /// The connection that it is sent through.
    pub fn connection(&self) -> &Connection {
        &self.export.connection
    }

    /// The client that it is sent with.
    pub fn braze(&self) -> &BrazeClient {
        &self.braze
    }

    /// The segment's ledger as it is now; `None` before the first delivery.
    pub async fn ledger(&self) -> Result<Option<Ledger>, DeliveryError> {
        Ok(self.ledger.read().await?)
    }

    /// Takes the configuration over into the ledger, unless the ledger goes by a later one already.
    pub(super) fn adopt_configuration(&self, ledger: &mut Ledger) -> Result<(), OlderConfiguration> {
        ledger.adopt(self.destination(), &self.attribute, self.export.stored_at)
    }

    /// Writes the report to the log, unless whoever delivers shows it otherwise.
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

    /// Remembers how many different members the file whose parts lie in `folder` has, if that is known, so that nothing has
    /// to be read back for it.
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

    /// The workspace that members are sent to.
    pub(super) fn destination(&self) -> &str {
        self.export.connection.hostname.authority()
    }

    /// The number by which an owner of a lease proves itself.
    pub(super) fn new_owner(&self) -> String {
        self.randomness.owner()
    }

    /// A lease for a new owner.
    pub(super) fn new_lease(&self, now: Timestamp) -> Lease {
        Lease { owner: self.new_owner(), until: self.lease_end(now) }
    }

    /// When a lease taken or renewed now ends.
    pub(super) fn lease_end(&self, now: Timestamp) -> Timestamp {
        Lease::end(now, self.budget.ends_at())
    }
}

/// Until when a lease holds, as its owner knows; shared by all that work under it.
///
/// Whoever cannot renew a lease stops sending when it ends: from then on another function may send something newer of the
/// same people, and Braze keeps no order.
#[derive(Clone, Debug)]
pub(super) struct LeaseEnd(Arc<Mutex<Timestamp>>);

impl LeaseEnd {
    /// The end of a lease that has just been taken.
    pub(super) fn new(until: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(until)))
    }

    /// The lease has been renewed.
    pub(super) fn renewed(&self, until: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// How long it still holds; `None` if it has ended.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::try_from(until.duration_since(now)).ok().filter(|left| !left.is_zero())
    }
}
