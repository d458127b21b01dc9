#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use tempfile::TempDir;

use super::{S3Server, SECRET_ACCESS_KEY};
use crate::standin::clock::Clock;
use crate::standin::fault::{Answer, Fault};

const BUCKET: &str = "segments";

struct Setup {
    server: S3Server,
    client: Client,
    _folder: TempDir,
}

async fn setup() -> Setup {
    let folder = TempDir::new().unwrap();
    let server = S3Server::start(folder.path(), Clock::new()).await.unwrap();
    server.create_bucket(BUCKET).unwrap();
    let client = client(&server, SECRET_ACCESS_KEY);
    Setup { server, client, _folder: folder }
}

fn client(server: &S3Server, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(server.url())
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new("AKIDOBJECTCREATED", secret, None, None, "test"))
        .build();
    Client::from_conf(config)
}

fn content(text: &'static str) -> ByteStream {
    ByteStream::from_static(text.as_bytes())
}

fn code<E: ProvideErrorMetadata>(error: &E) -> &str {
    error.code().unwrap_or("(none)")
}

async fn read(client: &Client, key: &str) -> Vec<u8> {
    let object = client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    object.body.collect().await.unwrap().to_vec()
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_written() {
    let setup = setup().await;
    let client = &setup.client;
    let put = client.put_object().bucket(BUCKET).key("incoming/a.csv").body(content("hello")).content_type("text/csv");
    let put = put.metadata("origin", "adls").send().await.unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""), "the quoted MD5, as S3 gives it");
    let head = client.head_object().bucket(BUCKET).key("incoming/a.csv").send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.e_tag(), put.e_tag());
    assert_eq!(head.content_type(), Some("text/csv"));
    assert_eq!(head.metadata().unwrap()["origin"], "adls");
    assert!(head.last_modified().is_some());
    let get = client.get_object().bucket(BUCKET).key("incoming/a.csv").send().await.unwrap();
    assert!(get.checksum_crc32().is_some(), "the SDK's default checksum is kept and given back");
    assert_eq!(get.body.collect().await.unwrap().to_vec(), b"hello");
    let missing = client.get_object().bucket(BUCKET).key("incoming/b.csv").send().await.unwrap_err().into_service_error();
    assert!(missing.is_no_such_key());
    assert!(client.head_object().bucket(BUCKET).key("nope").send().await.unwrap_err().into_service_error().is_not_found());
    let bucket = client.get_object().bucket("other").key("a").send().await.unwrap_err().into_service_error();
    assert_eq!(code(&bucket), "NoSuchBucket");
}

#[tokio::test]
async fn only_the_first_create_succeeds() {
    let setup = setup().await;
    let client = &setup.client;
    let create = |text: &'static str| client.put_object().bucket(BUCKET).key("state/lease").if_none_match("*").body(content(text)).send();
    create("first").await.unwrap();
    let error = create("second").await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 412);
    assert_eq!(code(&error.into_service_error()), "PreconditionFailed");
    assert_eq!(read(client, "state/lease").await, b"first");
}

#[tokio::test]
async fn if_match_replaces_only_what_the_writer_has_seen() {
    let setup = setup().await;
    let client = &setup.client;
    let put = |text: &'static str| client.put_object().bucket(BUCKET).key("state/run").body(content(text));
    let missing = put("x").if_match("\"5d41402abc4b2a76b9719d911017c592\"").send().await.unwrap_err();
    assert_eq!(missing.raw_response().unwrap().status().as_u16(), 404);
    assert_eq!(code(&missing.into_service_error()), "NoSuchKey");
    let first = put("one").send().await.unwrap();
    let second = put("two").if_match(first.e_tag().unwrap()).send().await.unwrap();
    assert_ne!(first.e_tag(), second.e_tag());
    let stale = put("three").if_match(first.e_tag().unwrap()).send().await.unwrap_err();
    assert_eq!(stale.raw_response().unwrap().status().as_u16(), 412);
    assert_eq!(read(client, "state/run").await, b"two");
    // Reads know the condition too.
    let get = client.get_object().bucket(BUCKET).key("state/run").if_match(first.e_tag().unwrap()).send().await.unwrap_err();
    assert_eq!(code(&get.into_service_error()), "PreconditionFailed");
    client.get_object().bucket(BUCKET).key("state/run").if_match(second.e_tag().unwrap()).send().await.unwrap();
    let same = client.get_object().bucket(BUCKET).key("state/run").if_none_match(second.e_tag().unwrap()).send().await.unwrap_err();
    assert_eq!(same.raw_response().unwrap().status().as_u16(), 304);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_at_once_one_wins_each_round() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let mut etag = server.put_object(BUCKET, "state/counter", "start").unwrap();
    for round in 0..10 {
        let writers = (0..8).map(|writer| {
            let put = client.put_object().bucket(BUCKET).key("state/counter").if_match(format!("\"{etag}\""));
            tokio::spawn(put.body(ByteStream::from(format!("{round} {writer}").into_bytes())).send())
        });
        let answers: Vec<_> = futures::future::join_all(writers).await.into_iter().map(Result::unwrap).collect();
        let mut winners = answers.into_iter().filter_map(Result::ok);
        etag = winners.next().expect("one writer wins").e_tag().unwrap().trim_matches('"').to_owned();
        assert!(winners.next().is_none(), "a second writer won round {round}");
    }
}

#[tokio::test]
async fn awkward_keys_survive() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let long = format!("incoming/{}/{}.csv", "長".repeat(80), "b".repeat(240));
    let keys = [
        "incoming/a b+c%20d/100% 顧客&=?#.csv",
        "incoming/é/😀 \"quoted\".csv",
        "incoming/a//b",
        "incoming/folder/",
        "incoming/../up",
        "incoming/x",
        "incoming/x/y",
        long.as_str(),
    ];
    for key in keys {
        client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(key.as_bytes().to_vec())).send().await.unwrap();
    }
    let mut expected: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    expected.sort();
    let listed = client.list_objects_v2().bucket(BUCKET).prefix("incoming/").send().await.unwrap();
    let listed: Vec<_> = listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect();
    assert_eq!(listed, expected);
    for key in keys {
        assert_eq!(read(client, key).await, key.as_bytes(), "{key}");
    }
    // The same folder served again holds the same objects.
    let again = S3Server::start(server.folder(), Clock::new()).await.unwrap();
    assert_eq!(again.list(BUCKET, ""), server.list(BUCKET, ""));
    for key in keys {
        client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    assert!(server.list(BUCKET, "").is_empty());
    assert_eq!(std::fs::read_dir(server.folder().join(BUCKET)).unwrap().count(), 0, "no empty folder stays behind");
}

#[tokio::test]
async fn listings_are_paged_and_grouped() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    for number in 0..25 {
        server.put_object(BUCKET, &format!("incoming/{}/{number:02}.csv", number % 3), "x").unwrap();
    }
    server.put_object(BUCKET, "incoming/top.csv", "x").unwrap();
    server.put_object(BUCKET, "other", "x").unwrap();
    let mut pages = client.list_objects_v2().bucket(BUCKET).prefix("incoming/").max_keys(7).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.contents().len() <= 7);
        keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    let expected: Vec<_> = server.list(BUCKET, "incoming/").into_iter().map(|object| object.key).collect();
    assert_eq!(keys.len(), 26);
    assert_eq!(keys, expected);
    let mut pages = client.list_objects_v2().bucket(BUCKET).prefix("incoming/").delimiter("/").max_keys(2).into_paginator().send();
    let (mut groups, mut tops) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        groups.extend(page.common_prefixes().iter().map(|group| group.prefix().unwrap().to_owned()));
        tops.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!(groups, ["incoming/0/", "incoming/1/", "incoming/2/"]);
    assert_eq!(tops, ["incoming/top.csv"]);
    let after = client.list_objects_v2().bucket(BUCKET).start_after("incoming/2/23.csv").send().await.unwrap();
    let after: Vec<_> = after.contents().iter().map(|object| object.key().unwrap()).collect();
    assert_eq!(after, ["incoming/top.csv", "other"]);
}

#[tokio::test]
async fn ranges_and_large_objects_are_streamed() {
    let setup = setup().await;
    let client = &setup.client;
    let large: Vec<u8> = (0..1_000_003_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
    client.put_object().bucket(BUCKET).key("large").body(ByteStream::from(large.clone())).send().await.unwrap();
    assert_eq!(read(client, "large").await, large);
    for (range, expected) in
        [("bytes=0-0", &large[..1]), ("bytes=500000-", &large[500_000..]), ("bytes=-10", &large[999_993..]), ("bytes=999999-2000000", &large[999_999..])]
    {
        let get = client.get_object().bucket(BUCKET).key("large").range(range).send().await.unwrap();
        assert!(get.content_range().unwrap().ends_with("/1000003"));
        assert_eq!(get.body.collect().await.unwrap().to_vec(), expected, "{range}");
    }
    let beyond = client.get_object().bucket(BUCKET).key("large").range("bytes=1000003-").send().await.unwrap_err();
    assert_eq!(beyond.raw_response().unwrap().status().as_u16(), 416);
}

#[tokio::test]
async fn a_reader_keeps_the_content_it_began_with() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let old = vec![b'a'; 3_000_000];
    server.put_object(BUCKET, "k", &old).unwrap();
    let get = client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    server.put_object(BUCKET, "k", vec![b'b'; 3_000_000]).unwrap();
    assert_eq!(get.body.collect().await.unwrap().to_vec(), old);
    server.delete_object(BUCKET, "k").unwrap();
    assert_eq!(server.get_object(BUCKET, "k").unwrap(), None);
}

#[tokio::test]
async fn uploads_in_parts_become_one_object() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let mut watcher = server.watch(BUCKET, "incoming/");
    let parts = [vec![b'a'; 5 * 1024 * 1024], b"end".to_vec()];
    let start = |key: &'static str| client.create_multipart_upload().bucket(BUCKET).key(key).checksum_algorithm(ChecksumAlgorithm::Crc32).send();
    let upload = start("incoming/parts").await.unwrap();
    let id = upload.upload_id().unwrap();
    let mut completed = Vec::new();
    for (number, part) in (1..).zip(&parts) {
        let part = client.upload_part().bucket(BUCKET).key("incoming/parts").upload_id(id).part_number(number).body(ByteStream::from(part.clone()));
        let part = part.send().await.unwrap();
        completed.push(CompletedPart::builder().part_number(number).e_tag(part.e_tag().unwrap()).build());
    }
    assert!(server.list(BUCKET, "").is_empty(), "parts are not objects");
    let complete = |parts: Vec<CompletedPart>| {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        client.complete_multipart_upload().bucket(BUCKET).key("incoming/parts").upload_id(id).multipart_upload(parts).if_none_match("*")
    };
    let done = complete(completed.clone()).send().await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""));
    assert_eq!(read(client, "incoming/parts").await, parts.concat());
    let created = watcher.recv().await.unwrap();
    assert_eq!((created.size, created.event_name), (5_242_883, "ObjectCreated:CompleteMultipartUpload"));
    assert_eq!(code(&complete(completed).send().await.unwrap_err().into_service_error()), "NoSuchUpload");
    // The same key once more, with the condition that there is none yet.
    let again = start("incoming/parts").await.unwrap();
    let id = again.upload_id().unwrap();
    let part = client.upload_part().bucket(BUCKET).key("incoming/parts").upload_id(id).part_number(1).body(content("x")).send().await.unwrap();
    let parts = CompletedMultipartUpload::builder().parts(CompletedPart::builder().part_number(1).e_tag(part.e_tag().unwrap()).build()).build();
    let refused = client.complete_multipart_upload().bucket(BUCKET).key("incoming/parts").upload_id(id).multipart_upload(parts).if_none_match("*");
    assert_eq!(code(&refused.send().await.unwrap_err().into_service_error()), "PreconditionFailed");
    client.abort_multipart_upload().bucket(BUCKET).key("incoming/parts").upload_id(id).send().await.unwrap();
}

#[tokio::test]
async fn copies_and_deletes() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    server.put_object(BUCKET, "from here", "x").unwrap();
    client.copy_object().bucket(BUCKET).key("to").copy_source("segments/from%20here").send().await.unwrap();
    assert_eq!(read(client, "to").await, b"x");
    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder().objects(object("to")).objects(object("from here")).objects(object("never was")).build().unwrap();
    let deleted = client.delete_objects().bucket(BUCKET).delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 3);
    assert!(server.list(BUCKET, "").is_empty());
    server.put_object(BUCKET, "k", "x").unwrap();
    let stale = client.delete_object().bucket(BUCKET).key("k").if_match("\"abc\"").send().await.unwrap_err();
    assert_eq!(code(&stale.into_service_error()), "PreconditionFailed");
}

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
    assert_eq!((calls[0].operation.as_str(), calls[0].bucket.as_str(), calls[0].resource.as_str()), ("PutObject", BUCKET, "k 1"));
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
    let event = super::ObjectCreated::to_s3_event(&[first.clone()]);
    assert_eq!(event["Records"][0]["s3"]["object"]["key"], "incoming/a+b/%C3%BC%2B%25.csv");
    assert_eq!(first.to_eventbridge_event()["detail"]["object"]["key"], "incoming/a b/ü+%.csv");
}
