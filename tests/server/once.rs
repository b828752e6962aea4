//! `Idempotency-Key`: what comes twice is done once.

use reqwest::Method;
use serde_json::json;

use super::{AppServer, sign_in};
use crate::support::client::{Call, Challenge, Install};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn the_same_request_gets_the_same_answer_and_is_done_once() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let body = sign_in("ann", &Install::new("Phone"), None);
    let first = app.create_as("one", "/v1/verifications", body.clone()).await.expect(202);
    let second = app.create_as("one", "/v1/verifications", body.clone()).await.expect(202);
    assert_eq!(first, second);
    let challenge = Challenge::new(&second);
    let code = screen.code_of(&challenge.id).await;
    assert_eq!(gateway.database.count("SELECT count(*) FROM challenges").await, 1);
    app.client.verify(&challenge, &code).await.expect(200);
    // Also when it is over by now.
    assert_eq!(app.create_as("one", "/v1/verifications", body.clone()).await.expect(202), first);
    // Another app has names of its own.
    let other = AppServer::new(&gateway).await;
    assert_ne!(other.create_as("one", "/v1/verifications", body).await.expect(202), first);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_key_that_comes_with_another_request_is_refused() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let install = Install::new("Phone");
    app.create_as("one", "/v1/verifications", sign_in("ann", &install, None)).await.expect(200);
    let other = sign_in("ben", &install, None);
    let reused = app.create_as("one", "/v1/verifications", other).await;
    reused.expect_problem(422, "idempotency_key_reused");
    assert_eq!(gateway.database.count("SELECT count(*) FROM accounts WHERE subject = 'ben'").await, 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_creating_call_without_a_key_is_refused() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let call = Call { method: Method::POST, path: "/v1/verifications", token: Some(&app.key) };
    let body = Some(sign_in("ann", &Install::new("Phone"), None));
    let missing = app.client.send_with(&call, &[], body.clone()).await;
    missing.expect_problem(400, "idempotency_key_missing");
    let unusable = app.client.send_with(&call, &[("idempotency-key", "a b")], body).await;
    unusable.expect_problem(400, "idempotency_key_missing");
    gateway.stop().await;
}

/// What came to nothing may come again with the same key.
#[actix_web::test]
async fn a_refusal_is_not_kept() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("Intruder")).await;
    screen.code_of(&challenge.id).await;
    app.client.deny(&challenge, &device).await.expect(204);
    let body = sign_in("ann", &Install::new("Phone"), None);
    let refused = app.create_as("one", "/v1/verifications", body.clone()).await;
    refused.expect_problem(403, "account_frozen");
    app.client.unfreeze(&device).await;
    app.create_as("one", "/v1/verifications", body).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn while_one_is_under_way_the_other_is_told_to_wait_and_a_dead_one_is_taken_over() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let body = sign_in("ann", &Install::new("Phone"), None);
    app.create_as("one", "/v1/verifications", body.clone()).await.expect(200);
    // As if whoever did it had died before the answer.
    let undone = "UPDATE idempotent_requests SET status = NULL, sealed_answer = NULL";
    gateway.database.connect().await.execute(undone, &[]).await.expect("undone");
    let waits = app.create_as("one", "/v1/verifications", body.clone()).await;
    let waits = waits.expect_problem(409, "request_under_way");
    assert!(waits["retry_after"].is_u64(), "{waits}");
    gateway.database.age("idempotent_requests", "claimed_until", 60, "true").await;
    app.create_as("one", "/v1/verifications", body.clone()).await.expect(200);
    // After a day a key is a new one.
    gateway.database.age("idempotent_requests", "created_at", 86_400, "true").await;
    app.create_as("one", "/v1/verifications", sign_in("ben", &Install::new("Phone"), None)).await.expect(200);
    gateway.stop().await;
}

/// Thirty at once: one does it, and everybody gets its answer or is told to wait.
#[actix_web::test]
async fn many_at_once_are_one() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    app.put("/v1/subjects/ann", json!({ "two_step_enabled": true })).await.expect(200);
    let body = sign_in("ann", &Install::new("Phone"), None);
    let calls = (0..30).map(|_| app.create_as("one", "/v1/verifications", body.clone()));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == 202 || answer.status == 409));
    assert_eq!(gateway.database.count("SELECT count(*) FROM challenges").await, 1);
    let ids: std::collections::BTreeSet<String> =
        answers.iter().filter(|answer| answer.status == 202).map(|answer| answer.body.to_string()).collect();
    assert_eq!(ids.len(), 1);
    gateway.stop().await;
}

/// Answers hold tokens: nothing in the database shows one.
#[actix_web::test]
async fn a_kept_answer_shows_no_token() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let device = app.vouch("ann", &Install::new("Phone")).await;
    let kept: Vec<u8> = gateway
        .database
        .connect()
        .await
        .query_one("SELECT sealed_answer FROM idempotent_requests", &[])
        .await
        .expect("kept")
        .get(0);
    let shows = |secret: &str| kept.windows(secret.len()).any(|part| part == secret.as_bytes());
    assert!(!shows(&device.access_token) && !shows("ts_") && !shows("device"));
    gateway.stop().await;
}
