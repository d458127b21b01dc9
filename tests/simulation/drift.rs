//! What other systems do to profiles is found by an audit, and one repair makes it right.
//!
//! Each case draws members with customer IDs and addresses, delivers one or two runs, and lets a workspace drift: 1 % of the members
//! lose the attribute, another writer flips 1 %, profiles are deleted and merged. Then an audit is compared with a model that knows
//! nothing but the members and the profiles. In half of the cases, functions are killed while they repair, and services fail.
//!
//! `SIMULATION_DRIFTS` says how many cases, and `SIMULATION_SEED` the first.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use insights_to_braze::budget::TimeBudget;
use itb::standin::braze::Profile;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::faults::Rates;
use super::world::{Lane, Wires, World};
use super::{on_every_processor, seeds, variable};

const CASES: u64 = 20;
const ATTRIBUTE: &str = "VIP";
const SEGMENT_ID: &str = "3f2a-vip";
const TIME_LIMIT: Duration = Duration::from_mins(15);

/// A member: a customer ID, an address, or both.
type Member = (Option<String>, Option<String>);

/// What is there and what has to be found.
#[derive(Debug, Default, PartialEq)]
struct Differences {
    missing: u64,
    extra: u64,
    /// Others who have the attribute, and whose address is that of a member's profile.
    not_repairable: u64,
}

#[test]
fn an_audit_finds_every_drift_and_one_repair_makes_it_right() {
    let seeds = seeds(variable("SIMULATION_DRIFTS").unwrap_or(CASES));
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    let sums = std::sync::Mutex::new(([0; 3], Vec::new()));
    on_every_processor(|| {
        let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if seed < seeds.end {
            let case = std::panic::catch_unwind(|| run_case(seed));
            let mut sums = sums.lock().unwrap();
            match case {
                Ok(found) => [found.missing, found.extra, found.not_repairable]
                    .iter()
                    .zip(&mut sums.0)
                    .for_each(|(found, sum)| *sum += found),
                Err(_) => sums.1.push(seed),
            }
        }
        seed < seeds.end
    });
    let ([missing, extra, not_repairable], failed) = sums.into_inner().unwrap();
    println!(
        "{} drifts from seed {}: {missing} members without the attribute and {extra} others with it were found; \
         {not_repairable} of these share the address of a member, and all the rest was equal after one repair",
        seeds.end - seeds.start,
        seeds.start
    );
    assert!(failed.is_empty(), "seeds {failed:?}");
    assert!(missing > 0 && extra > 0, "nothing drifted");
}

fn run_case(seed: u64) -> Differences {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let lane = Lane::start(Wires::InProcess).await;
        let world = World::start(&lane, seed).await;
        let mut random = SmallRng::seed_from_u64(seed);
        let found = drift(&world, &mut random).await;
        world.end();
        found
    })
}

async fn drift(world: &World<'_>, random: &mut SmallRng) -> Differences {
    let on_leave = *["false", "remove"].choose(random).unwrap();
    world.put("config/exports.toml", config(world, on_leave).as_bytes());
    let delay = Duration::from_secs(random.random_range(0..2) * random.random_range(0..5_000));
    world.export_segments(SEGMENT_ID, ATTRIBUTE, delay, random.random_range(20..200));
    let mut members = draw_members(random, 0, 200..400);
    deliver(world, 1, &members).await;
    if random.random_bool(0.5) {
        let left = members.len() / random.random_range(15..40);
        members.drain(..left);
        members.extend(draw_members(random, 1_000, 5..40));
        deliver(world, 2, &members).await;
    }
    assert_eq!(differences(world, &members), Differences::default(), "before the drift");
    spoil(world, &members, random);
    let there = differences(world, &members);

    let audited = audit(world, json!({})).await;
    let number = |place: &Value| place.as_u64().unwrap();
    let found = Differences {
        missing: number(&audited["missing"]["people"]),
        extra: number(&audited["extra"]["people"]),
        not_repairable: number(&audited["extra"]["not_repairable"]),
    };
    assert_eq!(found, there, "{audited}");
    let repair = json!({ "repair": true, "allow_differences": 1_000_000 });
    let is_troubled = random.random_bool(0.5);
    if is_troubled {
        repair_among_troubles(world, random, &repair).await;
    }
    let repaired = audit(world, repair).await;
    let expected = if there.missing + there.extra > there.not_repairable { "repaired" } else { "differs" };
    // One who was killed may have done it all.
    let was_done = is_troubled && (repaired["outcome"] == "equal" || repaired["outcome"] == "differs");
    assert!(repaired["outcome"] == expected || was_done, "{repaired}");
    let left = Differences { missing: 0, extra: there.not_repairable, not_repairable: there.not_repairable };
    assert_eq!(differences(world, &members), left, "after the repair");
    let again = audit(world, json!({})).await;
    assert_eq!((number(&again["missing"]["people"]), number(&again["extra"]["people"])), (0, left.extra), "{again}");
    // The next run sends those who were missing once more and nobody else, and then all is known.
    deliver(world, 3, &members).await;
    assert_eq!(differences(world, &members), left, "after the next run");
    let before = world.requests();
    deliver(world, 4, &members).await;
    assert_eq!(world.requests(), before, "nothing is left to be sent");
    found
}

fn config(world: &World<'_>, on_leave: &str) -> String {
    format!(
        r#"
[connections.braze]
hostname = "{}"
secret = "{}"
agree_to_data_transfer = true
audit_bucket = "{}"

[exports.loyalty]
connection = "braze"
folder = "incoming/loyalty"
segments = ["VIP"]
settle_minutes = 0
trial = 0
on_leave = "{on_leave}"

[exports.loyalty.data_matching]
customer_id = "id"
email = "email"

[exports.loyalty.attributes]
first_name = "name"

[exports.loyalty.audit_segment_ids]
VIP = "{SEGMENT_ID}"
"#,
        world.hostname(),
        world.name,
        world.exports_bucket(),
    )
}

fn draw_members(random: &mut SmallRng, first: usize, how_many: std::ops::Range<usize>) -> Vec<Member> {
    let count = random.random_range(how_many);
    let member = |number: usize| {
        let (id, email) = (format!("id-{number}"), format!("Person.{number}@example.com"));
        match random.random_range(0..10) {
            0 => (Some(id), None),
            1 | 2 => (None, Some(email)),
            _ => (Some(id), Some(email)),
        }
    };
    (first..first + count).map(member).collect()
}

async fn deliver(world: &World<'_>, day: u32, members: &[Member]) {
    let mut file = "id,email,name\n".to_owned();
    for (id, email) in members {
        writeln!(file, "{},{},Name", id.as_deref().unwrap_or_default(), email.as_deref().unwrap_or_default()).unwrap();
    }
    world.put(&format!("incoming/loyalty/VIP/2026/11/{day:02}/0102/VIP_1.csv"), file.as_bytes());
    tokio::time::sleep(Duration::from_mins(1)).await;
    let event = json!({ "action": "run", "export": "loyalty" });
    let answer = world.handler().on_demand(&event, budget(world)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
}

fn budget(world: &World<'_>) -> TimeBudget {
    TimeBudget::ending_in_by(TIME_LIMIT, world.lane.wall_clock)
}

/// What other systems do.
fn spoil(world: &World<'_>, members: &[Member], random: &mut SmallRng) {
    let braze = world.braze();
    let share = (members.len() / 100).max(1);
    let write = |member: &Member, value: Option<&Value>| match member {
        (Some(id), _) => braze.set_attribute(id, ATTRIBUTE, value),
        (None, Some(email)) => braze.set_attribute_of_address(email, ATTRIBUTE, value),
        (None, None) => {}
    };
    for member in members.sample(random, share) {
        write(member, None);
    }
    for member in members.sample(random, share) {
        write(member, Some(&json!(false)));
    }
    for number in 0..share {
        let id = format!("other-{number}");
        let email = format!("other.{number}@example.com");
        match random.random_range(0..4) {
            0 => braze.insert_profile(None, Some(&email)),
            1 => braze.insert_profile(Some(&id), None),
            _ => braze.insert_profile(Some(&id), Some(&email)),
        }
        write(&(Some(id), None), Some(&json!(true)));
        braze.set_attribute_of_address(&email, ATTRIBUTE, Some(&json!(true)));
    }
    let ids: Vec<&str> = members.iter().filter_map(|(id, _)| id.as_deref()).collect();
    for id in ids.sample(random, share) {
        braze.delete_profile(id);
    }
    // A member becomes part of someone else's profile, or of another member's.
    for (number, id) in ids.sample(random, share).enumerate() {
        let stranger = format!("stranger-{number}");
        braze.insert_profile(Some(&stranger), None);
        let into = if random.random_bool(0.5) { stranger.as_str() } else { ids.choose(random).unwrap() };
        if into != *id {
            braze.merge_profiles(id, into);
        }
    }
    // A profile beside that of a member, with the same address.
    if let (true, Some((Some(_), Some(email)))) = (random.random_bool(0.5), members.choose(random)) {
        braze.insert_profile(None, Some(email));
        braze.set_attribute_of_address(email, ATTRIBUTE, Some(&json!(true)));
    }
}

/// Who has the attribute and should not, and the other way round, from the profiles alone.
fn differences(world: &World<'_>, members: &[Member]) -> Differences {
    let profiles = world.braze().profiles();
    let lower = |email: &String| email.to_lowercase();
    let ids: BTreeSet<&String> = members.iter().filter_map(|(id, _)| id.as_ref()).collect();
    let alone: BTreeSet<String> =
        members.iter().filter(|(id, _)| id.is_none()).filter_map(|(_, email)| email.as_ref().map(lower)).collect();
    let is_member = |profile: &Profile| {
        profile.external_id.as_ref().is_some_and(|id| ids.contains(id))
            || profile.email.as_ref().is_some_and(|email| alone.contains(&lower(email)))
    };
    let has_it = |profile: &&Profile| profile.custom_attributes.get(ATTRIBUTE) == Some(&json!(true));
    let marked: Vec<&Profile> = profiles.iter().filter(has_it).collect();
    // An address of a member: as the run has it, or as the profile has it that has the attribute.
    let of_rows = members.iter().filter(|(id, _)| id.is_some()).filter_map(|(_, email)| email.as_ref());
    let of_profiles = marked.iter().filter(|profile| is_member(profile)).filter_map(|profile| profile.email.as_ref());
    let shared: BTreeSet<String> = of_rows.chain(of_profiles).map(lower).collect();
    let missing = members.iter().filter(|(id, email)| {
        !marked.iter().any(|profile| match id {
            Some(id) => profile.external_id.as_ref() == Some(id),
            None => profile.email.as_ref().map(lower) == email.as_ref().map(lower),
        })
    });
    let extra: Vec<&&Profile> = marked.iter().filter(|profile| !is_member(profile)).collect();
    let is_shared = |profile: &&&&Profile| {
        profile.external_id.is_none() && profile.email.as_ref().is_some_and(|email| shared.contains(&lower(email)))
    };
    Differences {
        missing: missing.count() as u64,
        extra: extra.len() as u64,
        not_repairable: extra.iter().filter(is_shared).count() as u64,
    }
}

/// Functions begin the repair, and are killed in the middle of it or meet failures.
async fn repair_among_troubles(world: &World<'_>, random: &mut SmallRng, further: &Value) {
    let mut event = json!({ "action": "audit", "export": "loyalty" });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    for _ in 0..random.random_range(1..5) {
        world.set_faults(random.random_bool(0.5).then(|| Rates::draw(random)));
        let handler = world.handler();
        let mut polls = random.random_range(1..300_u32);
        let mut answering = pin!(handler.on_demand(&event, budget(world)));
        poll_fn(|context| {
            if polls == 0 {
                return Poll::Ready(());
            }
            polls -= 1;
            answering.as_mut().poll(context).map(drop)
        })
        .await;
        // A lease lasts half a minute.
        tokio::time::sleep(Duration::from_secs(random.random_range(1..60))).await;
    }
    world.set_faults(None);
    tokio::time::sleep(Duration::from_mins(1)).await;
}

/// Audits until the export is ready and all is done.
async fn audit(world: &World<'_>, further: Value) -> Value {
    let mut event = json!({ "action": "audit", "export": "loyalty" });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    for _ in 0..100 {
        let answer = world.handler().on_demand(&event, budget(world)).await.unwrap();
        let audited = answer["audits"][0].clone();
        if audited["outcome"] != "waiting" && audited["outcome"] != "unfinished" {
            return audited;
        }
        tokio::time::sleep(Duration::from_mins(5)).await;
    }
    panic!("the audit does not end");
}
