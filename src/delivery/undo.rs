//! Undoes the last complete run of a segment: those who entered with it are set to `false` or removed, and those who left get the
//! attribute again.
//!
//! The members of the run before are treated like those of a new run: they are compared with everything that the state lists, so
//! the same rules say whose profile an address may be. Sending, resuming and ending it are steps of a completion.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::DeliveryError;
use super::compare::{Comparison, List, Lists};
use super::complete::Completion;
use super::load::FETCHED_AHEAD;
use super::named::parts_with;
use super::segment::SegmentDelivery;
use super::sources::Source;
use crate::config::OnLeave;
use crate::membership::{RecentMembers, RunMembers};
use crate::message::{Coded, Message};
use crate::pattern::RunId;
use crate::report::{Counts, Outcome, Report, ReportMessage, Rows, UndoMessage, UndoNote};
use crate::state::{
    BeforeLast, Completing, Lease, LeaseKeeper, Ledger, LineSet, Part, Phase, Standing, Undo, UndoAnswer, UndoLists,
    UndoRefusal,
};

/// How often an undo starts again because the ledger changed in the meantime.
const TRIES: u32 = 4;

/// What is asked of an undo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoOptions {
    /// The run, as a person named it; nothing is done if it is not the last complete one.
    pub run: Option<RunId>,
    /// How many people may be set to `false` or removed, because a person has said that it is right.
    pub allow_leavers: Option<u64>,
    /// Whether to only report what would be sent.
    pub dry_run: bool,
}

/// How an undo ended.
#[derive(Debug)]
pub struct UndoEnd {
    /// The report.
    pub report: Report,
    /// Whether another invocation has to resume where this one ran out of time.
    pub must_continue: bool,
}

/// What became of the attempt to begin.
enum Begun {
    Ours(RunId, Box<Completing>),
    /// Too many people would be set to `false`.
    Held(Box<Report>),
    Again,
}

impl SegmentDelivery {
    /// Undoes the last complete run, or resumes that.
    #[tracing::instrument(name = "undo", level = "error", skip_all, fields(attribute = %self.attribute))]
    pub async fn undo(&self, options: UndoOptions) -> Result<UndoEnd, DeliveryError> {
        if options.dry_run {
            let report = self.preview_undo(options).await?;
            return Ok(UndoEnd { report, must_continue: false });
        }
        self.demand_consent()?;
        let owner = self.new_owner();
        for _ in 0..TRIES {
            match Box::pin(self.take_for_undo(&owner, options)).await? {
                Begun::Held(report) => return Ok(UndoEnd { report: *report, must_continue: false }),
                Begun::Ours(run, completing) => {
                    let end = Box::pin(self.send_leavers(run, &owner, *completing)).await?;
                    return self.undo_ended(run, end).await;
                }
                Begun::Again => {}
            }
        }
        Err(DeliveryError::Busy { what: format!("the attribute {}", self.attribute) })
    }

    /// Whether an undo has begun and is not finished.
    pub async fn is_being_undone(&self) -> Result<bool, DeliveryError> {
        let ledger = self.ledger.read().await?.filter(|ledger| ledger.feeder == self.feeder);
        Ok(ledger.is_some_and(|ledger| undo_at_work(&ledger).is_some()))
    }

    async fn preview_undo(&self, options: UndoOptions) -> Result<Report, DeliveryError> {
        let seen = self.ledger.read().await?;
        let seen = seen.ok_or_else(|| self.not_undone(UndoRefusal::NoCompleteRun))?;
        if let Some((run, undo)) = undo_at_work(&seen) {
            let mut report = self.undo_report(run, undo, Outcome::DryRun, UndoMessage::Begun.to_message());
            report.data_points = undo.removed + undo.members.entered;
            return Ok(report);
        }
        let now = self.now();
        let answer = seen.clone().resume_undo(&self.feeder, options.run, &self.lease_of("", now), now);
        let run = match answer {
            UndoAnswer::Compare(run) => run,
            UndoAnswer::Refused(refusal) => return Err(self.not_undone(refusal)),
            UndoAnswer::Busy(what) => return Err(self.is_busy(what)),
            UndoAnswer::Ours(..) | UndoAnswer::Changed => return Err(self.is_busy("an undo")),
        };
        let (comparison, _) = self.compare_before(&seen).await?;
        let undo = begun(&comparison, Vec::new(), now);
        let (removed, restored) = (undo.removed, undo.members.entered);
        let message = match self.too_many(&seen, 0, &comparison) {
            Some(reason) => UndoMessage::WouldBeHeld { run, removed, restored, reason: reason.to_string() },
            None => UndoMessage::Would { run, removed, restored },
        };
        let mut report = self.undo_report(run, &undo, Outcome::DryRun, message.to_message());
        report.data_points = removed + restored;
        Ok(report)
    }

    /// Begins, or resumes.
    async fn take_for_undo(&self, owner: &str, options: UndoOptions) -> Result<Begun, DeliveryError> {
        let now = self.now();
        let lease = self.lease_of(owner, now);
        let answer = self.change(|ledger| ledger.resume_undo(&self.feeder, options.run, &lease, now)).await?;
        let run = match answer.unwrap_or(UndoAnswer::Refused(UndoRefusal::NoCompleteRun)) {
            UndoAnswer::Ours(run, completing) => return Ok(Begun::Ours(run, completing)),
            UndoAnswer::Compare(run) => run,
            UndoAnswer::Changed => return Ok(Begun::Again),
            UndoAnswer::Busy(what) => return Err(self.is_busy(what)),
            UndoAnswer::Refused(refusal) => return Err(self.not_undone(refusal)),
        };
        let keeper = LeaseKeeper::new(lease, self.budget);
        let renew = async |lease: Lease| {
            let now = self.now();
            match self.change(|ledger| ledger.keep_for_undo(owner, Some(lease.until), now)).await? {
                Some(true) => Ok(()),
                _ => Err(self.is_busy("another function")),
            }
        };
        let listed = Box::pin(keeper.keep_while(renew, self.list_undo(run, owner, options))).await;
        let answer = match listed {
            Ok(Ok((seen, lists))) => {
                let now = self.now();
                let lease = self.lease_of(owner, now);
                self.change(|ledger| ledger.begin_undo(&seen, run, &lists, &lease, now)).await?
            }
            Ok(Err(report)) => {
                self.release_for_undo(owner).await?;
                return Ok(Begun::Held(report));
            }
            Err(error) => {
                self.release_for_undo(owner).await?;
                return Err(error);
            }
        };
        match answer {
            Some(UndoAnswer::Ours(run, completing)) => Ok(Begun::Ours(run, completing)),
            _ => Ok(Begun::Again),
        }
    }

    async fn release_for_undo(&self, owner: &str) -> Result<(), DeliveryError> {
        let now = self.now();
        self.change(|ledger| ledger.keep_for_undo(owner, None, now)).await.map(drop)
    }

    /// Stores the lists of what is sent; or says why a person has to decide first.
    async fn list_undo(
        &self,
        run: RunId,
        owner: &str,
        options: UndoOptions,
    ) -> Result<Result<(Ledger, UndoLists), Box<Report>>, DeliveryError> {
        let seen = self.ledger.last_seen().await?;
        let seen = seen.ok_or_else(|| self.not_undone(UndoRefusal::NoCompleteRun))?;
        let (comparison, sources) = self.compare_before(&seen).await?;
        if options.allow_leavers != Some(comparison.people)
            && let Some(reason) = self.too_many(&seen, 0, &comparison)
        {
            let undo = begun(&comparison, Vec::new(), self.now());
            let people = comparison.people;
            let message = UndoMessage::Held { run, reason: reason.to_string(), people };
            return Ok(Err(Box::new(self.undo_report(run, &undo, Outcome::Held, message.to_message()))));
        }
        let prefix = format!("{}{owner}-undo", self.keys.run_folder(run));
        // As in a retirement, `keep` removes: something has to be sent to those who entered.
        let (leavers, mut carried) = self.list_leavers(&comparison.members, sources, &prefix, OnLeave::Remove).await?;
        let (restored, addresses) = self.list_restored(&seen, &comparison.members, &prefix).await?;
        carried.extend(addresses);
        let kept = self.keep_stayed(&seen, &comparison.members, &prefix).await?;
        let undo = begun(&comparison, restored, self.now());
        Ok(Ok((seen, UndoLists { leavers, carried, kept, undo })))
    }

    /// Compares the members of the run before with everything that the state lists, which is returned as well.
    async fn compare_before(&self, seen: &Ledger) -> Result<(Comparison, Vec<Source>), DeliveryError> {
        let before = sources_of(seen);
        let lines: u64 = before.iter().filter_map(|source| source.rows).sum();
        let mut members = RunMembers::with_capacity(usize::try_from(lines).unwrap_or(0));
        self.read_lines(before, |line| {
            // Later rows may have given a profile another address, so none of them is certain.
            if line.row.standing != Standing::Left {
                members.push(&line.row.uncertain(Standing::Member));
            }
        })
        .await?;
        members.keep_no_addresses();
        let sources = self.everything_listed(seen).await?;
        let comparison = self.compare_members(seen, members, sources.clone()).await?;
        Ok((comparison, sources))
    }

    /// Stores lists of those who get the attribute again, and of addresses that their profiles may have.
    async fn list_restored(
        &self,
        seen: &Ledger,
        members: &RunMembers,
        prefix: &str,
    ) -> Result<(Vec<Part>, Vec<Part>), DeliveryError> {
        let mut restored = Lists::new(prefix, "-restored");
        let mut addresses = List::new(format!("{prefix}-addresses"));
        let (mut met, mut met_addresses) = (RecentMembers::default(), RecentMembers::default());
        for some in sources_of(seen).chunks(FETCHED_AHEAD) {
            self.read_lines(some.to_vec(), |line| {
                if !members.has_not_stayed(line.row.key()) {
                    return;
                }
                let key = line.row.key();
                match line.row.standing {
                    Standing::Member if met.insert(key) => restored.push(line.row.uncertain(Standing::Member)),
                    // Nothing is sent for an address, but later runs have to know it.
                    Standing::Address
                        if line.row.email.is_none_or(|email| met_addresses.insert(key.with_email(email))) =>
                    {
                        addresses.push(line.row.uncertain(Standing::Address));
                    }
                    _ => {}
                }
            })
            .await?;
            restored.store(self, false).await?;
            addresses.store(self, false).await?;
        }
        restored.store(self, true).await?;
        addresses.store(self, true).await?;
        Ok((restored.into_parts(), addresses.parts))
    }

    /// The parts of the run that continue to list those who were members before and after it.
    async fn keep_stayed(&self, seen: &Ledger, members: &RunMembers, prefix: &str) -> Result<Vec<Part>, DeliveryError> {
        let Some(last) = &seen.last_complete else { return Ok(Vec::new()) };
        let mut stayed = LineSet::default();
        self.read_lines(Source::of_last_run(seen), |line| {
            if let Some(number) = line.number.filter(|_| line.row.standing != Standing::Left)
                && members.contains(line.row.key())
            {
                stayed.insert(number);
            }
        })
        .await?;
        let key = format!("{prefix}-true.lines");
        let (kept, needs_object) = parts_with(last, &stayed, &stayed, &key);
        if needs_object {
            self.parts.write_lines(&key, &stayed).await?;
        }
        Ok(kept)
    }

    async fn undo_ended(&self, run: RunId, end: Completion) -> Result<UndoEnd, DeliveryError> {
        let ledger = self.ledger.read().await?;
        let record = ledger.as_ref().and_then(|ledger| ledger.runs.get(&run));
        let undone = record.and_then(|record| record.undone.as_deref()).filter(|_| end == Completion::Complete);
        let at_work = ledger.as_ref().and_then(undo_at_work).map(|(_, undo)| undo);
        let Some(undo) = undone.or(at_work) else {
            // Another function ended it, and a newer run is complete since.
            return Err(self.is_busy("another function"));
        };
        let (outcome, message) = match end {
            Completion::Complete if undo.refused > 0 => {
                (Outcome::DeliveredWithProblems, undone_message(run, undo).to_message())
            }
            Completion::Complete => (Outcome::Delivered, undone_message(run, undo).to_message()),
            Completion::OutOfTime => (Outcome::Unfinished, ReportMessage::TimeLimit.to_message()),
            _ => (Outcome::Unfinished, ReportMessage::AnotherInvocation.to_message()),
        };
        let report = self.undo_report(run, undo, outcome, message);
        self.log(&report);
        Ok(UndoEnd { report, must_continue: end == Completion::OutOfTime })
    }

    fn undo_report(&self, run: RunId, undo: &Undo, outcome: Outcome, message: Message) -> Report {
        let Message { text: message, code } = message;
        let counts = Counts { rows: Rows::default(), ..undo.counts.clone() };
        let mut report = Report {
            run: Some(run),
            outcome,
            members: undo.members.clone(),
            message,
            code,
            unconfirmed: 0,
            ..self.counted_report(undo.started_at, counts)
        };
        report.notes.extend(self.what_stays());
        report
    }

    /// What an undo can't restore.
    fn what_stays(&self) -> BTreeSet<String> {
        let mut notes = vec![UndoNote::Reactions];
        if !self.export.attributes.is_empty() {
            let fields: Vec<&str> = self.export.attributes.iter().map(|field| field.name.as_str()).collect();
            notes.push(UndoNote::Fields { fields: fields.join(", ") });
        }
        if self.export.create_profiles {
            notes.push(UndoNote::Profiles);
        }
        match self.export.on_leave {
            OnLeave::False => notes.push(UndoNote::NowFalse),
            OnLeave::Remove => {}
            OnLeave::Keep => notes.push(UndoNote::KeptBefore),
        }
        notes.iter().map(Coded::with_code).collect()
    }

    fn is_busy(&self, what: &str) -> DeliveryError {
        DeliveryError::Busy { what: format!("{what} of the attribute {}", self.attribute) }
    }

    fn not_undone(&self, refusal: UndoRefusal) -> DeliveryError {
        let segment = self.segment.clone();
        match refusal {
            UndoRefusal::NoCompleteRun => DeliveryError::NothingToUndo { segment },
            UndoRefusal::OtherRun { last } => DeliveryError::NotTheLastRun { segment, last },
            UndoRefusal::NewerRun { newer } => DeliveryError::NewerRunBegan { segment, newer },
            UndoRefusal::Undone { run } => DeliveryError::UndoneAlready { run },
            UndoRefusal::NotKnown { run } => DeliveryError::BeforeNotKnown { run },
        }
    }
}

/// The undo that has begun, if any has.
fn undo_at_work(ledger: &Ledger) -> Option<(RunId, &Undo)> {
    ledger.runs.iter().find_map(|(run, record)| match &record.phase {
        Phase::Completing(completing) => completing.undo.as_deref().map(|undo| (*run, undo)),
        _ => None,
    })
}

/// What the report of an undone run says.
pub(super) fn undone_message(run: RunId, undo: &Undo) -> UndoMessage {
    let (removed, restored) = (undo.removed, undo.members.entered);
    match undo.refused {
        0 => UndoMessage::Undone { run, removed, restored },
        refused => UndoMessage::PartlyUndone { run, removed, restored, refused },
    }
}

fn sources_of(ledger: &Ledger) -> Vec<Source> {
    let before: Option<&BeforeLast> = ledger.before_last.as_ref();
    before.into_iter().flat_map(|before| &before.parts).map(Source::certain).collect()
}

fn begun(comparison: &Comparison, restored: Vec<Part>, now: Timestamp) -> Undo {
    Undo {
        restored,
        members: comparison.figures.clone(),
        removed: comparison.people,
        refused: 0,
        started_at: now,
        ended_at: None,
        counts: Counts::default(),
    }
}
