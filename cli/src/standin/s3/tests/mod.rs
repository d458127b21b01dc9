#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conditions;
mod faults;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use tempfile::TempDir;

use super::{S3Server, secret_access_key};
use crate::standin::clock::Clock;

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
    let client = client(&server, secret_access_key());
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
    let missing =
        client.get_object().bucket(BUCKET).key("incoming/b.csv").send().await.unwrap_err().into_service_error();
    assert!(missing.is_no_such_key());
    assert!(
        client.head_object().bucket(BUCKET).key("nope").send().await.unwrap_err().into_service_error().is_not_found()
    );
    let bucket = client.get_object().bucket("other").key("a").send().await.unwrap_err().into_service_error();
    assert_eq!(code(&bucket), "NoSuchBucket");
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
        client
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(ByteStream::from(key.as_bytes().to_vec()))
            .send()
            .await
            .unwrap();
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
    let mut pages =
        client.list_objects_v2().bucket(BUCKET).prefix("incoming/").delimiter("/").max_keys(2).into_paginator().send();
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
    for (range, expected) in [
        ("bytes=0-0", &large[..1]),
        ("bytes=500000-", &large[500_000..]),
        ("bytes=-10", &large[999_993..]),
        ("bytes=999999-2000000", &large[999_999..]),
    ] {
        let get = client.get_object().bucket(BUCKET).key("large").range(range).send().await.unwrap();
        assert!(get.content_range().unwrap().ends_with("/1000003"));
        assert_eq!(get.body.collect().await.unwrap().to_vec(), expected, "{range}");
    }
    let beyond = client.get_object().bucket(BUCKET).key("large").range("bytes=1000003-").send().await.unwrap_err();
    assert_eq!(beyond.raw_response().unwrap().status().as_u16(), 416);
}

#[tokio::test]
async fn uploads_in_parts_become_one_object() {
    let setup = setup().await;
    let (client, server) = (&setup.client, &setup.server);
    let mut watcher = server.watch(BUCKET, "incoming/");
    let parts = [vec![b'a'; 5 * 1024 * 1024], b"end".to_vec()];
    let start = |key: &'static str| {
        client.create_multipart_upload().bucket(BUCKET).key(key).checksum_algorithm(ChecksumAlgorithm::Crc32).send()
    };
    let upload = start("incoming/parts").await.unwrap();
    let id = upload.upload_id().unwrap();
    let mut completed = Vec::new();
    for (number, part) in (1..).zip(&parts) {
        let part = client
            .upload_part()
            .bucket(BUCKET)
            .key("incoming/parts")
            .upload_id(id)
            .part_number(number)
            .body(ByteStream::from(part.clone()));
        let part = part.send().await.unwrap();
        completed.push(CompletedPart::builder().part_number(number).e_tag(part.e_tag().unwrap()).build());
    }
    assert!(server.list(BUCKET, "").is_empty(), "parts are not objects");
    let complete = |parts: Vec<CompletedPart>| {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("incoming/parts")
            .upload_id(id)
            .multipart_upload(parts)
            .if_none_match("*")
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
    let part = client
        .upload_part()
        .bucket(BUCKET)
        .key("incoming/parts")
        .upload_id(id)
        .part_number(1)
        .body(content("x"))
        .send()
        .await
        .unwrap();
    let parts = CompletedMultipartUpload::builder()
        .parts(CompletedPart::builder().part_number(1).e_tag(part.e_tag().unwrap()).build())
        .build();
    let refused = client
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("incoming/parts")
        .upload_id(id)
        .multipart_upload(parts)
        .if_none_match("*");
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
    let delete = Delete::builder()
        .objects(object("to"))
        .objects(object("from here"))
        .objects(object("never was"))
        .build()
        .unwrap();
    let deleted = client.delete_objects().bucket(BUCKET).delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 3);
    assert!(server.list(BUCKET, "").is_empty());
    server.put_object(BUCKET, "k", "x").unwrap();
    let stale = client.delete_object().bucket(BUCKET).key("k").if_match("\"abc\"").send().await.unwrap_err();
    assert_eq!(code(&stale.into_service_error()), "PreconditionFailed");
}
