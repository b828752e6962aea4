//! Security alerts are pushed to the trusted devices, besides the mail and the connections.

use reqwest::Method;
use serde_json::json;
use twostep_simulators::FcmRequest;

use super::stage::{EMAIL, Stage, apns_token};
use crate::support::client::DEADLINE;

fn is_alert(request: &FcmRequest) -> bool {
    request.data("type") == Some("alert")
}

#[actix_web::test]
async fn a_denial_is_pushed_to_every_trusted_device_once() {
    let stage = Stage::start().await;
    let ios = stage.trust("iPhone").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    let challenge = stage.ask().await;
    stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    stage.providers.wait_for_apns(&challenge, "code", 1).await;
    stage.client.deny(&challenge, &stage.owner).await.expect(204);

    let seen = stage.providers.fcm.wait_for(DEADLINE, |all| all.iter().any(|one| is_alert(one))).await;
    seen.expect("FCM is told");
    let mut fcm = stage.providers.fcm.received();
    fcm.retain(|one| is_alert(one));
    assert_eq!((fcm.len(), fcm[0].data("kind")), (1, Some("sign_in_denied")));
    assert_eq!(fcm[0].data("challenge_id"), None);
    let android = &fcm[0].body["message"]["android"];
    // One key for all alerts, since FCM keeps four a device; the tag tells them apart on the screen.
    assert_eq!((&android["priority"], &android["collapse_key"]), (&"HIGH".into(), &"alerts".into()));
    assert_eq!(android["notification"]["tag"].as_str(), fcm[0].data("alert_id"));
    let shown = &fcm[0].body["message"]["notification"];
    assert_eq!(shown["title"], "A sign-in to your account was denied");
    assert!(shown["body"].as_str().expect("a text").contains("change it now"), "{shown}");

    let seen = stage.providers.apns.wait_for(DEADLINE, |all| all.iter().any(|one| one.payload["type"] == "alert"));
    seen.await.expect("APNs is told");
    let mut apns = stage.providers.apns.received();
    apns.retain(|one| one.payload["type"] == "alert");
    assert_eq!((apns.len(), &apns[0].payload["kind"]), (1, &"sign_in_denied".into()));
    assert_eq!(apns[0].headers["apns-push-type"], "alert");
    assert_eq!(apns[0].payload["aps"]["interruption-level"], "active");
    assert_eq!(apns[0].payload["aps"]["alert"]["title"], "A sign-in to your account was denied");
    stage.end().await;
}

#[actix_web::test]
async fn each_device_is_notified_in_its_own_language() {
    let stage = Stage::start().await;
    let ios = stage.trust("iPhone").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    stage.change(&stage.owner, json!({ "locale": "hu-HU" })).await;
    stage.change(&ios, json!({ "locale": "de" })).await;
    let challenge = stage.ask().await;
    let code = &stage.providers.wait_for_fcm(&challenge, "code", 1).await[0];
    let shown = &code.body["message"]["notification"];
    assert_eq!(shown["title"], "Bejelentkezési kód");
    assert!(shown["body"].as_str().expect("a text").ends_with(" – New (Model)"), "{shown}");
    let code = &stage.providers.wait_for_apns(&challenge, "code", 1).await[0];
    let shown = &code.payload["aps"]["alert"];
    assert_eq!(shown["title"], "Ihr Anmeldecode");
    assert!(shown["body"].as_str().expect("a text").ends_with(" für New (Model)"), "{shown}");

    stage.client.deny(&challenge, &stage.owner).await.expect(204);
    let seen = stage.providers.fcm.wait_for(DEADLINE, |all| all.iter().any(|one| is_alert(one))).await;
    seen.expect("FCM is told");
    let mut fcm = stage.providers.fcm.received();
    fcm.retain(|one| is_alert(one));
    let shown = &fcm[0].body["message"]["notification"];
    assert_eq!(shown["title"], "Elutasítottak egy bejelentkezést a fiókjába");
    assert!(shown["body"].as_str().expect("a text").contains("változtassa meg most"), "{shown}");
    let seen = stage.providers.apns.wait_for(DEADLINE, |all| all.iter().any(|one| one.payload["type"] == "alert"));
    seen.await.expect("APNs is told");
    let mut apns = stage.providers.apns.received();
    apns.retain(|one| one.payload["type"] == "alert");
    assert_eq!(apns[0].payload["aps"]["alert"]["title"], "Eine Anmeldung bei Ihrem Konto wurde abgelehnt");
    stage.end().await;
}

#[actix_web::test]
async fn what_strangers_can_cause_is_not_pushed() {
    let stage = Stage::start().await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.ask().await;
    stage.gateway.database.execute("UPDATE notices SET due_at = now() WHERE due_at IS NOT NULL").await;
    stage.client.await_mail(EMAIL, "Did you start signing in?", 1).await;
    // A marker: what is pushed, and later.
    let second = stage.trust("Second").await;
    let path = format!("/v1/trusted-devices/{}", second.device_id);
    stage.client.send(Method::DELETE, &path, Some(&stage.owner.access_token), None).await.expect(204);
    let seen = stage.providers.fcm.wait_for(DEADLINE, |all| all.iter().any(|one| is_alert(one))).await;
    seen.expect("FCM is told");
    let mut received = stage.providers.fcm.received();
    received.retain(|one| is_alert(one));
    let kinds: Vec<_> = received.iter().map(|one| one.data("kind")).collect();
    assert_eq!(kinds, [Some("device_removed")]);
    stage.end().await;
}
