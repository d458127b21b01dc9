use super::*;

#[tokio::test]
async fn only_the_first_create_succeeds() {
    let setup = setup().await;
    let client = &setup.client;
    let create = |text: &'static str| {
        client.put_object().bucket(BUCKET).key("state/lease").if_none_match("*").body(content(text)).send()
    };
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
    let get =
        client.get_object().bucket(BUCKET).key("state/run").if_match(first.e_tag().unwrap()).send().await.unwrap_err();
    assert_eq!(code(&get.into_service_error()), "PreconditionFailed");
    client.get_object().bucket(BUCKET).key("state/run").if_match(second.e_tag().unwrap()).send().await.unwrap();
    let same = client
        .get_object()
        .bucket(BUCKET)
        .key("state/run")
        .if_none_match(second.e_tag().unwrap())
        .send()
        .await
        .unwrap_err();
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
