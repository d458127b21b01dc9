//! Asks Braze for the export, and finds its files.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{LOOK_AGAIN, Step, postponed};
use crate::audit::{AuditError, AuditMessage, AuditOutcome, AuditRecord, AuditStage};
use crate::braze::{ExportError, SegmentExport};
use crate::bucket::{Bucket, ObjectSummary};
use crate::delivery::DeliveryError;
use crate::delivery::segment::SegmentDelivery;

/// How long an export is waited for: one of 20 million profiles takes an hour or more.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// The longest address of an export.
const ADDRESS_LIMIT: usize = 16 * 1024;

/// Where an export is.
pub(super) enum Place {
    /// In the company's own bucket, all of it.
    Files(Bucket, Vec<ObjectSummary>),
    /// At an address.
    Address(String),
    /// Not ready yet.
    Nowhere,
}

impl SegmentDelivery {
    /// Asks Braze for everyone who has the attribute.
    pub(super) async fn ask(&self, record: &mut AuditRecord) -> Result<Step, DeliveryError> {
        let key = self.api_keys.get(&self.export.connection.secret).await?;
        let mut asked = self.braze.export_segment(&key, &record.segment_id, self.attribute.as_str()).await;
        if asked == Err(ExportError::Denied) {
            // The key may have been rotated.
            let key = self.api_keys.read_again(&self.export.connection.secret).await?;
            asked = self.braze.export_segment(&key, &record.segment_id, self.attribute.as_str()).await;
        }
        let SegmentExport { object_prefix, url } = match asked {
            Ok(export) => export,
            Err(error @ ExportError::Silent) => {
                postponed(&error);
                return Ok(waiting());
            }
            Err(error) => return Err(AuditError::from(error).into()),
        };
        let has_bucket = self.export.connection.audit_bucket.is_some();
        match &url {
            Some(url) if url.len() > ADDRESS_LIMIT || self.braze.may_be_asked(url).is_none() => {
                return Err(AuditError::OtherAddress.into());
            }
            // Everyone who has the address can read the export, so it is kept as identifiers are.
            Some(url) => self.parts.write(&self.address_key(record), url.clone().into_bytes().into()).await?,
            None if !has_bucket => return Err(AuditError::NoBucket.into()),
            None => {}
        }
        record.stage = AuditStage::Asked { at: self.now(), folder: object_prefix, has_address: url.is_some() };
        Ok(Step::Done)
    }

    fn address_key(&self, record: &AuditRecord) -> String {
        format!("{}address", self.audit_prefix(record))
    }

    /// Where the export is that was asked for.
    pub(super) async fn find_export(&self, record: &AuditRecord) -> Result<Place, DeliveryError> {
        let AuditStage::Asked { at, folder, has_address } = &record.stage else { return Ok(Place::Nowhere) };
        if *has_address {
            let address = self.parts.read(&self.address_key(record)).await?;
            let address = address.and_then(|stored| String::from_utf8(stored.bytes.to_vec()).ok());
            return address.map(Place::Address).ok_or_else(|| AuditError::OtherAddress.into());
        }
        let connection = &self.export.connection;
        let Some(bucket) = &connection.audit_bucket else { return Err(AuditError::NoBucket.into()) };
        let bucket = self.bucket.other(bucket);
        let mut files = Vec::new();
        for day in days(*at, self.now()) {
            let of_day = format!("{}segment-export/{}/{day}/{folder}/", connection.audit_prefix, record.segment_id);
            let mut pages = bucket.pages(of_day);
            while let Some(page) = pages.next().await? {
                files.extend(page.into_iter().filter(|object| object.size > 0));
            }
        }
        // Braze does not say how many files there are: they are all when none has come for a while.
        let newest = files.iter().map(|file| file.last_modified).max();
        let quiet = SignedDuration::from_mins(self.export.settle_minutes.into());
        let is_quiet = newest.is_some_and(|newest| self.now().duration_since(newest) >= quiet);
        Ok(if is_quiet { Place::Files(bucket, files) } else { Place::Nowhere })
    }

    /// Whether it is still waited for the export.
    pub(super) fn is_awaited(&self, record: &AuditRecord) -> Result<(), AuditError> {
        match &record.stage {
            AuditStage::Asked { at, .. } if self.now().duration_since(*at) > LONGEST_WAIT => {
                Err(AuditError::NeverReady { hours: u64::try_from(LONGEST_WAIT.as_hours()).unwrap_or(0) })
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn waiting() -> Step {
    Step::Later(AuditOutcome::Waiting, AuditMessage::Waiting, LOOK_AGAIN)
}

/// The days in the keys of an export, in UTC: that on which it became ready. One more on either side, for another clock.
fn days(asked: Timestamp, now: Timestamp) -> Vec<Date> {
    let day = |time: Timestamp| jiff::tz::Offset::UTC.to_datetime(time).date();
    let first = day(asked).yesterday().unwrap_or_else(|_| day(asked));
    let last = day(now).tomorrow().unwrap_or_else(|_| day(now));
    first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::days;

    #[test]
    fn an_export_is_looked_for_from_the_day_before_it_was_asked_for() {
        let at = |text: &str| text.parse().unwrap();
        let found = days(at("2026-12-31T23:59:00Z"), at("2027-01-01T00:10:00Z"));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]);
    }
}
