//! How much longer a delivery takes, and how much it sends twice, while 5 % of the requests meet an error of the server, 5 %
//! are told to wait and of 2 % the answer is lost.

use std::fmt::Write as _;
use std::time::Duration;

use insights_to_braze::budget::TimeBudget;
use itb::standin::braze::Latency;
use itb::standin::braze::answers::{self, FaultShares};
use serde_json::json;
use tokio::time::Instant;

use super::world::{Lane, Wires, World};

const OBJECTS_PER_REQUEST: usize = 2;

/// Delivers one file of `rows` rows at `per_second` requests a second; gives the virtual time that it took and how many
/// objects were sent.
async fn deliver(per_second: usize, rows: usize, shares: FaultShares, seed: u64) -> (Duration, u64) {
    let lane = Lane::start(Wires::InProcess).await;
    let world = World::start(&lane, seed).await;
    let config = format!(
        "[connections.braze-eu]\ndisplay_name = \"Braze\"\nhostname = \"{}\"\nsecret = \"{}\"\n\
         agree_to_data_transfer = true\nrequests_per_second = {per_second}\nobjects_per_request = {OBJECTS_PER_REQUEST}\n\n[exports.loyalty]\n\
         connection = \"braze-eu\"\nfolder = \"incoming/BlobExport\"\n\n[exports.loyalty.data_matching]\n\
         customer_id = \"LoyaltyId\"\nemail = \"EMail\"\n",
        world.hostname(),
        world.name,
    );
    world.put("config/exports.toml", config.as_bytes());
    let mut text = "LoyaltyId,EMail\r\n".to_owned();
    for number in 0..rows {
        write!(text, "会員-{number},p{number}@example.jp\r\n").unwrap();
    }
    let event = world.put("incoming/BlobExport/loyalty_HighValueCustomers_1763856000.csv", text.as_bytes());
    world.braze().set_latency(Latency { fixed: Duration::from_millis(40), jitter: Duration::from_millis(60) });
    world.braze().set_faults(Some(answers::seeded(seed, shares, lane.clock)));
    let began = Instant::now();
    let budget = TimeBudget::ending_in_by(Duration::from_mins(15), lane.wall_clock);
    let answer = world.handler().object_created(&event, budget).await.unwrap();
    let time = began.elapsed();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!(answer["reports"][0]["rows"]["accepted"], rows, "{answer}");
    assert_eq!(world.braze().count_with_attribute("HighValueCustomers", &json!(true)), rows);
    let applied = world.braze().counters().objects_accepted;
    (time, applied)
}

fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

/// Takes a minute without optimisation; `tests/figures` runs it.
#[test]
#[ignore = "a figure, printed by tests/figures"]
fn a_troubled_delivery_takes_little_longer_and_sends_little_twice() {
    for (per_second, seconds) in [(1000, 50), (250, 60), (100, 60), (20, 60)] {
        let rows = per_second * seconds * OBJECTS_PER_REQUEST;
        let (clean, _) = in_virtual_time(deliver(per_second, rows, FaultShares::default(), 1));
        for seed in 1..=2 {
            let shares = FaultShares {
                server_error: 0.05,
                rate_limited: 0.05,
                lost_after: 0.02,
                wait: Duration::from_secs(1),
                ..FaultShares::default()
            };
            let (troubled, applied) = in_virtual_time(deliver(per_second, rows, shares, seed));
            let ratio = troubled.as_secs_f64() / clean.as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let twice = (applied - rows as u64) as f64 / rows as f64;
            println!(
                "5 % 5xx, 5 % 429, 2 % lost after they were applied, {per_second} requests a second, seed {seed}: {ratio:.2} \
                 times the time of a clean delivery ({:.1} s of virtual time), {:.1} % sent twice",
                clean.as_secs_f64(),
                100.0 * twice,
            );
            assert!(ratio <= 1.3, "{per_second} a second, seed {seed}: {ratio:.2} times as long");
            assert!(twice <= 0.03, "{per_second} a second, seed {seed}: {twice:.3} sent twice");
        }
    }
}
