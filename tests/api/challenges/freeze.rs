//! "This wasn't me": no new device signs in until a trusted device or a new password allows it again.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ANNA, Scene};
use crate::api::assert_ended;
use crate::support::client::{Answer, Client, Install, PASSWORD, SignedIn};

async fn sign_in(client: &Client, install: &Install) -> Answer {
    client.sign_in(ANNA, PASSWORD, install, None).await
}

async fn frozen_at(client: &Client, device: &SignedIn) -> Value {
    client.get("/v1/login-security", &device.access_token).await.expect(200)["sign_ins_frozen_at"].clone()
}

async fn unfreeze(client: &Client, device: &SignedIn) -> Answer {
    client.send(Method::POST, "/v1/login-security/unfreeze", Some(&device.access_token), None).await
}

async fn report(client: &Client, device: &SignedIn, entry: &Value) -> Answer {
    let path = format!("/v1/login-activity/{}/report", entry["id"].as_str().expect("an id"));
    client.send(Method::POST, &path, Some(&device.access_token), None).await
}

#[actix_web::test]
async fn after_a_denial_no_new_device_signs_in_and_trusted_ones_do() {
    let scene = Scene::new().await;
    let (client, trusted) = (&scene.client, &scene.trusted);
    assert!(frozen_at(client, trusted).await.is_null());
    client.deny(&scene.challenge, trusted).await.expect(204);
    assert!(frozen_at(client, trusted).await.is_string());

    let problem = sign_in(client, &Install::new("Another")).await.expect_problem(403, "account_frozen");
    assert!(problem["detail"].as_str().expect("text").contains("on a trusted device"), "{problem}");
    let entry = client.activity(trusted).await[0].clone();
    assert_eq!([&entry["kind"], &entry["outcome"], &entry["device"]["name"]], ["sign_in", "frozen", "Another"]);
    client.sign_in(ANNA, "wrong", &Install::new("X"), None).await.expect_problem(401, "invalid_credentials");
    client.sign_in(ANNA, PASSWORD, &trusted.install, trusted.trust_token.as_deref()).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_trusted_device_allows_new_devices_again() {
    let mut scene = Scene::new().await;
    scene.client.deny(&scene.challenge, &scene.trusted).await.expect(204);
    scene.screen.alert("sign_in_denied").await;
    unfreeze(&scene.client, &scene.trusted).await.expect(204);
    scene.screen.alert("sign_ins_unfrozen").await;
    assert!(frozen_at(&scene.client, &scene.trusted).await.is_null());
    assert_eq!(scene.client.activity(&scene.trusted).await[0]["kind"], "sign_ins_unfrozen");
    scene.client.await_mail(ANNA, "can sign in again", 1).await;
    unfreeze(&scene.client, &scene.trusted).await.expect(204);
    sign_in(&scene.client, &scene.install).await.expect(202);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn an_untrusted_device_cannot_allow_it() {
    let mut scene = Scene::new().await;
    let guest = scene.client.sign_in_with_code(&scene.challenge, &scene.code, &scene.install, false).await;
    let next = scene.client.begin_sign_in(ANNA, &Install::new("Next")).await;
    scene.screen.code_of(&next.id).await;
    scene.client.deny(&next, &scene.trusted).await.expect(204);
    unfreeze(&scene.client, &guest).await.expect_problem(403, "device_not_trusted");
    sign_in(&scene.client, &Install::new("Next")).await.expect_problem(403, "account_frozen");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_new_password_allows_new_devices_again() {
    let scene = Scene::new().await;
    scene.client.deny(&scene.challenge, &scene.trusted).await.expect(204);
    let body = json!({ "current": PASSWORD, "new": "another battery staple" });
    scene.client.post("/v1/login-security/password", &scene.trusted.access_token, body).await.expect(204);
    assert!(frozen_at(&scene.client, &scene.trusted).await.is_null());
    scene.client.sign_in(ANNA, "another battery staple", &scene.install, None).await.expect(202);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn an_operator_can_allow_it_for_an_owner_without_devices() {
    let scene = Scene::new().await;
    scene.client.deny(&scene.challenge, &scene.trusted).await.expect(204);
    let operator = scene.gateway.operator();
    let path = "/admin/accounts?email=anna@example.com";
    let account = operator.send(Method::GET, path, None, None).await.expect(200);
    assert_eq!(account["sign_ins_frozen"], true);
    let path = format!("/admin/accounts/{}/unfreeze", account["id"].as_str().expect("an id"));
    operator.send(Method::POST, &path, None, None).await.expect(204);
    sign_in(&scene.client, &scene.install).await.expect(202);
    let unknown = format!("/admin/accounts/{}/unfreeze", uuid::Uuid::now_v7());
    operator.send(Method::POST, &unknown, None, None).await.expect_problem(404, "not_found");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_report_denies_the_open_challenge_and_is_told_once() {
    let mut scene = Scene::new().await;
    let other = scene.client.begin_sign_in(ANNA, &Install::new("Other")).await;
    let other_code = scene.screen.code_of(&other.id).await;
    let entry = scene.client.activity(&scene.trusted).await[1].clone();
    assert_eq!(entry["device"]["name"], "New");
    for _ in 0..2 {
        report(&scene.client, &scene.trusted, &entry).await.expect(204);
    }
    assert_eq!(scene.state().await, "denied");
    scene.client.verify(&scene.challenge, &scene.code).await.expect_problem(410, "challenge_closed");
    scene.client.verify(&other, &other_code).await.expect_problem(410, "challenge_closed");
    scene.screen.alert("sign_in_reported").await;
    scene.client.await_mail(ANNA, "reported", 1).await;
    let reported = "SELECT count(*) FROM notices WHERE kind = 'sign_in_reported'";
    assert_eq!(scene.gateway.database.count(reported).await, 1);
    let marked = scene.client.activity(&scene.trusted).await[1].clone();
    assert_eq!((&marked["id"], &marked["outcome"]), (&entry["id"], &json!("denied")));
    assert!(marked["reported_at"].is_string());
    sign_in(&scene.client, &Install::new("Next")).await.expect_problem(403, "account_frozen");
    scene.gateway.stop().await;
}

/// Without a second step a freeze would lock the owner out together with everybody else.
#[actix_web::test]
async fn a_report_without_two_step_tells_the_owner_and_locks_nobody_out() {
    let gateway = crate::support::gateway::TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let stranger = Install::new("Stranger");
    sign_in(&client, &stranger).await.expect(200);
    let entry = client.activity(&first).await[0].clone();
    report(&client, &first, &entry).await.expect(204);
    client.await_mail(ANNA, "reported", 1).await;
    assert!(frozen_at(&client, &first).await.is_null());
    sign_in(&client, &stranger).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_advice_says_what_to_do_and_what_a_good_password_is() {
    let mut scene = Scene::new().await;
    scene.client.deny(&scene.challenge, &scene.trusted).await.expect(204);
    let alert = scene.screen.next_of("security_alert").await["text"].as_str().expect("a text").to_owned();
    for text in [alert, scene.client.await_mail(ANNA, "denied", 1).await] {
        assert!(text.contains("change it now") && text.contains("a password manager"), "{text}");
    }
    scene.gateway.stop().await;
}

/// A device that signed in with a code; trusted if it likes.
async fn intruder(scene: &Scene, trust_device: bool) -> SignedIn {
    scene.client.sign_in_with_code(&scene.challenge, &scene.code, &scene.install, trust_device).await
}

#[actix_web::test]
async fn a_report_puts_out_the_device_that_the_reported_sign_in_let_in() {
    for trust_device in [true, false] {
        let scene = Scene::new().await;
        let intruder = intruder(&scene, trust_device).await;
        let entry = scene.client.activity(&scene.trusted).await[0].clone();
        report(&scene.client, &scene.trusted, &entry).await.expect(204);
        assert_ended(&scene.client, &intruder).await;
        let devices = scene.client.get("/v1/trusted-devices", &scene.trusted.access_token).await.expect(200);
        assert_eq!(devices["devices"].as_array().map(Vec::len), Some(1));
        let again = scene.client.sign_in(ANNA, PASSWORD, &intruder.install, intruder.trust_token.as_deref()).await;
        again.expect_problem(403, "account_frozen");
        scene.gateway.stop().await;
    }
}

#[actix_web::test]
async fn a_device_that_is_not_trusted_reports_without_freezing_or_putting_out_anybody() {
    let scene = Scene::new().await;
    let intruder = intruder(&scene, false).await;
    for entry in scene.client.activity(&intruder).await {
        report(&scene.client, &intruder, &entry).await.expect(204);
    }
    assert!(frozen_at(&scene.client, &scene.trusted).await.is_null());
    let told = "SELECT count(*) FROM notices WHERE kind = 'sign_in_reported'";
    assert_eq!(scene.gateway.database.count(told).await, 1, "once an hour");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_is_not_trusted_cannot_lift_a_freeze_or_lock_the_owner_out_with_a_new_password() {
    let scene = Scene::new().await;
    let intruder = intruder(&scene, false).await;
    let body = json!({ "current": PASSWORD, "new": "another battery staple" });
    let changed = scene.client.post("/v1/login-security/password", &intruder.access_token, body).await;
    changed.expect_problem(403, "device_not_trusted");
    scene
        .client
        .sign_in(ANNA, PASSWORD, &scene.trusted.install, scene.trusted.trust_token.as_deref())
        .await
        .expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_report_of_an_open_disabling_ends_the_session_that_asked() {
    let scene = Scene::new().await;
    let intruder = intruder(&scene, false).await;
    let body = json!({ "enabled": false, "password": PASSWORD });
    scene.client.post("/v1/login-security/two-step", &intruder.access_token, body).await.expect(202);
    let entry = scene.client.activity(&scene.trusted).await[0].clone();
    assert_eq!(entry["kind"], "two_step_disabled");
    report(&scene.client, &scene.trusted, &entry).await.expect(204);
    assert_ended(&scene.client, &intruder).await;
    scene.gateway.stop().await;
}
