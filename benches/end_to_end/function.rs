//! Deliveries by the function's binary.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use itb::standin::BUCKET;
use itb::standin::lambda::{LambdaFunction, LambdaHost};
use serde_json::{Value, json};

use crate::machine::{CpuQuota, cpu_seconds};
use crate::stand::{Stand, key_of};

pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// The binary of `object_created`; `FUNCTION` names another one.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("FUNCTION").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_object_created")), PathBuf::from)
}

/// All three.
pub(crate) fn binaries() -> [PathBuf; 3] {
    [env!("CARGO_BIN_EXE_object_created"), env!("CARGO_BIN_EXE_scheduled"), env!("CARGO_BIN_EXE_on_demand")]
        .map(PathBuf::from)
}

pub(crate) struct Measured {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    pub(crate) peak_mb: f64,
    pub(crate) requests: f64,
    pub(crate) rate_limited: f64,
    pub(crate) state_bytes: f64,
    pub(crate) report: Value,
    /// Invocations, if time ran out.
    pub(crate) invocations: u32,
}

pub(crate) fn event_of(run: &str) -> Value {
    let object = json!({ "bucket": { "name": BUCKET }, "object": { "key": key_of(run) } });
    json!({ "Records": [{ "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": object }] })
}

/// Delivers a run, in as many invocations of `time` as it takes, each in the same process.
pub(crate) async fn deliver(
    stand: &mut Stand,
    run: &str,
    order: &Value,
    quota: Option<&CpuQuota>,
    time: Duration,
) -> Measured {
    stand.order(order);
    // The window of 3 s that the delivery before this one has used counts on, and would refuse the first requests.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let host = LambdaHost::start(stand.function(binary())).await.unwrap();
    let process = host.process_id().unwrap();
    if let Some(quota) = quota {
        quota.limit(process);
    }
    let (cpu, started) = (cpu_seconds(process), Instant::now());
    let mut answer = host.invoke(&event_of(run), time).await.unwrap();
    let mut invocations = 1;
    while answer["reports"][0]["outcome"] == "unfinished" {
        let continuation = json!({ "continue": { "export": "e", "segment": "Segment" } });
        answer = host.invoke(&continuation, time).await.unwrap();
        invocations += 1;
    }
    let wall = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds(process) - cpu;
    let peak_mb = host.peak_memory().unwrap() as f64 / 1e6;
    let done = stand.order(&json!("done"));
    let figure = |name: &str| done["braze"][name].as_f64().unwrap();
    Measured {
        cpu,
        wall,
        peak_mb,
        requests: figure("requests"),
        rate_limited: figure("rate_limited"),
        state_bytes: done["state_bytes"].as_f64().unwrap(),
        report: answer["reports"][0].clone(),
        invocations,
    }
}

/// The time from the start of a process to its first answer to `event`, in milliseconds: the median of eleven.
pub(crate) async fn cold_start(stand: &Stand, binary: &Path, event: &Value) -> f64 {
    let mut times = Vec::new();
    for _ in 0..11 {
        let function = LambdaFunction::new(binary, stand.environment.clone());
        let began = Instant::now();
        let host = LambdaHost::start(function).await.unwrap();
        host.invoke(event, HOUR).await.unwrap();
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
