//! The Web Push client against a push service that checks every rule of RFC 8030, 8188, 8291 and 8292.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::Value;
use twostep::providers::push::webpush::{new_key, public_keys};
use twostep::providers::push::{
    Push, PushContent, PushOutcome, PushProvider, RejectedReason, SealedCode, TransientCause, WebPushSettings,
};
use twostep_simulators::{WebPushBehaviour, WebPushFailure};

use super::support::{PAGE, browser, push, push_for, push_service, webpush, webpush_settings};

fn code() -> PushContent {
    PushContent::Sealed {
        title: "A sign-in needs your code".to_owned(),
        body: "Open the app to see it.".to_owned(),
        code: Box::new(SealedCode {
            title: "Your sign-in code".to_owned(),
            body: "123 456 for Pixel 10".to_owned(),
            code: "123456".to_owned().into(),
            requester: "Pixel 10".to_owned(),
            location: Some("Budapest, HU".to_owned()),
            requested_at: Timestamp::from_second(1_800_000_000).unwrap(),
        }),
    }
}

#[tokio::test]
async fn a_browser_gets_what_nobody_else_can_read() {
    let simulator = push_service().await;
    let keys = new_key().unwrap();
    let client = webpush(&webpush_settings(&simulator), &keys);
    let public = public_keys(&keys).unwrap().remove(0);
    let subscription = simulator.subscribe(Some(&public));
    let sent = Push { receipt: Some("ts_pr_x".to_owned().into()), ..push(code()) };
    let outcome = client.send(&browser(&subscription), &sent, Timestamp::now()).await;
    assert!(matches!(outcome, PushOutcome::Accepted { provider_message_id: Some(_) }), "{outcome:?}");

    let received = simulator.received();
    let [request] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!(request.refusal, None);
    let header = |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(header("urgency"), Some("high"));
    assert_eq!(header("topic"), Some(&*sent.subject_id.simple().to_string()));
    assert!((290..=300).contains(&header("ttl").and_then(|ttl| ttl.parse::<u64>().ok()).unwrap()));
    let inside = request.json().expect("JSON");
    let expected = [
        ("type", "code"),
        ("code", "123456"),
        ("title", "Your sign-in code"),
        ("body", "123 456 for Pixel 10"),
        ("requester", "Pixel 10"),
        ("location", "Budapest, HU"),
        ("requested_at", "2027-01-15T08:00:00.000Z"),
        ("receipt", "ts_pr_x"),
        ("language", "en"),
    ];
    for (key, value) in expected {
        assert_eq!(inside[key], value, "{inside}");
    }
    assert_eq!((&inside["challenge_id"], &inside["generation"]), (&sent.subject_id.to_string().into(), &2.into()));
    let shown = &inside["notification"];
    assert_eq!(
        (&inside["web_push"], &inside["mutable"], &shown["navigate"]),
        (&8030.into(), &true.into(), &PAGE.into())
    );
    assert_eq!((&shown["title"], &shown["body"], &shown["silent"]), (&inside["title"], &inside["body"], &false.into()));
    assert_eq!((&shown["data"]["receipt"], &shown["data"]["code"]), (&inside["receipt"], &inside["code"]));
    let raw = String::from_utf8_lossy(&request.body);
    assert!(!raw.contains("123456") && !raw.contains("Pixel"));
}

#[tokio::test]
async fn what_must_not_ring_says_so_and_an_alert_names_its_kind() {
    let simulator = push_service().await;
    let client = webpush(&webpush_settings(&simulator), &new_key().unwrap());
    let address = browser(&simulator.subscribe(None));
    let text = || ("Title".to_owned(), "Body".to_owned());
    let (title, body) = text();
    let pending = PushContent::Pending { title, body };
    let (title, body) = text();
    let withdraw = PushContent::Withdraw { title, body };
    let (title, body) = text();
    let alert = PushContent::Alert { kind: "sign_in_denied", title, body };
    for (content, word, urgency, silent) in
        [(pending, "pending", "normal", true), (withdraw, "withdraw", "normal", true), (alert, "alert", "high", false)]
    {
        client.send(&address, &push(content), Timestamp::now()).await;
        let request = simulator.received().pop().unwrap();
        let inside = request.json().unwrap();
        assert_eq!((&inside["type"], &inside["notification"]["silent"]), (&word.into(), &silent.into()));
        assert!(request.headers.contains(&("urgency".to_owned(), urgency.to_owned())), "{word}");
        let is_alert = word == "alert";
        assert_eq!(inside["alert_id"].is_string(), is_alert);
        assert_eq!(inside["kind"], if is_alert { Value::from("sign_in_denied") } else { Value::Null });
        assert_eq!(inside.get("code"), None);
    }
}

#[tokio::test]
async fn each_answer_is_read() {
    let simulator = push_service().await;
    let client = webpush(&webpush_settings(&simulator), &new_key().unwrap());
    let later = |cause, wait: Option<u64>| PushOutcome::RetryAfter { cause, wait: wait.map(Duration::from_secs) };
    let rejected = PushOutcome::Rejected;
    let after = |seconds| Some(Duration::from_secs(seconds));
    for (failure, expected) in [
        (WebPushFailure::NotFound, None),
        (WebPushFailure::Gone, None),
        (WebPushFailure::TooLarge, Some(rejected(RejectedReason::PayloadTooLarge))),
        (WebPushFailure::BadRequest, Some(rejected(RejectedReason::Malformed))),
        (WebPushFailure::Unauthorized, Some(rejected(RejectedReason::KeyRefused))),
        (WebPushFailure::KeyMismatch, Some(rejected(RejectedReason::KeyRefused))),
        (WebPushFailure::TooManyRequests { retry_after: None }, Some(later(TransientCause::Throttled, Some(60)))),
        (WebPushFailure::TooManyRequests { retry_after: after(7) }, Some(later(TransientCause::Throttled, Some(7)))),
        (WebPushFailure::ServerError, Some(later(TransientCause::ServerError, None))),
        (WebPushFailure::Unavailable { retry_after: after(9) }, Some(later(TransientCause::ServerError, Some(9)))),
    ] {
        let subscription = simulator.subscribe(None);
        simulator.script(&subscription.endpoint, vec![WebPushBehaviour::Fail(failure.clone())]);
        let asked = Timestamp::now();
        let outcome = client.send(&browser(&subscription), &push(code()), asked).await;
        let expected = expected.unwrap_or(PushOutcome::TokenDead { as_of: Some(asked) });
        assert_eq!(outcome, expected, "{failure:?}");
    }
    simulator.always_all(Some(WebPushBehaviour::Cut));
    let outcome = client.send(&browser(&simulator.subscribe(None)), &push(code()), Timestamp::now()).await;
    assert_eq!(outcome, later(TransientCause::ConnectionLost, None));
    simulator.always_all(Some(WebPushBehaviour::Hang));
    let hasty = WebPushSettings { request_timeout_ms: 100, ..webpush_settings(&simulator) };
    let hasty = webpush(&hasty, &new_key().unwrap());
    let outcome = hasty.send(&browser(&simulator.subscribe(None)), &push(code()), Timestamp::now()).await;
    assert_eq!(outcome, later(TransientCause::TimedOut, None));
    let over = push_for(code(), -1);
    let outcome = client.send(&browser(&simulator.subscribe(None)), &over, Timestamp::now()).await;
    assert!(matches!(outcome, PushOutcome::Unavailable(_)), "{outcome:?}");
}

/// A browser is bound to the key that it subscribed with: it is reached while that key is kept, and not after.
#[tokio::test]
async fn browsers_of_an_older_key_are_reached_until_it_is_removed() {
    let simulator = push_service().await;
    let [old, new] = [new_key().unwrap(), new_key().unwrap()];
    let subscription = simulator.subscribe(Some(&public_keys(&old).unwrap()[0]));
    let both = format!("{}{}", new.expose_secret(), old.expose_secret()).into();
    let settings = webpush_settings(&simulator);
    let client = |keys| webpush(&settings, keys);
    let outcome = client(&both).send(&browser(&subscription), &push(code()), Timestamp::now()).await;
    assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
    let statuses: Vec<bool> = simulator.received().iter().map(|request| request.refusal.is_none()).collect();
    assert_eq!(statuses, [false, true], "the current key first");
    let outcome = client(&new).send(&browser(&subscription), &push(code()), Timestamp::now()).await;
    assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::KeyRefused));
}

/// One token serves for hours: a service that is asked often sees the same one, and a fresh one before it ends.
#[tokio::test]
async fn the_token_is_good_whenever_it_is_sent() {
    let simulator = push_service().await;
    let client = webpush(&webpush_settings(&simulator), &new_key().unwrap());
    let address = browser(&simulator.subscribe(None));
    let mut now = Timestamp::now();
    for _ in 0..5 {
        let sent = Push { expires_at: now + SignedDuration::from_secs(60), ..push(code()) };
        let outcome = client.send(&address, &sent, now).await;
        assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{:?}", simulator.received().last());
        now += SignedDuration::from_hours(7);
        simulator.advance_clock(Duration::from_secs(7 * 3600));
    }
    let authorizations: std::collections::HashSet<String> = simulator
        .received()
        .iter()
        .flat_map(|request| request.headers.iter().filter(|(name, _)| name == "authorization"))
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(authorizations.len(), 3, "one for two of them: good for 12 hours, renewed after 11");
}
