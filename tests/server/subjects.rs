//! `/v1/subjects`.

use serde_json::json;

use super::{AppServer, IP};
use crate::support::client::{Install, SignedIn};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_subject_is_made_changed_and_shown() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let made = app.put("/v1/subjects/auth0|ann", json!({ "email": "ann@example.com" })).await.expect(200);
    let expected = json!({ "subject": "auth0|ann", "email": "a•••@example.com", "two_step_enabled": false,
        "sign_ins_frozen": false, "trusted_devices": 0 });
    assert_eq!(made, expected);
    app.put("/v1/subjects/auth0|ann", json!({ "two_step_enabled": true })).await.expect(200);
    app.vouch("auth0%7Cann", &Install::new("Phone")).await;
    let shown = app.get("/v1/subjects/auth0|ann").await.expect(200);
    let expected = (&json!(true), &json!(1), &json!("a•••@example.com"));
    assert_eq!((&shown["two_step_enabled"], &shown["trusted_devices"], &shown["email"]), expected);
    let off = app.put("/v1/subjects/auth0|ann", json!({ "two_step_enabled": false })).await.expect(200);
    assert_eq!(off["two_step_enabled"], false);
    // Its owner is told.
    app.client.await_mail("ann@example.com", "turned off", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_vouched_device_is_trusted_connects_and_reads_its_login_security() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    screen.expect_nothing().await;
    let security = app.client.get("/v1/login-security", &device.access_token).await.expect(200);
    assert_eq!(security["two_step"], json!({ "available": true, "enabled": true }));
    assert_eq!(security["email"], "a•••@example.com");
    let activity = app.client.activity(&device).await;
    assert_eq!((&activity[0]["kind"], &activity[0]["ip"]), (&json!("sign_in"), &json!(IP)));
    let install = Install::new("Second");
    let body = json!({ "device": install.json(), "ip": IP, "override": true });
    let second = SignedIn::new(&install, &app.create("/v1/subjects/ann/devices", body).await.expect(201));
    app.client.await_mail("ann@example.com", "new device", 1).await;
    assert!(second.trust_token.is_some());
    gateway.stop().await;
}

/// The app keeps the password: nothing here takes one, or gives one.
#[actix_web::test]
async fn what_needs_a_password_is_left_to_the_app() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, _screen) = app.protected("ann").await;
    let off = json!({ "enabled": false, "password": "correct horse battery staple" });
    let path = "/v1/login-security/two-step";
    app.client.post(path, &device.access_token, off).await.expect_problem(403, "forbidden");
    let change = json!({ "current": "correct horse battery staple", "new": "another long password" });
    let path = "/v1/login-security/password";
    app.client.post(path, &device.access_token, change).await.expect_problem(403, "forbidden");
    app.client
        .sign_in("ann@example.com", "correct horse battery staple", &Install::new("Phone"), None)
        .await
        .expect_problem(401, "invalid_credentials");
    gateway.stop().await;
}

/// A user turns it on in the app with the gateway's own call: a code goes to the address.
#[actix_web::test]
async fn a_user_turns_it_on_with_a_mailed_code_if_there_is_an_address() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let install = Install::new("Phone");
    let session = |body| SignedIn::new(&install, &body);
    let ann = session(app.begin("ann", &install, None).await.expect(200));
    let on = json!({ "enabled": true });
    let path = "/v1/login-security/two-step";
    app.client.post(path, &ann.access_token, on.clone()).await.expect_problem(403, "forbidden");
    app.put("/v1/subjects/ann", json!({ "email": "ann@example.com" })).await.expect(200);
    let begun = app.client.post(path, &ann.access_token, on).await.expect(202);
    let challenge = crate::support::client::Challenge::new(&begun);
    let code = app.client.mailed_code("ann@example.com", "Turn on").await;
    assert_eq!(app.client.verify(&challenge, &code).await.expect(200)["status"], "two_step_enabled");
    assert_eq!(app.get("/v1/subjects/ann").await.expect(200)["two_step_enabled"], true);
    gateway.stop().await;
}

/// What the law calls erasure (GDPR article 17) and access (article 15).
#[actix_web::test]
async fn a_subject_is_exported_and_deleted_with_everything() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("New")).await;
    let code = screen.code_of(&challenge.id).await;
    let export = app.get("/v1/subjects/ann/export").await.expect(200);
    assert_eq!((&export["account"]["subject"], &export["devices"][0]["name"]), (&json!("ann"), &json!("First")));
    assert_eq!(export["verifications"][0]["challenge_id"], challenge.id.as_str());
    app.client.delete("/v1/subjects/ann", &app.key).await.expect(204);
    assert_eq!(screen.close_code().await, 4401);
    app.client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");
    app.client.verify(&challenge, &code).await.expect_problem(404, "not_found");
    app.get("/v1/subjects/ann").await.expect_problem(404, "not_found");
    app.get("/v1/subjects/ann/export").await.expect_problem(404, "not_found");
    app.client.delete("/v1/subjects/ann", &app.key).await.expect_problem(404, "not_found");
    // What was kept for the same request went too, but for that it came.
    let kept =
        "SELECT count(*) FROM idempotent_requests WHERE account_id IS NOT NULL OR octet_length(sealed_answer) > 0";
    assert_eq!(gateway.database.count(kept).await, 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_removed_device_is_out_at_once() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("ann").await;
    let path = format!("/v1/subjects/ann/devices/{}", device.device_id);
    let reader = AppServer::with_scopes(&gateway, &["subjects:read"]).await;
    reader.client.delete(&path, &reader.key).await.expect_problem(403, "scope_missing");
    reader.client.delete("/v1/subjects/ann", &reader.key).await.expect_problem(403, "scope_missing");
    app.client.delete(&path, &app.key).await.expect(204);
    assert_eq!(screen.close_code().await, 4403);
    app.client.delete(&path, &app.key).await.expect_problem(404, "not_found");
    app.begin("ann", &device.install, device.trust_token.as_deref()).await.expect(202);
    gateway.stop().await;
}
