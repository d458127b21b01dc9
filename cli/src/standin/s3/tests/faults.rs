use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::standin::fault::{Answer, Fault};
use crate::standin::s3::ObjectCreated;

#[tokio::test]
async fn requests_must_be_signed_with_the_secret() {
    let setup = setup().await;
    let server = &setup.server;
    server.put_object(BUCKET, "k", "x").unwrap();
    let wrong = client(server, "another").get_object().bucket(BUCKET).key("k").send().await.unwrap_err();
    assert_eq!(code(&wrong.into_service_error()), "SignatureDoesNotMatch");
    let anonymous = reqwest::get(format!("{}/{BUCKET}/k", server.url())).await.unwrap();
    assert_eq!(anonymous.status().as_u16(), 403);
}

#[tokio::test]
async fn calls_are_recorded_and_faults_strike() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let puts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&puts);
    server.set_faults(Some(Arc::new(move |call| {
        if call.operation != "PutObject" {
            return Fault::None;
        }
        match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Fault::Answer(Answer::s3_error(503, "SlowDown")),
            1 => Fault::DropBefore,
            2 => Fault::DropAfter,
            3 => Fault::AnswerAfter(Answer::s3_error(500, "InternalError")),
            4 => Fault::Hang,
            _ => Fault::Delay(Duration::from_millis(20)),
        }
    })));
    let put = |text: &'static str| client.put_object().bucket(BUCKET).key("k 1").body(content(text)).send();
    assert_eq!(code(&put("zero").await.unwrap_err().into_service_error()), "SlowDown");
    assert!(put("one").await.unwrap_err().as_service_error().is_none());
    assert_eq!(server.get_object(BUCKET, "k 1").unwrap(), None, "nothing was applied so far");
    assert!(put("two").await.unwrap_err().as_service_error().is_none());
    assert_eq!(server.get_object(BUCKET, "k 1").unwrap().unwrap(), b"two", "applied, the answer lost");
    assert_eq!(code(&put("three").await.unwrap_err().into_service_error()), "InternalError");
    assert_eq!(server.get_object(BUCKET, "k 1").unwrap().unwrap(), b"three");
    assert!(tokio::time::timeout(Duration::from_millis(50), put("four")).await.is_err());
    put("five").await.unwrap();
    client.list_objects_v2().bucket(BUCKET).prefix("k 1").send().await.unwrap();
    let calls = server.calls();
    assert_eq!(calls.len(), 7);
    assert_eq!(
        (calls[0].operation.as_str(), calls[0].bucket.as_str(), calls[0].resource.as_str()),
        ("PutObject", BUCKET, "k 1")
    );
    assert_eq!((calls[6].operation.as_str(), calls[6].resource.as_str()), ("ListObjectsV2", "k 1"));
    assert_eq!(calls[6].caller, "AKIDOBJECTCREATED");
}

#[tokio::test]
async fn watchers_hear_of_objects_below_their_prefix() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let mut watcher = server.watch(BUCKET, "incoming/");
    client.put_object().bucket(BUCKET).key("reports/r.json").body(content("{}")).send().await.unwrap();
    client.put_object().bucket(BUCKET).key("incoming/a b/ü+%.csv").body(content("x")).send().await.unwrap();
    client.put_object().bucket(BUCKET).key("incoming/a b/ü+%.csv").body(content("y")).send().await.unwrap();
    let first = watcher.recv().await.unwrap();
    let second = watcher.recv().await.unwrap();
    assert_eq!(first.key, "incoming/a b/ü+%.csv");
    assert!(first.sequencer < second.sequencer);
    assert_ne!(first.etag, second.etag);
    let event = ObjectCreated::to_s3_event(std::slice::from_ref(&first));
    assert_eq!(event["Records"][0]["s3"]["object"]["key"], "incoming/a+b/%C3%BC%2B%25.csv");
    assert_eq!(first.to_eventbridge_event()["detail"]["object"]["key"], "incoming/a b/ü+%.csv");
}
