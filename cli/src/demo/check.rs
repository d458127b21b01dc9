//! Compares what a delivery reported and what the workspace holds with what is right.

use insights_to_braze::profile::Identifier;
use insights_to_braze::report::Report;
use serde::Serialize;
use serde_json::Value;

use super::people::{Person, Run};
use super::population::{Population, Segment};
use crate::standin::braze::{Braze, Profile};
use crate::texts::{self, Number, Word};

/// The most mistakes of a kind that are listed.
const LISTED: usize = 10;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Checked {
    /// What is as it should be, in words.
    pub(super) right: Vec<String>,
    /// What is not.
    pub(super) wrong: Vec<String>,
}

impl Checked {
    /// Checks the reports' figures of a run: they add up, and they are those that the export was made for.
    pub(super) fn reports(&mut self, population: Population, run: Run, reports: &[Report]) {
        let mut right = true;
        for segment in Segment::BOTH {
            let (rows, members) = population.expected(segment, run);
            let report = reports.iter().find(|report| report.segment.as_str() == segment.table());
            let Some(report) = report else {
                right = false;
                self.wrong.push(texts::w("demo-no-report", "segment", segment.table()));
                continue;
            };
            if report.rows.unaccounted() != 0 || !report.members.add_up() {
                right = false;
                self.wrong.push(texts::w("demo-no-sum", "segment", segment.table()));
            }
            if report.rows != rows || report.members != members {
                right = false;
                let found = format!("{:?}, {:?}", report.rows, report.members);
                let expected = format!("{rows:?}, {members:?}");
                let words = [("segment", segment.table()), ("found", &found), ("expected", &expected)];
                self.wrong.push(texts::with("demo-other-figures", &words.map(|(name, word)| (name, Word(word)))));
            }
        }
        if right {
            let text = if run == Run::First { "demo-first-figures" } else { "demo-second-figures" };
            self.right.push(texts::t(text));
        }
    }

    /// Checks that the workspace was given exactly what the reports say.
    pub(super) fn objects(&mut self, reports: &[Report], braze: &Braze) {
        let reported: u64 = reports.iter().map(|report| report.rows.accepted + report.members.left).sum();
        let counters = braze.counters();
        if counters.objects_accepted == reported && counters.silently_dropped.is_empty() {
            self.right.push(texts::n("demo-objects", reported));
        } else {
            let ignored = format!("{:?}", counters.silently_dropped);
            let (accepted, reported) = (Number(counters.objects_accepted), Number(reported));
            let words = [("accepted", accepted), ("reported", reported), ("ignored", Word(&ignored))];
            self.wrong.push(texts::with("demo-other-objects", &words));
        }
    }

    /// Checks every profile: members have the attribute with true, leavers with false, others not at all; names arrived
    /// as they were written; and there are no other profiles.
    pub(super) fn profiles(&mut self, population: Population, braze: &Braze) {
        let mut tallies = Segment::BOTH.map(|segment| Tally { segment, members: 0, leavers: 0, wrong: 0 });
        let (mut people, mut garbled) = (0, Vec::new());
        for number in population.people(Run::Second) {
            let person = Person::new(number, Run::Second);
            let profile = profile_of(&person, braze);
            if let Some(profile) = &profile {
                people += 1;
                let name = |field: &str| profile.standard.get(field).and_then(Value::as_str);
                if [name("first_name"), name("last_name")] != person.names().map(Some) {
                    garbled.push(number);
                }
            }
            for tally in &mut tallies {
                tally.count(population, number, profile.as_ref());
            }
        }
        for tally in tallies {
            tally.tell(self);
        }
        if garbled.is_empty() {
            self.right.push(texts::n("demo-names", people));
        } else {
            let some = format!("{:?}", &garbled[..garbled.len().min(LISTED)]);
            let words = [("n", Number(garbled.len() as u64)), ("some", Word(&some))];
            self.wrong.push(texts::with("demo-garbled", &words));
        }
        let there = braze.profile_count() as u64;
        if there != people {
            self.wrong
                .push(texts::with("demo-other-profiles", &[("there", Number(there)), ("people", Number(people))]));
        }
    }
}

/// One segment's profiles.
struct Tally {
    segment: Segment,
    members: u64,
    leavers: u64,
    wrong: u64,
}

impl Tally {
    fn count(&mut self, population: Population, number: u64, profile: Option<&Profile>) {
        let is = population.is_member(self.segment, number, Run::Second);
        let was = population.is_member(self.segment, number, Run::First);
        self.members += u64::from(is);
        self.leavers += u64::from(was && !is);
        let expected = (is || was).then_some(Value::Bool(is));
        let found = profile.and_then(|profile| profile.custom_attributes.get(self.segment.attribute()));
        self.wrong += u64::from(found != expected.as_ref());
    }

    fn tell(&self, checked: &mut Checked) {
        let attribute = self.segment.attribute();
        if self.wrong == 0 {
            let numbers = [("members", Number(self.members)), ("leavers", Number(self.leavers))];
            let words = [&[("attribute", Word(attribute))][..], &numbers].concat();
            checked.right.push(texts::with("demo-attribute", &words));
        } else {
            let words = [("attribute", Word(attribute)), ("n", Number(self.wrong))];
            checked.wrong.push(texts::with("demo-attribute-wrong", &words));
        }
    }
}

/// The profile that the workspace holds of a person.
pub(super) fn profile_of(person: &Person, braze: &Braze) -> Option<Profile> {
    match person.identifier() {
        Identifier::ExternalId(id) => braze.profile(id),
        Identifier::Email(email) => braze.profiles_with_email(email).pop(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::standin::braze::BrazeSettings;

    /// A workspace whose profiles are right, made past the protocol, but for what `spoil` does to one object.
    async fn checked(spoil: impl Fn(u64, &mut serde_json::Map<String, Value>)) -> Checked {
        let population = Population { members: 100 };
        let braze = Braze::start(BrazeSettings::with_key("key")).await.unwrap();
        let http = insights_to_braze::braze::http_client().unwrap();
        for number in population.people(Run::Second) {
            let person = Person::new(number, Run::Second);
            let mut object = serde_json::Map::new();
            match person.identifier() {
                Identifier::ExternalId(id) => object.insert("external_id".to_owned(), id.into()),
                Identifier::Email(email) => object.insert("email".to_owned(), email.into()),
            };
            let [first_name, last_name] = person.names();
            object.insert("first_name".to_owned(), first_name.into());
            object.insert("last_name".to_owned(), last_name.into());
            for segment in Segment::BOTH {
                let is = population.is_member(segment, number, Run::Second);
                if is || population.is_member(segment, number, Run::First) {
                    object.insert(segment.attribute().to_owned(), is.into());
                }
            }
            spoil(number, &mut object);
            let body = serde_json::json!({"attributes": [object]}).to_string();
            let request = http.post(format!("{}/users/track", braze.url())).bearer_auth("key").body(body);
            let answer = request.header("content-type", "application/json").send().await.unwrap();
            assert_eq!(answer.status(), 201);
        }
        let mut checked = Checked::default();
        checked.profiles(population, &braze);
        checked
    }

    #[tokio::test]
    async fn right_profiles_are_found_right() {
        let checked = checked(|_, _| {}).await;
        assert!(checked.wrong.is_empty() && checked.right.len() == 3, "{checked:?}");
    }

    #[tokio::test]
    async fn each_kind_of_mistake_is_found() {
        let attribute = Segment::HighValueCustomers.attribute();
        // 7 has left the segment and 5 was never in it.
        let stale =
            checked(|number, object| drop((number == 7).then(|| object.insert(attribute.to_owned(), true.into()))))
                .await;
        assert_eq!(stale.wrong, ["\"High Value Customers\" is wrong on 1 profile"]);
        let missing = checked(|number, object| drop((number == 0).then(|| object.remove(attribute)))).await;
        assert_eq!(missing.wrong.len(), 1, "{missing:?}");
        let stranger =
            checked(|number, object| drop((number == 5).then(|| object.insert(attribute.to_owned(), false.into()))))
                .await;
        assert_eq!(stranger.wrong.len(), 1, "{stranger:?}");
        let garbled =
            checked(|number, object| drop((number == 1).then(|| object.insert("last_name".to_owned(), "?".into()))))
                .await;
        assert_eq!(garbled.wrong, ["the names of 1 person changed on the way, for example [1]"]);
        let doubled =
            checked(|number, object| drop((number == 0).then(|| object.insert("external_id".to_owned(), "0".into()))))
                .await;
        assert!(doubled.wrong.iter().any(|wrong| wrong.contains("profiles")), "{doubled:?}");
    }

    #[test]
    fn reports_that_are_missing_or_differ_are_found() {
        let mut checked = Checked::default();
        checked.reports(Population { members: 100 }, Run::First, &[]);
        assert_eq!((checked.wrong.len(), checked.right.len()), (2, 0));
    }
}
