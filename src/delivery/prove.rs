//! Asks Braze, before anything is sent, whether it holds what was delivered before and would keep what would be sent.
//!
//! It takes two or three requests in a run, and permissions that a key need not have. Without them, or if Braze does not
//! answer, the delivery continues and the report says what was not checked.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::SignedDuration;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

use super::DeliveryError;
use super::claim::Claim;
use super::load::Line;
use super::progress::Account;
use super::segment::SegmentDelivery;
use super::sources::Source;
use super::trial::is_first;
use crate::braze::{Endpoint, Unread};
use crate::message::Coded;
use crate::pattern::RunId;
use crate::profile::Identifier;
use crate::proof::{ProofHold, ProofNote, SentField, findings, members_are_missing, trial_fails};
use crate::report::{MembersRead, Proof, Trigger};
use crate::rows::Header;
use crate::run::FileToDeliver;
use crate::secrets::ApiKey;
use crate::state::{CompleteRun, Ledger, Part, Standing, StateError};

/// How many members of the last complete run are read: as many as one request takes.
const MEMBERS: usize = 50;

/// How many of those who are identified by their address alone are read, if no one has a customer ID: each takes a request.
const BY_ADDRESS: usize = 10;

/// In how many parts they are looked for.
const PARTS: usize = 16;

/// What was sent in the last minutes need not show yet.
const SETTLED: SignedDuration = SignedDuration::from_mins(10);

/// What is read of members.
const FIELDS: &[&str] = &["external_id", "custom_attributes"];

impl SegmentDelivery {
    /// Looks at Braze before the first file of a run is sent, and holds the file if Braze does not hold what it should.
    pub(super) async fn prove(
        &self,
        file: &FileToDeliver,
        claim: &Claim,
        account: &mut Account,
        header: &Header,
        sent: &[SentField],
    ) -> Result<(), DeliveryError> {
        let not_proven = |source, proof: Option<Proof>| {
            Err(DeliveryError::NotProven { key: file.object.key.clone(), source, proof: proof.map(Box::new) })
        };
        let run = claim.ledger.runs.get(&file.run);
        let files = || run.into_iter().flat_map(|run| run.files.values());
        // A trial is not repeated until a person asks for it, or the fields are others.
        let failed = files()
            .filter(|other| other.mapping.as_deref() == Some(&*self.mapping()))
            .find_map(|file| file.proof.trial.as_ref().filter(|trial| trial_fails(trial)));
        if let Some(hold) = failed.filter(|_| self.trigger != Trigger::OnDemand).map(ProofHold::of_trial)
            && !hold.is_allowed(account.allow_differences)
        {
            return not_proven(hold, None);
        }
        let is_done = |proof: &Proof| proof.checked_at.is_some() || !proof.unchecked.is_empty();
        if files().any(|file| is_done(&file.proof)) {
            return Ok(());
        }
        let first = is_first(&claim.ledger, &self.mapping(), &header.columns);
        let (mut proof, hold) = self.look_at_braze(&claim.ledger, file.run, sent, first).await?;
        let released = hold.as_ref().is_some_and(|hold| hold.is_allowed(account.allow_differences));
        if let Some(hold) = hold.filter(|_| !released) {
            // The next attempt looks again.
            return not_proven(hold, Some(Proof { checked_at: None, unchecked: BTreeSet::new(), ..proof }));
        }
        proof.trial = account.record.proof.trial.take();
        account.record.proof = proof;
        Ok(())
    }

    /// What Braze shows before `run` is sent, and why the run would be held. `first` says that these fields are sent for the first
    /// time.
    pub(super) async fn look_at_braze(
        &self,
        ledger: &Ledger,
        run: RunId,
        sent: &[SentField],
        first: bool,
    ) -> Result<(Proof, Option<ProofHold>), DeliveryError> {
        let mut proof = Proof::default();
        let Ok(key) = self.api_keys.get(&self.export.connection.secret).await else {
            return Ok((proof, None));
        };
        let mut hold = None;
        if let Some(last) = self.settled(ledger) {
            let what = "Members of the last run were";
            match self.read_members(last, run, &key).await? {
                Ok(members) => hold = note_members(&mut proof, members),
                Err(unread) => {
                    proof.unchecked.insert(ProofNote::Unchecked { what, unread }.with_code());
                }
            }
        }
        if proof.unchecked.is_empty() && (first || self.braze.is_worth_asking(&key, Endpoint::Attributes)) {
            match self.braze.attributes(&key).await {
                Ok((workspace, _)) => {
                    let found = findings(&workspace, sent);
                    proof.attributes = Some(sent.len() as u64);
                    let doubts = found.doubts.into_iter().map(|doubt| ProofNote::Doubt { doubt }.with_code());
                    proof.notes.extend(doubts);
                    if first {
                        hold = hold.or_else(|| ProofHold::of_contradictions(&found.contradictions));
                    }
                    let doubts = found.contradictions.into_iter().map(|doubt| ProofNote::Doubt { doubt }.with_code());
                    proof.notes.extend(doubts);
                }
                Err(unread) if first => {
                    let what = "The attributes of the workspace were";
                    proof.unchecked.insert(ProofNote::Unchecked { what, unread }.with_code());
                }
                // Members can be read, which shows the same a little later.
                Err(_) => {}
            }
        }
        proof.checked_at = Some(self.budget.now()).filter(|_| proof.members.is_some() || proof.attributes.is_some());
        Ok((proof, hold))
    }

    /// The last complete run, if it was sent so long ago that it shows.
    fn settled<'l>(&self, ledger: &'l Ledger) -> Option<&'l CompleteRun> {
        let last = ledger.last_complete.as_ref().filter(|last| last.members > 0)?;
        let ended = ledger.history.iter().rfind(|past| past.run == last.run)?.finished_at;
        (self.budget.now().duration_since(ended) > SETTLED).then_some(last)
    }

    /// Reads some members of a complete run. Where no profiles are created, people without one are no members who could be read.
    async fn read_members(
        &self,
        last: &CompleteRun,
        run: RunId,
        key: &ApiKey,
    ) -> Result<Result<MembersRead, Unread>, StateError> {
        if let Some(unread) = self.braze.known_unread(key, Endpoint::Profiles) {
            return Ok(Err(unread));
        }
        let seed = xxhash_rust::xxh3::xxh3_64(format!("{run} {}", last.run).as_bytes());
        let (ids, addresses) = self.some_members(&last.parts, seed).await?;
        let mut members = MembersRead::default();
        let mut note = |profiles: &[crate::braze::ProfileRead]| {
            if profiles.is_empty() && !self.export.create_profiles {
                return;
            }
            let attributes = profiles.iter().filter_map(|profile| profile.get("custom_attributes"));
            let mut values = attributes.filter_map(|attributes| attributes.get(self.attribute.as_str().trim()));
            members.read += 1;
            members.have_it += u64::from(values.any(|value| *value == true));
        };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        if !ids.is_empty() {
            let read = match self.braze.profiles(key, &ids, FIELDS).await {
                Ok(read) => read,
                Err(unread) => return Ok(Err(unread)),
            };
            for id in ids {
                note(read.by_identifier.get(id).map_or(&[], Vec::as_slice));
            }
        }
        for address in &addresses {
            match self.braze.profiles_with_email(key, address, FIELDS).await {
                Ok(profiles) => note(&profiles),
                Err(unread) => return Ok(Err(unread)),
            }
        }
        Ok(Ok(members))
    }

    /// Customer IDs of some members, or addresses if no member has one; the same ones for the same `seed`.
    async fn some_members(&self, parts: &[Part], seed: u64) -> Result<(Vec<String>, Vec<String>), StateError> {
        let mut random = SmallRng::seed_from_u64(seed);
        let parts: Vec<Part> = parts.sample(&mut random, PARTS).cloned().collect();
        let mut by_id = BTreeMap::new();
        let mut by_address = BTreeMap::new();
        let mut others = HashSet::new();
        self.read_lines(parts.iter().map(Source::certain).collect(), |Line { row, .. }| {
            let (ranked, id, most) = match row.identifier {
                Identifier::ExternalId(id) => (&mut by_id, id, MEMBERS),
                Identifier::Email(address) => (&mut by_address, address, BY_ADDRESS),
            };
            if row.standing != Standing::Member {
                others.insert(id.to_owned());
                return;
            }
            let rank = xxhash_rust::xxh3::xxh3_64_with_seed(id.as_bytes(), seed);
            if ranked.len() < most || ranked.last_key_value().is_some_and(|(last, _)| rank < *last) {
                ranked.insert(rank, id.to_owned());
                if ranked.len() > most {
                    ranked.pop_last();
                }
            }
        })
        .await?;
        let drawn = |ranked: BTreeMap<u64, String>| -> Vec<String> {
            ranked.into_values().filter(|id| !others.contains(id)).collect()
        };
        let ids = drawn(by_id);
        let addresses = if ids.is_empty() { drawn(by_address) } else { Vec::new() };
        Ok((ids, addresses))
    }
}

fn note_members(proof: &mut Proof, members: MembersRead) -> Option<ProofHold> {
    let MembersRead { read, have_it } = members;
    let missing = read - have_it;
    proof.members = Some(members);
    if members_are_missing(missing, read) {
        return Some(ProofHold::MembersMissing { missing, read });
    }
    if missing > 0 {
        proof.notes.insert(ProofNote::SomeMissing { missing, read }.with_code());
    }
    None
}
