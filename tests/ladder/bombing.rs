//! Codes that nobody answers: after three that rang, pushes are silent until somebody types one or denies it.

use serde_json::{Value, json};

use super::stage::{EMAIL, Providers, Stage, apns_token, hints};
use crate::support::client::{Challenge, Client, Install};
use crate::support::database::TestDatabase;

/// An Android phone and an iPhone, asleep.
async fn asleep() -> Stage {
    let stage = Stage::start().await;
    let ios = stage.trust("iPhone").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    stage
}

/// A sign-in whose push rings, or does not, on every device.
async fn ask(stage: &Stage, install: &Install, kind: &str) -> Challenge {
    let challenge = stage.client.begin_sign_in(EMAIL, install).await;
    expect_pushed(stage, &challenge, kind).await;
    challenge
}

async fn expect_pushed(stage: &Stage, challenge: &Challenge, kind: &str) {
    stage.providers.wait_for_fcm(challenge, kind, 1).await;
    stage.providers.wait_for_apns(challenge, kind, 1).await;
}

#[actix_web::test]
async fn the_fourth_code_without_an_answer_rings_nowhere_and_a_typed_one_brings_alerts_back() {
    let stage = asleep().await;
    let install = Install::new("Stranger");
    for _ in 0..3 {
        ask(&stage, &install, "code").await;
    }
    let fourth = ask(&stage, &install, "pending").await;
    assert!(stage.providers.at_fcm(&fourth, "code").is_empty() && stage.providers.at_apns(&fourth, "code").is_empty());
    let at_fcm = &stage.providers.at_fcm(&fourth, "pending")[0];
    let message = &at_fcm.body["message"];
    assert_eq!((message.get("notification"), message["android"].get("notification")), (None, None), "{message}");
    assert_eq!((message["android"]["priority"].as_str(), at_fcm.data("code")), (Some("NORMAL"), None));
    let at_apns = &stage.providers.at_apns(&fourth, "pending")[0];
    let head = |name: &str| at_apns.headers[name].as_str();
    assert_eq!((head("apns-push-type"), head("apns-priority")), ("background", "5"));
    assert_eq!((&at_apns.payload["aps"], &at_apns.payload["code"]), (&json!({ "content-available": 1 }), &Value::Null));
    let status = stage.status(&fourth, |status| hints(status)[0] == "alerts_paused").await;
    assert!(!hints(&status).contains(&"handed_to_provider"), "{status}");
    assert!(status["hints"][0]["text"].as_str().expect("a text").contains("Open the app"), "{status}");

    // Whoever opens the app sees the code.
    let mut screen = stage.client.connect(&stage.owner).await;
    let code = screen.code_of(&fourth.id).await;
    stage.client.verify(&fourth, &code).await.expect(200);
    drop(screen);
    ask(&stage, &Install::new("Next"), "code").await;
    stage.end().await;
}

#[actix_web::test]
async fn a_denial_is_an_answer() {
    let stage = asleep().await;
    let install = Install::new("Stranger");
    for kind in ["code", "code", "code", "pending"] {
        ask(&stage, &install, kind).await;
    }
    let fifth = ask(&stage, &install, "pending").await;
    stage.deny(&fifth).await;
    ask(&stage, &install, "code").await;
    stage.end().await;
}

#[actix_web::test]
async fn a_new_code_of_the_same_sign_in_counts_and_wrong_codes_are_no_answer() {
    let stage = asleep().await;
    let challenge = ask(&stage, &Install::new("Stranger"), "code").await;
    let database = &stage.gateway.database;
    let condition = format!("challenge_id = '{}'", challenge.id);
    for count in 2..=3 {
        database.age("challenges", "resend_at", 3600, &condition).await;
        stage.client.resend(&challenge, json!({})).await.expect(202);
        stage.providers.wait_for_fcm(&challenge, "code", count).await;
        stage.providers.wait_for_apns(&challenge, "code", count).await;
    }
    stage.client.verify(&challenge, "000000").await;
    database.age("challenges", "resend_at", 3600, &condition).await;
    stage.client.resend(&challenge, json!({})).await.expect(202);
    expect_pushed(&stage, &challenge, "pending").await;
    assert_eq!(stage.providers.at_fcm(&challenge, "code").len(), 3);
    stage.end().await;
}

#[actix_web::test]
async fn nodes_count_unanswered_codes_together_and_a_new_one_knows_them() {
    let (providers, database) = (Providers::start().await, TestDatabase::new().await);
    let mut first = providers.start_node(&database, &[]).await;
    let second = providers.start_node(&database, &[]).await;
    let client = Client::new(&first.url);
    let owner = client.new_protected_account(EMAIL).await;
    let body = json!({ "push": { "provider": "fcm", "token": "owner" } });
    client.send(reqwest::Method::PATCH, "/v1/devices/current", Some(&owner.access_token), Some(body)).await.expect(200);
    let install = Install::new("Stranger");
    for node in [&first.url, &second.url, &first.url] {
        let challenge = Client::new(node).begin_sign_in(EMAIL, &install).await;
        providers.wait_for_fcm(&challenge, "code", 1).await;
    }
    first.kill();
    let third = providers.start_node(&database, &[]).await;
    for node in [&second.url, &third.url] {
        let challenge = Client::new(node).begin_sign_in(EMAIL, &install).await;
        providers.wait_for_fcm(&challenge, "pending", 1).await;
        assert!(providers.at_fcm(&challenge, "code").is_empty());
    }
    providers.expect_only_legal_requests();
}
