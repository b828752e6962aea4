//! Which devices can be reached by push, and what is said of those that cannot.

use serde_json::json;
use twostep::settings::Settings;
use twostep_simulators::{FcmBehaviour, FcmFailure};

use super::stage::{EMAIL, Stage, hints, of_channel, settle_notices, texts};
use crate::support::client::Install;

/// One phone, two installations or two accounts: each is reached, and none takes the address from the other.
#[actix_web::test]
async fn a_token_that_comes_for_another_device_stays_with_the_first() {
    let stage = Stage::start().await;
    let other = stage.trust("Other").await;
    stage.register(&stage.owner, "fcm", "the-token").await;
    stage.register(&other, "fcm", "the-token").await;
    assert!(stage.has_address(&stage.owner).await && stage.has_address(&other).await);
    let challenge = stage.ask().await;
    let status = stage.status_when(&challenge, "fcm", "accepted").await;
    assert!(of_channel(&status, "websocket").iter().all(|one| one["state"] != "unreachable"), "{status}");
    stage.end().await;
}

#[actix_web::test]
async fn why_nobody_can_be_reached_is_said_at_once_and_email_is_offered() {
    let stage = Stage::start().await;
    let other = stage.trust("Other").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.change(&stage.owner, json!({ "notifications_allowed": false })).await;
    let challenge = stage.ask().await;
    assert_eq!(challenge.body["methods"], json!(["app", "email"]));
    let status = stage.status_when(&challenge, "websocket", "unreachable").await;
    let mut reasons: Vec<_> = of_channel(&status, "websocket").iter().map(|one| one["reason"].clone()).collect();
    reasons.sort_by_key(ToString::to_string);
    assert_eq!(reasons, ["no_push_token", "notifications_off"]);
    assert_eq!(hints(&status)[..3], ["no_trusted_device_reachable", "notifications_off", "email_offered"]);
    let texts = texts(&status).join("\n");
    assert!(texts.contains(": notifications are turned off"), "{texts}");
    assert!(texts.contains(": not connected, and not registered for notifications"), "{texts}");
    assert_eq!(stage.providers.fcm.journal().count(), 0);

    // The other way works, at once.
    let body = json!({ "method": "email" });
    let path = challenge.path("/resend");
    let moved = stage.client.post(&path, &challenge.token, body).await.expect(202);
    assert_eq!(moved["challenge"]["method"], "email");
    let code = stage.client.mailed_code(EMAIL, "code").await;
    stage.client.verify(&challenge, &code).await.expect(200);
    drop(other);
    stage.end().await;
}

#[actix_web::test]
async fn a_dead_token_is_a_reason_until_the_device_registers_again() {
    let stage = Stage::start().await;
    stage.providers.fcm.always("old", Some(FcmBehaviour::Fail(FcmFailure::Unregistered)));
    stage.register(&stage.owner, "fcm", "old").await;
    let first = stage.ask().await;
    stage.status_when(&first, "fcm", "unreachable").await;
    let second = stage.ask().await;
    let status = stage.status_when(&second, "websocket", "unreachable").await;
    assert_eq!(of_channel(&status, "websocket")[0]["reason"], "token_expired");
    assert!(hints(&status).contains(&"push_token_expired"), "{status}");
    assert_eq!(texts(&status), ["Trusted device 1: its registration for notifications ran out"]);
    assert_eq!(stage.providers.at_fcm(&second, "code").len(), 0, "what is dead is not asked again");

    stage.register(&stage.owner, "fcm", "new").await;
    stage.expire(&first).await;
    let third = stage.ask().await;
    stage.status_when(&third, "fcm", "accepted").await;
    stage.end().await;
}

#[actix_web::test]
async fn a_provider_that_is_not_configured_is_said_to_have_failed() {
    let stage = Stage::start_with(|settings: &mut Settings| settings.fcm.service_account_file = None).await;
    stage.register(&stage.owner, "fcm", "owner").await;
    let challenge = stage.ask().await;
    let status = stage.status_when(&challenge, "fcm", "failed").await;
    assert_eq!(stage.details(&challenge).await, [Some("provider_off".to_owned())]);
    assert_eq!(hints(&status)[..2], ["no_trusted_device_reachable", "email_offered"]);
    let due = "SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL";
    stage.gateway.database.await_count(due, 0).await;
    stage.end().await;
}

#[actix_web::test]
async fn a_device_that_lost_its_trust_gets_no_push() {
    let stage = Stage::start().await;
    let lost = stage.trust("Lost").await;
    stage.register(&lost, "fcm", "lost").await;
    // The first push hangs: it is under way while the device is removed.
    stage.providers.fcm.script("lost", vec![FcmBehaviour::FailWithRetryAfter(FcmFailure::Unavailable, 1)]);
    let challenge = stage.client.begin_sign_in(EMAIL, &Install::new("New")).await;
    stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let path = format!("/v1/trusted-devices/{}", lost.device_id);
    stage.client.delete(&path, &stage.owner.access_token).await.expect(204);
    settle_notices(&stage.gateway.database).await;

    // A marker: what comes later at the same provider, behind the wait that the removed device's push was told.
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.providers.fcm.script("owner", vec![FcmBehaviour::FailWithRetryAfter(FcmFailure::Unavailable, 3)]);
    let marker = stage.ask().await;
    stage.status_when(&marker, "fcm", "accepted").await;
    let to_lost = stage.providers.fcm.received().iter().filter(|one| one.target == "lost").count();
    assert_eq!(to_lost, 1, "the retry never came");
    stage.end().await;
}

/// Who signs out on a device expects no more codes there. It stays trusted, and registers again with its next sign-in.
#[actix_web::test]
async fn a_device_that_signed_out_gets_no_push() {
    let stage = Stage::start().await;
    let shared = stage.trust("Shared").await;
    stage.register(&shared, "fcm", "shared").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.client.delete("/v1/sessions/current", &shared.access_token).await.expect(204);
    assert!(!stage.has_address(&shared).await && stage.has_address(&stage.owner).await);
    let challenge = stage.ask().await;
    stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let status = stage.status_when(&challenge, "fcm", "accepted").await;
    assert!(texts(&status).iter().any(|text| text.contains("not registered for notifications")), "{status}");
    assert!(stage.providers.fcm.received().iter().all(|one| one.target != "shared"));
    stage.end().await;
}
