//! Every answer of FCM, and what the ladder makes of it.

use std::time::Duration;

use serde_json::Value;
use twostep::settings::Settings;
use twostep_simulators::{FcmBehaviour, FcmFailure, TokenBehaviour};

use super::stage::{Stage, hints, of_channel, texts};

/// How a delivery ends.
pub(super) struct End {
    pub(super) state: &'static str,
    pub(super) detail: &'static str,
    pub(super) forgotten: bool,
}

pub(super) const ACCEPTED: End = End { state: "accepted", detail: "accepted", forgotten: false };
pub(super) const DEAD: End = End { state: "unreachable", detail: "token_dead", forgotten: true };

pub(super) const fn failed(detail: &'static str) -> End {
    End { state: "failed", detail, forgotten: false }
}

/// One attempt a push, no breaker, and any number of dead addresses is believed.
pub(super) fn one_attempt(settings: &mut Settings) {
    for guard in [&mut settings.fcm.guard, &mut settings.apns.guard] {
        guard.attempts = 1;
        guard.breaker_failures = 10_000;
        guard.dead_percent = 100;
    }
    settings.fcm.request_timeout_ms = 1_000;
    settings.apns.request_timeout_ms = 1_000;
}

/// Signs in while the owner sleeps, and sees how the push ends.
pub(super) async fn expect_end(stage: &Stage, channel: &str, end: &End, case: &str) {
    let challenge = stage.ask().await;
    let status = stage.status_when(&challenge, channel, end.state).await;
    let delivery = of_channel(&status, channel)[0];
    let reason = if end.forgotten { "token_expired".into() } else { Value::Null };
    assert_eq!(delivery["reason"], reason, "{case}");
    assert_eq!(stage.details(&challenge).await, [Some(end.detail.to_owned())], "{case}");
    assert_eq!(!stage.has_address(&stage.owner).await, end.forgotten, "{case}");
    let hints = hints(&status);
    assert_eq!(hints.contains(&"no_trusted_device_reachable"), end.state != "accepted", "{case}: {hints:?}");
    assert_eq!(hints.contains(&"push_token_expired"), end.forgotten, "{case}: {hints:?}");
    assert!(hints.contains(&"email_offered"), "{case}: {hints:?}");
    stage.expire(&challenge).await;
}

#[actix_web::test]
async fn every_answer_of_fcm_ends_as_it_should() {
    let stage = Stage::start_with(one_attempt).await;
    let fail = FcmBehaviour::Fail;
    let garbage = FcmBehaviour::Answer { status: 200, content_type: "text/html", body: "<html>".to_owned() };
    let cases = [
        (FcmBehaviour::Accept, ACCEPTED),
        (fail(FcmFailure::InvalidArgument), failed("malformed")),
        (fail(FcmFailure::InvalidAddress), DEAD),
        (fail(FcmFailure::Unregistered), DEAD),
        (fail(FcmFailure::NotFound), failed("wrong_project_or_url")),
        (fail(FcmFailure::SenderIdMismatch), failed("sender_id_mismatch")),
        (fail(FcmFailure::PermissionDenied), failed("permission_denied")),
        (fail(FcmFailure::QuotaExceeded), failed("given_up")),
        (fail(FcmFailure::Internal), failed("given_up")),
        (fail(FcmFailure::Unavailable), failed("given_up")),
        (fail(FcmFailure::ThirdPartyAuthError), failed("third_party_auth")),
        (fail(FcmFailure::Unauthenticated), failed("access_token_refused")),
        (FcmBehaviour::BadGateway, failed("given_up")),
        (garbage, failed("given_up")),
        (FcmBehaviour::CutLine, failed("given_up")),
        (FcmBehaviour::Hang, failed("given_up")),
    ];
    for (number, (behaviour, end)) in cases.into_iter().enumerate() {
        let (token, case) = (format!("token-{number}"), format!("{behaviour:?}"));
        stage.providers.fcm.always(&token, Some(behaviour));
        stage.register(&stage.owner, "fcm", &token).await;
        expect_end(&stage, "fcm", &end, &case).await;
    }
    stage.end().await;
}

#[actix_web::test]
async fn every_failure_of_the_token_endpoint_ends_as_it_should() {
    let cases = [
        (TokenBehaviour::Fail { status: 400, error: "invalid_grant" }, failed("service_account_refused")),
        (TokenBehaviour::Fail { status: 503, error: "temporarily_unavailable" }, failed("given_up")),
        (TokenBehaviour::Garbage("<html>"), failed("given_up")),
        (TokenBehaviour::CutLine, failed("given_up")),
        (TokenBehaviour::Hang, failed("given_up")),
    ];
    for (behaviour, end) in cases {
        let stage = Stage::start_with(one_attempt).await;
        let case = format!("{behaviour:?}");
        stage.providers.fcm.script_tokens(vec![behaviour; 4]);
        stage.register(&stage.owner, "fcm", "owner").await;
        expect_end(&stage, "fcm", &end, &case).await;
        stage.end().await;
    }
}

#[actix_web::test]
async fn a_passing_failure_is_tried_again_with_the_same_collapse_key() {
    let stage = Stage::start().await;
    let busy = FcmBehaviour::FailWithRetryAfter(FcmFailure::Unavailable, 1);
    stage.providers.fcm.script("owner", vec![busy]);
    stage.register(&stage.owner, "fcm", "owner").await;
    let challenge = stage.ask().await;
    stage.status_when(&challenge, "fcm", "accepted").await;
    let attempts = stage.providers.at_fcm(&challenge, "code");
    let keys: Vec<_> = attempts.iter().map(|one| &one.body["message"]["android"]["collapse_key"]).collect();
    assert_eq!(keys, [challenge.id.as_str(), challenge.id.as_str()]);
    let waited = attempts[1].at - attempts[0].at;
    assert!(waited >= Duration::from_millis(990), "Retry-After is honoured: {waited:?}");
    stage.end().await;
}

#[actix_web::test]
async fn a_wait_beyond_the_life_of_the_code_is_not_waited() {
    let stage = Stage::start().await;
    let busy = FcmBehaviour::FailWithRetryAfter(FcmFailure::QuotaExceeded, 400);
    stage.providers.fcm.always("owner", Some(busy));
    stage.register(&stage.owner, "fcm", "owner").await;
    let challenge = stage.ask().await;
    let status = stage.status_when(&challenge, "fcm", "failed").await;
    assert!(texts(&status).contains(&"Trusted device 1: Google did not take the notification"), "{status}");
    assert_eq!(stage.providers.at_fcm(&challenge, "code").len(), 1);
    stage.end().await;
}

#[actix_web::test]
async fn a_wrong_key_does_not_erase_every_device() {
    let wary = |settings: &mut Settings| settings.fcm.guard.dead_minimum_sample = 1;
    let stage = Stage::start_with(wary).await;
    stage.providers.fcm.always_all(Some(FcmBehaviour::Fail(FcmFailure::Unregistered)));
    stage.register(&stage.owner, "fcm", "owner").await;
    expect_end(&stage, "fcm", &failed("too_many_dead_tokens"), "mass death").await;
    stage.end().await;
}

#[actix_web::test]
async fn below_a_sample_only_a_handful_of_addresses_is_forgotten() {
    let stage = Stage::start().await;
    stage.providers.fcm.always_all(Some(FcmBehaviour::Fail(FcmFailure::Unregistered)));
    for (number, end) in [DEAD, DEAD, failed("dead_token_kept")].into_iter().enumerate() {
        stage.register(&stage.owner, "fcm", &format!("token-{number}")).await;
        expect_end(&stage, "fcm", &end, &number.to_string()).await;
    }
    stage.end().await;
}
