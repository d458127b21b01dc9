//! A request that is being filled. Whether its members are new is asked for all of them at once, when it is full.

use super::batch::Batch;
use crate::membership::RecentMembers;
use crate::profile::Matched;
use crate::report::Counts;
use crate::rows::Row;
use crate::state::{EmailHash, Fingerprint, MemberKey, PartRow, PartWriter};

/// A request, and those of its members of whom it is not known yet whether an earlier row had them.
#[derive(Debug, Default)]
pub(super) struct Filling {
    pub(super) batch: Batch,
    unsure: Vec<Unsure>,
}

#[derive(Debug)]
struct Unsure {
    /// Its place in the request.
    index: usize,
    key: MemberKey,
    fingerprint: Fingerprint,
}

/// An object to send, and what is known of its member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending<'a> {
    pub(super) object: &'a [u8],
    /// The email address as a state line has it.
    pub(super) email: Option<EmailHash>,
    /// A member who is not in the state, and what to record; `None` if the member is recorded already.
    pub(super) unknown: Option<(MemberKey, Fingerprint)>,
}

impl Filling {
    /// Adds an object and its row. Gives the bytes that both take.
    pub(super) fn push(&mut self, row: &Row<'_>, matched: &Matched<'_>, sending: Sending<'_>) -> usize {
        if let Some((key, fingerprint)) = sending.unknown {
            self.unsure.push(Unsure { index: self.batch.len(), key, fingerprint });
        }
        self.batch.push(sending.object, row, matched, sending.email)
    }

    /// Removes members who were in an earlier row, and records the others.
    pub(super) fn settle(&mut self, recent: &mut RecentMembers, counts: &mut Counts, part: &mut PartWriter) {
        let new = recent.insert_all(self.unsure.iter().map(|member| member.key));
        let mut repeated = Vec::new();
        for (member, new) in self.unsure.drain(..).zip(new) {
            if !new {
                repeated.push(member.index);
            } else if let Some((identifier, email)) = self.batch.member(member.index) {
                counts.entered += 1;
                part.push(PartRow::keyed(member.key, identifier, email, member.fingerprint));
            }
        }
        if !repeated.is_empty() {
            counts.rows.duplicate += repeated.len() as u64;
            self.batch.remove(&repeated);
        }
    }
}
