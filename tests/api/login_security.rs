//! `/v1/login-security`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ANNA, assert_ended, assert_goes_on};
use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, SignedIn, wrong};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

const NEW_PASSWORD: &str = "another battery staple";

async fn two_step(client: &Client, device: &SignedIn, body: Value) -> Answer {
    client.post("/v1/login-security/two-step", &device.access_token, body).await
}

async fn turn_off(client: &Client, device: &SignedIn, password: &str) -> Answer {
    two_step(client, device, json!({ "enabled": false, "password": password })).await
}

async fn change_password(client: &Client, device: &SignedIn, body: Value) -> Answer {
    client.post("/v1/login-security/password", &device.access_token, body).await
}

async fn offer_to(gateway: &TestGateway, percent: u8) {
    let body = json!({ "percent": percent });
    gateway.operator().send(Method::PUT, "/admin/rollout", None, Some(body)).await.expect(200);
}

#[actix_web::test]
async fn a_code_by_email_turns_two_step_on_and_trusts_this_device() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    let expected = json!({
        "two_step": { "available": true, "enabled": false },
        "sign_ins_frozen_at": null,
        "account_tag": shown["account_tag"],
        "email": "a•••@example.com",
        "full_email": ANNA,
        "trusted_devices": [],
        "ways": {
            "trusted_devices": { "count": 0, "reachable": 0, "last_seen_at": null },
            "recovery_codes": { "left": 0, "made_at": null },
            "authenticator": null,
            "email": true,
            "email_proven_at": shown["ways"]["email_proven_at"],
        },
    });
    assert_eq!(shown, expected);

    let challenge = Challenge::new(&two_step(&client, &first, json!({ "enabled": true })).await.expect(202));
    assert_eq!([&challenge.body["purpose"], &challenge.body["method"]], ["enable_two_step", "email"]);
    let code = client.mailed_code(ANNA, "Turn on").await;
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    let body = client.verify(&challenge, &code).await.expect(200);
    assert_eq!(body["status"], "two_step_enabled");
    assert_eq!((&body["device"]["trusted"], &body["device"]["id"]), (&json!(true), &json!(first.device_id)));
    assert!(body.get("session").is_none(), "its session goes on: {body}");

    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    assert_eq!(shown["two_step"]["enabled"], true);
    let device = &shown["trusted_devices"][0];
    assert_eq!((&device["id"], &device["this_device"]), (&json!(first.device_id), &json!(true)));
    assert_eq!(client.activity(&first).await[0]["kind"], "two_step_enabled");
    client.sign_in(ANNA, PASSWORD, &first.install, body["device"]["trust_token"].as_str()).await.expect(200);
    client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn turning_on_what_is_on_is_refused() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    two_step(&client, &first, json!({ "enabled": true })).await.expect_problem(400, "invalid_request");
    gateway.stop().await;
}

#[actix_web::test]
async fn turning_on_ends_with_the_session_that_began_it() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let challenge = Challenge::new(&two_step(&client, &first, json!({ "enabled": true })).await.expect(202));
    let code = client.mailed_code(ANNA, "Turn on").await;
    client.delete("/v1/sessions/current", &first.access_token).await.expect(204);
    client.verify(&challenge, &code).await.expect_problem(401, "unauthorized");
    client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_password_turns_two_step_off_and_the_owner_is_told() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    turn_off(&client, &first, "wrong horse battery").await.expect_problem(401, "invalid_credentials");
    two_step(&client, &first, json!({ "enabled": false })).await.expect_problem(400, "invalid_request");
    client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(202);

    for _ in 0..2 {
        turn_off(&client, &first, PASSWORD).await.expect(204);
    }
    client.await_mail(ANNA, "turned off", 1).await;
    let told = "SELECT count(*) FROM notices WHERE kind = 'two_step_disabled'";
    assert_eq!(gateway.database.count(told).await, 1);
    assert_eq!(client.activity(&first).await[0]["kind"], "two_step_disabled");
    let second = client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(200);
    assert_eq!(second["device"]["trusted"], false);
    let again = client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    assert_eq!(again["device"]["trusted"], true);
    gateway.stop().await;
}

/// A device that signed in with a code and is not trusted.
async fn guest(client: &Client, screen: &mut Socket) -> SignedIn {
    let install = Install::new("Guest");
    let challenge = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&challenge.id).await;
    client.sign_in_with_code(&challenge, &code, &install, false).await
}

#[actix_web::test]
async fn on_a_device_that_is_not_trusted_turning_off_needs_a_code_too() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let guest = guest(&client, &mut screen).await;
    turn_off(&client, &guest, "wrong horse battery").await.expect_problem(401, "invalid_credentials");
    let challenge = Challenge::new(&turn_off(&client, &guest, PASSWORD).await.expect(202));
    assert_eq!([&challenge.body["purpose"], &challenge.body["method"]], ["disable_two_step", "app"]);
    assert_eq!(challenge.body["methods"], json!(["app", "email"]));
    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    assert_eq!(shown["two_step"]["enabled"], true, "not yet");
    let entry = client.activity(&first).await[0].clone();
    assert_eq!([&entry["kind"], &entry["outcome"]], ["two_step_disabled", "code_required"]);

    let message = screen.next_of("code").await;
    let message = if message["challenge_id"] == challenge.id { message } else { screen.next_of("code").await };
    assert_eq!(message["purpose"], "disable_two_step");
    let code = message["code"].as_str().expect("a code");
    client.verify(&challenge, &wrong(code)).await.expect_problem(422, "wrong_code");
    let body = client.verify(&challenge, code).await.expect(200);
    assert_eq!((&body["status"], &body["device"]["id"]), (&json!("two_step_disabled"), &json!(guest.device_id)));
    screen.alert("two_step_disabled").await;
    client.await_mail(ANNA, "was turned off", 1).await;
    let entry = client.activity(&first).await[0].clone();
    assert_eq!([&entry["kind"], &entry["outcome"]], ["two_step_disabled", "succeeded"]);
    client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_trusted_device_denies_the_turning_off_and_the_device_that_asked_is_signed_out() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let guest = guest(&client, &mut screen).await;
    let challenge = Challenge::new(&turn_off(&client, &guest, PASSWORD).await.expect(202));
    let code = screen.code_of(&challenge.id).await;
    client.deny(&challenge, &first).await.expect(204);
    client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    assert_ended(&client, &guest).await;
    screen.alert("disabling_denied").await;
    client.await_mail(ANNA, "stays on", 1).await;
    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    assert_eq!(shown["two_step"]["enabled"], true);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_code_to_turn_off_can_come_by_email_and_ends_with_the_session_that_asked() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let guest = guest(&client, &mut screen).await;
    let challenge = Challenge::new(&turn_off(&client, &guest, PASSWORD).await.expect(202));
    client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    let code = client.mailed_code(ANNA, "Turn off").await;
    client.delete("/v1/sessions/current", &guest.access_token).await.expect(204);
    client.verify(&challenge, &code).await.expect_problem(401, "unauthorized");
    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    assert_eq!(shown["two_step"]["enabled"], true);
    gateway.stop().await;
}

#[actix_web::test]
async fn outside_the_rollout_two_step_is_not_available() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    offer_to(&gateway, 0).await;
    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    assert_eq!(shown["two_step"], json!({ "available": false, "enabled": false }));
    two_step(&client, &first, json!({ "enabled": true })).await.expect_problem(403, "two_step_unavailable");
    offer_to(&gateway, 100).await;
    two_step(&client, &first, json!({ "enabled": true })).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_smaller_rollout_takes_two_step_from_nobody() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    offer_to(&gateway, 0).await;
    let shown = client.get("/v1/login-security", &first.access_token).await.expect(200);
    assert_eq!(shown["two_step"], json!({ "available": false, "enabled": true }));
    client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session_and_keeps_trust() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(ANNA, &mut screen, "Second").await;
    let mut other_screen = client.connect(&second).await;
    let body = json!({ "current": PASSWORD, "new": NEW_PASSWORD });
    change_password(&client, &first, body).await.expect(204);

    assert_goes_on(&client, &first).await;
    assert_ended(&client, &second).await;
    assert_eq!(other_screen.close_code().await, 4401);
    client.await_mail(ANNA, "password was changed", 1).await;
    assert_eq!(client.activity(&first).await[0]["kind"], "password_changed");
    let trust_token = second.trust_token.as_deref();
    client.sign_in(ANNA, PASSWORD, &second.install, trust_token).await.expect_problem(401, "invalid_credentials");
    client.sign_in(ANNA, NEW_PASSWORD, &second.install, trust_token).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_new_password_whose_answer_was_lost_is_set_once_and_answered_alike() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    client.trust_another(ANNA, &mut screen, "Second").await;
    let body = json!({ "current": PASSWORD, "new": NEW_PASSWORD });
    for _ in 0..3 {
        change_password(&client, &first, body.clone()).await.expect(204);
    }
    let entries = client.activity(&first).await;
    assert_eq!(entries.iter().filter(|entry| entry["kind"] == "password_changed").count(), 1);
    client.await_mail(ANNA, "password was changed", 1).await;

    // Anything else is another request, and what it asks for is not said to be done.
    let other = json!({ "current": PASSWORD, "new": "another one, never set" });
    change_password(&client, &first, other).await.expect_problem(401, "invalid_credentials");
    let more = json!({ "current": PASSWORD, "new": NEW_PASSWORD, "forget_devices": true });
    change_password(&client, &first, more).await.expect_problem(401, "invalid_credentials");
    // Nor is one from another session.
    let third = client.sign_in(ANNA, NEW_PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    let third = SignedIn::new(&first.install, &third);
    change_password(&client, &third, body).await.expect_problem(401, "invalid_credentials");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_new_password_may_forget_every_other_device() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(ANNA, &mut screen, "Second").await;
    let body = json!({ "current": PASSWORD, "new": NEW_PASSWORD, "forget_devices": true });
    change_password(&client, &first, body).await.expect(204);
    assert_ended(&client, &second).await;
    client.sign_in(ANNA, NEW_PASSWORD, &second.install, second.trust_token.as_deref()).await.expect(202);
    client.sign_in(ANNA, NEW_PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_password_is_changed_only_with_the_current_one_and_to_a_fit_one() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let wrong = json!({ "current": "wrong horse battery", "new": NEW_PASSWORD });
    change_password(&client, &first, wrong).await.expect_problem(401, "invalid_credentials");
    for unfit in ["1234567".to_owned(), "x".repeat(129)] {
        let body = json!({ "current": PASSWORD, "new": unfit });
        change_password(&client, &first, body).await.expect_problem(400, "invalid_request");
    }
    client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    assert_goes_on(&client, &first).await;
    gateway.stop().await;
}
