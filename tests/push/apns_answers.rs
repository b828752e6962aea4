//! What goes to APNs, and what each of its answers leads to.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use twostep::providers::push::{
    Apns, ApnsSettings, CheckError, MisconfiguredReason, PushContent, PushOutcome, PushProvider, RejectedReason,
    TransientCause, UnavailableReason,
};
use twostep_private_file::Privacy;
use twostep_simulators::{ApnsBehaviour, ApnsFailure, ApnsSimulator};

use crate::support::{apns, apns_settings, apns_simulator, apns_token, apns_token_text, code, fcm_token, push};

const LEGAL_HEADERS: [&str; 8] = [
    "apns-collapse-id",
    "apns-expiration",
    "apns-id",
    "apns-priority",
    "apns-push-type",
    "apns-topic",
    "authorization",
    "content-type",
];

fn misconfigured(reason: MisconfiguredReason) -> PushOutcome {
    PushOutcome::Misconfigured(reason)
}

#[tokio::test]
async fn code_is_accepted_with_legal_headers_only() {
    let simulator = apns_simulator().await;
    let push = push(code());
    let outcome = apns(&simulator).send(&apns_token(1), &push, Timestamp::now()).await;
    let id = push.delivery_id.to_string();
    assert_eq!(outcome, PushOutcome::Accepted { provider_message_id: Some(id.clone()) });

    let request = &simulator.received()[0];
    assert_eq!(request.refusal, None);
    assert_eq!(request.unknown_headers, Vec::<String>::new());
    let mut names: Vec<_> = request.headers.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, LEGAL_HEADERS);
    let header = |name: &str| request.headers[name].as_str();
    assert_eq!(request.device_token, apns_token_text(1));
    assert_eq!(header("apns-id"), id);
    assert_eq!(header("apns-push-type"), "alert");
    assert_eq!(header("apns-priority"), "10");
    assert_eq!(header("apns-topic"), simulator.topic());
    assert_eq!(header("apns-collapse-id"), push.subject_id.to_string());
    assert_eq!(header("apns-expiration"), push.expires_at.as_second().to_string());
    let aps = json!({
        "alert": {"title": "Sign-in", "body": "Your code is 123 456"},
        "sound": "default",
        "interruption-level": "time-sensitive",
    });
    assert_eq!(request.payload["aps"], aps);
    assert_eq!(request.payload["type"], "code");
    assert_eq!(request.payload["code"], "123456");
    assert_eq!(request.payload["generation"], 2);
    assert_eq!(request.payload["challenge_id"], push.subject_id.to_string());
}

#[tokio::test]
async fn silent_contents_go_in_the_background() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    for (content, word) in [
        (PushContent::Pending { title: String::new(), body: String::new() }, "pending"),
        (PushContent::Withdraw { title: String::new(), body: String::new() }, "withdraw"),
    ] {
        let outcome = apns.send(&apns_token(1), &push(content), Timestamp::now()).await;
        assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
        let received = simulator.received();
        let request = received.last().unwrap();
        assert_eq!(request.headers["apns-push-type"], "background");
        assert_eq!(request.headers["apns-priority"], "5");
        assert_eq!(request.payload["aps"], json!({"content-available": 1}));
        assert_eq!(request.payload["type"], word);
        assert!(request.payload.get("code").is_none());
    }
}

#[tokio::test]
async fn wake_is_an_alert_without_the_code() {
    let simulator = apns_simulator().await;
    let mut settings = apns_settings(&simulator);
    settings.time_sensitive = false;
    let wake = PushContent::Wake { title: "Sign-in".into(), body: "Open the app".into() };
    let apns = Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap();
    apns.send(&apns_token(1), &push(wake), Timestamp::now()).await;
    let request = &simulator.received()[0];
    assert_eq!(request.headers["apns-push-type"], "alert");
    assert_eq!(request.payload["aps"]["mutable-content"], 1);
    assert!(request.payload["aps"].get("interruption-level").is_none());
    assert!(request.payload.get("code").is_none());
}

fn expected(failure: ApnsFailure) -> PushOutcome {
    use ApnsFailure as F;
    use MisconfiguredReason as M;
    match failure {
        F::BadCollapseId
        | F::BadExpirationDate
        | F::BadMessageId
        | F::BadPriority
        | F::DuplicateHeaders
        | F::InvalidPushType
        | F::MissingDeviceToken
        | F::PayloadEmpty => PushOutcome::Rejected(RejectedReason::Malformed),
        F::PayloadTooLarge => PushOutcome::Rejected(RejectedReason::PayloadTooLarge),
        F::BadDeviceToken => PushOutcome::TokenDead { as_of: None },
        F::BadTopic | F::DeviceTokenNotForTopic | F::MissingTopic | F::TopicDisallowed => {
            misconfigured(M::TopicRefused)
        }
        F::BadCertificateEnvironment | F::BadEnvironmentKeyIdInToken => misconfigured(M::EnvironmentMismatch),
        F::BadCertificate
        | F::ExpiredProviderToken
        | F::Forbidden
        | F::InvalidProviderToken
        | F::MissingProviderToken
        | F::UnrelatedKeyIdInToken => misconfigured(M::ProviderTokenRefused),
        F::BadPath | F::MethodNotAllowed => misconfigured(M::WrongProjectOrUrl),
        F::ExpiredToken | F::Unregistered => {
            PushOutcome::TokenDead { as_of: Some(Timestamp::from_millisecond(1_700_000_000_123).unwrap()) }
        }
        F::TooManyProviderTokenUpdates => misconfigured(M::ProviderTokenUpdatedTooOften),
        F::TooManyRequests => {
            PushOutcome::RetryAfter { cause: TransientCause::Throttled, wait: Some(Duration::from_secs(10)) }
        }
        F::IdleTimeout => PushOutcome::RetryAfter { cause: TransientCause::ConnectionLost, wait: None },
        F::InternalServerError | F::ServiceUnavailable | F::Shutdown => {
            PushOutcome::Unavailable(UnavailableReason::ServerError)
        }
    }
}

#[tokio::test]
async fn every_documented_reason_has_its_outcome() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    for failure in ApnsFailure::ALL {
        simulator.script_all(vec![match failure.status() {
            410 => ApnsBehaviour::FailSince(*failure, 1_700_000_000_123),
            _ => ApnsBehaviour::Fail(*failure),
        }]);
        let outcome = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
        match failure {
            // Another connection does better.
            ApnsFailure::IdleTimeout | ApnsFailure::Shutdown => {
                assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{failure:?}: {outcome:?}");
            }
            _ => assert_eq!(outcome, expected(*failure), "{failure:?}"),
        }
    }
    assert_eq!(simulator.connections(), 3);
}

/// A server that goes away, or a front end that does not reach it, says nothing about the push: another connection is tried, and
/// when all say so the code goes another way.
#[tokio::test]
async fn what_is_about_the_connection_is_tried_on_another() {
    let html = |status| ApnsBehaviour::Answer { status, body: "<html>Bad Gateway</html>".to_owned() };
    for behaviour in [ApnsBehaviour::Fail(ApnsFailure::Shutdown), html(502), html(503), html(504)] {
        let simulator = apns_simulator().await;
        let apns = apns(&simulator);
        apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
        let before = simulator.connections();
        simulator.script_all(vec![behaviour.clone()]);
        let outcome = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
        assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{behaviour:?}: {outcome:?}");
        assert_eq!(simulator.connections(), before + 1, "{behaviour:?}");
        simulator.always_all(Some(behaviour.clone()));
        let outcome = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, PushOutcome::Unavailable(UnavailableReason::ServerError), "{behaviour:?}");
    }
}

#[tokio::test]
async fn garbage_is_survived() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    let undocumented = |status| PushOutcome::Rejected(RejectedReason::Undocumented { status });
    let unavailable = PushOutcome::Unavailable(UnavailableReason::ServerError);
    for (status, body, expected) in [
        (400, "", undocumented(400)),
        (410, "<html>", undocumented(410)),
        (400, r#"{"reason":"Novelty"}"#, undocumented(400)),
        (410, r#"{"reason":"Unregistered","timestamp":9223372036854775807}"#, PushOutcome::TokenDead { as_of: None }),
        (410, r#"{"reason":"Unregistered","timestamp":"x"}"#, undocumented(410)),
        (403, "{", misconfigured(MisconfiguredReason::ProviderTokenRefused)),
        (503, r#"{"reason":"ServiceUnavailable"}"#, unavailable.clone()),
        (500, r#"{"reason":"InternalServerError"}"#, unavailable),
        (418, &"x".repeat(100_000), undocumented(418)),
    ] {
        let body = body.to_owned();
        simulator.script_all(vec![ApnsBehaviour::Answer { status, body }]);
        let outcome = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, expected, "{status}");
    }
    let accepted = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
    assert!(matches!(accepted, PushOutcome::Accepted { .. }));
}

#[tokio::test]
async fn retry_after_of_the_answer_is_kept() {
    let simulator = apns_simulator().await;
    simulator.script_all(vec![ApnsBehaviour::FailWithRetryAfter(ApnsFailure::TooManyRequests, 33)]);
    let outcome = apns(&simulator).send(&apns_token(1), &push(code()), Timestamp::now()).await;
    let wait = Some(Duration::from_secs(33));
    assert_eq!(outcome, PushOutcome::RetryAfter { cause: TransientCause::Throttled, wait });
}

#[tokio::test]
async fn what_cannot_be_sent_is_not() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    let now = Timestamp::now();
    let mut late = push(code());
    late.expires_at = now;
    let outcome = apns.send(&apns_token(1), &late, now).await;
    assert_eq!(outcome, PushOutcome::Unavailable(UnavailableReason::Expired));
    let outcome = apns.send(&fcm_token("fcm"), &push(code()), now).await;
    assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::WrongProvider));
    let content = PushContent::Wake { title: String::new(), body: "x".repeat(4096) };
    let outcome = apns.send(&apns_token(1), &push(content), now).await;
    assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::PayloadTooLarge));
    assert_eq!(simulator.connections(), 0);
}

#[tokio::test]
async fn provider_token_is_shared_and_replaced_at_fifty_minutes() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    let start = Timestamp::now();
    let mut minutes_before = 0;
    for minutes in [0, 19, 49, 50, 99, 100] {
        simulator.advance_clock(Duration::from_secs(60 * (minutes - minutes_before)));
        minutes_before = minutes;
        let now = start + SignedDuration::from_mins(i64::try_from(minutes).unwrap());
        let mut push = push(code());
        push.expires_at = now + SignedDuration::from_mins(5);
        let outcome = apns.send(&apns_token(1), &push, now).await;
        assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{minutes}: {outcome:?}");
    }
    let received = simulator.received();
    let tokens: Vec<_> = received.iter().map(|request| &request.headers["authorization"]).collect();
    assert_eq!(tokens[0], tokens[2]);
    assert_ne!(tokens[2], tokens[3]);
    assert_eq!(tokens[3], tokens[4]);
    assert_ne!(tokens[4], tokens[5]);
}

#[tokio::test]
async fn refused_provider_token_is_not_signed_again() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    simulator.always_all(Some(ApnsBehaviour::Fail(ApnsFailure::ExpiredProviderToken)));
    for _ in 0..3 {
        let outcome = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, misconfigured(MisconfiguredReason::ProviderTokenRefused));
    }
    let received = simulator.received();
    let token = |index: usize| received[index].headers["authorization"].clone();
    assert_eq!(received.len(), 3);
    assert!(token(0) == token(1) && token(1) == token(2));
}

async fn check(simulator: &ApnsSimulator, change: impl Fn(&mut ApnsSettings)) -> Result<(), CheckError> {
    let mut settings = apns_settings(simulator);
    change(&mut settings);
    Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap().check(Timestamp::now()).await
}

#[tokio::test]
async fn check_expects_bad_device_token() {
    let simulator = apns_simulator().await;
    check(&simulator, |_| {}).await.unwrap();
    let request = simulator.received().pop().unwrap();
    assert_eq!(request.refusal, Some(ApnsFailure::BadDeviceToken));

    let wrong_key = check(&simulator, |settings| settings.key_id = "WRONGKEY01".into()).await;
    let refused = MisconfiguredReason::ProviderTokenRefused;
    assert!(matches!(wrong_key, Err(CheckError::Misconfigured(reason)) if reason == refused));

    let wrong_topic = check(&simulator, |settings| settings.topic = "org.example.other".into()).await;
    let refused = MisconfiguredReason::TopicRefused;
    assert!(matches!(wrong_topic, Err(CheckError::Misconfigured(reason)) if reason == refused));

    let other = apns_simulator().await;
    let wrong_root = |settings: &mut ApnsSettings| settings.trust_root_file = Some(other.ca_file().to_owned());
    let untrusted = check(&simulator, wrong_root).await;
    assert!(matches!(untrusted, Err(CheckError::Unreachable(TransientCause::ConnectionLost))));
}
