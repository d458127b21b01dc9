//! Reads people back after they have been sent, until they show it or time is up.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::segment::SegmentDelivery;
use crate::braze::{Endpoint, ObjectResult, ProfileRead, TrackRequest, Unread};
use crate::pattern::RunId;
use crate::proof::{FIELDS, Sent, compare};
use crate::report::ReadBack;
use crate::secrets::ApiKey;

/// How many of those who are identified by their address alone are read back: each takes a request.
const BY_ADDRESS: usize = 5;

/// The first wait before people are read. Braze applies most updates within 10 to 100 ms ("API limits").
const FIRST_WAIT: Duration = Duration::from_millis(150);

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// After this time, what people show then is the result.
const PATIENCE: Duration = Duration::from_mins(1);

impl SegmentDelivery {
    /// Remembers some of the people of a request that was answered.
    pub(super) fn offer_to_sample(&self, request: &TrackRequest, results: &[ObjectResult]) {
        let mut sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.budget.now();
        sample.since.get_or_insert(now);
        sample.offer(request, results);
    }

    /// Reads some of the people back whom this invocation has sent, and records it. Nothing depends on it.
    pub(super) async fn read_back_sample(&self, run: RunId) {
        let sample = std::mem::take(&mut *self.sample.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(since) = sample.since.filter(|_| !sample.people.is_empty()) else {
            return;
        };
        let Ok(key) = self.api_keys.get(&self.export.connection.secret).await else {
            return;
        };
        let ledger = self.ledger.last_seen().await.ok().flatten();
        let record = ledger.as_ref().and_then(|ledger| ledger.runs.get(&run));
        let is_unread = record.is_none_or(|record| !record.proof().unchecked.is_empty());
        if is_unread || !self.braze.is_worth_asking(&key, Endpoint::Profiles) {
            return;
        }
        let Ok(read) = self.read_back(&sample.people, &key, since).await else {
            return;
        };
        self.note_work(|work| work.read_back = Some((read.unconfirmed(), read.seconds)));
        let recorded = self
            .ledger
            .update(|ledger| {
                if let Some(record) = ledger.as_mut().and_then(|ledger| ledger.runs.get_mut(&run)) {
                    record.read_back.get_or_insert_default().add(&read);
                }
            })
            .await;
        if let Err(error) = recorded {
            tracing::warn!(%error, "can't record what was read back");
        }
    }

    /// Reads people until all of them show what was sent or a minute has passed, at most half of the time left.
    pub(super) async fn read_back(&self, people: &[Sent], key: &ApiKey, since: Timestamp) -> Result<ReadBack, Unread> {
        let begun = Instant::now();
        let left = self.budget.stop_sending().saturating_duration_since(begun) / 2;
        let deadline = begun + PATIENCE.min(left);
        let mut wait = FIRST_WAIT;
        let mut shown: BTreeMap<&str, Vec<ProfileRead>> = BTreeMap::new();
        let by_address = people.iter().filter(|person| person.by_email).take(BY_ADDRESS);
        let mut asked: Vec<&Sent> = people.iter().filter(|person| !person.by_email).chain(by_address).collect();
        let all = asked.clone();
        loop {
            tokio::time::sleep_until((Instant::now() + wait).min(deadline)).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            self.look_at(&asked, key, &mut shown).await?;
            asked.retain(|person| {
                let profiles = shown.get(person.identifier.as_str()).map_or(&[][..], Vec::as_slice);
                !compare(person, profiles, self.attribute.as_str(), since, &mut ReadBack::default())
            });
            if asked.is_empty() || Instant::now() >= deadline {
                break;
            }
        }
        let mut read = ReadBack::default();
        for person in all {
            let profiles = shown.get(person.identifier.as_str()).map_or(&[][..], Vec::as_slice);
            compare(person, profiles, self.attribute.as_str(), since, &mut read);
        }
        read.keep_differing();
        read.seconds = (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        Ok(read)
    }

    async fn look_at<'s>(
        &self,
        people: &[&'s Sent],
        key: &ApiKey,
        shown: &mut BTreeMap<&'s str, Vec<ProfileRead>>,
    ) -> Result<(), Unread> {
        let ids: Vec<&str> =
            people.iter().filter(|person| !person.by_email).map(|person| person.identifier.as_str()).collect();
        let mut read = self.braze.profiles(key, &ids, FIELDS).await?.by_identifier;
        for person in people {
            let id = person.identifier.as_str();
            let profiles = if person.by_email {
                self.braze.profiles_with_email(key, id, FIELDS).await?
            } else {
                read.remove(id).unwrap_or_default()
            };
            shown.insert(id, profiles);
        }
        Ok(())
    }
}
