//! What members cost, beside reading the same files: a run that has nothing before it, one that changes nothing, and one in
//! which one percent of the members has another value; in one file and in forty, as Customer Insights splits large tables.

use std::path::{Path, PathBuf};
use std::time::Duration;

use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};

use crate::function::{HOUR, binaries};
use crate::in_process::elsewhere;
use crate::machine::cpu_seconds;
use crate::rows::write_compressed;
use crate::stand::{Stand, unlimited};

/// The memory of an unchanged run with so few members is that of reading and of the program itself.
const HARDLY_ANY: usize = 1_000;

/// Members, and files of a run.
const TABLE: [(usize, usize); 5] = [(HARDLY_ANY, 1), (100_000, 1), (1_000_000, 1), (1_000_000, 40), (10_000_000, 1)];

struct Measured {
    cpu: f64,
    peak_mb: f64,
    requests: f64,
    calls: Value,
    written: f64,
    stored: f64,
    report: Value,
}

/// Delivers what has landed, by one invocation of the schedule's function.
async fn pass(stand: &mut Stand, order: &Value) -> Measured {
    stand.order(order);
    // The window of 3 s that the delivery before this one has used counts on, and would refuse the first requests.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let [_, scheduled, _] = binaries();
    let host = LambdaHost::start(stand.function(scheduled)).await.unwrap();
    let process = host.process_id().unwrap();
    let before = cpu_seconds(process);
    let answer = host.invoke(&json!({}), HOUR).await.unwrap();
    let cpu = cpu_seconds(process) - before;
    let peak_mb = host.peak_memory().unwrap() as f64 / 1e6;
    let done = stand.order(&json!("done"));
    let report = answer["reports"][0].clone();
    assert_eq!(report["outcome"], "delivered", "{answer}");
    let figure = |name: &str| done[name].as_f64().unwrap();
    Measured {
        cpu,
        peak_mb,
        requests: done["braze"]["requests"].as_f64().unwrap(),
        calls: done["calls"].clone(),
        written: figure("state_written"),
        stored: figure("state_bytes"),
        report,
    }
}

/// Where the files of a run land.
fn landing(day: u32, files: &[PathBuf]) -> Vec<(String, &PathBuf)> {
    let key = |(part, file)| (format!("incoming/Export/Segment/2026/11/{day}/0102/Segment_{part}.csv.gz"), file);
    files.iter().enumerate().map(key).collect()
}

pub(crate) async fn print(folder: &Path) {
    println!(
        "\n| members, files | reading alone | first run | unchanged run | one percent changed | peak: first, unchanged, a \
         member over {HARDLY_ANY} | state: all, written by the unchanged run | S3: unchanged run |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    let mut base_mb = 0.0;
    for (members, files) in TABLE {
        let files: Vec<PathBuf> = (0..files).map(|part| folder.join(format!("{part}.csv.gz"))).collect();
        let changed: Vec<PathBuf> =
            (0..files.len()).map(|part| folder.join(format!("{part}-changed.csv.gz"))).collect();
        write_compressed(&files, members, None);
        write_compressed(&changed, members, Some(100));
        let mut arguments = vec!["read"];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        let mut stand = Stand::empty();
        let floor = elsewhere(&arguments).min(elsewhere(&arguments));
        let mut order = unlimited(&stand.braze);
        order["put"] = json!(landing(22, &files));
        let first = pass(&mut stand, &order).await;
        assert_eq!(first.report["rows"]["accepted"], members, "{}", first.report);
        let again = json!({ "latency_ms": 0, "put": landing(23, &files) });
        let second = pass(&mut stand, &again).await;
        assert_eq!(second.report["rows"]["unchanged"], members, "{}", second.report);
        let last = json!({ "latency_ms": 0, "put": landing(24, &changed) });
        let third = pass(&mut stand, &last).await;
        assert_eq!(third.report["rows"]["accepted"], members / 100, "{}", third.report);
        if members == HARDLY_ANY {
            base_mb = second.peak_mb;
        }
        let of_reading = |measured: &Measured| format!("{:.2} s, {:.2}", measured.cpu, measured.cpu / floor);
        println!(
            "| {members}, {} | {floor:.2} s | {} | {}, {} requests | {} | {:.0} MB, {:.0} MB, {:.1} bytes | {:.1} bytes a member, \
             {} bytes: {:.3} % | {} |",
            files.len(),
            of_reading(&first),
            of_reading(&second),
            second.requests,
            of_reading(&third),
            first.peak_mb,
            second.peak_mb,
            (second.peak_mb - base_mb) * 1e6 / members as f64,
            first.stored / members as f64,
            second.written,
            100.0 * second.written / first.stored,
            second.calls,
        );
    }
}
