//! Takes a file, so that no other function works on it, or says why it is not to be delivered.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::complete::Completion;
use super::segment::SegmentDelivery;
use super::{DeliveryError, RunOptions};
use crate::config::SendRule;
use crate::pattern::RunId;
use crate::report::Counts;
use crate::run::FileToDeliver;
use crate::state::{FileRecord, Lease, Ledger, Phase, Progress, RunRecord};

/// How long a delivery waits for the end of others before it leaves the file to a later attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// The first wait before the ledger is looked at again,
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// and the longest: each is half as long again as the one before, so that a long wait reads the ledger a few times only.
const LONGEST_LOOK: Duration = Duration::from_secs(4);

/// A file that this function, and no other, delivers.
#[derive(Debug)]
pub(super) struct Claim {
    /// The random number that proves it.
    pub(super) owner: String,
    /// The file as the ledger has it.
    pub(super) file: FileRecord,
    /// The ledger at the moment of the claim.
    pub(super) ledger: Ledger,
}

/// What came of the attempt to take a file.
#[derive(Debug)]
pub(super) enum Claimed {
    /// It is ours.
    Granted(Box<Claim>),
    /// This content has been delivered.
    AlreadyDelivered,
    /// A newer run has begun.
    Superseded {
        /// Which one.
        by: RunId,
    },
    /// Another function delivers this very content.
    InOtherHands {
        /// When its lease ends unless it is renewed.
        until: Timestamp,
    },
    /// Another function has read a later configuration, which sends the segment elsewhere or under another name.
    ConfiguredAnew,
}

enum Step {
    Granted(Box<Claim>),
    AwaitOthers { what: String },
    CompleteFirst(RunId),
}

impl SegmentDelivery {
    /// Takes the file. Waits for functions that work on an older run or an older content, and finishes a run that
    /// somebody began to complete.
    pub(super) async fn claim(&self, file: &FileToDeliver, options: RunOptions) -> Result<Claimed, DeliveryError> {
        let owner = self.new_owner();
        let give_up = (Instant::now() + LONGEST_WAIT).min(self.budget.stop_sending());
        let mut seen_until = None;
        let mut look = FIRST_LOOK;
        let mut wait = async || {
            tokio::time::sleep(look).await;
            look = look.mul_f64(1.5).min(LONGEST_LOOK);
        };
        loop {
            let now = self.budget.now();
            let lease = Lease { owner: owner.clone(), until: self.lease_end(now) };
            let step = self.ledger.update(|ledger| self.try_claim(ledger, file, options, &lease, now)).await?;
            let what = match step {
                // A function that is alive renews its lease, and this one leaves. One that was killed does not: this one
                // takes over when the lease has ended.
                ControlFlow::Break(Claimed::InOtherHands { until })
                    if seen_until.replace(until).is_none_or(|seen| seen == until) && Instant::now() < give_up =>
                {
                    wait().await;
                    continue;
                }
                ControlFlow::Break(answer) => return Ok(answer),
                ControlFlow::Continue(Step::Granted(claim)) => return Ok(Claimed::Granted(claim)),
                ControlFlow::Continue(Step::CompleteFirst(run)) => {
                    let what = format!("the leavers of run {run}");
                    match Box::pin(self.complete(run, false)).await? {
                        Completion::Complete => {}
                        // Less time is left than they need; asking again and again would only write the ledger.
                        Completion::OutOfTime => return Err(DeliveryError::Busy { what }),
                        Completion::Held | Completion::InOtherHands | Completion::NotNow => {
                            wait().await;
                        }
                    }
                    what
                }
                ControlFlow::Continue(Step::AwaitOthers { what }) => {
                    wait().await;
                    what
                }
            };
            if Instant::now() >= give_up {
                return Err(DeliveryError::Busy { what });
            }
        }
    }

    fn try_claim(
        &self,
        ledger: &mut Option<Ledger>,
        file: &FileToDeliver,
        options: RunOptions,
        lease: &Lease,
        now: Timestamp,
    ) -> ControlFlow<Claimed, Step> {
        let ledger = ledger.get_or_insert_with(|| Ledger::new(self.destination(), self.attribute.clone()));
        if self.adopt_configuration(ledger).is_err() {
            return ControlFlow::Break(Claimed::ConfiguredAnew);
        }
        if ledger.retirement.as_ref().is_some_and(|retirement| retirement.is_worked_on(now)) {
            return ControlFlow::Continue(Step::AwaitOthers { what: "the retirement of the segment".to_owned() });
        }
        ledger.abandon_retirement();
        if let Some(by) = ledger.newest_run().filter(|newest| *newest > file.run) {
            return ControlFlow::Break(Claimed::Superseded { by });
        }
        // From here on the run is known, so that functions at work on an older one see it and stop.
        ledger.runs.entry(file.run).or_insert_with(|| RunRecord::new(now));
        if let Some(step) = others_first(ledger, file.run, now) {
            return ControlFlow::Continue(step);
        }
        let Some(run) = ledger.runs.get_mut(&file.run) else {
            return ControlFlow::Break(Claimed::InOtherHands { until: now });
        };
        let key = &file.object.key;
        let same_content = run.files.get(key).filter(|known| known.etag == file.object.etag);
        let again = options.send == Some(SendRule::All);
        let resume = match same_content.map(|known| &known.progress) {
            Some(Progress::Working { lease: other }) if other.owner != lease.owner && other.holds(now) => {
                return ControlFlow::Break(Claimed::InOtherHands { until: other.until });
            }
            Some(Progress::Delivered) if !again && !options.reread => {
                return ControlFlow::Break(Claimed::AlreadyDelivered);
            }
            Some(Progress::Delivered) | None => false,
            Some(Progress::Working { .. } | Progress::Unfinished | Progress::Failed { .. } | Progress::Held { .. }) => {
                true
            }
        };
        if !resume {
            if let Some(Progress::Working { lease: other }) = run.files.get(key).map(|known| &known.progress)
                && other.holds(now)
            {
                return ControlFlow::Continue(Step::AwaitOthers { what: format!("an earlier content of {key}") });
            }
            let folder = self.keys.file_folder(file.run, key, &file.object.etag, &lease.owner);
            run.replace_file(
                key,
                FileRecord {
                    etag: file.object.etag.clone(),
                    progress: Progress::Unfinished,
                    folder,
                    parts: Vec::new(),
                    checkpoint: None,
                    types: None,
                    rejected: Vec::new(),
                    rejected_bytes: 0,
                    counts: Counts::default(),
                    resend: again,
                    notes: std::collections::BTreeSet::new(),
                },
            );
        }
        let Some(record) = run.files.get_mut(key) else {
            return ControlFlow::Break(Claimed::InOtherHands { until: now });
        };
        record.progress = Progress::Working { lease: lease.clone() };
        let claim = Claim { owner: lease.owner.clone(), file: record.clone(), ledger: ledger.clone() };
        ControlFlow::Continue(Step::Granted(Box::new(claim)))
    }
}

/// Whether something older has to end before a file of `run` may be sent.
fn others_first(ledger: &Ledger, run: RunId, now: Timestamp) -> Option<Step> {
    if ledger.is_held(now) {
        return Some(Step::AwaitOthers { what: "the segment".to_owned() });
    }
    for (older, record) in ledger.runs.range(..=run) {
        match &record.phase {
            Phase::Completing { lease: Some(lease), .. } if lease.holds(now) => {
                return Some(Step::AwaitOthers { what: format!("the leavers of run {older}") });
            }
            Phase::Completing { .. } => return Some(Step::CompleteFirst(*older)),
            _ if *older < run && record.is_worked_on(now) => {
                return Some(Step::AwaitOthers { what: format!("run {older}") });
            }
            _ => {}
        }
    }
    None
}
