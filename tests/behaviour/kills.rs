//! The audit of the simulation with real processes: the real binaries, killed with SIGKILL in the midst of a delivery.
//!
//! `KILLS` changes how many. Each of several accounts delivers two runs at once with the others; a function that was killed
//! is invoked again when its time would have been up, as the queue would do it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::support::{Function, World};
use itb::standin::braze::Latency;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

/// Kills of the ordinary test run.
const KILLS: u64 = 12;

/// Accounts at a time.
const ACCOUNTS: u64 = 6;

/// The time of the functions: short, since a killed function's lease ends with it.
const TIME: Duration = Duration::from_secs(6);

const ROWS: u32 = 300;
const ATTRIBUTE: &str = "High Value Customers";

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[derive(Default)]
struct Figures {
    kills: u64,
    objects: u64,
    needed: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_functions_lose_nothing_and_send_little_twice() {
    let kills = variable("KILLS", KILLS);
    let seed = variable("KILLS_SEED", 1);
    let began = Instant::now();
    let mut sum = Figures::default();
    let mut left = kills;
    for round in 0.. {
        if left == 0 {
            break;
        }
        let accounts: Vec<_> = (0..ACCOUNTS.min(left.div_ceil(2)))
            .map(|account| tokio::spawn(deliver_two_runs(seed + round * ACCOUNTS + account)))
            .collect();
        for account in accounts {
            let figures = account.await.expect("the account's seed stands above");
            left = left.saturating_sub(figures.kills);
            sum.kills += figures.kills;
            sum.objects += figures.objects;
            sum.needed += figures.needed;
        }
    }
    println!(
        "{} kills in {:.0} s: 0 lost, 0 unaccounted, 0 wrong profiles; {} objects were needed, {} were applied ({} of them \
         twice, {} a kill)",
        sum.kills,
        began.elapsed().as_secs_f64(),
        sum.needed,
        sum.objects,
        sum.objects - sum.needed,
        (sum.objects - sum.needed) / sum.kills.max(1),
    );
}

/// Member number and what the row says of them.
type Members = BTreeMap<u32, u32>;

async fn deliver_two_runs(seed: u64) -> Figures {
    println!("account with seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let world = World::start().await;
    world.configure("requests_per_second = 25\nobjects_per_request = 10", "max_leavers = 1.0");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(20), jitter: Duration::from_millis(60) });
    let mut figures = Figures::default();
    let first: Members = (0..2 * ROWS).map(|number| (number, number % 7)).collect();
    let second: Members =
        (ROWS / 2..5 * ROWS / 2).map(|number| (number, number % 7 + u32::from(number % 3 == 0))).collect();
    let mut before = Members::new();
    for (day, members) in [("23", &first), ("24", &second)] {
        deliver(&world, day, members, &mut random, &mut figures).await;
        let changed = members.iter().filter(|(number, points)| before.get(number) != Some(points)).count();
        let gone = before.keys().filter(|number| !members.contains_key(number)).count();
        figures.needed += (changed + gone) as u64;
        audit(&world, day, members, &before, seed);
        before = members.clone();
    }
    figures.objects = world.account.braze.counters().objects_accepted;
    let most = figures.needed + figures.kills * u64::from(ROWS);
    assert!((figures.needed..=most).contains(&figures.objects), "seed {seed}: {} objects", figures.objects);
    figures
}

/// Delivers a run of two files and kills the function once in each, at a random moment.
async fn deliver(world: &World, day: &str, members: &Members, random: &mut SmallRng, figures: &mut Figures) {
    let folder = format!("incoming/BlobExport/HighValueCustomers/2026/11/{day}/0102");
    let keys: Vec<String> = (1..=2).map(|part| format!("{folder}/HighValueCustomers_{part}.csv")).collect();
    for (part, key) in keys.iter().enumerate() {
        let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
        for (number, points) in members.iter().filter(|(number, _)| **number as usize % 2 == part) {
            write!(text, "会員-{number},p{number}@example.jp,\"海斗, {number}\",{points}\r\n").unwrap();
        }
        world.put(key, text);
    }
    world.put("incoming/BlobExport/model.json", model(&keys).to_string());
    let host = world.host(Function::ObjectCreated).await;
    for key in &keys {
        let event = world.s3_event(key);
        for attempt in 0..9 {
            let began = Instant::now();
            let kills = attempt == 0;
            let moment = Duration::from_millis(random.random_range(30..1_800));
            let answer = tokio::select! {
                answer = host.invoke(&event, TIME) => Some(answer),
                () = sleep(moment), if kills => None,
            };
            let Some(answer) = answer else {
                host.restart().await.unwrap();
                figures.kills += 1;
                sleep_until(began + TIME + Duration::from_millis(100)).await;
                continue;
            };
            let outcome = answer.unwrap()["reports"][0]["outcome"].clone();
            if outcome == "delivered" || outcome == "waiting" {
                break;
            }
            assert!(attempt < 8, "{outcome}");
            sleep(Duration::from_millis(500)).await;
        }
    }
}

fn model(keys: &[String]) -> Value {
    let partitions: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({ "name": key, "refreshTime": "2026-11-23T01:02:03Z",
                    "location": format!("https://acct.blob.core.windows.net/ci/{}", &key["incoming/".len()..]),
                    "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true } })
        })
        .collect();
    let attributes: Vec<Value> = ["LoyaltyId", "EMail", "FirstName", "Points"]
        .into_iter()
        .map(|name| json!({ "name": name, "dataType": if name == "Points" { "int64" } else { "string" } }))
        .collect();
    json!({ "name": "BlobExport", "version": "1.0", "entities": [{
        "$type": "LocalEntity", "name": "HighValueCustomers", "attributes": attributes, "partitions": partitions }] })
}

fn audit(world: &World, day: &str, members: &Members, before: &Members, seed: u64) {
    let report = world.report("HighValueCustomers", &format!("2026-11-{day}T01:02Z"));
    assert_eq!(report["outcome"], "delivered", "seed {seed}: {report}");
    let rows = |name: &str| report["rows"][name].as_u64().unwrap();
    assert_eq!(rows("read"), members.len() as u64, "seed {seed}: {report}");
    assert_eq!(rows("read"), rows("accepted") + rows("unchanged"), "seed {seed}: {report}");
    assert_eq!(report["members"]["after"], members.len(), "seed {seed}: {report}");
    let left = before.keys().filter(|number| !members.contains_key(number)).count();
    assert_eq!(report["members"]["left"], left, "seed {seed}: {report}");
    for (number, points) in members {
        let profile = world.account.braze.profile(&format!("会員-{number}")).expect("a profile");
        assert_eq!(profile.custom_attributes[ATTRIBUTE], true, "seed {seed}: {profile:?}");
        assert_eq!(profile.custom_attributes["loyalty_points"], *points, "seed {seed}: {profile:?}");
    }
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), members.len(), "seed {seed}");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(false)), left, "seed {seed}");
}
