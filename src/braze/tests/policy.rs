//! Each row of the retry policy.

use super::*;
use crate::braze::StopReason;

/// Refuses the ids in `bad` as the real Braze does not: without naming them.
fn unnamed_refusal(status: u16, bad: &'static [&'static str]) -> ScriptedBraze {
    ScriptedBraze::new(move |_, body| {
        if ids(body).iter().any(|id| bad.contains(&id.as_str())) {
            return Ok(answer(status, &[], r#"{"message":"'first_name' is bad for zoë.7@example.com"}"#));
        }
        Ok(success(body))
    })
}

#[tokio::test(start_paused = true)]
async fn everything_accepted_takes_one_request() {
    for reply in [
        r#"{"message":"success","attributes_processed":75}"#,
        r#"{"message":"queued"}"#,
        r#"{"message":"success"}"#,
        r#"{"message":"success","attributes_processed":75,"errors":[]}"#,
        r#"{"message":"success","attributes_processed":75,"errors":["about nobody"]}"#,
        r#"{"message":"success","attributes_processed":75,"errors":[{"type":"x","input_array":"events","index":3}]}"#,
    ] {
        for status in [200, 201, 202] {
            let braze = ScriptedBraze::new(move |_, _| Ok(answer(status, &[], reply)));
            let outcome = braze.client().track(&people(75), &key(), minutes(1)).await;
            assert!(all(&ObjectResult::Accepted, &outcome.objects), "{status} {reply}: {outcome:?}");
            assert_eq!((outcome.requests, outcome.stop), (counts(1, 0, 0), None));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_request_is_not_sent() {
    let braze = ScriptedBraze::new(|_, body| Ok(success(body)));
    let outcome = braze.client().track(&TrackRequest::default(), &key(), minutes(1)).await;
    assert_eq!((outcome.objects, outcome.stop, outcome.requests), (Vec::new(), None, counts(0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn errors_by_index_reject_those_objects_alone() {
    let braze = ScriptedBraze::new(|_, _| {
        let body = r#"{"message":"success","attributes_processed":3,"errors":[
            {"type":"'email' is not a valid email","input_array":"attributes","index":1},
            {"type":"another word on the same","input_array":"attributes","index":1},
            {"type":"EMAIL_BAD_FORMAT: zoë.4@example.com","input_array":"attributes","index":4}]}"#;
        Ok(answer(201, &[], body))
    });
    let outcome = braze.client().track(&people(5), &key(), minutes(1)).await;
    assert_eq!(rejected(&outcome.objects[1]), "Braze: 'email' is not a valid email");
    assert_eq!(rejected(&outcome.objects[4]), "Braze: EMAIL_BAD_FORMAT: [removed]");
    for accepted in [0, 2, 3] {
        assert_eq!(outcome.objects[accepted], ObjectResult::Accepted);
    }
    assert_eq!(outcome.requests, counts(1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn errors_that_name_no_one_are_attributed_by_halving() {
    let forms = [
        r#"["'phone' is bad"]"#,
        r#""'phone' is bad""#,
        r#"[{"type":"'phone' is bad"}]"#,
        r#"[{"type":"'phone' is bad","index":99}]"#,
    ];
    for errors in forms {
        for announced in [true, false] {
            let braze = ScriptedBraze::new(move |_, body| {
                let ids = ids(body);
                let bad = ids.iter().filter(|id| *id == "id-7" || *id == "id-40").count();
                if bad == 0 {
                    return Ok(success(body));
                }
                let processed =
                    if announced { format!(r#","attributes_processed":{}"#, ids.len() - bad) } else { String::new() };
                Ok(answer(201, &[], &format!(r#"{{"message":"success"{processed},"errors":{errors}}}"#)))
            });
            let outcome = braze.client().track(&people(75), &key(), minutes(1)).await;
            for (index, result) in outcome.objects.iter().enumerate() {
                if index == 7 || index == 40 {
                    assert_eq!(rejected(result), "Braze: 'phone' is bad");
                } else {
                    assert_eq!(*result, ObjectResult::Accepted, "{index}");
                }
            }
            assert!(outcome.requests.sent <= 31, "{:?}", outcome.requests);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_bad_object_in_75_costs_at_most_15_requests_more() {
    for status in [400, 413, 422] {
        for bad in 0..75 {
            let id = format!("id-{bad}");
            let braze = ScriptedBraze::new(move |_, body| {
                if ids(body).contains(&id) {
                    return Ok(answer(status, &[], r#"{"message":"Max Input Length Exceeded"}"#));
                }
                Ok(success(body))
            });
            let outcome = braze.client().track(&people(75), &key(), minutes(1)).await;
            assert!(rejected(&outcome.objects[bad]).len() > 10);
            let accepted = outcome.objects.iter().filter(|result| **result == ObjectResult::Accepted).count();
            assert_eq!(accepted, 74);
            assert!(outcome.requests.sent <= 16, "{:?}", outcome.requests);
            assert_eq!((outcome.requests.retried, outcome.stop), (0, None));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_object_that_is_refused_without_a_name_is_rejected_with_brazes_reason() {
    let outcome = unnamed_refusal(400, &["id-0"]).client().track(&people(1), &key(), minutes(1)).await;
    assert_eq!(rejected(&outcome.objects[0]), "Braze: 'first_name' is bad for [removed]");
    let braze = ScriptedBraze::new(|_, _| Ok(answer(400, &[], "bad")));
    let outcome = braze.client().track(&people(1), &key(), minutes(1)).await;
    assert_eq!(rejected(&outcome.objects[0]), "Braze gave no reason");
    let braze = ScriptedBraze::new(|_, _| {
        Ok(answer(201, &[], r#"{"message":"success","attributes_processed":0,"errors":["nothing done"]}"#))
    });
    let outcome = braze.client().track(&people(1), &key(), minutes(1)).await;
    assert_eq!(rejected(&outcome.objects[0]), "Braze: nothing done");
}

#[tokio::test(start_paused = true)]
async fn a_400_that_names_some_has_processed_nothing_so_the_others_go_again() {
    let braze = ScriptedBraze::new(|number, body| {
        if number > 0 {
            return Ok(success(body));
        }
        let body = r#"{"message":"Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.",
            "errors":[{"type":"EXTERNAL_USER_ID_TOO_LARGE","input_array":"attributes","index":2},
                      {"type":"EMAIL_BAD_FORMAT","input_array":"attributes","index":0}]}"#;
        Ok(answer(400, &[], body))
    });
    let outcome = braze.client().track(&people(4), &key(), minutes(1)).await;
    assert_eq!(rejected(&outcome.objects[0]), "Braze: EMAIL_BAD_FORMAT");
    assert_eq!(rejected(&outcome.objects[2]), "Braze: EXTERNAL_USER_ID_TOO_LARGE");
    assert_eq!(ids(&braze.bodies()[1]), ["id-1", "id-3"]);
    assert_eq!((&outcome.objects[1], &outcome.objects[3]), (&ObjectResult::Accepted, &ObjectResult::Accepted));
}

#[tokio::test(start_paused = true)]
async fn all_refused_by_name_takes_one_request() {
    let braze = ScriptedBraze::new(|_, body| {
        let errors: Vec<_> = (0..ids(body).len())
            .map(|index| json!({"type": "EMAIL_BAD_FORMAT", "input_array": "attributes", "index": index}))
            .collect();
        Ok(answer(400, &[], &json!({"message": "Valid data must be provided", "errors": errors}).to_string()))
    });
    let outcome = braze.client().track(&people(75), &key(), minutes(1)).await;
    assert!(outcome.objects.iter().all(|result| rejected(result) == "Braze: EMAIL_BAD_FORMAT"));
    assert_eq!(outcome.requests, counts(1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn failures_are_retried_with_growing_waits_until_they_end() {
    for failure in [
        Ok(answer(500, &[], "")),
        Ok(answer(502, &[], "<html>Bad Gateway</html>")),
        Ok(answer(503, &[], "{}")),
        Ok(answer(524, &[], "")),
        Ok(answer(408, &[], "")),
        Ok(answer(425, &[], "")),
        Err(Lost::Broken),
        Err(Lost::TimedOut),
        Err(Lost::Refused),
        Err(Lost::Dns),
    ] {
        let braze = {
            let failure = failure.clone();
            ScriptedBraze::new(move |number, body| if number < 4 { failure.clone() } else { Ok(success(body)) })
        };
        let outcome = braze.client().track(&people(3), &key(), minutes(1)).await;
        assert!(all(&ObjectResult::Accepted, &outcome.objects), "{failure:?}");
        assert_eq!((outcome.requests, outcome.stop), (counts(5, 4, 0), None), "{failure:?}");
        assert!(braze.times()[4] < Duration::from_millis(500 + 200 + 400 + 800 + 1600), "{:?}", braze.times());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_says_when_to_come_back_is_believed() {
    let braze = ScriptedBraze::new(|number, body| {
        Ok(if number == 0 { answer(503, &[("retry-after", "9")], "") } else { success(body) })
    });
    braze.client().track(&people(1), &key(), minutes(1)).await;
    assert!((9000..9200).contains(&braze.times()[1].as_millis()), "{:?}", braze.times());
}

#[tokio::test(start_paused = true)]
async fn every_form_of_a_429_is_waited_for() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let epoch = (now + 7).to_string();
    for (name, value, least, most) in [
        ("X-Ratelimit-Retry-After", "7", 7000, 7300),
        ("Retry-After", "7", 7000, 7300),
        ("x-ratelimit-reset", "7", 7000, 7300),
        ("X-RateLimit-Reset", &epoch, 5900, 7300),
        ("Retry-After", "やがて", 500, 1200),
        ("X-Other", "1", 500, 1200),
    ] {
        let headers: HeaderMap =
            [(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())]
                .into_iter()
                .collect();
        let rate = RateHeaders::read(&headers, std::time::SystemTime::now());
        let braze = ScriptedBraze::new(move |number, body| {
            Ok(if number == 0 { Answer { status: 429, rate, ..Answer::default() } } else { success(body) })
        });
        let outcome = braze.client().track(&people(2), &key(), minutes(1)).await;
        assert!(all(&ObjectResult::Accepted, &outcome.objects));
        assert_eq!(outcome.requests, counts(2, 1, 1));
        let waited = braze.times()[1].as_millis();
        assert!((least..most).contains(&waited), "{name}: {value}: {waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_the_time_left_ends_at_once() {
    let braze = ScriptedBraze::new(|_, _| Ok(answer(429, &[("x-ratelimit-retry-after", "1800")], "")));
    let began = Instant::now();
    let outcome = braze.client().track(&people(2), &key(), minutes(10)).await;
    assert_eq!(outcome.stop, Some(StopReason::OutOfTime));
    assert!(all(&ObjectResult::NotSent, &outcome.objects), "a 429 applies nothing");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_before_the_deadline_leaves_the_result_unknown() {
    let braze = ScriptedBraze::new(|_, body| Ok(success(body)));
    let deadline = Instant::now() + Duration::from_millis(50);
    let outcome = braze.client().track(&people(2), &key(), deadline).await;
    assert_eq!(outcome.stop, Some(StopReason::OutOfTime));
    assert!(all(&ObjectResult::Unknown, &outcome.objects));
    let outcome = braze.client().track(&people(2), &key(), Instant::now()).await;
    assert_eq!(outcome.stop, Some(StopReason::OutOfTime));
    assert!(all(&ObjectResult::NotSent, &outcome.objects));
    assert_eq!(outcome.requests, counts(0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_not_sent_and_what_may_have_arrived_is_unknown() {
    for (lost, result) in [
        (Lost::Refused, ObjectResult::NotSent),
        (Lost::Dns, ObjectResult::NotSent),
        (Lost::Broken, ObjectResult::Unknown),
        (Lost::TimedOut, ObjectResult::Unknown),
    ] {
        let failure = lost.clone();
        let braze = ScriptedBraze::new(move |_, _| Err(failure.clone()));
        let outcome = braze.client().track(&people(2), &key(), minutes(15)).await;
        let Some(StopReason::Outage { last, .. }) = outcome.stop else { panic!("{outcome:?}") };
        assert_eq!(last, lost.to_string());
        assert!(all(&result, &outcome.objects), "{lost:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_cannot_be_read_are_asked_for_again() {
    for (status, body) in
        [(201, ""), (201, r#"{"message":"succ"#), (200, "<html>ok</html>"), (200, "ok"), (201, r#"{"a":1}"#)]
    {
        let braze = ScriptedBraze::new(move |number, sent| {
            Ok(if number < 2 { answer(status, &[], body) } else { success(sent) })
        });
        let outcome = braze.client().track(&people(2), &key(), minutes(1)).await;
        assert!(all(&ObjectResult::Accepted, &outcome.objects), "{status} {body:?}");
        assert_eq!(outcome.requests, counts(3, 2, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_stay_unreadable_are_accepted_only_from_braze() {
    for (status, body) in [(201, ""), (202, ""), (201, r#"{"message":"succ"#)] {
        let braze = ScriptedBraze::new(move |_, _| Ok(answer(status, &[], body)));
        let outcome = braze.client().track(&people(2), &key(), minutes(1)).await;
        assert!(all(&ObjectResult::Accepted, &outcome.objects), "{status} {body:?}");
        assert_eq!(outcome.requests.sent, 5);
    }
    for (status, body) in [
        (200, ""),
        (200, "<html>login</html>"),
        (201, "<html>"),
        (200, "ok"),
        (200, r#"{"a":1}"#),
        (400, "<html>Bad Request</html>"),
        (422, "<!doctype html>"),
    ] {
        let braze = ScriptedBraze::new(move |_, _| Ok(answer(status, &[], body)));
        let outcome = braze.client().track(&people(2), &key(), minutes(1)).await;
        assert!(all(&ObjectResult::Unknown, &outcome.objects), "{status} {body:?}");
        assert_eq!(outcome.requests.sent, 5);
        assert!(matches!(outcome.stop, Some(StopReason::NotBraze { .. })), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_accepts_and_says_something_else_is_noted() {
    for (reply, notes) in [
        (r#"{"message":"success","attributes_processed":75}"#, vec![]),
        (r#"{"message":"Success","attributes_processed":80}"#, vec![]),
        (r#"{"message":"queued"}"#, vec![]),
        (r#"{"attributes_processed":75}"#, vec![]),
        (
            r#"{"message":"success","attributes_processed":72}"#,
            vec![
                "Braze counts 3 objects fewer as processed (attributes_processed) than it accepted: compare the segment's \
                 size in Braze",
            ],
        ),
        (
            r#"{"message":"success","attributes_processed":73,"errors":[{"type":"bad","index":1}]}"#,
            vec![
                "Braze counts 1 object fewer as processed (attributes_processed) than it accepted: compare the segment's \
                 size in Braze",
            ],
        ),
        (
            r#"{"message":"deprecated for zoë.0@example.com"}"#,
            vec!["Braze accepted 1 request with an unexpected message: Braze: deprecated for [removed]"],
        ),
    ] {
        let braze = ScriptedBraze::new(move |_, _| Ok(answer(201, &[], reply)));
        let outcome = braze.client().track(&people(75), &key(), minutes(1)).await;
        assert_eq!(
            (outcome.oddities.notes(), outcome.requests.sent),
            (notes.into_iter().map(str::to_owned).collect::<Vec<_>>(), 1)
        );
    }
}
