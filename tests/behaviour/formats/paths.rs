//! `path` patterns from the key to Braze, and what is ignored.

use serde_json::json;

use crate::formats::desk::Desk;

const PEOPLE: &str = "Id,Name\nP1,Ann\n";

fn export(path: &str, further: &str) -> String {
    format!(
        "[exports.sftp]\nconnection = \"braze\"\nfolder = \"incoming/sftp\"\npath = \"{path}\"\n{further}\
         data_matching = {{ customer_id = \"Id\" }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_read_segment_and_run_of_each_key() {
    let desk = Desk::start().await;
    let patterns = [
        (
            "{segment}_{run}_{part}.csv",
            "High_Value_20261123010203_3.csv",
            "High_Value",
            "2026-11-23T01:02:03Z",
            "waiting",
        ),
        ("{segment}_{run}.csv", "Gold_2026-11-23T01:02:03Z.csv", "Gold", "2026-11-23T01:02:03Z", "delivered"),
        (
            "{segment}/{run:%Y-%m-%d_%H%M}/{any}",
            "Silver/2026-11-23_0102/deep/er/x.csv",
            "Silver",
            "2026-11-23T01:02Z",
            "waiting",
        ),
        (
            "{export}/{segment}/{run:%s}/{part}.csv",
            "loyalty/ロイヤル会員/1795395723/1.csv",
            "ロイヤル会員",
            "2026-11-23T01:02:03Z",
            "waiting",
        ),
        ("{run:%Y/%m/%d/%H%M}/{segment}.csv", "2026/11/23/0102/Bronze.csv", "Bronze", "2026-11-23T01:02Z", "delivered"),
    ];
    for (number, (path, key, segment, run, outcome)) in patterns.into_iter().enumerate() {
        desk.forget_people();
        desk.configure(&export(path, "").replace("exports.sftp", &format!("exports.sftp{number}")));
        let key = format!("incoming/sftp/{key}");
        desk.world.put(&key, PEOPLE);
        let report = desk.deliver(&key).await;
        assert_eq!((&report["segment"], &report["run"]), (&json!(segment), &json!(run)), "{path}");
        assert_eq!(report["outcome"], outcome, "{path}: {report}");
        assert_eq!(desk.people()["P1"][segment], json!(true), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overwritten_file_is_a_new_run_each_time_and_shows_who_left() {
    let desk = Desk::start().await;
    desk.configure(&export("{segment}.csv", "max_leavers = 1.0\n"));
    let key = "incoming/sftp/Gold.csv";
    desk.world.put(key, "Id,Name\nP1,Ann\nP2,Bob\n");
    let first = desk.deliver(key).await;
    assert_eq!((&first["outcome"], &first["members"]["entered"]), (&json!("delivered"), &json!(2)), "{first}");
    // The run is the object's last-modified time, which S3 tells in whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    desk.world.put(key, PEOPLE);
    let second = desk.deliver(key).await;
    assert_eq!(second["members"], json!({ "before": 2, "entered": 0, "stayed": 1, "left": 1, "after": 1 }), "{second}");
    assert!(second["run"].as_str() > first["run"].as_str());
    assert_eq!(desk.people()["P2"]["Gold"], json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_layout_fits_is_ignored_with_its_reason() {
    let desk = Desk::start().await;
    desk.configure(&export("{segment}_{run}.csv", "segments = [\"Gold\"]\n"));
    for (key, reason) in [
        ("incoming/sftp/Gold.csv", "path"),
        ("incoming/sftp/Silver_20261123010203.csv", "segments"),
        ("incoming/sftp/Gold_20261323010203.csv", "path"),
        ("incoming/sftp/Gold_20261123010203.csv.filepart", "half-uploaded"),
        ("incoming/sftp/sub/", "folder"),
        ("incoming/elsewhere/Gold_20261123010203.csv", "outside"),
        ("config/Gold_20261123010203.csv", "outside incoming/"),
    ] {
        desk.world.put(key, if key.ends_with('/') { "" } else { PEOPLE });
        let answer = desk.landed(key).await.unwrap();
        assert_eq!(answer["reports"], json!([]), "{key}");
        assert!(answer["ignored"][0]["reason"].as_str().unwrap().contains(reason), "{key}: {answer}");
    }
    assert!(desk.people().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pattern_is_refused_with_patterns_that_are_right() {
    let desk = Desk::start().await;
    for path in ["{run}.csv", "{segment}{part}_{run}.csv", "{segment}_{part}.csv", "{segmant}.csv", "{segment", ""] {
        desk.configure(&export(path, ""));
        let error = desk.landed("incoming/sftp/Gold.csv").await.unwrap_err();
        assert!(
            error.contains("path") && (path.is_empty() || error.contains("{segment}_{run}_{part}.csv.gz")),
            "{path}: {error}"
        );
    }
}
