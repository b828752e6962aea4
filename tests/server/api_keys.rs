//! Keys of apps' servers.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use super::{AppServer, sign_in};
use crate::support::client::{DEADLINE, Install};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let gateway = TestGateway::start().await;
    let reader = AppServer::with_scopes(&gateway, &["verifications:read"]).await;
    let body = sign_in("ann", &Install::new("Phone"), None);
    let refused = reader.create("/v1/verifications", body).await.expect_problem(403, "scope_missing");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("verifications:write")), "{refused}");
    reader.put("/v1/subjects/ann", json!({})).await.expect_problem(403, "scope_missing");
    reader.get("/v1/subjects/ann").await.expect_problem(403, "scope_missing");
    let device = json!({ "device": Install::new("Phone").json(), "ip": "203.0.113.7" });
    reader.create("/v1/subjects/ann/devices", device).await.expect_problem(403, "scope_missing");
    reader.get(&format!("/v1/verifications/{}", uuid::Uuid::now_v7())).await.expect_problem(404, "not_found");

    let writer = AppServer::with_scopes(&gateway, &["verifications:write"]).await;
    writer.get(&format!("/v1/verifications/{}", uuid::Uuid::now_v7())).await.expect_problem(403, "scope_missing");
    gateway.stop().await;
}

#[actix_web::test]
async fn tokens_of_other_kinds_are_no_keys() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let device = app.vouch("ann", &Install::new("Phone")).await;
    app.client.get("/v1/subjects/ann", &device.access_token).await.expect_problem(401, "unauthorized");
    let made_up = format!("ts_ak_{}", "A".repeat(43));
    app.client.get("/v1/subjects/ann", &made_up).await.expect_problem(401, "unauthorized");
    app.client.get("/v1/login-security", &app.key).await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

/// The key as the operator's list shows it.
async fn listed(gateway: &TestGateway, id: &str) -> Value {
    let list = gateway.operator().send(Method::GET, "/admin/api-keys", None, None).await.expect(200);
    let keys = list["keys"].as_array().expect("a list");
    keys.iter().find(|key| key["id"] == id).unwrap_or_else(|| panic!("{list}")).clone()
}

#[actix_web::test]
async fn a_revoked_key_opens_nothing_within_seconds() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    app.put("/v1/subjects/ann", json!({})).await.expect(200);
    let path = format!("/admin/api-keys/{}", app.key_id);
    gateway.operator().send(Method::DELETE, &path, None, None).await.expect(204);
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = app.get("/v1/subjects/ann").await;
        if answer.status == 401 {
            answer.expect_problem(401, "unauthorized");
            break;
        }
        assert!(Instant::now() < deadline, "the key is good for ever");
    }
    assert_eq!(listed(&gateway, &app.key_id).await["is_good"], false);
    gateway.operator().send(Method::DELETE, &path, None, None).await.expect(204);
    let unknown = format!("/admin/api-keys/{}", uuid::Uuid::now_v7());
    gateway.operator().send(Method::DELETE, &unknown, None, None).await.expect_problem(404, "not_found");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_rotated_key_is_good_for_a_while_beside_the_new_one() {
    let gateway = TestGateway::start().await;
    let app = AppServer::with_scopes(&gateway, &["subjects:read", "subjects:write"]).await;
    app.put("/v1/subjects/ann", json!({})).await.expect(200);
    let rotate = format!("/admin/api-keys/{}/rotate", app.key_id);
    let grace = json!({ "grace_seconds": 3600 });
    let made = gateway.operator().send(Method::POST, &rotate, None, Some(grace)).await.expect(201);
    let newer = made["key"].as_str().expect("a key");
    let deadline = Instant::now() + DEADLINE;
    while app.client.get("/v1/subjects/ann", newer).await.status != 200 {
        assert!(Instant::now() < deadline, "the new key is never good");
    }
    app.get("/v1/subjects/ann").await.expect(200);
    let (old, new) = (listed(&gateway, &app.key_id).await, listed(&gateway, made["id"].as_str().expect("id")).await);
    assert!(old["ends_at"].is_string() && new["ends_at"].is_null(), "{old} {new}");
    assert_eq!((&old["scopes"], &old["audience"]), (&new["scopes"], &new["audience"]));
    gateway.stop().await;
}

/// The list says when a key was used, and never the key; the database has only its hash.
#[actix_web::test]
async fn the_list_shows_the_last_use_and_no_secret() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    assert!(listed(&gateway, &app.key_id).await["last_used_at"].is_null());
    let deadline = Instant::now() + DEADLINE;
    let key = loop {
        app.put("/v1/subjects/ann", json!({})).await.expect(200);
        let key = listed(&gateway, &app.key_id).await;
        if key["last_used_at"].is_string() {
            break key;
        }
        assert!(Instant::now() < deadline, "{key}");
    };
    let secret = app.key.trim_start_matches("ts_ak_");
    assert!(!key.to_string().contains(secret));
    let kept =
        "SELECT count(*) FROM api_keys WHERE octet_length(token_hash) = 32 AND api_keys::text NOT LIKE '%ts_ak_%'";
    assert_eq!(gateway.database.count(kept).await, 1);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_operator_is_told_what_a_key_needs() {
    let gateway = TestGateway::start().await;
    let create = async |body: Value| gateway.operator().send(Method::POST, "/admin/api-keys", None, Some(body)).await;
    create(json!({ "name": "", "scopes": ["subjects:read"] })).await.expect_problem(400, "invalid_request");
    create(json!({ "name": "a", "scopes": [] })).await.expect_problem(400, "invalid_request");
    create(json!({ "name": "a", "scopes": ["everything"] })).await.expect_problem(400, "invalid_request");
    gateway.stop().await;
}
