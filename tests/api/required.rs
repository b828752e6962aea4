//! Where two-step verification is required: of every account by a setting, of a subject by its app.

use reqwest::Method;
use serde_json::{Value, json};
use twostep::domain::account::two_step_policy::TwoStepPolicy;
use twostep::domain::delivery::EmailFallback;

use crate::server::AppServer;
use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn, wrong};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const TURN_ON: &str = "Turn on";

async fn strict(grace_days: u16) -> TestGateway {
    TestGateway::start_with(|settings| {
        settings.accounts.two_step = TwoStepPolicy::Required;
        settings.accounts.two_step_grace_days = grace_days;
        // Codes of sign-ins go by no mail: what turns it on does.
        settings.delivery.email_fallback = EmailFallback::Off;
    })
    .await
}

async fn two_step(client: &Client, device: &SignedIn) -> Value {
    client.get("/v1/login-security", &device.access_token).await.expect(200)["two_step"].clone()
}

async fn sign_in(client: &Client, install: &Install) -> Value {
    client.sign_in(ANNA, PASSWORD, install, None).await.expect(200)
}

/// A sign-in that has to turn it on.
async fn begin_enabling(client: &Client, install: &Install) -> Challenge {
    let challenge = Challenge::new(&client.sign_in(ANNA, PASSWORD, install, None).await.expect(202));
    assert_eq!([&challenge.body["purpose"], &challenge.body["method"]], ["enable_two_step", "email"]);
    challenge
}

#[actix_web::test]
async fn an_account_has_its_time_and_then_a_sign_in_turns_it_on() {
    let gateway = strict(14).await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let stands = two_step(&client, &first).await;
    assert_eq!(
        stands,
        json!({ "available": true, "enabled": false, "required": true }),
        "its time begins with a sign-in"
    );
    let install = Install::new("Laptop");
    let device = SignedIn::new(&install, &sign_in(&client, &install).await);
    assert!(two_step(&client, &device).await["due_at"].is_string());
    let due =
        "SELECT count(*) FROM accounts WHERE two_step_due_at - now() BETWEEN interval '13 days' AND interval '14 days'";
    assert_eq!(gateway.database.count(due).await, 1);
    gateway.database.execute("UPDATE accounts SET two_step_due_at = two_step_due_at - interval '13 days'").await;
    sign_in(&client, &Install::new("Tablet")).await;
    gateway.database.execute("UPDATE accounts SET two_step_due_at = now()").await;

    let challenge = begin_enabling(&client, &install).await;
    let code = client.mailed_code(ANNA, TURN_ON).await;
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    let body = client.verify(&challenge, &code).await.expect(200);
    assert_eq!((&body["status"], &body["device"]["trusted"]), (&json!("signed_in"), &json!(true)));
    let trusted = SignedIn::new(&install, &body);
    assert!(trusted.trust_token.is_some());
    // The answer may have got lost.
    let again = client.verify(&challenge, &code).await.expect(200);
    assert_eq!(again["session"]["access_token"], body["session"]["access_token"]);
    let stands = two_step(&client, &trusted).await;
    assert_eq!(stands, json!({ "available": true, "enabled": true, "required": true }));
    // Whoever was in by the password alone is out, and the next device needs a code of this one.
    client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");
    let mut screen = client.connect(&trusted).await;
    client.trust_another(ANNA, &mut screen, "Phone").await;
    let kinds: Vec<Value> = client.activity(&trusted).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert!(kinds.contains(&json!("two_step_enabled")), "{kinds:?}");
    gateway.stop().await;
}

#[actix_web::test]
async fn it_cannot_be_turned_off_and_an_earlier_trust_is_no_way_round_it() {
    let gateway = strict(0).await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let off = json!({ "enabled": false, "password": PASSWORD });
    client.post("/v1/login-security/two-step", &phone.access_token, off).await.expect_problem(403, "two_step_required");
    assert_eq!(two_step(&client, &phone).await["enabled"], true);
    // An operator may: whoever lost everything begins anew, and has no time left for it.
    let find = gateway.operator().send(Method::GET, "/admin/accounts?email=anna@example.com", None, None).await;
    let account = find.expect(200)["id"].as_str().expect("an id").to_owned();
    let reset = format!("/admin/accounts/{account}/reset-two-step");
    gateway.operator().send(Method::POST, &reset, None, None).await;
    let trust = phone.trust_token.as_deref();
    let answer = client.sign_in(ANNA, PASSWORD, &phone.install, trust).await.expect(202);
    assert_eq!(answer["challenge"]["purpose"], "enable_two_step");
    gateway.stop().await;
}

#[actix_web::test]
async fn nobody_is_asked_before_the_rollout_offers_it() {
    let gateway = strict(0).await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let none = json!({ "percent": 0 });
    gateway.operator().send(Method::PUT, "/admin/rollout", None, Some(none)).await.expect(200);
    sign_in(&client, &Install::new("Laptop")).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn guesses_at_its_code_are_counted_and_a_new_password_by_mail_ends_the_wait() {
    let gateway = strict(0).await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let challenge = begin_enabling(&client, &Install::new("Laptop")).await;
    let code = client.mailed_code(ANNA, TURN_ON).await;
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    let counted = "SELECT count(*) FROM code_budgets WHERE kind = 'enabling' AND failures > 0";
    assert_eq!(gateway.database.count(counted).await, 1);
    client.send(Method::POST, "/v1/password-resets", None, Some(json!({ "email": ANNA }))).await.expect(202);
    let mail = client.await_mail(ANNA, "Choose a new password", 1).await;
    let (_, link) = mail.split_once("#reset=").expect("a link");
    let (id, secret) = link.split_whitespace().next().and_then(|link| link.split_once('.')).expect("its parts");
    let body = json!({ "secret": secret, "password": "another battery staple" });
    client.send(Method::POST, &format!("/v1/password-resets/{id}"), None, Some(body)).await.expect(204);
    // What the old password began is over.
    client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    assert_eq!(gateway.database.count(counted).await, 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn an_app_requires_it_of_a_subject() {
    let gateway = TestGateway::start_with(|settings| settings.accounts.two_step_grace_days = 0).await;
    let client = gateway.client();
    let app = AppServer::new(&gateway).await;
    app.put("/v1/subjects/ann", json!({ "email": ANNA })).await.expect(200);
    let install = Install::new("Laptop");
    assert_eq!(app.begin("ann", &install, None).await.expect(200)["status"], "not_needed");
    let stands = app.put("/v1/subjects/ann", json!({ "two_step_required": true })).await.expect(200);
    assert_eq!((&stands["two_step_required"], &stands["two_step_enabled"]), (&json!(true), &json!(false)));
    let begun = app.begin("ann", &install, None).await.expect(202);
    assert_eq!(begun["challenge"]["purpose"], "enable_two_step");
    let code = client.mailed_code(ANNA, TURN_ON).await;
    let verified = client.verify(&Challenge::new(&begun), &code).await.expect(200);
    assert_eq!(verified["status"], "signed_in");
    assert!(verified["assertion"].is_string(), "the app is shown it: {verified}");
    let off = json!({ "two_step_enabled": false });
    app.put("/v1/subjects/ann", off.clone()).await.expect_problem(403, "two_step_required");
    app.put("/v1/subjects/ann", json!({ "two_step_enabled": false, "two_step_required": false })).await.expect(200);
    // Of one without a mailbox nothing is asked that it cannot do.
    app.put("/v1/subjects/ben", json!({ "two_step_required": true })).await.expect(200);
    assert_eq!(app.begin("ben", &install, None).await.expect(200)["status"], "not_needed");
    gateway.stop().await;
}
