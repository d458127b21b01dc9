//! The `connect` action's proof of a connection.

use super::http::{Server, reply};
use super::*;
use crate::braze::{CheckError, Proof, http_client};

#[tokio::test]
async fn a_good_key_is_proved_without_data() {
    const EMPTY: &str =
        r#"{"message":"Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."}"#;
    for (first, second, body, expected) in [
        (400, 201, EMPTY, Proof::Permission),
        (201, 201, r#"{"message":"success"}"#, Proof::Permission),
        (400, 400, EMPTY, Proof::Key),
        (429, 201, r#"{"message":"success"}"#, Proof::Permission),
        (400, 429, EMPTY, Proof::Key),
    ] {
        let server = Server::start(move |number, _| reply(if number == 0 { first } else { second }, &[], body)).await;
        assert_eq!(server.client().check(&key(), "abc").await, Ok(expected), "{first} {second}");
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|seen| seen.line == "POST /users/track HTTP/1.1"));
        assert!(seen.iter().all(|seen| seen.headers["authorization"] == format!("Bearer {KEY}")));
        let bodies: Vec<Value> = seen.iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
        assert_eq!(bodies[0], json!({ "attributes": [], "events": [], "purchases": [] }));
        let no_one = &bodies[1]["attributes"][0];
        assert_eq!(no_one["external_id"], "insights-to-braze-connection-test-abc");
        assert_eq!(no_one["_update_existing_only"], true, "it creates no one");
    }
}

#[tokio::test]
async fn a_key_that_braze_accepts_without_the_permission_is_found() {
    for status in [401, 403] {
        let server = Server::start(move |number, _| match number {
            0 => reply(400, &[], r#"{"message":"Valid data must be provided"}"#),
            _ => reply(status, &[], "{}"),
        })
        .await;
        let error = server.client().check(&key(), "abc").await.unwrap_err().to_string();
        assert!(error.contains("users.track"), "{error}");
    }
}

#[tokio::test]
async fn each_mistake_is_explained_in_plain_words() {
    for (status, body, words) in [
        (
            401,
            "Invalid API key",
            &["401", "wrong", "another workspace or instance", "Settings > API Keys", "users.track"][..],
        ),
        (403, "{}", &["403", "users.track", "create a new key"]),
        (403, "<html>challenge</html>", &["not a REST endpoint", "firewall", "hostname"]),
        (404, "{}", &["not a REST endpoint", "404", "hostname", "exports.toml"]),
        (301, "", &["301", "redirects", "hostname"]),
        (200, "<html>hello</html>", &["web page", "hostname"]),
        (400, "<html>Bad Request</html>", &["web page", "hostname"]),
        (200, "", &["without Braze's JSON"]),
        (415, "{}", &["415", "hostname"]),
        (503, "{}", &["503", "Try again later"]),
    ] {
        let server = Server::start(move |_, _| reply(status, &[("location", "http://127.0.0.1:9/")], body)).await;
        let error = server.client().check(&key(), "abc").await.unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{status}: {word:?} is not in {error:?}");
        }
        assert!(error.contains(&server.address.to_string()), "{error}");
        assert_eq!(server.seen().len(), if status == 503 { 3 } else { 1 });
    }
}

#[tokio::test]
async fn a_short_failure_is_waited_out() {
    let server = Server::start(|number, _| match number {
        0 => reply(503, &[], "<html>maintenance</html>"),
        _ => reply(400, &[], r#"{"message":"Valid data must be provided"}"#),
    })
    .await;
    assert_eq!(server.client().check(&key(), "abc").await, Ok(Proof::Key));
}

#[tokio::test]
async fn an_unknown_name_is_distinguished_from_a_closed_port_and_from_a_wrong_certificate() {
    let https = |authority: &str| BrazeClient::new(&connection("https", authority), http_client().unwrap());
    let error = https("rest.fra-1.braze.invalid").check(&key(), "abc").await.unwrap_err();
    assert!(matches!(error, CheckError::UnknownHost { .. }), "{error:?}");

    // A server that speaks no TLS.
    let server = Server::start(|_, _| reply(201, &[], "{}")).await;
    let error = https(&server.address.to_string()).check(&key(), "abc").await.unwrap_err();
    assert!(matches!(error, CheckError::Tls { .. }), "{error:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_proved_key_may_be_used_again() {
    let braze = ScriptedBraze::new(|number, body| match number {
        0 => Ok(answer(401, &[], "")),
        1 => Ok(answer(400, &[], r#"{"message":"Valid data must be provided"}"#)),
        _ => Ok(success(body)),
    });
    let client = braze.client();
    assert!(client.track(&people(1), &key(), minutes(1)).await.stop.is_some());
    assert!(client.track(&people(1), &key(), minutes(1)).await.stop.is_some());
    client.check(&key(), "abc").await.unwrap();
    assert_eq!(client.track(&people(1), &key(), minutes(1)).await.stop, None);
}
