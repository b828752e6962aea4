//! `/v1/verifications`.

use serde_json::json;

use super::{AppServer, IP, sign_in};
use crate::support::client::{Challenge, Install, wrong};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_new_device_types_the_code_that_a_trusted_one_shows_and_is_trusted_the_next_time() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let install = Install::new("Second");
    let body = app.begin("ann", &install, None).await.expect(202);
    assert_eq!(body["status"], "verification_required");
    assert_eq!(body["verification"]["subject"], "ann");
    assert_eq!(body["challenge"]["purpose"], "sign_in");
    assert_eq!(body["challenge"]["methods"], json!(["app", "email"]));
    let challenge = Challenge::new(&body);
    assert_eq!(app.status(&challenge).await["status"], "open");
    let code = screen.code_of(&challenge.id).await;
    app.client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    let signed_in = app.client.verify(&challenge, &code).await.expect(200);
    assert_eq!(signed_in["status"], "signed_in");
    let status = app.status(&challenge).await;
    assert_eq!(status["status"], "verified");
    assert!(status["closed_at"].is_string() && status["assertion"].is_string(), "{status}");

    let trust = signed_in["device"]["trust_token"].as_str().expect("a trust token");
    let again = app.begin("ann", &install, Some(trust)).await.expect(200);
    assert_eq!((&again["status"], &again["reason"]), (&json!("not_needed"), &json!("trusted_device")));
    assert!(again["device"]["trust_token"].is_string() && again["session"]["access_token"].is_string());
    gateway.stop().await;
}

#[actix_web::test]
async fn where_two_step_verification_is_off_or_not_offered_no_code_is_needed() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let install = Install::new("Phone");
    let off = app.begin("ben", &install, None).await.expect(200);
    assert_eq!((&off["reason"], &off["device"]["trusted"]), (&json!("two_step_off"), &json!(false)));
    let nobody = json!({ "percent": 0 });
    gateway.operator().send(reqwest::Method::PUT, "/admin/rollout", None, Some(nobody)).await.expect(200);
    let not_offered = app.begin("ben", &install, None).await.expect(200);
    assert_eq!(not_offered["reason"], "not_offered");
    let on = json!({ "two_step_enabled": true });
    app.put("/v1/subjects/ben", on).await.expect_problem(403, "two_step_unavailable");
    gateway.stop().await;
}

#[actix_web::test]
async fn without_an_address_no_code_goes_by_email() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    app.put("/v1/subjects/carl", json!({ "two_step_enabled": true })).await.expect(200);
    let challenge = app.begin_challenge("carl", &Install::new("Phone")).await;
    assert_eq!((&challenge.body["methods"], &challenge.body["destination"]), (&json!(["app"]), &json!(0)));
    app.client.resend(&challenge, json!({ "method": "email" })).await.expect_problem(400, "invalid_request");

    let mut body = sign_in("carl", &Install::new("Tablet"), None);
    body["email"] = json!("carl@example.com");
    let challenge = Challenge::new(&app.create("/v1/verifications", body).await.expect(202));
    assert_eq!(challenge.body["methods"], json!(["app", "email"]));
    app.client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    let code = app.client.mailed_code("carl@example.com", "code").await;
    app.client.verify(&challenge, &code).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn who_denies_it_ends_it_and_no_new_device_comes_in() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let (device, mut screen) = app.protected("dora").await;
    let challenge = app.begin_challenge("dora", &Install::new("Intruder")).await;
    screen.code_of(&challenge.id).await;
    app.client.deny(&challenge, &device).await.expect(204);
    let status = app.status(&challenge).await;
    assert_eq!(status["status"], "denied");
    assert!(status.get("assertion").is_none(), "{status}");
    app.begin("dora", &Install::new("Intruder"), None).await.expect_problem(403, "account_frozen");
    gateway.stop().await;
}

/// The same address may belong to an account of the gateway's own: neither knows of the other.
#[actix_web::test]
async fn a_subject_is_nobodys_account() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let own = app.client.new_protected_account("ann@example.com").await;
    let (_, mut screen) = app.protected("ann").await;
    let mut own_screen = app.client.connect(&own).await;
    let challenge = app.begin_challenge("ann", &Install::new("New")).await;
    screen.code_of(&challenge.id).await;
    own_screen.expect_nothing().await;
    let own_challenge = app.client.begin_sign_in("ann@example.com", &Install::new("New")).await;
    app.get(&format!("/v1/verifications/{}", own_challenge.id)).await.expect_problem(404, "not_found");
    gateway.stop().await;
}

#[actix_web::test]
async fn bad_input_is_refused_by_name() {
    let gateway = TestGateway::start().await;
    let app = AppServer::new(&gateway).await;
    let install = Install::new("Phone");
    for (field, value) in
        [("subject", json!("a/b")), ("email", json!("none")), ("ip", json!("here")), ("more", json!(1))]
    {
        let mut body = sign_in("ann", &install, None);
        body[field] = value;
        app.create("/v1/verifications", body).await.expect_problem(400, "invalid_request");
    }
    app.get("/v1/subjects/a%2Fb").await.expect_problem(400, "invalid_request");
    app.get("/v1/subjects/nobody").await.expect_problem(404, "not_found");
    gateway.stop().await;
}

/// The app's server is no network of its own: the one that its user comes from counts.
#[actix_web::test]
async fn a_network_that_asks_too_often_is_told_when_to_come_back_and_others_go_on() {
    let limit = std::num::NonZeroU32::new(2).expect("not zero");
    let gateway = TestGateway::start_with(|settings| settings.limits.sign_in_per_minute = limit).await;
    let app = AppServer::new(&gateway).await;
    let install = Install::new("Phone");
    for _ in 0..2 {
        app.begin("ann", &install, None).await.expect(200);
    }
    let refused = app.begin("ann", &install, None).await.expect_problem(429, "too_many_requests");
    assert!(refused["retry_after"].is_u64(), "{refused}");
    let mut elsewhere = sign_in("ann", &install, None);
    elsewhere["ip"] = json!("198.51.100.9");
    app.create("/v1/verifications", elsewhere).await.expect(200);
    gateway.stop().await;
}

/// The address in the body is the app's word: it exempts nobody.
#[actix_web::test]
async fn no_address_that_an_app_names_is_exempt_and_a_trusted_device_signs_in_all_the_same() {
    let gateway = TestGateway::start_with(|settings| {
        settings.limits.sign_in_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let app = AppServer::new(&gateway).await;
    let (device, _screen) = app.protected("anna").await;
    for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.2", "127.0.0.9", IP] {
        let begin = async |number: usize| {
            let mut body = sign_in(&format!("stranger{number}"), &Install::new("New"), None);
            body["ip"] = json!(ip);
            app.create("/v1/verifications", body).await
        };
        for number in 0..3 {
            begin(number).await.expect(200);
        }
        begin(3).await.expect_problem(429, "too_many_requests");
    }
    let known = app.begin("anna", &device.install, device.trust_token.as_deref()).await.expect(200);
    assert_eq!(known["reason"], "trusted_device");
    gateway.stop().await;
}
