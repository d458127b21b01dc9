#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};

use super::{DeadLetters, Message, QueueSettings, Queues};
use crate::standin::clock::Clock;

async fn queues() -> (Queues, Client) {
    let queues = Queues::start(Clock::new()).await.unwrap();
    queues.create_queue("dead", QueueSettings::default());
    let dead_letters = Some(DeadLetters { queue: "dead".to_owned(), max_receive_count: 2 });
    queues.create_queue("work", QueueSettings { visibility_timeout: Duration::from_secs(30), dead_letters });
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(queues.url())
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
        .build();
    let client = Client::from_conf(config);
    (queues, client)
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let (queues, client) = queues().await;
    let url = queues.queue_url("work");
    assert_eq!(client.get_queue_url().queue_name("work").send().await.unwrap().queue_url(), Some(url.as_str()));
    let body = "{\"continue\": \"顧客/😀.csv\", \"byte\": 17}";
    let sent = client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    let received = client.receive_message().queue_url(&url).wait_time_seconds(1).send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!((message.body(), message.message_id()), (Some(body), sent.message_id()));
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert!(client.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty(), "hidden meanwhile");
    client.delete_message().queue_url(&url).receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    assert!(queues.is_empty("work"));
    let missing = client.send_message().queue_url(queues.queue_url("none")).message_body("x").send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
    let operations: Vec<_> = queues.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(
        operations,
        ["GetQueueUrl", "SendMessage", "ReceiveMessage", "ReceiveMessage", "DeleteMessage", "SendMessage"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_received_too_often_becomes_a_dead_letter() {
    let (queues, _client) = queues().await;
    queues.send("work", "poison");
    let first = queues.receive("work", 10);
    assert_eq!(first[0].receive_count, 1);
    tokio::time::advance(Duration::from_secs(29)).await;
    assert!(queues.receive("work", 10).is_empty());
    tokio::time::advance(Duration::from_secs(1)).await;
    let second = queues.receive("work", 10);
    assert_eq!((second[0].receive_count, &second[0].message_id), (2, &first[0].message_id));
    queues.delete("work", &first[0].receipt_handle);
    assert_eq!(queues.len("work"), 1, "the first receipt is no longer valid");
    queues.change_visibility("work", &second[0].receipt_handle, Duration::ZERO);
    assert!(queues.receive("work", 10).is_empty());
    assert_eq!(queues.bodies("dead"), ["poison"]);
    assert!(queues.is_empty("work"));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_waits_for_messages() {
    let (queues, client) = queues().await;
    let (received, ()) = tokio::join!(queues.receive_within("work", 1, Duration::from_secs(20)), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        queues.send("work", "late");
    });
    assert_eq!(received[0].body, "late");
    let event = Message::to_sqs_event(&received, "work");
    assert_eq!(event["Records"][0]["body"], "late");
    assert_eq!(event["Records"][0]["eventSource"], "aws:sqs");
    drop(client);
    assert!(queues.receive_within("work", 1, Duration::from_secs(2)).await.is_empty());
}
