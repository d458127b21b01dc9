//! What stops a delivery, and what does not.

use super::*;
use crate::braze::{FirstAnswers, StopReason};

#[tokio::test(start_paused = true)]
async fn what_no_retry_fixes_stops_at_once() {
    for status in [301, 302, 307, 308, 401, 402, 403, 404, 405, 410, 415, 418, 451, 501] {
        let braze = ScriptedBraze::new(move |_, _| Ok(answer(status, &[], &format!("Invalid API key: {KEY}"))));
        let outcome = braze.client().track(&people(3), &key(), minutes(1)).await;
        let stop = outcome.stop.unwrap();
        assert!(all(&ObjectResult::NotSent, &outcome.objects), "{status}");
        assert_eq!(outcome.requests, counts(1, 0, 0), "{status}");
        assert_eq!(stop.is_about_the_key(), matches!(status, 401..=403), "{status}");
        let shown = format!("{stop} {stop:?}");
        assert!(shown.contains(&status.to_string()) || stop.is_about_the_key(), "{shown}");
        assert!(stop.to_string().contains("127.0.0.1:1"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_after_a_401_until_there_is_another_key() {
    let braze = ScriptedBraze::new(|_, body| {
        Ok(if ids(body).contains(&"id-9".to_owned()) { answer(401, &[], "") } else { success(body) })
    });
    let client = braze.client();
    client.track(&people(10), &key(), minutes(1)).await;
    let seen = braze.bodies().len();
    let deliveries = (0..20).map(|_| {
        let client = client.clone();
        async move { client.track(&people(2), &key(), minutes(1)).await }
    });
    for outcome in futures::future::join_all(deliveries).await {
        assert!(matches!(outcome.stop, Some(StopReason::Unauthorized { .. })));
        assert_eq!(outcome.requests, counts(0, 0, 0));
        assert!(all(&ObjectResult::NotSent, &outcome.objects));
    }
    assert_eq!(braze.bodies().len(), seen);

    let rotated = ApiKey::new("another".to_owned());
    let outcome = client.track(&people(2), &rotated, minutes(1)).await;
    assert_eq!((outcome.stop, outcome.requests), (None, counts(1, 0, 0)));
    client.forget_refusal();
    assert_eq!(client.track(&people(2), &key(), minutes(1)).await.stop, None);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_their_turn_do_not_start_after_a_401() {
    // The first is refused while the others wait out a 429.
    let braze = ScriptedBraze::new(|number, _| {
        Ok(if number == 0 { answer(429, &[("x-ratelimit-retry-after", "2")], "") } else { answer(403, &[], "") })
    });
    let client = braze.client();
    let deliveries = (0..10).map(|index| {
        let client = client.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(200 * index)).await;
            client.track(&people(2), &key(), minutes(1)).await
        }
    });
    for outcome in futures::future::join_all(deliveries).await {
        assert!(matches!(outcome.stop, Some(StopReason::Forbidden { .. })));
    }
    assert_eq!(braze.bodies().len(), 2, "after the wait one went first, and nobody after it");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_no_header_can_carry_is_not_sent() {
    let braze = ScriptedBraze::new(|_, body| Ok(success(body)));
    let outcome = braze.client().track(&people(1), &ApiKey::new("a\nb".to_owned()), minutes(1)).await;
    assert!(matches!(outcome.stop, Some(StopReason::Unauthorized { .. })));
    assert!(braze.bodies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_keeps_failing_while_others_get_through_ends_unknown() {
    let braze =
        ScriptedBraze::new(|_, body| Ok(if ids(body).len() == 3 { answer(500, &[], "poison") } else { success(body) }));
    let client = braze.client();
    let others = tokio::spawn({
        let client = client.clone();
        async move {
            loop {
                client.track(&people(1), &key(), minutes(60)).await;
            }
        }
    });
    let outcome = client.track(&people(3), &key(), minutes(60)).await;
    others.abort();
    assert!(all(&ObjectResult::Unknown, &outcome.objects));
    assert_eq!((outcome.stop, outcome.requests), (None, counts(10, 9, 0)));
}

#[tokio::test(start_paused = true)]
async fn an_outage_stops_the_delivery_instead_of_burning_attempts() {
    let braze = ScriptedBraze::new(|_, _| Ok(answer(503, &[], "<html>maintenance</html>")));
    let client = braze.client();
    let began = Instant::now();
    let deliveries = (0..200).map(|_| {
        let client = client.clone();
        async move { client.track(&people(2), &key(), minutes(15)).await }
    });
    for outcome in futures::future::join_all(deliveries).await {
        let Some(StopReason::Outage { lasted, last, .. }) = &outcome.stop else { panic!("{outcome:?}") };
        assert!(*lasted >= Duration::from_secs(20));
        assert_eq!(last, "HTTP status 503");
        assert!(outcome.objects.iter().all(|result| matches!(result, ObjectResult::Unknown | ObjectResult::NotSent)));
    }
    assert!(began.elapsed() < Duration::from_secs(90), "{:?}", began.elapsed());
    assert!(braze.bodies().len() <= 260, "{}", braze.bodies().len());
}

#[tokio::test(start_paused = true)]
async fn the_same_refusal_of_everything_stops_after_ten_requests_of_a_delivery() {
    let by_name = |body: &Value| {
        let error = |index| json!({"type": "blocklisted", "input_array": "attributes", "index": index});
        let errors: Vec<Value> = (0..ids(body).len()).map(error).collect();
        answer(201, &[], &json!({"message": "success", "attributes_processed": 0, "errors": errors}).to_string())
    };
    for (batches, named) in [(1, false), (12, true)] {
        let braze = ScriptedBraze::new(move |_, body| {
            Ok(if named { by_name(body) } else { answer(400, &[], r#"{"message":"no"}"#) })
        });
        let (client, first) = (braze.client(), FirstAnswers::default());
        let mut stop = None;
        for _ in 0..batches {
            let outcome = client.track_watching(&first, &people(75), &key(), minutes(1)).await;
            if outcome.stop.is_some() {
                assert!(all(&ObjectResult::NotSent, &outcome.objects), "{:?}", outcome.objects);
                stop = outcome.stop;
                break;
            }
        }
        let Some(StopReason::EverythingRefused { same, .. }) = stop else { panic!("{stop:?}") };
        assert_eq!((same.requests, braze.bodies().len()), (10, 10));
        let alone: std::collections::BTreeSet<String> =
            braze.bodies().iter().map(ids).filter(|ids| ids.len() == 1).flatten().collect();
        assert!(alone.len() >= 5, "different objects are tried: {alone:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_objects_among_good_ones_stop_nothing() {
    for bad in 0..75_usize {
        let bad: Vec<String> = (bad..75.min(bad + 7)).map(|number| format!("id-{number}")).collect();
        let refused = bad.clone();
        let braze = ScriptedBraze::new(move |_, body| {
            let any = ids(body).iter().any(|id| refused.contains(id));
            Ok(if any { answer(400, &[], r#"{"message":"no"}"#) } else { success(body) })
        });
        let first = FirstAnswers::default();
        let outcome = braze.client().track_watching(&first, &people(75), &key(), minutes(1)).await;
        assert_eq!(outcome.stop, None, "{bad:?}");
        let accepted = outcome.objects.iter().filter(|result| **result == ObjectResult::Accepted).count();
        assert_eq!(accepted, 75 - bad.len());
        assert!(first.are_decided());
    }
}
