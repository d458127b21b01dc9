//! `state_identifiers = "encrypted"`: nobody is to be seen in the parts, membership stays exact, and a key that is missing is an
//! error and no mass of leavers.

use insights_to_braze::state::Part;
use serde_json::{Value, json};

use crate::support::{API_KEY, Function, SECRET, World};

const STATE_KEY: &str = "canary-state-key-0123456789abcdef-first";
const NEW_STATE_KEY: &str = "canary-state-key-0123456789abcdef-other";
const ENCRYPTED: &str = "state_identifiers = \"encrypted\"";
const ATTRIBUTE: &str = "High Value Customers";

fn people(numbers: std::ops::Range<u32>) -> String {
    let row = |number| format!("canary-{number},canary{number}@example.jp,\"海斗, {number}\",7\n");
    format!("LoyaltyId,EMail,FirstName,Points\n{}", numbers.map(row).collect::<Vec<_>>().concat())
}

async fn run(world: &World, day: u32, numbers: std::ops::Range<u32>) -> Value {
    let key = format!("incoming/BlobExport/HighValueCustomers/2026/11/{day}/0102/HighValueCustomers_1.csv");
    world.put(&key, people(numbers));
    world.run(json!({ "segment": "HighValueCustomers" })).await["reports"][0].clone()
}

fn secret(world: &World, further: &Value) {
    let mut secret = json!({ "api_key": API_KEY });
    secret.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    world.account.set_secret(SECRET, secret.to_string());
}

/// How many parts of the state are encrypted, and how many are not.
fn parts(world: &World) -> (usize, usize) {
    let objects = world.account.list("state/").into_iter().filter(|object| Part::is_one(&object.key));
    let (sealed, plain): (Vec<_>, Vec<_>) = objects
        .map(|object| world.account.get_object(&object.key).unwrap().unwrap())
        .partition(|bytes| bytes.starts_with(b"itb-sealed-1"));
    for bytes in &sealed {
        assert!(!String::from_utf8_lossy(bytes).contains("canary"));
        assert!(!bytes.windows(2).any(|two| two == [0x1f, 0x8b]) || bytes.len() > 100, "nothing that unpacks");
    }
    (sealed.len(), plain.len())
}

#[track_caller]
fn assert_shown(report: &Value, accepted: u64, unchanged: u64, left: u64) {
    assert_eq!(report["outcome"], "delivered", "{report}");
    let shown = [&report["rows"]["accepted"], &report["rows"]["unchanged"], &report["members"]["left"]];
    assert_eq!(shown.map(|figure| figure.as_u64().unwrap()), [accepted, unchanged, left], "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_state_shows_no_one_and_keeps_membership_exact() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    assert_shown(&run(&world, 20, 0..40).await, 40, 0, 0);
    assert_eq!(parts(&world), (0, 1));

    // Switched on: the plain parts are read, the new ones are encrypted.
    secret(&world, &json!({ "state_key": STATE_KEY }));
    world.configure(ENCRYPTED, "settle_minutes = 0");
    assert_shown(&run(&world, 21, 3..43).await, 3, 37, 3);
    assert_eq!(parts(&world), (1, 0));
    assert_shown(&run(&world, 22, 4..44).await, 1, 39, 1);
    assert_eq!(parts(&world), (2, 0), "with the members of the run before, which can be undone");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 40);
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(false)), 4);

    // A person is erased from encrypted parts, which stay encrypted.
    let erase = json!({ "action": "erase", "customer_id": "canary-9" });
    let receipt = world.invoke(Function::OnDemand, &erase).await.unwrap();
    assert_eq!((&receipt["outcome"], &receipt["memberships"]), (&json!("erased"), &json!(1)), "{receipt}");
    assert_eq!(parts(&world), (2, 0));
    assert_shown(&run(&world, 23, 4..44).await, 1, 39, 0);

    // Switched off again: as long as the key is in the secret, encrypted parts are read.
    world.configure("", "settle_minutes = 0");
    assert_shown(&run(&world, 24, 5..45).await, 1, 39, 1);
    assert_eq!(parts(&world), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_key_is_rotated_and_a_lost_one_makes_no_one_leave() {
    let world = World::start().await;
    world.configure(ENCRYPTED, "settle_minutes = 0");
    // No key at all: nothing is stored, so nothing is sent.
    let report = run(&world, 20, 0..40).await;
    assert_eq!(report["outcome"], "failed", "{report}");
    for word in ["state_key", SECRET, "openssl rand"] {
        assert!(report["message"].as_str().unwrap().contains(word), "{report}");
    }
    assert_eq!(world.account.braze.profile_count(), 0);
    for (wrong, word) in [
        (json!({ "state_key": "canary-short" }), "fewer than 32 characters"),
        (json!({ "state_key": 7 }), "not a text"),
        (json!({ "state_key": STATE_KEY, "former_state_keys": STATE_KEY }), "not a list"),
    ] {
        secret(&world, &wrong);
        let report = run(&world, 20, 0..40).await;
        assert!(report["message"].as_str().unwrap().contains(word), "{report}");
        assert!(!report.to_string().contains("canary-s"), "{report}");
    }
    secret(&world, &json!({ "state_key": STATE_KEY }));
    assert_shown(&run(&world, 20, 0..40).await, 40, 0, 0);

    // Another key, and the old one thrown away.
    secret(&world, &json!({ "state_key": NEW_STATE_KEY }));
    let requests = world.account.braze.counters().requests;
    let report = run(&world, 21, 3..43).await;
    assert_eq!(report["outcome"], "failed", "{report}");
    for word in ["/High Value Customers/", "former_state_keys", "Add the key", SECRET] {
        assert!(report["message"].as_str().unwrap().contains(word), "{report}");
    }
    assert!(!report.to_string().contains("canary-state"), "{report}");
    assert_eq!(world.account.braze.counters().requests, requests, "nothing is sent and no one is set to false");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 40);

    // Put back as a former one: old parts are read with it, new ones are written with the new one.
    secret(&world, &json!({ "state_key": NEW_STATE_KEY, "former_state_keys": [STATE_KEY] }));
    assert_shown(&run(&world, 21, 3..43).await, 3, 37, 3);
    secret(&world, &json!({ "state_key": NEW_STATE_KEY }));
    assert_shown(&run(&world, 22, 4..44).await, 1, 39, 1);
    // Those of the run and of the one before, both with the new key.
    assert_eq!(parts(&world), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_part_that_was_changed_or_moved_is_an_error() {
    let world = World::start().await;
    secret(&world, &json!({ "state_key": STATE_KEY }));
    world.configure(ENCRYPTED, "settle_minutes = 0");
    assert_shown(&run(&world, 20, 0..40).await, 40, 0, 0);
    let key = world.account.list("state/").into_iter().map(|object| object.key).find(|key| Part::is_one(key));
    let key = key.unwrap();
    let right = world.account.get_object(&key).unwrap().unwrap();
    let mut changed = right.clone();
    *changed.last_mut().unwrap() ^= 1;
    world.put(&key, changed);
    let report = run(&world, 21, 0..1).await;
    assert_eq!(report["outcome"], "failed", "{report}");
    assert!(report["message"].as_str().unwrap().contains("can't decrypt"), "{report}");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(false)), 0);
    world.put(&key, right);
    assert_shown(&run(&world, 21, 1..41).await, 1, 39, 1);
}
