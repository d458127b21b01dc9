//! What members cost: of a run that has nothing before it, and of one that changes nothing.

use std::path::Path;

use serde_json::json;

use crate::function::{HOUR, deliver};
use crate::rows::write_rows;
use crate::stand::{RUNS, Stand, unlimited};

/// The memory of an unchanged run with so few members is that of reading and of the program itself.
const HARDLY_ANY: usize = 1_000;

/// The bytes of an identifier that [`write_rows`] writes.
const IDENTIFIER: f64 = 14.0;

pub(crate) async fn print(file: &Path) {
    println!(
        "\n| members | first run: CPU, peak | unchanged run: CPU, peak, requests | memory a member | state a member, besides \
         its identifier |\n| --- | --- | --- | --- | --- |"
    );
    let mut base_mb = 0.0;
    for members in [HARDLY_ANY, 100_000, 1_000_000, 10_000_000] {
        write_rows(file, members);
        let mut stand = Stand::start(file, false);
        let order = unlimited(&stand.braze);
        let first = deliver(&mut stand, RUNS[0], &order, None, HOUR).await;
        assert_eq!(first.report["rows"]["accepted"], members, "{}", first.report);
        let second = deliver(&mut stand, RUNS[1], &json!({ "latency_ms": 0 }), None, HOUR).await;
        assert_eq!(second.report["rows"]["unchanged"], members, "{}", second.report);
        let count = members as f64;
        if members == HARDLY_ANY {
            base_mb = second.peak_mb;
        }
        println!(
            "| {members} | {:.2} s, {:.0} MB | {:.2} s, {:.0} MB, {} | {:.1} bytes | {:.1} bytes |",
            first.cpu,
            first.peak_mb,
            second.cpu,
            second.peak_mb,
            second.requests,
            (second.peak_mb - base_mb) * 1e6 / count,
            second.state_bytes / count - IDENTIFIER,
        );
    }
}
