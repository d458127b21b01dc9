//! What a delivery costs from the S3 object to Braze's answer: the function as AWS Lambda runs it, in a process of its
//! own, against stand-ins in another process, beside a floor that only posts ready-made bodies.
//!
//! `cargo bench --bench end_to_end` prints the table of `docs/performance.md`. `ROWS` sets the rows (default 1,000,000).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use local::standin::braze::{Keep, Latency, RateLimit};
use local::standin::lambda::{LambdaFunction, LambdaHost};
use local::standin::{Account, AccountSettings, BUCKET};
use serde_json::{Value, json};

const KEY: &str = "bench-key";
/// Two runs of a layout with one file per run, so that each is complete as soon as it is delivered.
const RUNS: [&str; 2] = ["1795395720", "1795482120"];
const HOUR: Duration = Duration::from_hours(1);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments.get(1).map(String::as_str) {
        Some("serve") => runtime.block_on(serve(Path::new(&arguments[2]))),
        Some("floor") => runtime.block_on(floor(&arguments[2], arguments[3].parse().unwrap())),
        _ => runtime.block_on(measure()),
    }
}

fn key_of(run: &str) -> String {
    format!("incoming/Export/e_Segment_{run}.csv")
}

/// The stand-ins in their own process, told by lines of JSON on standard input.
async fn serve(file: &Path) {
    let mut settings = AccountSettings::with_key(KEY);
    settings.notify_of_uploads = false;
    settings.braze.keep = Keep::Counts;
    let account = Account::start(settings).await.unwrap();
    account.set_secret("bench", json!({ "api_key": KEY }).to_string());
    for run in RUNS {
        account.put_file(&key_of(run), file).unwrap();
    }
    println!("{}", json!({ "environment": account.environment(), "braze": account.braze.url() }));
    let (sender, mut orders) = tokio::sync::mpsc::unbounded_channel::<Value>();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            sender.send(serde_json::from_str(&line.unwrap()).unwrap()).unwrap();
        }
    });
    while let Some(order) = orders.recv().await {
        account.braze.reset_counters();
        if let Some(config) = order["config"].as_str() {
            account.put_object("config/exports.toml", config).unwrap();
        }
        if let Some(limit) = order["per_three_seconds"].as_u64() {
            account.braze.set_rate_limit(RateLimit::per_three_seconds(limit));
        }
        if let Some(latency) = order["latency_ms"].as_u64() {
            account.braze.set_latency(Latency { fixed: Duration::from_millis(latency), jitter: Duration::ZERO });
        }
        if order["forget"].as_bool() == Some(true) {
            for object in account.list("state/") {
                account.delete_object(&object.key).unwrap();
            }
        }
        println!("{}", json!("ready"));
        orders.recv().await;
        let state: u64 = account.list("state/").iter().map(|object| object.size).sum();
        println!("{}", json!({ "braze": account.braze.counters(), "state_bytes": state }));
    }
}

/// Posts as many ready-made bodies as a delivery of `rows` takes, 64 at a time.
async fn floor(url: &str, rows: usize) {
    let object = br#"{"external_id":"LID-0000000001","email":"member.0000001@example.com","Segment":true,"first_name":"Member 1","loyalty_points":4200,"home_city":"Hamburg","last_seen":"2026-11-22T10:11:12Z"}"#;
    let objects = vec![String::from_utf8_lossy(object); 75].join(",");
    let body = bytes::Bytes::from(format!("{{\"attributes\":[{objects}]}}"));
    let client = insights_to_braze::braze::http_client().unwrap();
    let before = cpu_seconds(std::process::id());
    let url = format!("{url}/users/track");
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

struct Stand {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    environment: BTreeMap<String, String>,
    braze: String,
}

impl Stand {
    fn start(file: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve".as_ref(), file.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let environment = serde_json::from_value(told["environment"].clone()).unwrap();
        let braze = told["braze"].as_str().unwrap().to_owned();
        Self { child, input, output, environment, braze }
    }

    fn order(&mut self, order: &Value) -> Value {
        writeln!(self.input, "{order}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Measured {
    cpu: f64,
    wall: f64,
    peak_mb: f64,
    counters: Value,
    state_bytes: f64,
    report: Value,
}

async fn deliver(stand: &mut Stand, binary: &Path, run: &str, order: &Value) -> Measured {
    stand.order(order);
    let host = LambdaHost::start(LambdaFunction::new(binary, stand.environment.clone())).await.unwrap();
    let object = json!({ "bucket": { "name": BUCKET }, "object": { "key": key_of(run) } });
    let event = json!({ "Records": [{ "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": object }] });
    let (cpu, started) = (cpu_seconds(host.process_id().unwrap()), Instant::now());
    let answer = host.invoke(&event, HOUR).await.unwrap();
    let wall = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds(host.process_id().unwrap()) - cpu;
    let peak_mb = host.peak_memory().unwrap() as f64 / 1e6;
    let told = stand.order(&json!("done"));
    let (counters, state_bytes) = (told["braze"].clone(), told["state_bytes"].as_f64().unwrap());
    Measured { cpu, wall, peak_mb, counters, state_bytes, report: answer["reports"][0].clone() }
}

fn config(braze: &str, per_second: u64) -> String {
    format!(
        "[connections.b]\nhostname = \"{braze}\"\nsecret = \"bench\"\nagree_to_data_transfer = true\n\
         requests_per_second = {per_second}\n\
         [exports.e]\nconnection = \"b\"\nfolder = \"incoming/Export\"\n\
         [exports.e.data_matching]\ncustomer_id = \"LoyaltyId\"\nemail = \"EMail\"\n\
         [exports.e.attributes]\nfirst_name = \"FirstName\"\nhome_city = \"City\"\n\
         loyalty_points = {{ column = \"Points\", type = \"integer\" }}\nlast_seen = {{ column = \"Seen\", type = \"datetime\" }}\n"
    )
}

async fn measure() {
    let rows: usize = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("insights-to-braze-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("segment.csv");
    write_rows(&file, rows);
    let binary =
        std::env::var_os("FUNCTION").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_object_created")), PathBuf::from);
    let mut stand = Stand::start(&file);
    let per_million = 1e6 / rows as f64;
    println!(
        "{rows} rows, {} bytes a row, {}",
        std::fs::metadata(&file).unwrap().len() / rows as u64,
        binary.display()
    );

    let fast = json!({ "config": config(&stand.braze, 1_000_000), "per_three_seconds": 1_000_000_000, "latency_ms": 0, "forget": true });
    let mut streaming_base_mb = 0.0;
    for _ in 0..3 {
        let floor = {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["floor", &stand.braze, &rows.to_string()])
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap()
        };
        let first = deliver(&mut stand, &binary, RUNS[0], &fast).await;
        streaming_base_mb = first.peak_mb;
        assert_eq!(first.report["rows"]["accepted"], rows, "{}", first.report);
        println!(
            "first delivery: {:.2} CPU s per million rows, floor {:.2}, ratio {:.2}; {:.1} s wall; peak {:.1} MB",
            first.cpu * per_million,
            floor * per_million,
            first.cpu / floor,
            first.wall,
            first.peak_mb
        );
    }
    let same = json!({ "latency_ms": 0 });
    let second = deliver(&mut stand, &binary, RUNS[1], &same).await;
    assert_eq!(second.report["rows"]["unchanged"], rows, "{}", second.report);
    println!(
        "an unchanged run: {:.2} CPU s per million members, {} requests; peak {:.1} MB, {:.1} bytes a member above a first \
         delivery; state {:.1} bytes a member, identifiers of 14 bytes included",
        second.cpu * per_million,
        second.counters["requests"],
        second.peak_mb,
        (second.peak_mb - streaming_base_mb) * 1e6 / rows as f64,
        second.state_bytes / rows as f64,
    );
    if std::env::var_os("STATE_ONLY").is_some() {
        return;
    }
    for latency in [150, 450] {
        let order = json!({ "config": config(&stand.braze, 1_000), "per_three_seconds": 3_000, "latency_ms": latency, "forget": true });
        let limited = deliver(&mut stand, &binary, RUNS[0], &order).await;
        let requests = limited.counters["requests"].as_f64().unwrap();
        println!(
            "at 1,000 requests/s and {latency} ms: {:.1} s, {:.3} of the limit, {} times 429, peak {:.1} MB, {:.2} CPU s",
            limited.wall,
            requests / 1_000.0 / limited.wall,
            limited.counters["rate_limited"],
            limited.peak_mb,
            limited.cpu
        );
    }
    drop(stand);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn write_rows(file: &Path, rows: usize) {
    let mut output = BufWriter::new(std::fs::File::create(file).unwrap());
    writeln!(output, "LoyaltyId,EMail,FirstName,City,Points,Seen,Ignored").unwrap();
    for row in 0..rows {
        let points = row * 37 % 10_000;
        writeln!(
            output,
            "LID-{row:010},member.{row:07}@example.com,Member {row},Hamburg,{points},2026-11-22T10:11:12Z,x"
        )
        .unwrap();
    }
    output.flush().unwrap();
}

/// User and system time of a process so far, in seconds.
fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}
