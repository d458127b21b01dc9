//! A day on which Braze does not answer, with the queue and the schedule of the template, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use insights_to_braze::budget::TimeBudget;
use itb::standin::braze::{TrackCall, TrackFaultScript, answers};
use itb::standin::fault::Fault;
use itb::standin::sqs::{DeadLetters, Message, QueueSettings};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::world::{Lane, Wires, World};

const HOUR: Duration = Duration::from_hours(1);
const TIME_LIMIT: Duration = Duration::from_mins(15);

/// What the template says of the queue that leads to the functions.
struct Template {
    attempts: u32,
    hidden: Duration,
    schedule: Duration,
}

impl Template {
    fn read() -> Self {
        let text = include_str!("../../template.yaml");
        let number_after = |mark: &str| -> u64 {
            let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("the template has no {mark:?}"));
            let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap()
        };
        Self {
            attempts: u32::try_from(number_after("maxReceiveCount:")).unwrap(),
            hidden: Duration::from_secs(number_after("\"900\": { Visibility:")),
            schedule: Duration::from_mins(number_after("Default: rate(")),
        }
    }
}

fn down_until(end: Instant) -> TrackFaultScript {
    Arc::new(move |call: &TrackCall| {
        if Instant::now() >= end {
            return Fault::None;
        }
        // The connection is lost, a proxy answers, or nobody does.
        match call.number % 3 {
            0 => Fault::DropBefore,
            1 => Fault::Answer(answers::html_error(503)),
            _ => Fault::Hang,
        }
    })
}

/// Delivers what the queue holds, as AWS Lambda does: a message that failed is seen again when its time is over.
async fn work_off(world: &World<'_>, invocations: &mut u32) {
    let handler = world.handler();
    loop {
        let messages = world.queues().receive(&world.name, 10);
        if messages.is_empty() {
            return;
        }
        *invocations += 1;
        let budget = TimeBudget::ending_in_by(TIME_LIMIT, world.lane.wall_clock);
        let answer = handler.object_created(&Message::to_sqs_event(&messages, &world.name), budget).await;
        let failed: Vec<Value> = match answer {
            Ok(answer) => answer["batchItemFailures"].as_array().unwrap().clone(),
            Err(_) => messages.iter().map(|message| json!({ "itemIdentifier": message.message_id })).collect(),
        };
        for message in messages {
            if !failed.iter().any(|failed| failed["itemIdentifier"] == message.message_id) {
                world.queues().delete(&world.name, &message.receipt_handle);
            }
        }
    }
}

/// A day's outage; gives how long after its end everything was delivered, and how many invocations there were.
async fn outage(scheduled: bool) -> (Duration, u32) {
    let template = Template::read();
    let lane = Lane::start(Wires::InProcess).await;
    let world = World::start(&lane, 1).await;
    let dead = format!("{}-dead", world.name);
    world.queues().create_queue(&dead, QueueSettings::default());
    let dead_letters = DeadLetters { queue: dead.clone(), max_receive_count: template.attempts };
    let settings = QueueSettings { visibility_timeout: template.hidden, dead_letters: Some(dead_letters) };
    world.queues().create_queue(&world.name, settings);
    let config = format!(
        "[connections.braze-eu]\ndisplay_name = \"Braze\"\nhostname = \"{}\"\nsecret = \"{}\"\n\
         agree_to_data_transfer = true\n\n[exports.loyalty]\nconnection = \"braze-eu\"\nfolder = \"incoming/BlobExport\"\n\
         schedule = \"{}\"\n\n[exports.loyalty.data_matching]\ncustomer_id = \"LoyaltyId\"\n",
        world.hostname(),
        world.name,
        if scheduled { "active" } else { "off" },
    );
    world.put("config/exports.toml", config.as_bytes());
    let end = Instant::now() + 24 * HOUR;
    world.braze().set_faults(Some(down_until(end)));
    sleep(10 * Duration::from_mins(1)).await;
    let mut events = Vec::new();
    for segment in ["HighValueCustomers", "ChurnRisk"] {
        for part in 1..=2 {
            let key = format!("incoming/BlobExport/{segment}/2026/12/01/0002/{segment}_{part}.csv");
            let text = format!("LoyaltyId,EMail\r\n会員-{segment}-{part},{part}@example.jp\r\n");
            events.push(world.put(&key, text.as_bytes()));
        }
    }
    for event in events {
        world.queues().send(&world.name, event.to_string());
    }
    let (mut invocations, mut next_schedule) = (0, Instant::now() + template.schedule);
    loop {
        work_off(&world, &mut invocations).await;
        if scheduled && Instant::now() >= next_schedule {
            next_schedule += template.schedule;
            invocations += 1;
            let budget = TimeBudget::ending_in_by(TIME_LIMIT, lane.wall_clock);
            // It fails as long as the outage lasts, and comes again by itself.
            let _ = world.handler().scheduled(&json!({}), budget).await;
        }
        let delivered = |segment: &str| world.braze().count_with_attribute(segment, &json!(true)) == 2;
        if delivered("HighValueCustomers") && delivered("ChurnRisk") {
            break;
        }
        assert!(Instant::now() < end + 6 * HOUR, "still not delivered: {:?}", world.queues().bodies(&dead));
        sleep_until(Instant::now() + Duration::from_mins(1)).await;
    }
    let after = Instant::now().duration_since(end);
    assert!(Instant::now() >= end, "nothing was delivered while Braze was down");
    // What still waits in the queue finds that everything is done.
    while !world.queues().is_empty(&world.name) {
        sleep(Duration::from_mins(5)).await;
        work_off(&world, &mut invocations).await;
    }
    assert_eq!(world.queues().bodies(&dead), Vec::<String>::new(), "nobody has to look after a message");
    (after, invocations)
}

fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

#[test]
fn after_a_day_without_braze_everything_is_delivered_and_no_one_had_to_look() {
    for (scheduled, longest) in [(true, Duration::from_mins(45)), (false, Duration::from_hours(2))] {
        let (after, invocations) = in_virtual_time(outage(scheduled));
        let how = if scheduled { "queue and schedule" } else { "queue alone" };
        println!(
            "24 hours without Braze, {how}: delivered {} s after its end, {invocations} invocations",
            after.as_secs()
        );
        assert!(after < longest, "{how}: {after:?}");
    }
}
