//! The messages that people get over two virtual days, with a scheduled invocation each hour: how many there are, and their text.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use insights_to_braze::braze::http_client;
use insights_to_braze::bucket::Bucket;
use insights_to_braze::budget::TimeBudget;
use insights_to_braze::clock::WallClock;
use insights_to_braze::handler::{Handler, Links, Notices, Wanted};
use insights_to_braze::secrets::{ApiKey, ApiKeys};
use insights_to_braze::topic::Topic;
use itb::standin::TOPIC_ARN;
use itb::standin::braze::{Braze, BrazeSettings, RestApiKey};
use itb::standin::clock::Clock;
use itb::standin::s3::{S3Server, secret_access_key};
use itb::standin::sns::{Published, Topics};
use serde_json::{Value, json};

use super::rows;
use crate::support::{API_KEY, RUN, SECRET, TIMEOUT, World, assert_silent};

const BUCKET: &str = "insights-to-braze";
const HOUR: Duration = Duration::from_hours(1);

/// An account whose time passes only when all work is done, from half past one on 23 November.
struct Days {
    s3: S3Server,
    topics: Topics,
    braze: Arc<Braze>,
    clock: Clock,
    wall_clock: WallClock,
    handler: Handler,
}

impl Days {
    fn start(wanted: Wanted) -> Self {
        let clock = Clock::starting_at("2026-11-23T01:30:00Z".parse().unwrap());
        let started = tokio::time::Instant::now();
        let wall_clock = WallClock::Virtual { origin: SystemTime::UNIX_EPOCH + clock.since_epoch(), started };
        let (s3, topics) = (S3Server::without_socket(clock), Topics::without_socket(clock));
        s3.create_bucket(BUCKET).unwrap();
        let mut settings = BrazeSettings::with_key(API_KEY);
        settings.clock = clock;
        let braze = Arc::new(Braze::without_socket(settings));
        let region = Region::new("eu-central-1");
        let credentials = || Credentials::new("AKIDDAYS", secret_access_key(), None, None, "days");
        let s3_config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region.clone())
            .allow_no_auth()
            .endpoint_url(s3.url())
            .force_path_style(true)
            .http_client(s3.in_process())
            .build();
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .endpoint_url(topics.url())
            .http_client(topics.in_process())
            .build();
        let topic = Topic::new(sdk, TOPIC_ARN.to_owned());
        let links = Links {
            stack: "insights-to-braze".to_owned(),
            bucket: BUCKET.to_owned(),
            console: "console.aws.amazon.com".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let reached = Arc::clone(&braze);
        let handler = Handler::new(
            Bucket::new(aws_sdk_s3::Client::from_conf(s3_config), BUCKET),
            "config/exports.toml".to_owned(),
            ApiKeys::given(ApiKey::new(API_KEY.to_owned())),
            None,
            http_client().unwrap(),
        )
        .without_report_lines()
        .simulated(wall_clock, 1)
        .reaching_braze_by(move |_| Box::new(reached.in_process()))
        .with_notices(Notices { topic, wanted, links });
        let days = Self { s3, topics, braze, clock, wall_clock, handler };
        days.configure("");
        days
    }

    fn configure(&self, export: &str) {
        self.put(
            "config/exports.toml",
            &format!(
                "[connections.braze]\nhostname = \"http://localhost:1\"\nsecret = \"{SECRET}\"\nagree_to_data_transfer = true\n\n\
                 [exports.loyalty]\nconnection = \"braze\"\nfolder = \"incoming/BlobExport\"\nsettle_minutes = 0\n{export}\n\
                 [exports.loyalty.data_matching]\ncustomer_id = \"LoyaltyId\"\nemail = \"EMail\"\n"
            ),
        );
    }

    fn put(&self, key: &str, content: &str) {
        self.s3.put_object(BUCKET, key, content).unwrap();
    }

    fn export(&self, segment: &str, folder: &str, people: u32) {
        self.put(&format!("incoming/BlobExport/{segment}/2026/11/{folder}/{segment}_1.csv"), &rows(people, 1));
    }

    async fn pass(&self) -> Result<Value, String> {
        let budget = TimeBudget::ending_in_by(Duration::from_mins(15), self.wall_clock);
        self.handler.scheduled(&json!({}), budget).await.map_err(|error| error.to_string())
    }

    /// So many passes, one an hour. Every one ends without an error, so that no alarm about errors is raised.
    async fn hours(&self, hours: usize) {
        for _ in 0..hours {
            let answer = self.pass().await;
            assert!(answer.is_ok(), "{}: {answer:?}", self.clock.now());
            tokio::time::sleep(HOUR).await;
        }
    }

    async fn on_demand(&self, request: Value) -> Value {
        let budget = TimeBudget::ending_in_by(Duration::from_mins(15), self.wall_clock);
        self.handler.on_demand(&request, budget).await.unwrap()
    }

    /// The messages so far, as people read them.
    fn messages(&self) -> Vec<Published> {
        let messages = self.topics.published();
        assert_silent(messages.iter().map(|message| message.message.to_string()));
        messages
    }
}

/// The messages, for the test's output.
fn printed(what: &str, messages: &[Published]) -> String {
    let mut all = format!("{what}: {} messages\n", messages.len());
    for Published { subject, at, .. } in messages {
        let _ = writeln!(all, "  {} {subject}", at.strftime("%m-%d %H:%M"));
    }
    for message in messages.iter().take(1) {
        let _ = writeln!(all, "\n{}\n\n{}", message.subject, message.text());
    }
    all
}

#[track_caller]
fn assert_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_run_is_one_message_a_day_until_somebody_decides() {
    let days = Days::start(Wanted::Problems);
    days.export("優良顧客", "23/0102", 100);
    days.hours(1).await;
    assert_eq!(days.messages(), [], "a delivery is no problem");
    days.export("優良顧客", "23/0202", 40);
    days.hours(48).await;
    let messages = days.messages();
    println!("{}", printed("A held run over two days", &messages));
    assert_eq!(messages.len(), 2, "{messages:#?}");
    assert_eq!(messages[0].subject, "insights-to-braze: 1 segment held");
    assert_parts(
        messages[0].text(),
        &[
            "Held for a decision: loyalty / 優良顧客, run 2026-11-23T02:02Z",
            "60 of 100 members would leave (60 %); the limit (`max_leavers`) is ",
            "No one was set to false",
            "It can wait until morning",
            "itb hold list 'loyalty' --bucket insights-to-braze",
            "https://eu-central-1.console.aws.amazon.com/s3/object/insights-to-braze?region=eu-central-1&prefix=reports%2Floyalty%2F",
            "report.html\n",
            "docs/on-call.md#heldrunsalarm",
        ],
    );
    assert!(messages[1].text().contains("Since: 2026-11-23 02:30 UTC"), "{}", messages[1].text());
    let in_chat: Value = serde_json::from_str(messages[0].message["https"].as_str().unwrap()).unwrap();
    assert_eq!((&in_chat["version"], &in_chat["source"]), (&json!("1.0"), &json!("custom")));
    assert_eq!(in_chat["content"]["title"], messages[0].subject);

    let release = json!({ "action": "run", "export": "loyalty", "run": "2026-11-23T02:02Z", "allow_leavers": 60 });
    days.on_demand(release).await;
    days.hours(48).await;
    let messages = days.messages();
    assert_eq!(messages.len(), 3, "{messages:#?}");
    assert_eq!(messages[2].subject, "insights-to-braze: 1 problem solved");
    assert_parts(messages[2].text(), &["loyalty / 優良顧客: no longer held"]);
}

#[tokio::test(start_paused = true)]
async fn messages_are_in_the_language_and_the_time_zone_of_the_exports() {
    let days = Days::start(Wanted::Deliveries);
    days.configure("language = \"ja\"\ntime_zone = \"Asia/Tokyo\"\n");
    days.export("優良顧客", "23/0102", 100);
    days.hours(2).await;
    days.export("優良顧客", "23/0202", 40);
    days.hours(1).await;
    days.braze.set_keys(Vec::new());
    days.export("ChurnRisk", "23/0202", 20);
    days.hours(1).await;
    let messages = days.messages();
    println!("{}", printed("In Japanese", &messages));
    let texts: Vec<&str> = messages.iter().map(Published::text).collect();
    let text = texts.join("\n");
    assert_parts(
        &text,
        &[
            "判断が必要です (保留): loyalty / 優良顧客、実行 2026-11-23T02:02Z",
            "100 人のうち 60 人 (60 %) が外れることになります",
            "属性を false にした人はいません",
            "itb hold list 'loyalty' --bucket insights-to-braze",
            "docs/ja/on-call.md#heldrunsalarm",
            "配信できません: loyalty / ChurnRisk",
            "JST",
        ],
    );
    let lines = text.lines().filter(|line| !line.starts_with("ページ: ") && !line.starts_with("確認: "));
    let english: Vec<&str> = lines
        .filter(|line| ["No one", "Reason", " of ", " and ", "would"].iter().any(|word| line.contains(word)))
        .collect();
    assert!(english.is_empty(), "{english:#?}\n{text}");
    assert!(messages.iter().all(|message| message.subject.is_ascii()), "{messages:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_one_message_a_day_for_all_segments() {
    let days = Days::start(Wanted::Problems);
    days.braze.set_keys(Vec::new());
    for segment in ["優良顧客", "ChurnRisk", "VIP"] {
        days.export(segment, "23/0102", 20);
    }
    days.hours(48).await;
    let messages = days.messages();
    println!("{}", printed("A wrong key over two days", &messages));
    assert_eq!(messages.len(), 2, "{messages:#?}");
    assert_eq!(messages[0].subject, "insights-to-braze: 3 segments not delivered");
    let text = messages[0].text();
    assert_parts(
        text,
        &[
            "Not delivered: loyalty / ChurnRisk, VIP, 優良顧客",
            "401",
            "Nothing is lost, and no one was set to false",
            "itb status --export 'loyalty' --bucket insights-to-braze",
            "prefix=reports%2Floyalty%2Fhistory.html",
            "docs/on-call.md#faileddeliveriesalarm",
        ],
    );
    assert_eq!(text.matches("Reason:").count(), 1, "one cause, one reason: {text}");

    days.braze.set_keys(vec![RestApiKey::tracking(API_KEY)]);
    days.hours(24).await;
    assert_eq!(days.messages().last().unwrap().subject, "insights-to-braze: 3 problems solved");
    assert_eq!(days.messages().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_comes_and_goes_is_still_one_message_a_day() {
    let days = Days::start(Wanted::Problems);
    days.export("VIP", "23/0102", 20);
    for hour in 0..24_u32 {
        let keys = if hour % 2 == 0 { Vec::new() } else { vec![RestApiKey::tracking(API_KEY)] };
        days.braze.set_keys(keys);
        days.export("VIP", &format!("23/{hour:02}03"), 20 + hour);
        days.hours(1).await;
    }
    assert_eq!(days.messages().len(), 1, "{:#?}", days.messages());
}

#[tokio::test(start_paused = true)]
async fn deliveries_and_a_daily_digest_where_they_are_wanted() {
    for (wanted, expected) in [(Wanted::Problems, 0), (Wanted::Digest, 2), (Wanted::Deliveries, 4)] {
        let days = Days::start(wanted);
        days.hours(1).await;
        for hour in ["0203", "0903"] {
            days.export("優良顧客", &format!("23/{hour}"), 20);
            days.hours(12).await;
        }
        let messages = days.messages();
        println!("{}", printed(&format!("{wanted:?}"), &messages));
        assert_eq!(messages.len(), expected, "{wanted:?}: {messages:#?}");
        if let Some(last) = messages.last() {
            assert_eq!(last.subject, "insights-to-braze: daily digest");
            let line = "loyalty / 優良顧客, run 2026-11-23T09:03Z: 20 members (0 entered, 0 left)";
            assert_parts(last.text(), &["Delivered since the last digest: 2 runs", line]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_refuses_is_an_error_and_the_message_comes_later() {
    let days = Days::start(Wanted::Problems);
    days.export("VIP", "23/0102", 20);
    days.braze.set_keys(Vec::new());
    days.topics.deny(true);
    let error = days.pass().await.unwrap_err();
    assert!(error.contains("sns:Publish"), "{error}");
    days.topics.deny(false);
    days.hours(1).await;
    assert_eq!(days.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_publishes_to_the_topic_of_its_environment() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(20, 1));
    world.account.braze.set_keys(Vec::new());
    let host = world.notifying_host("problems").await;
    for _ in 0..2 {
        let answer = host.invoke(&json!({}), TIMEOUT).await.unwrap();
        assert_eq!(
            (&answer["reports"][0]["outcome"], answer["failed"].as_array().unwrap().len()),
            (&json!("failed"), 1)
        );
        let messages = world.account.topics.published();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        assert_eq!(messages[0].topic, TOPIC_ARN);
        assert_parts(messages[0].text(), &["loyalty / HighValueCustomers", "401"]);
    }
}
