//! `delivery.email_fallback = "recovery_only"`: email is offered when no trusted device is left.

use serde_json::{Value, json};
use twostep::domain::delivery::EmailFallback;

use super::stage::{EMAIL, status_when};
use crate::support::client::{Challenge, Client, Install};
use crate::support::gateway::TestGateway;

async fn gateway(fallback: EmailFallback) -> (TestGateway, Client) {
    let gateway = TestGateway::start_with(|settings| settings.delivery.email_fallback = fallback).await;
    let client = gateway.client();
    (gateway, client)
}

async fn resend(client: &Client, challenge: &Challenge, method: &str) -> crate::support::client::Answer {
    client.post(&challenge.path("/resend"), &challenge.token, json!({ "method": method })).await
}

fn offers_email(challenge: &Value) -> bool {
    challenge["methods"].as_array().expect("a list").contains(&json!("email"))
}

#[actix_web::test]
async fn a_device_that_shows_the_code_leaves_nothing_to_recover() {
    let (_gateway, client) = gateway(EmailFallback::RecoveryOnly).await;
    let trusted = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&trusted).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    assert!(!offers_email(&challenge.body), "{}", challenge.body);
    let code = screen.code_of(&challenge.id).await;
    let shown = status_when(&client, &challenge, |status| status["deliveries"][0]["state"] == "shown").await;
    assert!(!offers_email(&shown["challenge"]), "{shown}");
    assert!(shown["hints"].as_array().expect("a list").iter().all(|hint| hint["code"] != "email_offered"));
    resend(&client, &challenge, "email").await.expect_problem(400, "invalid_request");
    client.verify(&challenge, &code).await.expect(200);
}

#[actix_web::test]
async fn email_is_offered_once_no_device_is_reachable() {
    let (gateway, client) = gateway(EmailFallback::RecoveryOnly).await;
    let trusted = client.new_protected_account(EMAIL).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    // It has neither a connection nor a push address.
    let status = status_when(&client, &challenge, |status| offers_email(&status["challenge"])).await;
    assert_eq!(status["deliveries"][0]["state"], "unreachable");
    let resent = resend(&client, &challenge, "email").await.expect(202);
    assert!(offers_email(&resent["challenge"]), "its code went by email, so the next one may too: {resent}");
    let code = client.mailed_code(EMAIL, "sign-in code").await;

    // The device wakes up: the next code goes there, and email is for recovery again.
    gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    let mut screen = client.connect(&trusted).await;
    let resent = resend(&client, &challenge, "app").await.expect(202);
    assert!(!offers_email(&resent["challenge"]), "{resent}");
    let new_code = screen.code_of_generation(&challenge.id, 3).await;
    assert_ne!(code, new_code);
    client.verify(&challenge, &new_code).await.expect(200);
}

#[actix_web::test]
async fn an_account_without_a_trusted_device_is_offered_email_at_once() {
    let (gateway, client) = gateway(EmailFallback::RecoveryOnly).await;
    client.new_protected_account(EMAIL).await;
    gateway.database.execute("UPDATE devices SET trusted_at = NULL").await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    assert!(offers_email(&challenge.body), "{}", challenge.body);
    resend(&client, &challenge, "email").await.expect(202);
    let code = client.mailed_code(EMAIL, "sign-in code").await;
    client.verify(&challenge, &code).await.expect(200);
}

#[actix_web::test]
async fn email_stays_off_even_when_no_device_is_reachable() {
    let (_gateway, client) = gateway(EmailFallback::Off).await;
    client.new_protected_account(EMAIL).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    let is_out_of_reach = |status: &Value| status["deliveries"][0]["state"] == "unreachable";
    let status = status_when(&client, &challenge, is_out_of_reach).await;
    assert!(!offers_email(&status["challenge"]), "{status}");
    resend(&client, &challenge, "email").await.expect_problem(400, "invalid_request");
}
