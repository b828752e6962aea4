//! Webhooks: an app's server is told how a verification ended.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::json;

use super::AppServer;
use crate::support::client::Install;
use crate::support::gateway::TestGateway;
use crate::support::http_receiver::{HttpReceiver, Received};

const SECRET: [u8; 32] = [9; 32];

async fn start(receiver: &HttpReceiver) -> TestGateway {
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    TestGateway::start_with(|settings| {
        settings.webhooks.url = Some(receiver.url.clone());
        settings.webhooks.secret = Some(secret.into());
    })
    .await
}

/// Checks a message as its receiver does (Standard Webhooks).
fn assert_signed(message: &Received) {
    let (id, at) = (message.header("webhook-id"), message.header("webhook-timestamp"));
    let signed = format!("{id}.{at}.{}", message.text());
    let signature = message.header("webhook-signature").strip_prefix("v1,").expect("a version");
    let signature = STANDARD.decode(signature).expect("base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
    assert!(hmac::verify(&key, signed.as_bytes(), &signature).is_ok(), "{signed}");
}

#[actix_web::test]
async fn an_end_is_told_once_signed_with_what_it_was() {
    let mut receiver = HttpReceiver::start().await;
    let gateway = start(&receiver).await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;

    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    let code = screen.code_of(&challenge.id).await;
    app.client.verify(&challenge, &code).await.expect(200);
    let message = receiver.next().await;
    assert_signed(&message);
    let body = message.json();
    assert_eq!((&body["type"], message.header("webhook-id")), (&json!("verification.verified"), challenge.id.as_str()));
    assert_eq!((&body["data"]["subject"], &body["data"]["status"]), (&json!("ann"), &json!("verified")));
    assert!(body["timestamp"].is_string() && body["data"]["assertion"].is_string(), "{body}");

    let challenge = app.begin_challenge("ann", &Install::new("Intruder")).await;
    screen.code_of(&challenge.id).await;
    app.client.deny(&challenge, &device).await.expect(204);
    let denied = receiver.next().await.json();
    assert_eq!((&denied["type"], &denied["data"]["id"]), (&json!("verification.denied"), &json!(challenge.id)));
    assert!(denied["data"].get("assertion").is_none(), "{denied}");
    assert!(!receiver.has_more());
    gateway.stop().await;
}

#[actix_web::test]
async fn one_that_nobody_answers_runs_out_and_that_is_told_too() {
    let mut receiver = HttpReceiver::start().await;
    let gateway = start(&receiver).await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    screen.code_of(&challenge.id).await;
    let row = format!("challenge_id = '{}'", challenge.id);
    gateway.database.age("challenges", "expires_at", 86_400, &row).await;
    assert_eq!(receiver.next().await.json()["type"], "verification.expired");
    gateway.stop().await;
}

/// The receiver is down for an hour, which the test does not wait for: each try comes when it is due, under the same id.
#[actix_web::test]
async fn a_receiver_that_was_down_for_an_hour_is_told_then() {
    let mut receiver = HttpReceiver::start().await;
    let gateway = start(&receiver).await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    receiver.answer(&[503, 500, 429, 302]);
    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    screen.code_of(&challenge.id).await;
    app.client.deny(&challenge, &device).await.expect(204);
    for (tries, wait) in [(1, 5), (2, 300), (3, 1800), (4, 7200)] {
        assert_eq!(receiver.next().await.header("webhook-id"), challenge.id);
        // What became of the try is written down: until then it is due when the lease of a minute is over.
        let postponed = format!(
            "SELECT count(*) FROM verifications WHERE webhook_tries = {tries}
            AND webhook_due_at BETWEEN now() + make_interval(secs => {wait} * 0.4) AND now() + make_interval(secs => {wait})"
        );
        gateway.database.await_count(&postponed, 1).await;
        gateway.database.age("verifications", "webhook_due_at", 7200, "true").await;
    }
    let told = receiver.next().await;
    assert_signed(&told);
    assert_eq!(told.json()["type"], "verification.denied");
    let done = "SELECT count(*) FROM verifications WHERE webhook_due_at IS NULL AND told_at IS NOT NULL";
    gateway.database.await_count(done, 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn one_that_wants_none_is_left_alone_and_so_is_one_that_never_answers() {
    let mut receiver = HttpReceiver::start().await;
    let gateway = start(&receiver).await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    receiver.answer(&[410]);
    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    screen.code_of(&challenge.id).await;
    app.client.deny(&challenge, &device).await.expect(204);
    receiver.next().await;
    let given_up = "SELECT count(*) FROM verifications WHERE webhook_due_at IS NULL AND told_at IS NULL";
    gateway.database.await_count(given_up, 1).await;

    receiver.answer(&[500]);
    let last = "UPDATE verifications SET webhook_due_at = now(), webhook_tries = 9";
    gateway.database.connect().await.execute(last, &[]).await.expect("changed");
    receiver.next().await;
    gateway.database.await_count(given_up, 1).await;
    gateway.stop().await;
}
