//! Messages to people after a scheduled invocation: what of the segments lasts, at most once a day for one cause, and, where it is
//! wanted, what was delivered.
//!
//! ```text
//! state/.notices   what people were notified of, and when
//! ```

mod cause;
mod reported;
mod text;
mod words;

use jiff::Timestamp;

use super::standing::Standing;
use super::{Handler, HandlerError};
use crate::bucket::{BucketError, Condition};
use crate::config::Config;
use crate::topic::{Notice, Topic};
use reported::Reported;
pub use reported::Wanted;
pub use text::Links;
use words::Words;

const KEY: &str = "state/.notices";
const LARGEST: u64 = 4 * 1024 * 1024;

/// Where messages go, which are wanted, and where they lead.
#[derive(Clone, Debug)]
pub struct Notices {
    /// The topic.
    pub topic: Topic,
    /// Which messages.
    pub wanted: Wanted,
    /// Where they lead.
    pub links: Links,
}

impl Handler {
    /// Notifies people of the status of the segments. Returns whether they know of everything that lasts.
    pub(super) async fn notify(
        &self,
        config: &Config,
        standings: &[Standing],
        now: Timestamp,
    ) -> Result<bool, HandlerError> {
        let Some(notices) = &self.notices else {
            return Ok(false);
        };
        let stored = self.bucket.read(KEY, LARGEST).await?;
        let condition = stored.as_ref().map_or(Condition::Absent, |(_, etag)| Condition::Unchanged(etag.clone()));
        // One that can't be read is replaced: at worst, people are notified again.
        let before: Reported = stored.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let mut reported = before.clone();
        let news = reported.update(standings, notices.wanted, now);
        if reported == before {
            return Ok(true);
        }
        match self.remember(&reported, &condition).await {
            Err(BucketError::Changed { .. }) => return Ok(true),
            remembered => remembered?,
        }
        let Some(notice) = news.notice(&notices.links, &Words::of(config), now) else {
            return Ok(true);
        };
        if let Err(error) = self.publish(&notices.topic, &notice).await {
            self.remember(&before, &Condition::Any).await?;
            return Err(error);
        }
        Ok(true)
    }

    async fn publish(&self, topic: &Topic, notice: &Notice) -> Result<(), HandlerError> {
        topic.publish(notice).await?;
        tracing::info!(subject = notice.subject, "a message was published");
        Ok(())
    }

    async fn remember(&self, reported: &Reported, condition: &Condition) -> Result<(), BucketError> {
        self.bucket.write_json(KEY, reported, condition).await.map(drop)
    }
}
