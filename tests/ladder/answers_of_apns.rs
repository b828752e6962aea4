//! Every answer of APNs, and what the ladder makes of it.

use jiff::{SignedDuration, Timestamp};
use twostep::settings::Settings;
use twostep_simulators::{ApnsBehaviour, ApnsFailure};

use super::answers_of_fcm::{ACCEPTED, DEAD, End, expect_end, failed, one_attempt};
use super::stage::{Stage, apns_token};

fn one_connection(settings: &mut Settings) {
    one_attempt(settings);
    settings.apns.connections = 1;
}

/// By Apple's table of reasons: what is the push's fault, the settings' fault, the moment's, the device token's.
fn end_of(failure: ApnsFailure) -> End {
    use ApnsFailure as F;
    match failure {
        F::BadDeviceToken | F::ExpiredToken | F::Unregistered => DEAD,
        F::BadCollapseId
        | F::BadExpirationDate
        | F::BadMessageId
        | F::BadPriority
        | F::DuplicateHeaders
        | F::InvalidPushType
        | F::MissingDeviceToken
        | F::PayloadEmpty => failed("malformed"),
        F::PayloadTooLarge => failed("payload_too_large"),
        F::BadTopic | F::MissingTopic | F::TopicDisallowed | F::DeviceTokenNotForTopic => failed("topic_refused"),
        F::BadCertificateEnvironment | F::BadEnvironmentKeyIdInToken => failed("environment_mismatch"),
        F::BadCertificate
        | F::ExpiredProviderToken
        | F::Forbidden
        | F::InvalidProviderToken
        | F::MissingProviderToken
        | F::UnrelatedKeyIdInToken => failed("provider_token_refused"),
        F::BadPath | F::MethodNotAllowed => failed("wrong_project_or_url"),
        F::TooManyProviderTokenUpdates => failed("provider_token_updated_too_often"),
        F::TooManyRequests | F::IdleTimeout => failed("given_up"),
        F::InternalServerError | F::ServiceUnavailable | F::Shutdown => failed("server_error"),
    }
}

#[actix_web::test]
async fn every_reason_of_apns_ends_as_it_should() {
    let stage = Stage::start_with(one_connection).await;
    // What is about a connection is tried on another (tests/push), which takes its time.
    let is_about_the_push =
        |failure: &&ApnsFailure| !matches!(failure, ApnsFailure::IdleTimeout | ApnsFailure::Shutdown);
    for (number, failure) in ApnsFailure::ALL.iter().filter(is_about_the_push).enumerate() {
        let token = apns_token(number);
        stage.register(&stage.owner, "apns", &token).await;
        // 410 tells since when; later than the registration, whatever the clocks' grain.
        let since = (Timestamp::now() + SignedDuration::from_secs(1)).as_millisecond();
        let behaviour = match failure.status() {
            410 => ApnsBehaviour::FailSince(*failure, since),
            _ => ApnsBehaviour::Fail(*failure),
        };
        stage.providers.apns.always(&token, Some(behaviour));
        expect_end(&stage, "apns", &end_of(*failure), failure.reason()).await;
    }
    stage.end().await;
}

#[actix_web::test]
async fn every_harm_to_the_line_ends_as_it_should() {
    let garbage = ApnsBehaviour::Answer { status: 410, body: "<html>".to_owned() };
    let cases = [
        (ApnsBehaviour::Accept, ACCEPTED),
        (ApnsBehaviour::AcceptThenGoAway, ACCEPTED),
        (garbage, failed("undocumented")),
        (ApnsBehaviour::RefuseStream, failed("given_up")),
        (ApnsBehaviour::Hang, failed("given_up")),
        (ApnsBehaviour::GoAway, failed("given_up")),
        (ApnsBehaviour::CutLine, failed("given_up")),
    ];
    let stage = Stage::start_with(one_connection).await;
    for (number, (behaviour, end)) in cases.into_iter().enumerate() {
        let (token, case) = (apns_token(number), format!("{behaviour:?}"));
        stage.providers.apns.always(&token, Some(behaviour));
        stage.register(&stage.owner, "apns", &token).await;
        expect_end(&stage, "apns", &end, &case).await;
    }
    stage.end().await;
}

#[actix_web::test]
async fn a_push_survives_a_line_that_breaks() {
    for harm in [ApnsBehaviour::GoAway, ApnsBehaviour::RefuseStream, ApnsBehaviour::CutLine] {
        let stage = Stage::start().await;
        let (token, case) = (apns_token(1), format!("{harm:?}"));
        stage.providers.apns.script(&token, vec![ApnsBehaviour::Accept, harm]);
        stage.register(&stage.owner, "apns", &token).await;
        expect_end(&stage, "apns", &ACCEPTED, "before").await;
        expect_end(&stage, "apns", &ACCEPTED, &case).await;
        stage.end().await;
    }
}

#[actix_web::test]
async fn an_address_registered_after_its_death_is_kept() {
    let stage = Stage::start().await;
    let before = (Timestamp::now() - SignedDuration::from_mins(1)).as_millisecond();
    let stale = ApnsBehaviour::FailSince(ApnsFailure::Unregistered, before);
    stage.providers.apns.always(&apns_token(1), Some(stale));
    stage.register(&stage.owner, "apns", &apns_token(1)).await;
    // Nothing is said to have run out: opening the app would not help.
    expect_end(&stage, "apns", &failed("token_dead"), "an older death").await;
    stage.end().await;
}

#[actix_web::test]
async fn an_address_that_changed_meanwhile_is_kept() {
    let stage = Stage::start_with(|settings| settings.apns.request_timeout_ms = 20_000).await;
    stage.providers.apns.always(&apns_token(1), Some(ApnsBehaviour::Hang));
    stage.register(&stage.owner, "apns", &apns_token(1)).await;
    let dead_late = ApnsBehaviour::Slow(
        std::time::Duration::from_millis(500),
        Box::new(ApnsBehaviour::Fail(ApnsFailure::BadDeviceToken)),
    );
    stage.providers.apns.always(&apns_token(1), Some(dead_late));
    let challenge = stage.ask().await;
    stage.providers.wait_for_apns(&challenge, "code", 1).await;
    stage.register(&stage.owner, "apns", &apns_token(2)).await;
    // The open code is replaced, and goes to the new address; what the old one is answered changes nothing about it.
    stage.status_when(&challenge, "apns", "accepted").await;
    assert!(stage.has_address(&stage.owner).await, "compare and clear");
    stage.end().await;
}
