//! What goes to FCM, and what each of its answers leads to.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use twostep::providers::push::{
    Fcm, MisconfiguredReason, PushAddress, PushAddressKind, PushContent, PushOutcome, PushProvider, RejectedReason,
    TransientCause, UnavailableReason,
};
use twostep_private_file::Privacy;
use twostep_simulators::{FcmBehaviour, FcmFailure};

use crate::support::{apns_token, code, fcm, fcm_settings, fcm_simulator, fcm_token, push};

fn retry(cause: TransientCause, seconds: Option<u64>) -> PushOutcome {
    PushOutcome::RetryAfter { cause, wait: seconds.map(Duration::from_secs) }
}

#[tokio::test]
async fn code_is_accepted_with_legal_fields_only() {
    let simulator = fcm_simulator().await;
    let push = push(code());
    let outcome = fcm(&simulator).send(&fcm_token("device-1"), &push, Timestamp::now()).await;
    let PushOutcome::Accepted { provider_message_id: Some(name) } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(name.starts_with("projects/twostep-simulated/messages/"));

    let request = &simulator.received()[0];
    assert_eq!(request.refusal, None);
    assert_eq!(request.target, "device-1");
    let challenge = push.subject_id.to_string();
    assert_eq!(request.data("type"), Some("code"));
    assert_eq!(request.data("challenge_id"), Some(challenge.as_str()));
    assert_eq!(request.data("generation"), Some("2"));
    assert_eq!(request.data("code"), Some("123456"));
    let message = &request.body["message"];
    assert_eq!(message["notification"]["body"], "Your code is 123 456");
    assert_eq!(message["android"]["priority"], "HIGH");
    assert_eq!(message["android"]["collapse_key"], challenge);
    assert_eq!(message["android"]["notification"]["tag"], challenge);
    assert_eq!(message["android"]["notification"]["channel_id"], "codes");
    let ttl = message["android"]["ttl"].as_str().unwrap();
    assert!(["299s", "300s"].contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn an_alert_has_a_channel_a_level_and_a_key_of_its_own() {
    let simulator = fcm_simulator().await;
    let alert = || PushContent::Alert { kind: "sign_in_denied", title: "Denied".to_owned(), body: "By you".to_owned() };
    let fcm = fcm(&simulator);
    for content in [alert(), alert(), code()] {
        let outcome = fcm.send(&fcm_token("device-1"), &push(content), Timestamp::now()).await;
        assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
    }
    let received = simulator.received();
    let [first, second, code] = [0, 1, 2].map(|number| &received[number].body["message"]);
    for alert in [first, second] {
        assert_eq!(alert["android"]["notification"]["channel_id"], "security");
        assert_eq!(alert["android"]["collapse_key"], "alerts");
        assert_eq!(alert["apns"]["payload"]["aps"]["interruption-level"], "active");
    }
    let tag = |message: &serde_json::Value| message["android"]["notification"]["tag"].clone();
    assert_ne!(tag(first), tag(second), "both are shown");
    assert_eq!(code["apns"]["payload"]["aps"]["interruption-level"], "time-sensitive");
}

#[tokio::test]
async fn installation_id_is_sent_as_fid() {
    let simulator = fcm_simulator().await;
    let address = PushAddress::parse(PushAddressKind::FcmFid, None, "cFidcFidcFidcFidcFidcF", None).unwrap();
    let outcome = fcm(&simulator).send(&address, &push(code()), Timestamp::now()).await;
    assert!(matches!(outcome, PushOutcome::Accepted { .. }));
    let message = &simulator.received()[0].body["message"];
    assert_eq!(message["fid"], "cFidcFidcFidcFidcFidcF");
    assert!(message.get("token").is_none());
}

#[tokio::test]
async fn silent_contents_show_nothing_and_carry_no_code() {
    let simulator = fcm_simulator().await;
    let fcm = fcm(&simulator);
    let wake = PushContent::Wake { title: "t".into(), body: "b".into() };
    for (content, word, priority) in [
        (wake, "wake", "HIGH"),
        (PushContent::Pending { title: String::new(), body: String::new() }, "pending", "NORMAL"),
        (PushContent::Withdraw { title: String::new(), body: String::new() }, "withdraw", "NORMAL"),
    ] {
        let outcome = fcm.send(&fcm_token(word), &push(content), Timestamp::now()).await;
        assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
        let received = simulator.received();
        let request = received.last().unwrap();
        assert_eq!(request.data("type"), Some(word));
        assert_eq!(request.data("code"), None);
        let message = &request.body["message"];
        assert_eq!(message["android"]["priority"], priority);
        assert!(message.get("notification").is_none());
        assert!(message["android"].get("notification").is_none());
    }
}

#[tokio::test]
async fn every_documented_error_has_its_outcome() {
    let simulator = fcm_simulator().await;
    let fcm = fcm(&simulator);
    for failure in FcmFailure::ALL {
        let expected = match failure {
            FcmFailure::InvalidArgument => PushOutcome::Rejected(RejectedReason::Malformed),
            FcmFailure::InvalidAddress | FcmFailure::Unregistered => PushOutcome::TokenDead { as_of: None },
            FcmFailure::NotFound => PushOutcome::Misconfigured(MisconfiguredReason::WrongProjectOrUrl),
            FcmFailure::SenderIdMismatch => PushOutcome::Misconfigured(MisconfiguredReason::SenderIdMismatch),
            FcmFailure::PermissionDenied => PushOutcome::Misconfigured(MisconfiguredReason::PermissionDenied),
            FcmFailure::QuotaExceeded => retry(TransientCause::Throttled, Some(60)),
            FcmFailure::Internal | FcmFailure::Unavailable => retry(TransientCause::ServerError, Some(10)),
            FcmFailure::ThirdPartyAuthError => PushOutcome::Misconfigured(MisconfiguredReason::ThirdPartyAuth),
            FcmFailure::Unauthenticated => PushOutcome::Misconfigured(MisconfiguredReason::AccessTokenRefused),
        };
        simulator.always("device", Some(FcmBehaviour::Fail(failure)));
        let outcome = fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, expected, "{failure:?}");
    }
}

#[tokio::test]
async fn third_party_auth_error_does_not_cost_an_access_token() {
    let simulator = fcm_simulator().await;
    simulator.always_all(Some(FcmBehaviour::Fail(FcmFailure::ThirdPartyAuthError)));
    let fcm = fcm(&simulator);
    for _ in 0..3 {
        fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
    }
    assert_eq!(simulator.token_journal().count(), 1);
    assert_eq!(simulator.journal().count(), 3);
}

#[tokio::test]
async fn retry_after_of_the_answer_is_kept() {
    let simulator = fcm_simulator().await;
    let fcm = fcm(&simulator);
    for (failure, cause) in
        [(FcmFailure::QuotaExceeded, TransientCause::Throttled), (FcmFailure::Unavailable, TransientCause::ServerError)]
    {
        simulator.script("device", vec![FcmBehaviour::FailWithRetryAfter(failure, 7)]);
        let outcome = fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, retry(cause, Some(7)));
    }
}

#[tokio::test]
async fn faults_of_the_line_are_transient() {
    let simulator = fcm_simulator().await;
    let mut settings = fcm_settings(&simulator);
    settings.request_timeout_ms = 1_500;
    let fcm = Fcm::open(&settings, Privacy::Unchecked).unwrap().unwrap();
    fcm.check(Timestamp::now()).await.unwrap();
    let garbage =
        |status, body: &str| FcmBehaviour::Answer { status, content_type: "text/plain", body: body.to_owned() };
    let slow = FcmBehaviour::Slow(Duration::from_secs(60), Box::new(FcmBehaviour::Accept));
    for (behaviour, expected) in [
        (FcmBehaviour::BadGateway, retry(TransientCause::ServerError, Some(10))),
        (FcmBehaviour::CutLine, retry(TransientCause::ConnectionLost, None)),
        (FcmBehaviour::Hang, retry(TransientCause::TimedOut, None)),
        (slow, retry(TransientCause::TimedOut, None)),
        (garbage(200, "<html>"), retry(TransientCause::Unintelligible, None)),
        (garbage(200, ""), retry(TransientCause::Unintelligible, None)),
        (garbage(503, "{\"error\":[]}"), retry(TransientCause::ServerError, Some(10))),
        (garbage(404, "\u{0}"), PushOutcome::Misconfigured(MisconfiguredReason::WrongProjectOrUrl)),
        (garbage(302, ""), PushOutcome::Misconfigured(MisconfiguredReason::WrongProjectOrUrl)),
        (garbage(418, "tea"), PushOutcome::Rejected(RejectedReason::Undocumented { status: 418 })),
        (garbage(200, &"x".repeat(1_000_000)), retry(TransientCause::Unintelligible, None)),
    ] {
        simulator.script("device", vec![behaviour.clone()]);
        let outcome = fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, expected, "{behaviour:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_not() {
    let simulator = fcm_simulator().await;
    let fcm = fcm(&simulator);
    let now = Timestamp::now();

    let mut late = push(code());
    late.expires_at = now;
    let outcome = fcm.send(&fcm_token("device"), &late, now).await;
    assert_eq!(outcome, PushOutcome::Unavailable(UnavailableReason::Expired));

    let outcome = fcm.send(&apns_token(1), &push(code()), now).await;
    assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::WrongProvider));

    let content =
        |bytes| PushContent::Code { title: String::new(), body: "x".repeat(bytes), code: "123456".to_owned().into() };
    let outcome = fcm.send(&fcm_token("device"), &push(content(4096)), now).await;
    assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::PayloadTooLarge));
    assert_eq!(simulator.journal().count(), 0);

    let outcome = fcm.send(&fcm_token("device"), &push(content(3800)), now).await;
    assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
}

#[tokio::test]
async fn last_moment_has_a_lifetime_of_zero() {
    let simulator = fcm_simulator().await;
    let now = Timestamp::now();
    let mut late = push(code());
    late.expires_at = now + SignedDuration::from_millis(900);
    let outcome = fcm(&simulator).send(&fcm_token("device"), &late, now).await;
    assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(simulator.received()[0].body["message"]["android"]["ttl"], "0s");
}
