//! `POST /v1/sign-in`.

use futures_util::future::join_all;
use serde_json::json;

use super::{ANNA, BEN, assert_ended, assert_goes_on, count, expire};
use crate::support::client::{Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn without_two_step_a_password_is_enough_and_makes_no_trust() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let install = Install::new("Second");
    let body = client.sign_in(ANNA, PASSWORD, &install, None).await.expect(200);
    assert_eq!((&body["status"], &body["device"]["trusted"]), (&json!("signed_in"), &json!(false)));
    let second = SignedIn::new(&install, &body);
    assert_eq!(second.trust_token, None);
    let entry = &client.activity(&second).await[0];
    assert_eq!([&entry["kind"], &entry["outcome"]], ["sign_in", "succeeded"]);
    assert!(entry["method"].is_null(), "{entry}");
    gateway.stop().await;
}

#[actix_web::test]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let install = client.new_account(ANNA).await.install;
    let wrong = client.sign_in(ANNA, "wrong horse battery", &install, None).await;
    let endless = client.sign_in(ANNA, &"x".repeat(5000), &install, None).await;
    let unknown = client.sign_in(BEN, PASSWORD, &install, None).await;
    assert_eq!((&wrong.body, &wrong.body), (&unknown.body, &endless.body));
    let names = |answer: &crate::support::client::Answer| -> Vec<String> {
        answer.headers.keys().map(ToString::to_string).collect()
    };
    assert_eq!(names(&wrong), names(&unknown));
    for answer in [wrong, endless, unknown] {
        answer.expect_problem(401, "invalid_credentials");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_new_device_gets_a_challenge_and_no_session() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let sessions = count(&gateway.database, "sessions").await;
    let body = client.sign_in(ANNA, PASSWORD, &Install::new("New"), None).await.expect(202);
    assert_eq!(body["status"], "verification_required");
    assert!(body.get("session").is_none() && body.get("device").is_none(), "{body}");
    let challenge = &body["challenge"];
    assert_eq!([&challenge["purpose"], &challenge["method"]], ["sign_in", "app"]);
    assert_eq!(challenge["methods"], json!(["app", "email"]));
    assert_eq!(challenge["destination"], 1);
    assert_eq!(super::between(&challenge["resend_at"], &challenge["expires_at"]).as_secs(), 300 - 30);
    assert_eq!(count(&gateway.database, "sessions").await, sessions);
    let entry = &client.activity(&first).await[0];
    assert_eq!([&entry["outcome"], &entry["method"], &entry["device"]["name"]], ["code_required", "app", "New"]);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_trusted_device_skips_the_code_and_gets_its_next_trust_token() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let body = client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    let again = SignedIn::new(&first.install, &body);
    assert_eq!(body["device"]["trusted"], true);
    assert_eq!(again.device_id, first.device_id);
    assert!(again.trust_token.as_ref().is_some_and(|token| token.starts_with("ts_tt_")));
    assert_ne!(again.trust_token, first.trust_token);
    client.sign_in(ANNA, PASSWORD, &first.install, again.trust_token.as_deref()).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_used_trust_token_brings_the_same_one_again() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let again = async || client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    let answer = again().await;
    gateway.database.age("sessions", "access_expires_at", 86_400, "true").await;
    assert_eq!(again().await, answer);
    let next = SignedIn::new(&first.install, &answer);
    assert_goes_on(&client, &next).await;
    assert_eq!(count(&gateway.database, "sessions").await, 2);
    let entries = client.activity(&next).await;
    assert_eq!(entries.iter().filter(|entry| entry["kind"] == "sign_in").count(), 1, "{entries:?}");

    // The session that came of it is over: the same trust token with another session.
    client.delete("/v1/sessions/current", &next.access_token).await.expect(204);
    let other = SignedIn::new(&first.install, &again().await);
    assert!(other.trust_token == next.trust_token && other.access_token != next.access_token);
    assert_goes_on(&client, &other).await;
    gateway.stop().await;
}

/// The session that came with the successor was used, and the old token comes back: two have it.
#[actix_web::test]
async fn a_trust_token_that_comes_back_after_its_session_was_used_ends_the_trust() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let old = first.trust_token.as_deref();
    let next = SignedIn::new(&first.install, &client.sign_in(ANNA, PASSWORD, &first.install, old).await.expect(200));
    assert_goes_on(&client, &next).await;
    gateway.database.age("sessions", "first_used_at", 31, "first_used_at IS NOT NULL").await;
    client.sign_in(ANNA, PASSWORD, &first.install, old).await.expect(202);
    assert_ended(&client, &next).await;
    client.await_mail(ANNA, "signed out", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_trust_token_that_comes_back_after_its_successor_was_used_ends_the_trust() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let old = first.trust_token.as_deref();
    let body = client.sign_in(ANNA, PASSWORD, &first.install, old).await.expect(200);
    let again = SignedIn::new(&first.install, &body);
    client.sign_in(ANNA, PASSWORD, &first.install, again.trust_token.as_deref()).await.expect(200);
    gateway.database.age("trust_tokens", "used_at", 31, "used_at IS NOT NULL").await;

    let body = client.sign_in(ANNA, PASSWORD, &first.install, old).await.expect(202);
    assert_eq!(body["challenge"]["destination"], 0);
    client.sign_in(ANNA, PASSWORD, &first.install, again.trust_token.as_deref()).await.expect(202);
    assert_ended(&client, &first).await;
    assert_ended(&client, &again).await;
    client.await_mail(ANNA, "signed out", 1).await;
    let reused = gateway.database.count("SELECT count(*) FROM login_activity WHERE kind = 'trust_token_reused'").await;
    assert_eq!(reused, 1);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_trust_token_is_worth_nothing_on_another_install_or_account() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let other = client.new_protected_account(BEN).await;
    let token = first.trust_token.as_deref();
    client.sign_in(ANNA, PASSWORD, &Install::new("Thief"), token).await.expect(202);
    client.sign_in(BEN, PASSWORD, &other.install, token).await.expect(202);
    client.sign_in(BEN, PASSWORD, &first.install, token).await.expect(202);
    client.sign_in(ANNA, PASSWORD, &first.install, Some("ts_tt_not one")).await.expect(202);
    client.sign_in(ANNA, PASSWORD, &first.install, token).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn trust_ends_after_thirty_idle_days_and_after_half_a_year() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    for (email, column, days) in [(ANNA, "last_seen_at", 30), (BEN, "trusted_at", 180)] {
        let first = client.new_protected_account(email).await;
        let device = format!("device_id = '{}'", first.device_id);
        gateway.database.age("devices", column, days * 86_400 + 1, &device).await;
        let body = client.sign_in(email, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(202);
        assert_eq!(body["challenge"]["destination"], 0, "{column}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_newer_sign_in_of_the_same_install_supersedes_the_older() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let install = Install::new("New");
    let older = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&older.id).await;
    let newer = client.begin_sign_in(ANNA, &install).await;
    client.verify(&older, &code).await.expect_problem(410, "challenge_closed");
    client.resend(&older, json!({})).await.expect_problem(410, "challenge_closed");
    assert_eq!(client.state(&older).await["state"], "superseded");
    let outcomes: Vec<_> = client.activity(&first).await.iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes[..2], ["code_required", "superseded"]);
    let code = screen.code_of(&newer.id).await;
    client.verify(&newer, &code).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_fourth_open_sign_in_waits_until_one_ends() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut open = Vec::new();
    for name in ["Second", "Third", "Fourth"] {
        open.push(client.begin_sign_in(ANNA, &Install::new(name)).await);
    }
    let fifth = Install::new("Fifth");
    let refused = client.sign_in(ANNA, PASSWORD, &fifth, None).await;
    let header: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    let body = refused.expect_problem(429, "too_many_requests");
    assert_eq!(body["retry_after"], header);
    assert!((280..=300).contains(&header), "{header}");
    client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);

    expire(&gateway.database, &open[0]).await;
    client.sign_in(ANNA, PASSWORD, &fifth, None).await.expect(202);
    let sixth = Install::new("Sixth");
    client.sign_in(ANNA, PASSWORD, &sixth, None).await.expect_problem(429, "too_many_requests");
    expire(&gateway.database, &open[1]).await;
    client.sign_in(ANNA, PASSWORD, &sixth, None).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn more_sign_ins_than_can_wait_are_told_to_come_back() {
    let gateway = TestGateway::start_with(|settings| {
        settings.passwords.parallel = 1;
        settings.passwords.queue = 0;
        settings.passwords.memory_kib = 65_536;
    })
    .await;
    let client = gateway.client();
    let install = Install::new("First");
    let answers = join_all((0..16).map(|_| client.sign_in(ANNA, PASSWORD, &install, None))).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 401);
    assert!(!served.is_empty() && !refused.is_empty(), "{} served, {} refused", served.len(), refused.len());
    for answer in refused {
        assert!(answer.headers.contains_key("retry-after"));
        answer.expect_problem(503, "service_unavailable");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_session_goes_on_when_its_device_signs_in_again() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    assert_goes_on(&client, &first).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_sign_in_of_a_new_device_with_a_code_is_told_by_mail() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let told = "SELECT count(*) FROM notices WHERE kind = 'new_device_signed_in'";
    assert_eq!(gateway.database.count(told).await, 0);
    let second = client.trust_another(ANNA, &mut screen, "Second").await;
    let mail = client.await_mail(ANNA, "A new device signed in", 1).await;
    assert!(mail.contains("Second") && mail.contains("127.0.0.1") && mail.contains("change your password"), "{mail}");
    client.sign_in(ANNA, PASSWORD, &second.install, second.trust_token.as_deref()).await.expect(200);
    assert_eq!(gateway.database.count(told).await, 1, "a device that is trusted already is nothing new");
    gateway.stop().await;
}
