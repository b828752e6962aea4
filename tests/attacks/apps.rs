//! Apps' servers: what a key must not do to another app's users, or to its own behind their backs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{AppServer, IP, sign_in};
use crate::support::client::{Challenge, Install};
use crate::support::gateway::TestGateway;

async fn key(gateway: &TestGateway, body: Value) -> crate::support::client::Answer {
    gateway.operator().send(Method::POST, "/admin/api-keys", None, Some(body)).await
}

async fn app(gateway: &TestGateway, body: Value) -> AppServer {
    let made = key(gateway, body).await.expect(201);
    AppServer::of(gateway, &made)
}

#[actix_web::test]
async fn beginning_a_verification_changes_no_mailbox() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let install = Install::new("Thief's");
    let mut body = sign_in("ann", &install, None);
    body["email"] = json!("thief@example.com");
    let challenge = Challenge::new(&app.create("/v1/verifications", body).await.expect(202));
    screen.code_of(&challenge.id).await;
    assert_eq!(app.get("/v1/subjects/ann").await.expect(200)["email"], "a•••@example.com");
    app.client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    app.client.await_mail("ann@example.com", "sign-in code", 1).await;
    assert!(app.client.mails("thief@example.com", "").await.is_empty());
    gateway.stop().await;
}

#[actix_web::test]
async fn a_changed_mailbox_is_told_to_both_renews_codes_and_waits_for_those_of_sign_ins() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("New")).await;
    screen.code_of(&challenge.id).await;
    app.client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    let old = app.client.mailed_code("ann@example.com", "sign-in code").await;

    app.put("/v1/subjects/ann", json!({ "email": "new@example.com" })).await.expect(200);
    app.client.await_mail("ann@example.com", "email address of your account was changed", 1).await;
    app.client.await_mail("new@example.com", "email address of your account was changed", 1).await;
    assert_eq!(app.client.activity(&device).await[0]["kind"], "mailbox_changed");
    let new = screen.code_of(&challenge.id).await;
    assert_ne!(old, new);
    app.client.verify(&challenge, &old).await.expect_problem(422, "wrong_code");
    let held = app.client.resend(&challenge, json!({ "method": "email" })).await;
    held.expect_problem(400, "invalid_request");
    assert!(app.client.mails("new@example.com", "sign-in code").await.is_empty());
    gateway.database.age("accounts", "mailbox_changed_at", 86_401, "mailbox_changed_at IS NOT NULL").await;
    gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    app.client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    app.client.await_mail("new@example.com", "sign-in code", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_key_with_a_prefix_has_no_other_subjects() {
    let gateway = TestGateway::start().await;
    let everything = ["verifications:write", "verifications:read", "subjects:write", "subjects:read"];
    let shop = app(&gateway, json!({ "name": "shop", "scopes": everything, "subject_prefix": "shop|" })).await;
    let other = AppServer::new(&gateway).await;
    other.put("/v1/subjects/bank%7Cann", json!({})).await.expect(200);
    for path in ["/v1/subjects/bank%7Cann", "/v1/subjects/bank%7Cann/export"] {
        shop.get(path).await.expect_problem(403, "scope_missing");
    }
    shop.put("/v1/subjects/bank%7Cann", json!({})).await.expect_problem(403, "scope_missing");
    shop.begin("bank|ann", &Install::new("Phone"), None).await.expect_problem(403, "scope_missing");
    let device = json!({ "device": Install::new("Phone").json(), "ip": IP });
    shop.create("/v1/subjects/bank%7Cann/devices", device).await.expect_problem(403, "scope_missing");
    shop.put("/v1/subjects/shop%7Cann", json!({})).await.expect(200);
    let bad = json!({ "name": "x", "scopes": everything, "subject_prefix": "a b" });
    key(&gateway, bad).await.expect_problem(400, "invalid_request");
    gateway.stop().await;
}

#[actix_web::test]
async fn another_apps_verification_is_not_there_and_its_audience_is_taken() {
    let gateway = TestGateway::start().await;
    let shop = AppServer::new(&gateway).await;
    let (_, _screen) = shop.protected("ann").await;
    let challenge = shop.begin_challenge("ann", &Install::new("New")).await;
    let path = format!("/v1/verifications/{}", challenge.id);
    let read = json!(["verifications:read"]);
    let other = app(&gateway, json!({ "name": "bank", "scopes": read })).await;
    other.get(&path).await.expect_problem(404, "not_found");
    let taken = json!({ "name": "bank", "audience": "shop", "scopes": read });
    key(&gateway, taken).await.expect_problem(400, "invalid_request");
    let sibling = json!({ "name": "shop's reader", "scopes": read, "same_app_as": shop.key_id });
    let sibling = app(&gateway, sibling).await;
    assert_eq!(sibling.get(&path).await.expect(200)["subject"], "ann");
    gateway.stop().await;
}

#[actix_web::test]
async fn an_app_vouches_for_no_device_that_its_user_typed_no_code_on() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (first, mut screen) = app.protected("ann").await;
    let install = Install::new("Thief's");
    let vouch = |install: &Install| json!({ "device": install.json(), "ip": IP });
    let path = "/v1/subjects/ann/devices";
    app.create(path, vouch(&install)).await.expect_problem(403, "verification_needed");
    app.create(path, vouch(&first.install)).await.expect_problem(403, "verification_needed");

    let challenge = app.begin_challenge("ann", &install).await;
    app.create(path, vouch(&install)).await.expect_problem(403, "verification_needed");
    let code = screen.code_of(&challenge.id).await;
    app.client.verify(&challenge, &code).await.expect(200);
    app.create(path, vouch(&install)).await.expect(201);
    app.create(path, vouch(&Install::new("Another"))).await.expect_problem(403, "verification_needed");
    gateway.database.age("challenges", "closed_at", 601, "outcome = 'verified'").await;
    app.create(path, vouch(&install)).await.expect_problem(403, "verification_needed");

    let mut overridden = vouch(&Install::new("At the counter"));
    overridden["override"] = json!(true);
    app.create(path, overridden).await.expect(201);
    app.client.await_mail("ann@example.com", "new device", 3).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_repeated_call_makes_nobody_anew_who_was_erased() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let body = json!({ "device": Install::new("Phone").json(), "ip": IP });
    app.create_as("once", "/v1/subjects/ann/devices", body.clone()).await.expect(201);
    app.client.send(Method::DELETE, "/v1/subjects/ann", Some(&app.key), None).await.expect(204);
    app.create_as("once", "/v1/subjects/ann/devices", body.clone()).await.expect_problem(410, "erased");
    app.get("/v1/subjects/ann").await.expect_problem(404, "not_found");
    gateway.database.age("idempotent_requests", "created_at", 86_401, "status = 410").await;
    app.create_as("once", "/v1/subjects/ann/devices", body).await.expect(201);
    gateway.stop().await;
}
