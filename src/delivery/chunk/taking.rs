//! What becomes of one row: it is sent, counted as unchanged or as a duplicate, or rejected.

use super::super::filling::Sending;
use super::super::row_fields::RowFields;
use super::draft::{ChunkSettings, Draft};
use crate::config::SendRule;
use crate::membership::{Known, RecentMembers, SentElsewhere, Sighting};
use crate::profile::{Identifier, Matched, Matcher};
use crate::rows::{Row, RowProblem};
use crate::state::{EmailHash, Fingerprint, MemberKey, PartRow, ValuesRow};

/// The parts of the builder that a row meets.
pub(super) struct Taking<'a> {
    pub(super) matcher: &'a Matcher,
    pub(super) known: &'a mut Known,
    pub(super) elsewhere: &'a SentElsewhere,
    pub(super) fields: &'a mut RowFields,
    pub(super) recent: &'a mut RecentMembers,
    pub(super) settings: &'a ChunkSettings,
    pub(super) object: &'a mut Vec<u8>,
    pub(super) repeated_headers: &'a mut u64,
    pub(super) all_counted: &'a mut bool,
}

impl Taking<'_> {
    /// Takes a row: lists its member, and sends the object if it is new or changed.
    pub(super) fn take(mut self, row: &Row<'_>, draft: &mut Draft) {
        if matches!(row.problem(), Some(RowProblem::RepeatedHeader)) {
            *self.repeated_headers += 1;
            return;
        }
        draft.chunk.counts.rows.read += 1;
        if let Some(problem) = row.problem() {
            let swallowed = match problem {
                RowProblem::StrayQuote { from_line, to_line } => to_line.saturating_sub(*from_line),
                _ => 0,
            };
            let named = self.keep_named_members(row, draft);
            draft.chunk.counts.unidentified += swallowed + u64::from(!named);
            draft.reject(row, problem.to_string());
            return;
        }
        self.object.clear();
        self.fields.clear();
        let note = |field, place| self.fields.note(field, place);
        let matched = match self.matcher.match_row_noting(row, self.object, &mut draft.dropped, note) {
            Ok(matched) => matched,
            Err(rejection) => {
                if let Some(identifier) = rejection.identifier {
                    *self.all_counted = false;
                    draft.chunk.part.push(PartRow::member(identifier, None, Fingerprint::UNKNOWN));
                } else if rejection.reason.hides_the_identifier() {
                    draft.chunk.counts.unidentified += 1;
                }
                draft.reject(row, rejection.reason.to_string());
                return;
            }
        };
        let looser = matched.for_new_only.map(|from| self.object.split_off(from));
        if looser.is_some() {
            self.object.push(b'}');
        }
        let fingerprint = Fingerprint::of(self.object);
        let key = MemberKey::of(matched.identifier);
        let held = match self.known.mark_seen(key) {
            Sighting::Again => {
                draft.chunk.counts.rows.duplicate += 1;
                return;
            }
            Sighting::New => None,
            Sighting::Known { in_later_file: true, line, .. } => {
                // Another file of the run has the last word about this member, who is in this file too.
                draft.chunk.counts.rows.duplicate += 1;
                draft
                    .list(line, || PartRow::keyed(key, matched.identifier, address_of(&matched), Fingerprint::UNKNOWN));
                return;
            }
            Sighting::Known { fingerprint, in_last_run, line, .. } => {
                let counts = &mut draft.chunk.counts;
                *if in_last_run { &mut counts.stayed } else { &mut counts.entered } += 1;
                Some((fingerprint, line))
            }
        };
        if let Some((known, line)) = held {
            let is_unchanged = known == fingerprint
                && self.settings.send == SendRule::Changes
                && !self.settings.refresh.is_due(key)
                && !self.differs_elsewhere(key, &matched);
            draft.list(line.filter(|_| is_unchanged), || {
                PartRow::keyed(key, matched.identifier, address_of(&matched), fingerprint)
            });
            if is_unchanged {
                draft.chunk.counts.rows.unchanged += 1;
                return;
            }
        }
        if let Some(looser) = looser.filter(|_| held.is_none()) {
            self.object.pop();
            self.object.extend_from_slice(&looser);
        }
        self.send(row, &matched, (key, fingerprint), held.is_none(), draft);
    }

    /// Whether another segment has sent another value of a field of this row, which this one would not send.
    fn differs_elsewhere(&mut self, member: MemberKey, matched: &Matched<'_>) -> bool {
        if self.elsewhere.is_empty() || crate::planted::planted("fields-of-others-unseen") {
            return false;
        }
        let sent = matched.for_new_only.unwrap_or(self.object.len());
        self.elsewhere.differs(member, address_of(matched), self.fields.hashed(self.object, sent))
    }

    fn send(
        self,
        row: &Row<'_>,
        matched: &Matched<'_>,
        (member, fingerprint): (MemberKey, Fingerprint),
        is_new: bool,
        draft: &mut Draft,
    ) {
        let email = address_of(matched);
        if self.fields.are_there() {
            let sent = matched.for_new_only.filter(|_| !is_new).unwrap_or(self.object.len());
            let values = self.fields.hashed(self.object, sent);
            let address = match matched.identifier {
                Identifier::ExternalId(_) => email,
                Identifier::Email(_) => Some(EmailHash::of_key(member)),
            };
            draft.chunk.values.push(ValuesRow { member, email: address, values });
        }
        let unknown = is_new.then_some((member, fingerprint));
        let sending = Sending { object: self.object, email, unknown };
        draft.send(row, matched, sending, self.settings, self.recent);
    }

    /// A row with too few or too many fields does not say which of them is the identifier. Any field that names a known
    /// member keeps that member in the run: no one leaves because of a broken row. The row's address is recorded too:
    /// otherwise the next run could not recognise the same person by the address. Returns whether the row names anyone.
    fn keep_named_members(&self, row: &Row<'_>, draft: &mut Draft) -> bool {
        let mut names_anyone = false;
        if crate::planted::planted("broken-rows-are-leavers") {
            return false;
        }
        let fields = || (0..row.len()).filter_map(|place| row.field(place)).map(str::trim);
        let email = fields().find(|field| field.contains('@')).map(EmailHash::of);
        for field in fields() {
            if field.is_empty() {
                continue;
            }
            for identifier in [Identifier::ExternalId(field), Identifier::Email(field)] {
                if self.known.contains(MemberKey::of(identifier)) {
                    let email = email.filter(|_| matches!(identifier, Identifier::ExternalId(_)));
                    draft.chunk.part.push(PartRow::member(identifier, email, Fingerprint::UNKNOWN));
                    names_anyone = true;
                }
            }
        }
        names_anyone
    }
}

/// The address of a member with a customer ID, as a state line has it.
fn address_of(matched: &Matched<'_>) -> Option<EmailHash> {
    match matched.identifier {
        Identifier::ExternalId(_) => matched.email.map(EmailHash::of),
        Identifier::Email(_) => None,
    }
}
