//! The trial: the first delivery of a segment, and the first with other fields or columns, sends a few people, reads them back,
//! and continues if they show what was sent.

use jiff::Timestamp;

use super::claim::Claim;
use super::progress::Account;
use super::segment::SegmentDelivery;
use crate::braze::{ObjectResult, TrackRequest, Unread};
use crate::message::Coded;
use crate::pattern::RunId;
use crate::proof::{ProofHold, ProofNote, Sent, trial_fails};
use crate::report::ReadBack;
use crate::secrets::ApiKey;
use crate::state::{Ledger, RunRecord};

/// The fewest people of whom all may be new without a doubt, and the share of new ones from which on addresses are looked up.
const FEW: u64 = 5;

/// How many addresses are looked up when most people are new; each takes a request.
const ADDRESSES: usize = 5;

/// The people who are sent first.
#[derive(Debug)]
pub(super) struct Trial {
    /// How many people it has, at most.
    most: usize,
    /// How many requests may still be sent.
    requests_left: usize,
    people: Vec<Sent>,
    /// When it began.
    pub(super) since: Timestamp,
}

/// How a trial ended.
#[derive(Debug, Default)]
pub(super) struct TrialEnd {
    pub(super) read: Option<ReadBack>,
    /// Why the run is held, if no one has said that it is right.
    pub(super) hold: Option<ProofHold>,
    pub(super) unchecked: Option<String>,
    pub(super) notes: Vec<String>,
}

impl Trial {
    fn new(most: usize, objects_per_request: usize, since: Timestamp) -> Self {
        let requests_left = (most / objects_per_request.min(most).max(1)).max(1);
        Self { most, requests_left, people: Vec::new(), since }
    }

    /// The objects in a request, if there would be `wanted` without the trial.
    pub(super) fn objects_per_request(&self, wanted: usize) -> usize {
        wanted.min(self.most).max(1)
    }

    /// Whether no request may be sent before the people have been read back.
    pub(super) fn is_all_sent(&self) -> bool {
        self.requests_left == 0
    }

    /// Whether no one has been accepted.
    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.requests_left > 0
    }

    pub(super) fn sent(&mut self) {
        self.requests_left = self.requests_left.saturating_sub(1);
    }

    pub(super) fn taken_back(&mut self) {
        self.requests_left += 1;
    }

    pub(super) fn answered(&mut self, request: &TrackRequest, results: &[ObjectResult]) {
        let accepted = results.iter().enumerate().filter(|(_, result)| **result == ObjectResult::Accepted);
        self.people.extend(accepted.filter_map(|(index, _)| Sent::of(request.object(index)?)));
    }

    pub(super) fn take_people(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.people)
    }
}

/// Whether a delivery with these fields and columns is the first of its kind, so that a trial comes first.
pub(super) fn is_first(ledger: &Ledger, mapping: &str, columns: &[String]) -> bool {
    let Some(last) = &ledger.last_complete else {
        return true;
    };
    let record = ledger.runs.get(&last.run).filter(|_| last.feeder == ledger.feeder);
    let files = record.into_iter().flat_map(|record| record.files.values());
    // Files of earlier versions do not say how they were mapped.
    let known =
        files.filter_map(|file| Some((file.mapping.as_deref()?, file.checkpoint.as_ref()?.header.columns.as_slice())));
    are_others(known, mapping, columns)
}

/// Whether none of the known fields and columns are these.
fn are_others<'a>(known: impl IntoIterator<Item = (&'a str, &'a [String])>, mapping: &str, columns: &[String]) -> bool {
    let mut known = known.into_iter().peekable();
    known.peek().is_some() && !known.any(|known| known == (mapping, columns))
}

/// Whether a file of the run has had its trial.
fn is_tried(run: &RunRecord) -> bool {
    run.files.values().any(|file| file.proof.trial.as_ref().is_some_and(|trial| !trial_fails(trial)))
}

impl SegmentDelivery {
    /// The trial that the delivery of a file begins with, if one is due and people can be read back.
    pub(super) fn trial_of(&self, run: RunId, claim: &Claim, account: &Account) -> Option<Trial> {
        let mapping = account.record.mapping.as_deref()?;
        let first = self.export.trial > 0 && is_first(&claim.ledger, mapping, account.columns()?);
        let run = claim.ledger.runs.get(&run)?;
        let is_unread = run.files.values().chain([&account.record]).any(|file| !file.proof.unchecked.is_empty());
        if !first || is_tried(run) || is_unread {
            return None;
        }
        Some(Trial::new(self.export.trial, self.export.connection.objects_per_request, self.budget.now()))
    }

    /// Reads the people of a trial back, and says whether the run may continue.
    pub(super) async fn read_trial(&self, people: Vec<Sent>, key: ApiKey, since: Timestamp) -> TrialEnd {
        let read = match self.read_back(&people, &key, since).await {
            Ok(read) => read,
            Err(unread) => {
                let unchecked = ProofNote::Unchecked { what: "The first people who were sent were", unread };
                return TrialEnd { unchecked: Some(unchecked.with_code()), ..TrialEnd::default() };
            }
        };
        let mut end = TrialEnd::default();
        if read.new_profiles > 0 {
            let note = ProofNote::NewProfiles { new: read.new_profiles, people: read.people };
            end.notes.push(note.with_code());
        }
        if trial_fails(&read) {
            end.hold = Some(ProofHold::of_trial(&read));
        } else if read.new_profiles > FEW && read.new_profiles * 2 > read.people {
            let elsewhere = self.under_other_ids(&people, &key, since).await.unwrap_or(0);
            end.hold = (elsewhere > 1).then_some(ProofHold::OtherIds { new: read.new_profiles, people: read.people });
        }
        if end.hold.is_none() && read.unconfirmed() > 0 {
            let note = ProofNote::Differing { differing: read.unconfirmed(), people: read.people };
            end.notes.push(note.with_code());
        }
        end.read = Some(read);
        end
    }

    /// How many of a few people have their address on an older profile with another customer ID.
    async fn under_other_ids(&self, people: &[Sent], key: &ApiKey, since: Timestamp) -> Result<usize, Unread> {
        let mut elsewhere = 0;
        let with_address = people.iter().filter(|person| !person.by_email);
        let with_address = with_address.filter_map(|person| Some((person, person.object.get("email")?.as_str()?)));
        for (person, email) in with_address.take(ADDRESSES) {
            let profiles = self.braze.profiles_with_email(key, email, &["external_id", "created_at"]).await?;
            let is_other = profiles.iter().any(|profile| {
                let text = |name: &str| profile.get(name).and_then(serde_json::Value::as_str);
                let created = text("created_at").and_then(|time| time.parse::<Timestamp>().ok());
                let is_older = created.is_some_and(|created| created < since);
                is_older && text("external_id").is_some_and(|id| id != person.identifier)
            });
            elsewhere += usize::from(is_other);
        }
        Ok(elsewhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_fields_or_columns_begin_with_a_trial() {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let (two, three) = (columns(&["Id", "Mail"]), columns(&["Id", "Mail", "Points"]));
        for (known, others) in [
            (vec![], false),
            (vec![("m", &two[..])], false),
            (vec![("other", &two[..])], true),
            (vec![("m", &three[..])], true),
            (vec![("m", &three[..]), ("m", &two[..])], false),
        ] {
            assert_eq!(are_others(known.clone(), "m", &two), others, "{known:?}");
        }
    }

    #[test]
    fn a_trial_has_no_more_people_than_asked_for() {
        for (most, objects, requests, in_request) in
            [(200, 75, 2, 75), (75, 75, 1, 75), (10, 75, 1, 10), (200, 50, 4, 50), (1, 75, 1, 1), (10, 3, 3, 3)]
        {
            let trial = Trial::new(most, objects, Timestamp::UNIX_EPOCH);
            assert_eq!((trial.requests_left, trial.objects_per_request(objects)), (requests, in_request), "{most}");
            assert!(trial.requests_left * trial.objects_per_request(objects) <= most);
        }
    }
}
