//! The books: what Braze holds, what was sent when, and what the reports say, against the model of the case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use itb::standin::braze::{Braze, Counters, Profile};
use rand::RngExt;
use rand::rngs::SmallRng;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::plan::{Form, Kind, Members, Person, Row, SEGMENTS};
use super::storm::{Config, Storm};

/// What is wrong, in words.
pub(crate) type Problems = Vec<String>;

impl Storm<'_> {
    /// Everything that is audited once all is calm.
    pub(crate) async fn audit(&self, random: &mut SmallRng) -> Problems {
        let mut problems = Problems::new();
        let last = self.last_run();
        if let Err(problem) = self.calm_down(random, last).await {
            return vec![problem];
        }
        self.audit_profiles(last, true, &mut problems);
        self.audit_leavers(&mut problems);
        self.audit_reports(last, &mut problems);
        self.audit_flights(&mut problems);
        // Each costs as much as everything before, so not every case has both.
        if random.random_bool(0.5) {
            self.audit_repeated_events(random, last, &mut problems).await;
        } else {
            self.audit_unchanged_run(random, &mut problems).await;
        }
        if random.random_bool(0.15) {
            self.audit_undo(random, &mut problems).await;
        }
        if random.random_bool(0.2) {
            self.audit_retirement(random, &mut problems).await;
        }
        problems
    }

    /// The same events again send nothing.
    async fn audit_repeated_events(&self, random: &mut SmallRng, last: usize, problems: &mut Problems) {
        let before = self.world.requests();
        self.repeat_events();
        if let Err(problem) = self.calm_down(random, last).await {
            problems.push(format!("after repeated events: {problem}"));
        }
        let sent = self.world.requests() - before;
        if sent > 0 {
            problems.push(format!("the same events again sent {sent} requests"));
        }
    }

    /// A segment that is taken out of the configuration and retired is nobody's any more.
    async fn audit_retirement(&self, random: &mut SmallRng, problems: &mut Problems) {
        // Whom Braze refuses cannot be unset, and whoever left and was kept is on nobody's list.
        let keeps = self.config.lock().expect("no panic before").on_leave == "keep";
        if keeps || !self.poisoned_for_good.is_empty() {
            return;
        }
        self.world.drawn.count("segment: retired");
        let config = self.retire_first_segment();
        let mut retired = self.former.lock().expect("no panic before").clone();
        retired.insert(config.attribute.clone());
        retired.remove(&config.second_attribute);
        for attribute in &retired {
            if let Err(problem) = self.retire(random, attribute).await {
                problems.push(problem);
                return;
            }
        }
        let profiles = self.world.braze().profiles();
        for profile in profiles.iter().filter(|profile| !is_shadowed(&profiles, profile)) {
            for name in &retired {
                if profile.custom_attributes.get(name) == Some(&json!(true)) {
                    problems.push(format!("the segment is retired, and {profile:?} is marked {name:?}"));
                }
            }
        }
    }

    /// Every profile is as the run with this number says; with `fields`, they are as well.
    pub(crate) fn audit_profiles(&self, last: usize, fields: bool, problems: &mut Problems) {
        let config = self.config.lock().expect("no panic before").clone();
        let profiles = self.world.braze().profiles();
        for segment in SEGMENTS.iter().take(self.segments) {
            let attribute = &self.attribute_of(segment);
            let members = self.runs.lock().expect("no panic before")[&(*segment, last)].members();
            let mut expected: BTreeSet<usize> = BTreeSet::new();
            let mut unsure: BTreeSet<usize> = BTreeSet::new();
            for row in members.values() {
                let person = &self.people[row.person];
                if row.form == Form::Broken || self.poisoned_for_good.contains(&row.person) {
                    // Still a member, but Braze knows what was accepted before.
                    unsure.insert(row.person);
                    continue;
                }
                let (place, alone) = match targets(&profiles, person, row.form, row.generation)[..] {
                    [] => {
                        problems.push(format!("{segment}: member {} has no profile", row.person));
                        continue;
                    }
                    [place] => (place, true),
                    // Which one Braze took for the address depends on what else was sent; each of them is the person's.
                    [first, ..] => {
                        let of_person = targets(&profiles, person, row.form, row.generation);
                        let marked =
                            |place: &&usize| profiles[**place].custom_attributes.get(attribute) == Some(&json!(true));
                        let marked: Vec<usize> = of_person.iter().filter(marked).copied().collect();
                        expected.extend(marked.iter().copied());
                        (marked.first().copied().unwrap_or(first), false)
                    }
                };
                expected.insert(place);
                let fields = (fields && self.segments == 1 && alone).then_some((row.name.as_str(), row.points));
                check_member(&profiles[place], attribute, fields, &config, row.person, problems);
            }
            for (place, profile) in profiles.iter().enumerate() {
                let is = |name: &str| profile.custom_attributes.get(name) == Some(&json!(true));
                let owner = owner(&self.people, profile);
                if owner.is_some_and(|owner| unsure.contains(&owner)) || is_shadowed(&profiles, profile) {
                    continue;
                }
                if config.on_leave == "keep" {
                    continue;
                }
                if !expected.contains(&place) && is(attribute) {
                    problems.push(format!("{segment}: person {owner:?} is no member and is marked: {profile:?}"));
                }
            }
        }
    }

    /// Nobody may be unset before a run without them was whole.
    pub(crate) fn audit_leavers(&self, problems: &mut Problems) {
        let snapshots = self.snapshots.lock().expect("no panic before");
        let mut names: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut of_first = self.former.lock().expect("no panic before").clone();
        of_first.extend(["High Value Customers", "VIP 🎉", "Mitglieder"].map(str::to_owned));
        let swapped = self.swapped.load(Ordering::Relaxed);
        if !swapped {
            names.insert(SEGMENTS[1], BTreeSet::from([SEGMENTS[1].to_owned()]));
        }
        names.insert(SEGMENTS[0], of_first);
        let keeps = self.config.lock().expect("no panic before").on_leave == "keep";
        for record in self.world.workspaces().flat_map(Braze::records) {
            let body = record.body.unwrap_or_default();
            for object in body["attributes"].as_array().into_iter().flatten() {
                for (segment, names) in &names {
                    let values: Vec<&Value> = names.iter().filter_map(|name| object.get(name)).collect();
                    if values.is_empty() || values.contains(&&json!(true)) {
                        continue;
                    }
                    let who = object["external_id"].as_str().or_else(|| object["email"].as_str()).unwrap_or_default();
                    let allowed = snapshots.iter().any(|snapshot| {
                        (!keeps || snapshot.undo)
                            && (swapped || snapshot.segment == *segment)
                            && snapshot.from <= record.at
                            && !snapshot.protected.contains(who)
                    });
                    if !allowed {
                        problems.push(format!("{segment}: {who:?} was unset at {} by no whole run", record.at));
                    }
                }
            }
        }
    }

    fn audit_reports(&self, last: usize, problems: &mut Problems) {
        for key in self.world.keys("reports/").iter().filter(|key| key.ends_with("report.json")) {
            let report = self.world.get_json(key);
            let rows = |name: &str| report["rows"][name].as_u64().unwrap_or(u64::MAX / 16);
            if rows("read") != rows("accepted") + rows("unchanged") + rows("duplicate") + rows("rejected") {
                problems.push(format!("{key}: the rows do not add up: {}", report["rows"]));
            }
            let members = |name: &str| report["members"][name].as_i64().unwrap_or(i64::MAX / 16);
            if members("before") - members("left") + members("entered") != members("after") {
                problems.push(format!("{key}: the members do not add up: {}", report["members"]));
            }
        }
        let name = super::plan::run_name(self.evidence, last);
        for segment in SEGMENTS.iter().take(self.segments) {
            let key = format!("reports/loyalty/{segment}/{name}/report.json");
            let report = self.world.get_json(&key);
            let run = self.runs.lock().expect("no panic before")[&(*segment, last)].clone();
            let read: usize = run.files.values().map(super::plan::FileRows::read).sum();
            let is_delivered = ["delivered", "delivered_with_problems"].map(Value::from).contains(&report["outcome"]);
            if !is_delivered || report["rows"]["read"] != json!(read) {
                problems.push(format!("{key}: {read} rows were to be delivered: {report}"));
            }
            let nobody: usize = run.files.values().map(|file| file.nobody).sum();
            let broken = run.files.values().flat_map(|file| &file.rows).filter(|row| row.form == Form::Broken).count();
            let rejected = report["rows"]["rejected"].as_u64().unwrap_or_default();
            let at_least = (nobody + broken) as u64;
            if rejected < at_least || (self.poisoned_for_good.is_empty() && rejected != at_least) {
                problems.push(format!("{key}: {at_least} rows were to be rejected: {report}"));
            }
            if broken == 0 && report["members"]["after"] != json!(run.members().len()) {
                problems.push(format!("{key}: {} members were expected: {report}", run.members().len()));
            }
        }
    }

    fn audit_flights(&self, problems: &mut Problems) {
        for counters in self.world.workspaces().map(Braze::counters) {
            self.audit_flights_to(&counters, problems);
        }
    }

    fn audit_flights_to(&self, counters: &Counters, problems: &mut Problems) {
        if counters.same_profile_in_request > 0 {
            problems.push(format!("{} profiles were twice in one request", counters.same_profile_in_request));
        }
        let never_stalls = self.rates.stall == 0.0 && self.rates.ledger_stall == 0.0;
        let alone = self.workers == 1 && self.rates.kill == 0.0 && never_stalls;
        if alone && counters.same_profile_in_flight > 0 {
            problems.push(format!("{} profiles were in two requests at once", counters.same_profile_in_flight));
        }
    }

    /// A run without any change sends nothing.
    async fn audit_unchanged_run(&self, random: &mut SmallRng, problems: &mut Problems) {
        if self.config.lock().expect("no panic before").send != "changes" || !self.poisoned_for_good.is_empty() {
            return;
        }
        let last = self.last_run();
        let settled = SEGMENTS.iter().take(self.segments).all(|segment| {
            let members = self.runs.lock().expect("no panic before")[&(*segment, last)].members();
            members.values().all(|row| row.form != Form::Broken)
        });
        if !settled {
            return;
        }
        self.world.drawn.count("run: the same content again");
        // The first such run may send again what others have sent over: the other segment, or a function that was killed while it
        // sent for a former attribute of this one. What that may still have sent is uncertain in a run that begins within an
        // hour, so a run later everything is certain.
        let alone = self.segments == 1 && self.former.lock().expect("no panic before").is_empty();
        for settled in [false, true].into_iter().skip(usize::from(alone)) {
            if !alone {
                sleep(Duration::from_hours(2)).await;
            }
            let before = self.world.requests();
            let number = self.repeat_run(random);
            if let Err(problem) = self.calm_down(random, number).await {
                problems.push(format!("an unchanged run: {problem}"));
            }
            let sent = self.world.requests() - before;
            if settled && sent > 0 && !self.segments_disagree() {
                problems.push(format!("an unchanged run sent {sent} requests"));
            }
        }
        if self.segments == 2 {
            self.audit_shared_fields(problems);
        }
    }

    /// Whether somebody has other fields in one segment than in the other: a file was overwritten.
    fn segments_disagree(&self) -> bool {
        if self.segments < 2 {
            return false;
        }
        let [first, second] = SEGMENTS.map(|segment| self.last_members_of(segment));
        let differ = |row: &Row, other: &Row| (&row.name, row.points) != (&other.name, other.points);
        first.iter().any(|(person, row)| second.get(person).is_some_and(|other| differ(row, other)))
    }

    fn last_members_of(&self, segment: &'static str) -> Members {
        self.members_of(segment, self.last_run())
    }

    /// Every profile has the fields of one of its rows in the last runs, whichever segment that is of.
    fn audit_shared_fields(&self, problems: &mut Problems) {
        let profiles = self.world.braze().profiles();
        let mut expected: BTreeMap<usize, Vec<(Value, Value)>> = BTreeMap::new();
        let mut unsure = BTreeSet::new();
        for row in SEGMENTS.iter().flat_map(|segment| self.last_members_of(segment).into_values()) {
            let places = targets(&profiles, &self.people[row.person], row.form, row.generation);
            if places.len() > 1 {
                unsure.extend(places.iter().copied());
            }
            for place in places {
                expected.entry(place).or_default().push((json!(row.name), json!(row.points)));
            }
        }
        for (place, rows) in expected.into_iter().filter(|(place, _)| !unsure.contains(place)) {
            let profile = &profiles[place];
            let of = |values: &BTreeMap<String, Value>, name: &str| values.get(name).cloned().unwrap_or_default();
            let found = (of(&profile.standard, "first_name"), of(&profile.custom_attributes, "loyalty_points"));
            if !rows.contains(&found) {
                problems.push(format!("no segment says so in its last run: {profile:?}; they say {rows:?}"));
            }
        }
    }
}

/// The profiles that a row of the person may mean: one by its ID, or all with its address.
fn targets(profiles: &[Profile], person: &Person, form: Form, generation: u8) -> Vec<usize> {
    let by_id = form != Form::EmailAlone && person.kind != Kind::EmailAlone;
    let (id, email) = (person.id(generation), person.email());
    let is_meant = |profile: &Profile| {
        if by_id { profile.external_id.as_ref() == Some(&id) } else { profile.email.as_ref() == Some(&email) }
    };
    (0..profiles.len()).filter(|place| is_meant(&profiles[*place])).collect()
}

/// A profile without an ID that no address reaches any more, because one with an ID has the same.
fn is_shadowed(profiles: &[Profile], profile: &Profile) -> bool {
    profile.external_id.is_none()
        && profiles.iter().any(|other| other.external_id.is_some() && other.email == profile.email)
}

fn owner(people: &[Person], profile: &Profile) -> Option<usize> {
    let named = |person: &&Person| {
        let by_id = profile.external_id.as_ref().is_some_and(|id| (0..9).any(|g| person.id(g) == *id));
        by_id || profile.email.as_ref().is_some_and(|email| person.email() == *email)
    };
    people.iter().find(named).map(|person| person.number)
}

fn check_member(
    profile: &Profile,
    attribute: &str,
    fields: Option<(&str, Option<u32>)>,
    config: &Config,
    person: usize,
    problems: &mut Problems,
) {
    if profile.custom_attributes.get(attribute) != Some(&json!(true)) {
        problems.push(format!("member {person} is not marked {attribute:?}: {profile:?}"));
    }
    let Some((name, points)) = fields else {
        return;
    };
    let points = points.map(|points| json!(points));
    if profile.standard.get("first_name") != Some(&json!(name)) {
        problems.push(format!("member {person} should be called {name:?}: {profile:?}"));
    }
    if profile.custom_attributes.get("loyalty_points") != points.as_ref() {
        problems.push(format!("member {person} should have {points:?} points: {profile:?}"));
    }
    if config.tier && points.is_some() && !profile.custom_attributes.contains_key("tier") {
        problems.push(format!("member {person} has no tier: {profile:?}"));
    }
}
