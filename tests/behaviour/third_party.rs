//! A client that others wrote talks to the stand-in of Braze, so that the stand-in is not only what this project believes.
//!
//! The npm package `braze-api` has no call for `GET /custom_attributes`.

use std::path::Path;
use std::process::Command;

use crate::support::{API_KEY, World};
use itb::standin::braze::{RestApiKey, SegmentExports};
use serde_json::{Value, json};

/// What the client returned from its calls, or threw.
async fn calls(url: String) -> Value {
    let output = tokio::task::spawn_blocking(move || {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/braze-client");
        let installed = Command::new(here.join("install")).status();
        assert!(
            installed.is_ok_and(|status| status.success()),
            "the client is not installed. Install Node.js with npm, run tests/braze-client/install, and run the tests again"
        );
        let client = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("braze-client");
        Command::new("node").arg(here.join("calls.js")).arg(client).args([&url, API_KEY]).output().unwrap()
    });
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_others_wrote_understands_the_stand_in() {
    let world = World::with(|settings| settings.braze.keys = vec![RestApiKey::reading(API_KEY).auditing()]).await;
    let braze = &world.account.braze;
    let segments = [("third-segment".to_owned(), "VIP".to_owned())].into();
    world.account.s3.create_bucket("company-exports").unwrap();
    let bucket = Some(world.account.s3.sink("company-exports"));
    braze.set_exports(SegmentExports { segments, bucket, profiles_per_file: 100, ..SegmentExports::default() });
    let results = calls(braze.url()).await;

    let tracked = &results["tracked"]["returned"];
    assert_eq!((&tracked["message"], &tracked["attributes_processed"]), (&json!("success"), &json!(3)), "{results}");
    assert_eq!(results["trackedInBulk"]["returned"]["attributes_processed"], 1, "{results}");
    assert_eq!(braze.profile("third-1").unwrap().custom_attributes["VIP"], true);
    assert_eq!(braze.profile("third-2").unwrap().custom_attributes["points"], 7);
    for refused in ["withoutUser", "tooMany", "withAnotherKey", "byUnknownSegment"] {
        assert!(results[refused]["thrown"].is_string(), "{refused}: {results}");
    }
    assert!(braze.profile("many-0").is_none());

    let users = results["byIds"]["returned"]["users"].as_array().unwrap();
    let of = |id: &str| users.iter().find(|user| user["external_id"] == id).unwrap();
    assert_eq!((users.len(), &of("third-1")["email"]), (2, &json!("third.1@example.com")), "{results}");
    assert_eq!(of("third-2")["custom_attributes"], json!({ "VIP": true, "points": 7 }), "{results}");
    assert_eq!(results["byIds"]["returned"]["invalid_user_ids"], json!(["nobody"]), "{results}");
    let export = &results["bySegment"]["returned"];
    assert_eq!(export["message"], "success", "{results}");
    let prefix = export["object_prefix"].as_str().unwrap();
    assert!(world.account.s3.list("company-exports", "").iter().any(|object| object.key.contains(prefix)), "{results}");
}
