//! What Customer Insights and people do in a case: files and descriptions land in any order, once or several times; what is
//! configured changes; keys are rotated.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::plan::{self, CaseKind, Evidence, FOLDER, FileRows, Form, Members, Run, SEGMENTS};
use super::storm::{Config, Snapshot, Storm};

impl Storm<'_> {
    pub(crate) fn configure(&self) {
        let [first, second] = SEGMENTS.map(|segment| self.attribute_of(segment));
        let names = format!("HighValueCustomers = \"{first}\"\nChurnRisk = \"{second}\"");
        let listed = self.config.lock().expect("no panic before").listed;
        let segments = if listed { r#"segments = ["HighValueCustomers", "ChurnRisk"]"# } else { "" };
        self.configure_segments(segments, &names);
    }

    /// Takes the first segment out of the configuration; gives what is configured.
    pub(crate) fn retire_first_segment(&self) -> Config {
        let names = format!("ChurnRisk = \"{}\"", self.attribute_of(SEGMENTS[1]));
        self.configure_segments(r#"segments = ["ChurnRisk"]"#, &names);
        self.config.lock().expect("no panic before").clone()
    }

    fn configure_segments(&self, segments: &str, attribute_names: &str) {
        let config = self.config.lock().expect("no panic before").clone();
        let Config { on_leave, send, max_leavers, requests_per_second, objects_per_request, .. } = &config;
        let settle = if self.evidence == Evidence::Quiet { 1 } else { 600 };
        let tier = if config.tier { "tier = \"Points\"" } else { "" };
        let text = format!(
            r#"
[connections.braze-eu]
display_name = "Braze"
hostname = "{host}"
secret = "{secret}"
agree_to_data_transfer = true
requests_per_second = {requests_per_second}
objects_per_request = {objects_per_request}

[exports.loyalty]
connection = "braze-eu"
folder = "{FOLDER}"
{segments}
on_leave = "{on_leave}"
send = "{send}"
max_leavers = {max_leavers}
settle_minutes = {settle}

[exports.loyalty.data_matching]
customer_id = "LoyaltyId"
email = "EMail"

[exports.loyalty.attributes]
first_name = "FirstName"
loyalty_points = {{ column = "Points", type = "integer", empty = "remove" }}
{tier}

[exports.loyalty.attribute_names]
{attribute_names}
"#,
            host = self.world.hostname(),
            secret = self.world.name,
        );
        self.world.put("config/exports.toml", text.as_bytes());
        self.note(format!("config {config:?}"));
    }

    fn change_config(&self, random: &mut SmallRng) {
        {
            let mut config = self.config.lock().expect("no panic before");
            match random.random_range(0..8) {
                0 if self.segments == 2 => {
                    self.world.drawn.count("configuration: two attributes swapped");
                    let Config { attribute, second_attribute, .. } = &mut *config;
                    std::mem::swap(attribute, second_attribute);
                    self.swapped.store(true, Ordering::Relaxed);
                    let both = [attribute.clone(), second_attribute.clone()];
                    self.former.lock().expect("no panic before").extend(both);
                }
                0 | 1 => {
                    self.world.drawn.count("configuration: attribute renamed");
                    let names = ["High Value Customers", "VIP 🎉", "Mitglieder"];
                    let name = names[random.random_range(0..names.len())].to_owned();
                    if name == config.second_attribute {
                        return;
                    }
                    let former = std::mem::replace(&mut config.attribute, name);
                    self.former.lock().expect("no panic before").insert(former);
                }
                2 => {
                    self.world.drawn.count("configuration: mapping changed");
                    config.tier = !config.tier;
                }
                // Whoever was kept keeps the attribute for good, so that what is expected would depend on when.
                3 if config.on_leave != "keep" => {
                    self.world.drawn.count("configuration: on_leave changed");
                    config.on_leave = if random.random_bool(0.5) { "false" } else { "remove" };
                }
                4 => {
                    self.world.drawn.count("configuration: another Braze workspace");
                    self.world.change_workspace();
                }
                5 => {
                    self.world.drawn.count("configuration: segments listed, or found");
                    config.listed = !config.listed;
                }
                _ => {
                    self.world.drawn.count("configuration: send changed");
                    config.send = if random.random_bool(0.7) { "changes" } else { "all" };
                }
            }
        }
        self.configure();
    }

    pub(crate) async fn produce(&self, random: &mut SmallRng) {
        let runs = [2, 2, 2, 3, 4][random.random_range(0..5)];
        let churn = [0.1, 0.4, 0.8][random.random_range(0..3)];
        let mut members: [Members; 2] = Default::default();
        let mut called = plan::Called::default();
        for number in 0..runs {
            let last = number + 1 == runs;
            if last {
                self.begin_last_run(random).await;
            }
            let mut decided = BTreeSet::new();
            for (segment, members) in SEGMENTS.iter().zip(&mut members).take(self.segments) {
                let before = std::mem::take(members);
                *members = plan::next_members(random, &self.people, &before, churn);
                if self.segments == 2 {
                    called.agree(random, &before, members, &mut decided);
                }
                self.count_people(&before, members);
                let keys = plan::keys(random, self.evidence, segment, number);
                let files = plan::split(random, members, &keys);
                self.count_rows(&files);
                self.missing.lock().expect("no panic before").extend(keys);
                let run = Run { number, segment, files };
                self.runs.lock().expect("no panic before").insert((*segment, number), run);
            }
            self.upload(random, number, last).await;
            if self.kind == CaseKind::Slow {
                self.overwrite_slowly(random, number).await;
            }
            let pause = if random.random_bool(0.5) { 200_000 } else { 20_000 };
            sleep(Duration::from_millis(random.random_range(0..pause))).await;
        }
    }

    /// What is configured changes before the last run, and no function still works by what was before.
    async fn begin_last_run(&self, random: &mut SmallRng) {
        self.paused.store(true, Ordering::Relaxed);
        while self.busy.load(Ordering::Relaxed) > 0 {
            sleep(Duration::from_millis(100)).await;
        }
        self.heal();
        if random.random_bool(0.4) {
            self.change_config(random);
        }
        self.paused.store(false, Ordering::Relaxed);
    }

    async fn upload(&self, random: &mut SmallRng, number: usize, last: bool) {
        let mut steps: Vec<String> = {
            let runs = self.runs.lock().expect("no panic before");
            let of_run = runs.values().filter(|run| run.number == number);
            of_run.flat_map(|run| run.files.keys().cloned()).collect()
        };
        if self.evidence == Evidence::Model {
            steps.push("model".to_owned());
            // An upload that dies: a file never comes.
            if !last && random.random_bool(0.2) {
                self.world.drawn.count("file: never comes");
                steps.remove(0);
            }
        }
        steps.shuffle(random);
        for step in steps {
            if step == "model" {
                self.put_model(random, number);
            } else {
                self.put_file(random, &step, number);
            }
            self.extras(random, number, last);
            sleep(Duration::from_millis(random.random_range(0..9_000))).await;
        }
    }

    fn extras(&self, random: &mut SmallRng, number: usize, last: bool) {
        if random.random_bool(0.1) {
            self.world.drawn.count("event: comes again later");
            self.send_again(random);
        }
        if random.random_bool(0.05) {
            self.world.drawn.count("key: rotated");
            self.note("the key is rotated");
            self.world.rotate_key();
        }
        if !last && random.random_bool(0.07) {
            self.change_config(random);
        }
        if random.random_bool(0.08) && number > 0 {
            self.put_late_file(random, number);
        }
        if random.random_bool(0.05) && self.evidence != Evidence::OneFile {
            self.put_future_file(random);
        }
        if random.random_bool(0.06) && !last {
            self.delete_file(random, number);
        }
        if random.random_bool(0.08) {
            self.overwrite(random, number);
        }
    }

    fn put_file(&self, random: &mut SmallRng, key: &str, number: usize) {
        let text = {
            let runs = self.runs.lock().expect("no panic before");
            let file = runs.values().find_map(|run| run.files.get(key)).expect("a file of a run");
            file.text(&self.people)
        };
        let content = if key.rsplit('.').next() == Some("gz") {
            self.world.drawn.count("file: compressed");
            gzip(&text)
        } else {
            text.into_bytes()
        };
        let event = self.world.put(key, &content);
        self.note(format!("put {key}"));
        self.missing.lock().expect("no panic before").remove(key);
        self.take_snapshots(number);
        self.announce(random, key, event);
    }

    fn put_model(&self, random: &mut SmallRng, number: usize) {
        let location = |key: &str| format!("https://acct.blob.core.windows.net/ci/{}", &key["incoming/".len()..]);
        let attribute = |name: &str, kind: &str| json!({ "name": name, "dataType": kind });
        let entities: Vec<Value> = {
            let runs = self.runs.lock().expect("no panic before");
            runs.values()
                .filter(|run| run.number == number)
                .map(|run| {
                    let partitions: Vec<Value> = run
                        .files
                        .keys()
                        .map(|key| {
                            json!({ "name": key, "refreshTime": format!("2026-11-{:02}T01:02:03Z", number + 1),
                                    "location": location(key),
                                    "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true } })
                        })
                        .collect();
                    json!({ "$type": "LocalEntity", "name": run.segment, "partitions": partitions,
                            "attributes": [attribute("LoyaltyId", "string"), attribute("EMail", "string"),
                                           attribute("FirstName", "string"), attribute("Points", "int64")] })
                })
                .collect()
        };
        let model = json!({ "name": "BlobExport", "version": "1.0", "entities": entities });
        let key = format!("{FOLDER}/model.json");
        let event = self.world.put(&key, model.to_string().as_bytes());
        self.note(format!("put model of run {number}"));
        self.listed.lock().expect("no panic before").insert(number);
        self.take_snapshots(number);
        self.announce(random, &key, event);
    }

    /// Most events come, some twice, some never.
    fn announce(&self, random: &mut SmallRng, key: &str, event: Value) {
        let slow = self.kind == CaseKind::Slow;
        let times = if !slow && random.random_bool(0.12) { 0 } else { 1 + u32::from(random.random_bool(0.1)) };
        match times {
            0 => self.world.drawn.count("event: never comes"),
            2 => self.world.drawn.count("event: comes twice"),
            _ => {}
        }
        for _ in 0..times {
            self.world.queues().send(&self.world.name, event.to_string());
        }
        self.events.lock().expect("no panic before").insert(key.to_owned(), event);
    }

    fn send_again(&self, random: &mut SmallRng) {
        let events = self.events.lock().expect("no panic before");
        if let Some(event) = events.values().nth(random.random_range(0..events.len().max(1))) {
            self.world.queues().send(&self.world.name, event.to_string());
        }
    }

    /// A further file of a run that is past.
    fn put_late_file(&self, random: &mut SmallRng, number: usize) {
        if self.evidence == Evidence::OneFile {
            return;
        }
        self.world.drawn.count("file: comes after its run is past");
        let older = random.random_range(0..number);
        let segment = SEGMENTS[random.random_range(0..self.segments)];
        let key = plan::dated_key(segment, older, 9, "");
        let members = plan::next_members(random, &self.people, &Members::new(), 1.0);
        let mut files = plan::split(random, &members, std::slice::from_ref(&key));
        if let Some(run) = self.runs.lock().expect("no panic before").get_mut(&(segment, older)) {
            run.files.append(&mut files);
        }
        self.put_file(random, &key, older);
    }

    /// A file in a folder with a wrong date: it is never delivered, and no run waits for it.
    fn put_future_file(&self, random: &mut SmallRng) {
        self.world.drawn.count("file: dated in the future");
        let segment = SEGMENTS[random.random_range(0..self.segments)];
        let key = format!("{FOLDER}/{segment}/2099/01/01/0102/{segment}_1.csv");
        let members = plan::next_members(random, &self.people, &Members::new(), 1.0);
        let files = plan::split(random, &members, std::slice::from_ref(&key));
        let event = self.world.put(&key, files[&key].text(&self.people).as_bytes());
        self.note(format!("put {key}"));
        self.announce(random, &key, event);
    }

    /// Somebody deletes a file of a run that is not the last one. If it was not delivered, the run is never whole. Without a
    /// `model.json`, that can only be known of a file that was seen.
    fn delete_file(&self, random: &mut SmallRng, number: usize) {
        let runs = self.runs.lock().expect("no panic before");
        let keys: Vec<(&str, &String)> = runs
            .values()
            .filter(|run| run.number <= number)
            .flat_map(|run| run.files.keys().map(|key| (run.segment, key)))
            .collect();
        let (segment, key) = keys[random.random_range(0..keys.len())];
        let was_seen = || self.ledger(segment).to_string().contains(key.as_str());
        if self.evidence != Evidence::Model && !was_seen() {
            return;
        }
        self.world.drawn.count("file: deleted");
        self.note(format!("delete {key}"));
        self.world.delete(key);
    }

    /// A file is overwritten some time after a function has begun to deliver it.
    async fn overwrite_slowly(&self, random: &mut SmallRng, number: usize) {
        sleep(Duration::from_millis(random.random_range(2_000..40_000))).await;
        self.overwrite(random, number);
    }

    fn count_rows(&self, files: &BTreeMap<String, FileRows>) {
        let mut people = BTreeSet::new();
        for file in files.values() {
            for row in &file.rows {
                if !people.insert(row.person) {
                    self.world.drawn.count("row: twice in a run");
                }
                if row.form == Form::Broken {
                    self.world.drawn.count("row: broken");
                }
            }
            if file.nobody > 0 {
                self.world.drawn.count("row: names nobody");
            }
        }
    }

    fn count_people(&self, before: &Members, members: &Members) {
        for (person, row) in members {
            let Some(was) = before.get(person) else { continue };
            if was.generation != row.generation {
                self.world.drawn.count("person: another ID");
            }
            match (was.form, row.form) {
                (Form::EmailAlone, Form::Both) => self.world.drawn.count("person: the address alone, then an ID"),
                (Form::Both, Form::EmailAlone) => self.world.drawn.count("person: an ID, then the address alone"),
                _ => {}
            }
        }
    }

    /// A file of the run at hand gets another content.
    fn overwrite(&self, random: &mut SmallRng, number: usize) {
        let segment = SEGMENTS[random.random_range(0..self.segments)];
        let missing = self.missing.lock().expect("no panic before").clone();
        let key = {
            let mut runs = self.runs.lock().expect("no panic before");
            let Some(run) = runs.get_mut(&(segment, number)) else { return };
            let members = run.members();
            let others: BTreeSet<String> = run.files.keys().filter(|key| !missing.contains(*key)).cloned().collect();
            let Some(key) = others.into_iter().next() else { return };
            // Whoever is in another file stays as that one has them.
            let elsewhere: BTreeSet<usize> = run
                .files
                .iter()
                .filter(|(other, _)| **other != key)
                .flat_map(|(_, file)| file.rows.iter().map(|row| row.person))
                .collect();
            let mut content = plan::next_members(random, &self.people, &members, 0.5);
            content.retain(|person, _| !elsewhere.contains(person));
            run.files.append(&mut plan::split(random, &content, std::slice::from_ref(&key)));
            key
        };
        let at_rest = self.busy.load(Ordering::Relaxed) == 0;
        self.world.drawn.count(if at_rest {
            "file: overwritten at rest"
        } else {
            "file: overwritten while functions work"
        });
        self.put_file(random, &key, number);
    }

    /// From now on, whoever is not in a run that is whole may be unset.
    fn take_snapshots(&self, number: usize) {
        let missing = self.missing.lock().expect("no panic before");
        if self.evidence == Evidence::Model && !self.listed.lock().expect("no panic before").contains(&number) {
            return;
        }
        let from = self.world.lane.clock.now();
        for run in self.runs.lock().expect("no panic before").values().filter(|run| run.number == number) {
            if run.files.keys().all(|key| !missing.contains(key)) {
                let snapshot =
                    Snapshot { segment: run.segment, from, protected: run.protected(&self.people), undo: false };
                self.snapshots.lock().expect("no panic before").push(snapshot);
            }
        }
    }

    /// Every event so far comes again.
    pub(crate) fn repeat_events(&self) {
        for event in self.events.lock().expect("no panic before").values() {
            self.world.queues().send(&self.world.name, event.to_string());
        }
    }

    /// The last run once more under the next date, with the same content.
    pub(crate) fn repeat_run(&self, random: &mut SmallRng) -> usize {
        self.run_like(random, self.last_run())
    }

    /// A run under the next date with the members of the one with this number.
    pub(crate) fn run_like(&self, random: &mut SmallRng, other: usize) -> usize {
        self.run_after(random, |_, segment| self.members_of(segment, other))
    }

    /// A run under the next date of which some have left, and others have come.
    pub(crate) fn next_run(&self, random: &mut SmallRng) -> usize {
        let last = self.last_run();
        self.run_after(random, |random, segment| {
            plan::next_members(random, &self.people, &self.members_of(segment, last), 0.5)
        })
    }

    /// The members of a run.
    pub(crate) fn members_of(&self, segment: &'static str, number: usize) -> Members {
        self.runs.lock().expect("no panic before")[&(segment, number)].members()
    }

    fn run_after(
        &self,
        random: &mut SmallRng,
        mut members: impl FnMut(&mut SmallRng, &'static str) -> Members,
    ) -> usize {
        let number = self.last_run() + 1;
        for segment in SEGMENTS.iter().take(self.segments) {
            let keys = plan::keys(random, self.evidence, segment, number);
            let members = members(random, segment);
            let files = plan::split(random, &members, &keys);
            self.runs.lock().expect("no panic before").insert((*segment, number), Run { number, segment, files });
            for key in keys {
                self.put_file(random, &key, number);
            }
        }
        if self.evidence == Evidence::Model {
            self.put_model(random, number);
        }
        number
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("in memory");
    encoder.finish().expect("in memory")
}
