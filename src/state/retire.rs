//! The steps that retire an attribute: `on_leave` is applied to everyone, and nothing is delivered in the meantime.
//!
//! ```text
//!             retire, no lease                  everyone is sent
//!  (delivered) ─────────────────────▶ Retirement ─────────────────▶ (no ledger, nothing is known)
//!       ▲                              │    ▲ │ out of time, killed
//!       │                              │    └─┘ retire again
//!       └──────────────────────────────┘
//!         a file is delivered again, after the lease has ended: everyone is sent again
//! ```

use jiff::Timestamp;

use super::completion::LeaversSent;
use super::lease::Lease;
use super::ledger::Ledger;
use super::part::Part;
use super::retirement::Retirement;
use super::run_record::{Phase, Progress};
use super::sent::Sent;
use crate::report::Counts;

/// The result of the attempt to retire an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum RetireAnswer {
    /// It is ours.
    Ours(Box<Retirement>),
    /// Who is listed has to be found out first.
    List,
    /// Something changed since that was found out.
    Changed,
    /// Another function works on the attribute.
    Busy(&'static str),
}

impl Ledger {
    /// Resumes a retirement, or says that its people have to be listed first.
    pub fn resume_retirement(&mut self, lease: &Lease, now: Timestamp) -> RetireAnswer {
        if let Some(what) = self.worked_on_by(now) {
            return RetireAnswer::Busy(what);
        }
        match &mut self.retirement {
            None => RetireAnswer::List,
            Some(retirement) => {
                retirement.lease = Some(lease.clone());
                RetireAnswer::Ours(Box::new(retirement.clone()))
            }
        }
    }

    /// Begins a retirement of the people whom `seen` lists.
    ///
    /// A function that has lost its lease on a file or a run finds that no one owns it, and writes nothing.
    pub fn begin_retirement(
        &mut self,
        seen: &Self,
        (people, members): (Vec<Part>, u64),
        lease: &Lease,
        now: Timestamp,
    ) -> RetireAnswer {
        match self.resume_retirement(lease, now) {
            RetireAnswer::List if self == seen => {}
            RetireAnswer::List => return RetireAnswer::Changed,
            other => return other,
        }
        self.lease = None;
        for run in self.runs.values_mut() {
            if let Phase::Completing(completing) = &mut run.phase {
                completing.lease = None;
            }
            for file in run.files.values_mut() {
                if matches!(file.progress, Progress::Working { .. }) {
                    file.progress = Progress::Unfinished;
                }
            }
        }
        let retirement = Retirement {
            lease: Some(lease.clone()),
            people,
            members,
            done: 0,
            refused: Vec::new(),
            started_at: now,
            counts: Counts::default(),
        };
        self.retirement = Some(retirement.clone());
        RetireAnswer::Ours(Box::new(retirement))
    }

    /// Records how many people are sent, and renews or releases the lease. Returns whether `owner` still holds it.
    pub fn retired(&mut self, owner: &str, sent: &LeaversSent, until: Option<Timestamp>) -> bool {
        let Some(retirement) = &mut self.retirement else {
            return false;
        };
        if retirement.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
            return false;
        }
        if sent.put_on_record(&mut retirement.done, &mut retirement.refused) {
            retirement.counts.add(&sent.counts);
        }
        retirement.lease = until.map(|until| Lease { owner: owner.to_owned(), until });
        true
    }

    /// Ends a retirement of which some people were refused: they alone are still listed.
    pub fn end_retirement(&mut self) {
        if let Some(retirement) = self.retirement.take() {
            (self.last_complete, self.before_last) = (None, None);
            self.runs.clear();
            self.forgotten.clear();
            self.caution = None;
            self.earlier = Sent { parts: retirement.refused, ..Sent::default() };
            self.uncollected = true;
        }
    }

    /// Ends an unfinished retirement because something is delivered to the attribute again. What Braze has of the members is
    /// then unknown, so every file is delivered again and everyone is sent.
    pub fn abandon_retirement(&mut self) {
        if self.retirement.take().is_some() {
            self.restart();
        }
    }

    /// Makes every file be delivered again, and everyone be sent.
    pub(super) fn restart(&mut self) {
        for run in self.runs.values_mut() {
            let keys: Vec<String> = run.files.keys().cloned().collect();
            for key in keys {
                run.forget_file(&key);
            }
            run.phase = Phase::Open;
        }
        self.forget_fingerprints();
    }
}
