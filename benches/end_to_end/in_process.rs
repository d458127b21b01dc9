//! What runs in a process of its own and prints the CPU seconds that it took: the floor, and a delivery by the library, whose
//! HTTP client can be told what the function's cannot: whom to trust, where a host is, and which HTTP to speak.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use futures::{StreamExt, stream};
use insights_to_braze::braze::{HttpClients, http_client};
use insights_to_braze::bucket::Bucket;
use insights_to_braze::budget::TimeBudget;
use insights_to_braze::config::Config;
use insights_to_braze::handler::Handler;
use insights_to_braze::names::AttributeName;
use insights_to_braze::profile::{ColumnTypes, DroppedFields, Matcher};
use insights_to_braze::rows::{ReadSettings, RowReader};
use insights_to_braze::secrets::{ApiKey, ApiKeys};
use itb::standin::BUCKET;
use itb::standin::http::BRAZE_HOST;

use crate::function::event_of;
use crate::machine::cpu_seconds;
use crate::stand::{KEY, RUNS, Stand, config};

/// Runs this program in another mode and reads the figure that it prints.
pub(crate) fn elsewhere(arguments: &[&str]) -> f64 {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// A client as the function's, which trusts the stand-in and finds Braze's host there.
fn client(braze: &str, certificate: &str, http1: bool) -> Result<reqwest::Client, reqwest::Error> {
    if certificate.is_empty() {
        return http_client();
    }
    let address: SocketAddr = format!("127.0.0.1:{}", braze.rsplit_once(':').unwrap().1).parse().unwrap();
    let builder = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(certificate.as_bytes())?])
        .resolve(BRAZE_HOST, address)
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .tcp_nodelay(true);
    if http1 { builder.http1_only().build() } else { builder.build() }
}

/// Posts as many ready-made bodies as a delivery of `rows` takes, 64 at a time.
pub(crate) async fn floor(braze: &str, certificate: &str, rows: usize) {
    let object = br#"{"external_id":"LID-0000000001","email":"member.0000001@example.com","Segment":true,"first_name":"Member 1","loyalty_points":4200,"home_city":"Hamburg","last_seen":"2026-11-22T10:11:12Z"}"#;
    let objects = vec![String::from_utf8_lossy(object); 75].join(",");
    let body = bytes::Bytes::from(format!("{{\"attributes\":[{objects}]}}"));
    let client = client(braze, certificate, false).unwrap();
    let before = cpu_seconds(std::process::id());
    let host = if certificate.is_empty() { braze.to_owned() } else { format!("https://{BRAZE_HOST}") };
    let url = format!("{host}/users/track");
    let mut answers = stream::iter(0..rows.div_ceil(75))
        .map(|_| {
            let request = client.post(&url).bearer_auth(KEY).header("content-type", "application/json");
            let request = request.body(body.clone());
            async move { request.send().await.unwrap().bytes().await.unwrap().len() }
        })
        .buffer_unordered(64);
    while answers.next().await.is_some() {}
    println!("{}", cpu_seconds(std::process::id()) - before);
}

/// Reads compressed files as a delivery does, to the JSON of each row.
pub(crate) async fn read(files: &[String]) {
    let config = Config::parse(&config("b.example", 1)).unwrap();
    let export = config.exports.values().next().unwrap();
    let before = cpu_seconds(std::process::id());
    for file in files {
        let file = tokio::io::BufReader::new(tokio::fs::File::open(file).await.unwrap());
        let mut reader = RowReader::open(file, ReadSettings::default()).await.unwrap();
        let header = reader.header().columns.clone();
        let attribute = AttributeName::new("Segment");
        let matcher = Matcher::new(export, &attribute, &header, &ColumnTypes::default()).unwrap();
        let (mut object, mut dropped) = (Vec::with_capacity(1_024), DroppedFields::default());
        while let Some(row) = reader.next_row().await.unwrap() {
            object.clear();
            matcher.match_row(&row, &mut object, &mut dropped).unwrap();
            black_box(&object);
        }
    }
    println!("{}", cpu_seconds(std::process::id()) - before);
}

/// Delivers the first run with the library.
pub(crate) async fn deliver(environment: &str, braze: &str, http: &str) {
    let environment: BTreeMap<String, String> = serde_json::from_str(environment).unwrap();
    let certificate = environment.get("CERTIFICATE").cloned().unwrap_or_default();
    let (braze, http1) = (braze.to_owned(), http == "1");
    let credentials =
        Credentials::new(&environment["AWS_ACCESS_KEY_ID"], &environment["AWS_SECRET_ACCESS_KEY"], None, None, "bench");
    let s3 = aws_sdk_s3::config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(credentials)
        .endpoint_url(&environment["AWS_ENDPOINT_URL_S3"])
        .force_path_style(true)
        .build();
    let handler = Handler::new(
        Bucket::new(aws_sdk_s3::Client::from_conf(s3), BUCKET),
        "config/exports.toml".to_owned(),
        ApiKeys::given(ApiKey::new(KEY.to_owned())),
        None,
        HttpClients::new(move || client(&braze, &certificate, http1)),
    )
    .without_report_lines();
    let before = cpu_seconds(std::process::id());
    let budget = TimeBudget::ending_in(Duration::from_hours(1));
    let answer = handler.object_created(&event_of(RUNS[0]), budget).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    println!("{}", cpu_seconds(std::process::id()) - before);
}

/// The CPU of a delivery with the library, over the HTTP that `http` names: "1" or "2", which matters over TLS alone.
pub(crate) fn deliver_elsewhere(stand: &mut Stand, order: &serde_json::Value, http: &str) -> f64 {
    stand.order(order);
    let mut environment = stand.environment.clone();
    if let Some(certificate) = &stand.certificate {
        environment.insert("CERTIFICATE".to_owned(), certificate.clone());
    }
    let environment = serde_json::to_string(&environment).unwrap();
    let cpu = elsewhere(&["deliver", &environment, &stand.braze, http]);
    stand.order(&serde_json::json!("done"));
    cpu
}
