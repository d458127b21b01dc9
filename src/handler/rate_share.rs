//! A connection's rate belongs to all functions that send through it at the same time: each takes an equal share.
//!
//! ```text
//! state/.rates/<connection>/<owner>          one small object for each function that sends now
//! state/.rates/company~<company>/<owner>     the same for all connections of a company
//! ```
//!
//! A function that has something to send stores its object and then lists the folder: S3 lists what has been stored
//! before ("Amazon S3 data consistency model"), so that of two functions that start together at least one sees the other.
//! A function that finds no other uses the full rate at once. One that finds others starts slowly, until they have looked
//! again and use less. An object that has not been renewed for [`EXPIRY`] belongs to a function that was killed.
//!
//! The share never decides whether something is sent, only how fast. If the folder cannot be read, the last known share
//! holds, and Braze's answers slow down a function that is too fast.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::Handler;
use crate::braze::BrazeClient;
use crate::bucket::{Bucket, BucketError, Condition};
use crate::config::Connection;

/// How often a function checks which others send.
const LOOK: Duration = Duration::from_secs(1);

/// How long until every other function has looked again.
const NOTICED: Duration = Duration::from_millis(1_250);

/// The part of its share that a function uses until then.
const MEANWHILE: f64 = 0.1;

/// How often a function renews its object.
const RENEW: Duration = Duration::from_secs(5);

/// A marker that is this much older than the function's own belongs to a function that stopped sending. Both times are S3's.
const EXPIRY: SignedDuration = SignedDuration::from_secs(15);

impl Handler {
    /// Runs `work`, which sends with `braze` through `connection`, at this function's share of the connection's rate. The
    /// function announces itself when `work` first sends something.
    pub(super) async fn at_its_share<T>(
        &self,
        connection: &Connection,
        braze: &BrazeClient,
        work: impl Future<Output = T>,
    ) -> T {
        let of_company = connection.company.as_ref().map(|company| format!("state/.rates/company~{company}/"));
        let folder = of_company.unwrap_or_else(|| format!("state/.rates/{}/", connection.name));
        let share = RateShare {
            bucket: &self.bucket,
            own: format!("{folder}{}", self.randomness.owner()),
            folder,
            braze,
            stored: Mutex::default(),
        };
        braze.hold_for_share();
        let mut work = pin!(work);
        let done = tokio::select! {
            biased;
            done = &mut work => done,
            never = share.keep() => match never {},
        };
        share.leave().await;
        done
    }
}

struct RateShare<'a> {
    bucket: &'a Bucket,
    folder: String,
    /// The key of this function's object.
    own: String,
    braze: &'a BrazeClient,
    /// The keys to delete at the end: the own object, and those of killed functions.
    stored: Mutex<Vec<String>>,
}

impl RateShare<'_> {
    async fn keep(&self) -> Infallible {
        self.braze.share_wanted().await;
        self.renew().await;
        let mut renewed = Instant::now();
        let others = self.others().await.unwrap_or_default();
        if others > 0 {
            self.braze.share_rate(MEANWHILE * share_beside(others));
            sleep(NOTICED).await;
        } else {
            self.braze.share_rate(1.0);
            sleep(LOOK).await;
        }
        loop {
            if renewed.elapsed() >= RENEW {
                self.renew().await;
                renewed = Instant::now();
            }
            if let Some(others) = self.others().await {
                self.braze.share_rate(share_beside(others));
            }
            sleep(LOOK).await;
        }
    }

    async fn renew(&self) {
        {
            let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
            if !stored.contains(&self.own) {
                stored.push(self.own.clone());
            }
        }
        if let Err(error) = self.bucket.write(&self.own, "", "text/plain", &Condition::Any).await {
            tracing::warn!(%error, "can't announce to other functions that this one is sending");
        }
    }

    /// How many other functions send, if that can be seen.
    async fn others(&self) -> Option<usize> {
        match self.look().await {
            Ok(others) => Some(others),
            Err(error) => {
                tracing::warn!(%error, "can't check which other functions are sending");
                None
            }
        }
    }

    async fn look(&self) -> Result<usize, BucketError> {
        // One page holds a thousand functions.
        let objects = self.bucket.pages(&self.folder).next().await?.unwrap_or_default();
        let own = objects.iter().find(|object| object.key == self.own).map(|object| object.last_modified);
        let (mut others, mut left_behind) = (0, Vec::new());
        for object in objects.into_iter().filter(|object| object.key != self.own) {
            if own.is_some_and(|own| own.duration_since(object.last_modified) > EXPIRY) {
                left_behind.push(object.key);
            } else {
                others += 1;
            }
        }
        left_behind.push(self.own.clone());
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = left_behind;
        Ok(others)
    }

    /// Leaves the rate to the others.
    async fn leave(&self) {
        let stored = std::mem::take(&mut *self.stored.lock().unwrap_or_else(PoisonError::into_inner));
        if stored.is_empty() {
            return;
        }
        if let Err(error) = self.bucket.delete(&stored).await {
            tracing::warn!(%error, "can't release the share of the rate; it expires in a few seconds");
        }
    }
}

/// An equal share of the rate for each.
fn share_beside(others: usize) -> f64 {
    1.0 / (f64::from(u32::try_from(others).unwrap_or(u32::MAX)) + 1.0)
}
