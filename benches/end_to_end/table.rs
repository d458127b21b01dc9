//! The table itself.

use std::fs;
use std::time::Duration;

use itb::standin::http::BRAZE_HOST;
use serde_json::{Value, json};

use crate::function::{HOUR, binaries, binary, cold_start, deliver};
use crate::in_process::{deliver_elsewhere, elsewhere};
use crate::machine::{self, CpuQuota};
use crate::members;
use crate::rows::write_rows;
use crate::stand::{RUNS, Stand, config, may_redirect_hosts, unlimited};

/// What the table's rows have in common.
struct Table {
    rows: usize,
    per_million: f64,
    plain: Stand,
}

fn line(what: &str, measured: &str, aim: &str) {
    println!("| {what} | {measured} | {aim} |");
}

/// An order for one whose contract says 1,000 requests a second, and which admits `per_three_seconds`.
fn limited(stand: &Stand, per_three_seconds: u64, latency: u64) -> Value {
    let config = config(&stand.hostname(), 1_000);
    json!({ "config": config, "per_three_seconds": per_three_seconds, "latency_ms": latency, "forget": true })
}

/// What was asked for on the command line.
struct Wanted(Vec<String>);

impl Wanted {
    fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| name.starts_with(word.as_str()))
    }
}

pub(crate) async fn print(wanted: Vec<String>) {
    let wanted = Wanted(wanted);
    let rows: usize = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("insights-to-braze-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("segment.csv");
    write_rows(&file, rows);
    let bytes_a_row = fs::metadata(&file).unwrap().len() / rows as u64;
    println!("{rows} rows, {bytes_a_row} bytes a row, {}\n{}\n", binary().display(), machine::described());
    println!("| what | measured | aim |\n| --- | --- | --- |");
    let encrypted = if wanted.has("tls") { Some(Stand::start(&file, true)) } else { None };
    let mut table = Table { rows, per_million: 1e6 / rows as f64, plain: Stand::start(&file, false) };
    if wanted.has("cpu") {
        table.cpu().await;
    }
    if let Some(encrypted) = encrypted {
        table.encrypted(encrypted);
    }
    if wanted.has("limit") {
        limits(&mut table.plain, "").await;
    }
    if wanted.has("tls-limit") {
        if may_redirect_hosts() {
            limits(&mut Stand::start(&file, true), ", over TLS and HTTP/2").await;
        } else {
            line("the same over TLS", "not measured: this process may not make a mount namespace", "");
        }
    }
    if wanted.has("other-limit") {
        table.other_limits().await;
    }
    if wanted.has("continuation") {
        table.continuations().await;
    }
    if wanted.has("start") {
        table.starts().await;
    }
    drop(table);
    if wanted.has("binaries") {
        binary_sizes();
    }
    if wanted.has("quota") {
        let few = rows.min(150_000);
        write_rows(&file, few);
        memory_sizes(&mut Stand::start(&file, false), few).await;
    }
    if wanted.has("members") {
        members::print(&folder).await;
    }
    fs::remove_dir_all(&folder).unwrap();
}

impl Table {
    async fn cpu(&mut self) {
        let order = unlimited(&self.plain.braze);
        let (mut best, mut streaming_mb) = ((f64::MAX, f64::MAX), 0.0);
        for _ in 0..3 {
            let floor = elsewhere(&["floor", &self.plain.braze, "", &self.rows.to_string()]);
            let first = deliver(&mut self.plain, RUNS[0], &order, None, HOUR).await;
            assert_eq!(first.report["rows"]["accepted"], self.rows, "{}", first.report);
            best = (best.0.min(first.cpu), best.1.min(floor));
            streaming_mb = first.peak_mb;
        }
        let (cpu, floor) = (best.0 * self.per_million, best.1 * self.per_million);
        line(
            "CPU per million rows, nothing delivered before, best of three",
            &format!("{cpu:.2} s; floor {floor:.2} s, ratio {:.1}", cpu / floor),
            "0.9 s, ratio 3",
        );
        line("peak memory meanwhile", &format!("{streaming_mb:.0} MB"), "48 MB");
        let second = deliver(&mut self.plain, RUNS[1], &json!({ "latency_ms": 0 }), None, HOUR).await;
        assert_eq!(second.report["rows"]["unchanged"], self.rows, "{}", second.report);
        line(
            "an unchanged run",
            &format!(
                "{:.2} s CPU per million members, {} requests; {:.0} bytes of memory and {:.1} of state a member",
                second.cpu * self.per_million,
                second.requests,
                (second.peak_mb - streaming_mb) * 1e6 / self.rows as f64,
                second.state_bytes / self.rows as f64,
            ),
            "no request",
        );
    }

    fn encrypted(&mut self, mut encrypted: Stand) {
        let order = unlimited(BRAZE_HOST);
        let mut best = |http: &str| {
            let cpus = (0..2).map(|_| deliver_elsewhere(&mut encrypted, &order, http));
            cpus.fold(f64::MAX, f64::min) * self.per_million
        };
        let (http2, http1) = (best("2"), best("1"));
        let order = unlimited(&self.plain.braze);
        let plain = deliver_elsewhere(&mut self.plain, &order, "1") * self.per_million;
        line(
            "the same over TLS, by the library in a process of its own",
            &format!("{http2:.2} s over HTTP/2, {http1:.2} s over HTTP/1.1; without TLS {plain:.2} s"),
            "1.2 s",
        );
    }

    async fn other_limits(&mut self) {
        for (silent, known) in [(false, "each answer says so"), (true, "no answer says so")] {
            let mut order = limited(&self.plain, 1_500, 150);
            order["silent"] = json!(silent);
            let delivered = deliver(&mut self.plain, RUNS[0], &order, None, HOUR).await;
            let admitted = delivered.requests - delivered.rate_limited;
            line(
                &format!("500 requests/s admitted where 1,000 are configured, {known}, 150 ms"),
                &format!(
                    "{:.3} of the limit, {} times 429 ({:.2} %)",
                    admitted / 500.0 / delivered.wall,
                    delivered.rate_limited,
                    delivered.rate_limited * 100.0 / delivered.requests
                ),
                "0.9, 1 %",
            );
        }
    }

    async fn continuations(&mut self) {
        // A hundred million rows would take 22 minutes at the limit.
        let at_the_limit = self.rows < 10_000_000;
        let order = if at_the_limit { limited(&self.plain, 3_000, 0) } else { unlimited(&self.plain.braze) };
        // The newest run: what is continued would otherwise give way to it.
        let whole = deliver(&mut self.plain, RUNS[1], &order, None, HOUR).await;
        // A fifth of the time is kept for an orderly end, so this divides the rows into five.
        let time = Duration::from_secs_f64((whole.wall / 4.0).max(2.0));
        let divided = deliver(&mut self.plain, RUNS[1], &order, None, time).await;
        // Whoever was sent before time was up and is read again may be known already.
        let rows = ["accepted", "unchanged"].map(|fate| divided.report["rows"][fate].as_u64().unwrap());
        assert_eq!(rows.iter().sum::<u64>(), self.rows as u64, "{}", divided.report);
        line(
            "the same through forced continuations",
            &format!(
                "{} invocations, {:.2} times the CPU of one ({:.2} s), {:.3} times its requests; peak {:.0} MB, {:.0} MB of one",
                divided.invocations,
                divided.cpu / whole.cpu,
                whole.cpu,
                divided.requests / whole.requests,
                divided.peak_mb,
                whole.peak_mb,
            ),
            "1.02 times",
        );
    }

    async fn starts(&mut self) {
        let limit = limited(&self.plain, 3_000, 0);
        self.plain.order(&limit);
        let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-23T01:02:03Z",
            "Bucket": "b", "RequestId": "1", "HostId": "2" });
        let [object_created, _, on_demand] = binaries();
        let bare = cold_start(&self.plain, &object_created, &test).await;
        let connect = json!({ "action": "connect", "connection": "b" });
        let connected = cold_start(&self.plain, &on_demand, &connect).await;
        self.plain.order(&json!("done"));
        line(
            "cold start, process start to first answer, median of eleven",
            &format!("{bare:.1} ms; {connected:.1} ms to `connect`, which asks S3, Secrets Manager and Braze"),
            "30 ms",
        );
    }
}

/// How much of the limit a delivery uses, and what it takes to do so.
async fn limits(stand: &mut Stand, how: &str) {
    for (latency, aim) in [(150, "0.98, no 429"), (450, "0.95, no 429")] {
        let order = limited(stand, 3_000, latency);
        let delivered = deliver(stand, RUNS[0], &order, None, HOUR).await;
        line(
            &format!("1,000 requests/s admitted, answers after {latency} ms{how}"),
            &format!(
                "{:.1} s, {:.3} of the limit, {} times 429; {:.2} s CPU, peak {:.0} MB",
                delivered.wall,
                delivered.requests / 1_000.0 / delivered.wall,
                delivered.rate_limited,
                delivered.cpu,
                delivered.peak_mb
            ),
            aim,
        );
    }
}

fn binary_sizes() {
    let sizes = binaries().map(|binary| format!("{:.2}", fs::metadata(binary).unwrap().len() as f64 / 1e6));
    line("binaries as they were built", &format!("{} MB", sizes.join(", ")), "10 MB");
}

async fn memory_sizes(stand: &mut Stand, rows: usize) {
    for megabytes in [128, 256, 512, 1_024, 1_769] {
        let what = format!("{megabytes} MB, {:.3} of a core, {rows} rows, 150 ms", megabytes as f64 / 1_769.0);
        let Some(quota) = CpuQuota::of_memory(megabytes) else {
            line(&what, "not measured: this process may not make a control group", "");
            continue;
        };
        let order = limited(stand, 3_000, 150);
        let delivered = deliver(stand, RUNS[0], &order, Some(&quota), HOUR).await;
        line(
            &what,
            &format!(
                "{:.0} requests/s; {:.1} s, {:.2} s CPU, {} times 429",
                delivered.requests / delivered.wall,
                delivered.wall,
                delivered.cpu,
                delivered.rate_limited
            ),
            if megabytes == 128 { "50 requests/s" } else { "" },
        );
    }
}
