//! A challenge that closes or changes its code takes its notifications with it.

use serde_json::{Value, json};
use twostep_simulators::{FcmBehaviour, FcmFailure};

use super::stage::{EMAIL, Stage, apns_token, silent_code};
use crate::support::client::{Challenge, Install};

/// A challenge whose code went to one device by FCM and to one by APNs.
async fn pushed(stage: &Stage, install: &Install) -> Challenge {
    let challenge = stage.client.begin_sign_in(EMAIL, install).await;
    stage.status_when(&challenge, "fcm", "accepted").await;
    stage.status_when(&challenge, "apns", "accepted").await;
    challenge
}

async fn two_asleep() -> Stage {
    let stage = Stage::start().await;
    let ios = stage.trust("iPhone").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    stage
}

/// Both notifications are taken back, once, under the collapse key of the code.
async fn expect_withdrawn(stage: &Stage, challenge: &Challenge) {
    let at_fcm = stage.providers.wait_for_fcm(challenge, "withdraw", 1).await;
    assert_eq!(at_fcm[0].body["message"]["android"]["collapse_key"], challenge.id.as_str());
    assert_eq!(at_fcm[0].data("code"), None);
    let at_apns = stage.providers.wait_for_apns(challenge, "withdraw", 1).await;
    assert_eq!(at_apns[0].headers["apns-collapse-id"], challenge.id);
    assert_eq!(at_apns[0].headers["apns-push-type"], "background");
}

#[actix_web::test]
async fn however_a_challenge_ends_its_notifications_are_taken_back() {
    let stage = two_asleep().await;
    let install = Install::new("New");
    let verified = pushed(&stage, &install).await;
    let code = stage.providers.at_fcm(&verified, "code")[0].data("code").expect("a code").to_owned();
    let path = verified.path("/verify");
    let body = json!({ "code": code, "trust_device": false });
    stage.client.post(&path, &verified.token, body).await.expect(200);
    expect_withdrawn(&stage, &verified).await;

    let denied = pushed(&stage, &install).await;
    stage.deny(&denied).await;
    expect_withdrawn(&stage, &denied).await;
    let status = stage.status(&denied, |status| status["state"] == "denied").await;
    assert_eq!(status["answered"], true);

    let superseded = pushed(&stage, &install).await;
    let expired = pushed(&stage, &install).await;
    expect_withdrawn(&stage, &superseded).await;
    let expire = format!("UPDATE challenges SET expires_at = now() WHERE challenge_id = '{}'", expired.id);
    stage.gateway.database.execute(&expire).await;
    expect_withdrawn(&stage, &expired).await;
    for challenge in [&verified, &denied, &superseded, &expired] {
        assert_eq!(stage.providers.at_fcm(challenge, "withdraw").len(), 1);
        assert_eq!(stage.providers.at_apns(challenge, "withdraw").len(), 1);
    }
    stage.end().await;
}

#[actix_web::test]
async fn a_new_code_replaces_the_notification_of_the_old_one_and_stops_its_retries() {
    let stage = Stage::start().await;
    stage.register(&stage.owner, "fcm", "owner").await;
    let busy = FcmBehaviour::FailWithRetryAfter(FcmFailure::Unavailable, 1);
    stage.providers.fcm.script("owner", vec![busy]);
    let challenge = stage.ask().await;
    let first = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let resent = resend(&stage, &challenge).await;
    let both = stage.providers.wait_for_fcm(&challenge, "code", 2).await;
    stage.status_when(&challenge, "fcm", "accepted").await;
    assert_eq!(both[1].data("generation"), Some("2"));
    assert_ne!(both[1].data("code"), first[0].data("code"));
    let key = |number: usize| &both[number].body["message"]["android"]["collapse_key"];
    assert_eq!((key(0), key(1)), (&json!(challenge.id), &json!(challenge.id)));
    assert_eq!(resent["challenge"]["method"], "app");

    // A marker behind the wait that the first code's push was told.
    let later = FcmBehaviour::FailWithRetryAfter(FcmFailure::Unavailable, 3);
    stage.providers.fcm.script("owner", vec![later]);
    let marker = stage.ask().await;
    stage.status_when(&marker, "fcm", "accepted").await;
    assert_eq!(stage.providers.at_fcm(&challenge, "code").len(), 2, "the old code is not tried again");

    // The denial ends every sign-in under way, the marker too.
    stage.deny(&challenge).await;
    stage.providers.wait_for_fcm(&marker, "withdraw", 1).await;
    let withdrawals = stage.providers.wait_for_fcm(&challenge, "withdraw", 1).await;
    assert_eq!(withdrawals.len(), 1, "one notification was shown, and one is taken back");
    assert_eq!(withdrawals[0].data("generation"), Some("2"));
    stage.end().await;
}

/// Asks for a new code as soon as one may.
async fn resend(stage: &Stage, challenge: &Challenge) -> Value {
    let now = format!("UPDATE challenges SET resend_at = now() WHERE challenge_id = '{}'", challenge.id);
    stage.gateway.database.execute(&now).await;
    stage.client.post(&challenge.path("/resend"), &challenge.token, json!({})).await.expect(202)
}

#[actix_web::test]
async fn a_device_that_only_knows_push_denies_over_http() {
    let stage = Stage::start().await;
    let phone = stage.trust("Phone").await;
    stage.register(&phone, "fcm", "phone").await;
    let mut screen = stage.client.connect(&stage.owner).await;
    let challenge = stage.ask().await;
    let code = silent_code(&mut screen, &challenge).await;
    let push = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let id = push[0].data("challenge_id").expect("an id");
    let path = format!("/v1/challenges/{id}/deny");
    stage.client.post(&path, &phone.access_token, json!({})).await.expect(204);
    assert_eq!(screen.next_of("challenge_closed").await["outcome"], "denied");
    let code = code["code"].as_str().expect("a code");
    stage.client.verify(&challenge, code).await.expect_problem(410, "challenge_closed");
    stage.providers.wait_for_fcm(&challenge, "withdraw", 1).await;
    stage.end().await;
}
