//! Authenticator apps, with codes made by `oathtool` where it is, and by the rule of the RFC.

use std::process::Command;

use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use twostep::domain::account::authenticator::{SECRET_BYTES, TotpSecret, step_at};
use twostep::domain::delivery::EmailFallback;

use crate::support::authenticator_app::AuthenticatorApp;
use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";
const PATH: &str = "/v1/login-security/authenticator";

async fn set_up(client: &Client, device: &SignedIn) -> AuthenticatorApp {
    let made = client.post(PATH, &device.access_token, json!({ "password": PASSWORD })).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret");
    assert!(made["uri"].as_str().expect("a text").contains(&format!("secret={secret}&issuer=Twostep")), "{made}");
    assert!(made["qr_svg"].as_str().is_some_and(|svg| svg.starts_with("<svg") && svg.ends_with("</svg>")), "{made}");
    AuthenticatorApp::new(secret)
}

async fn confirm(client: &Client, device: &SignedIn, code: &str) -> Answer {
    client.post(&format!("{PATH}/confirm"), &device.access_token, json!({ "code": code })).await
}

async fn verify(client: &Client, challenge: &Challenge, code: &str) -> Answer {
    client.post(&challenge.path("/verify"), &challenge.token, json!({ "authenticator": code })).await
}

/// A device whose account has an app. The code that confirmed it is of this step or an earlier one, so that the next one is left; both are good
/// for as long as a test may take between two calls.
async fn with_app(client: &Client, email: &str) -> (SignedIn, AuthenticatorApp) {
    let phone = client.new_protected_account(email).await;
    let app = set_up(client, &phone).await;
    confirm(client, &phone, &app.code(0)).await.expect(204);
    (phone, app)
}

#[actix_web::test]
async fn an_app_is_confirmed_by_its_first_code_and_then_signs_in_without_any_network() {
    let gateway = TestGateway::start_with(|settings| settings.delivery.email_fallback = EmailFallback::Off).await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let app = set_up(&client, &phone).await;
    let before = client.begin_sign_in(ANNA, &Install::new("New")).await;
    assert_eq!(before.body["methods"], json!(["app"]), "not before its first code");
    verify(&client, &before, &app.code(0)).await.expect_problem(422, "wrong_code");
    confirm(&client, &phone, &app.code(-5)).await.expect_problem(422, "wrong_code");
    confirm(&client, &phone, &app.code(0)).await.expect(204);
    confirm(&client, &phone, &app.code(1)).await.expect_problem(404, "not_found");
    client.await_mail(ANNA, "An authenticator app was added", 1).await;
    let ways = client.get("/v1/login-security", &phone.access_token).await.expect(200)["ways"].clone();
    assert!(ways["authenticator"]["made_at"].is_string(), "{ways}");

    let install = Install::new("New");
    let challenge = client.begin_sign_in(ANNA, &install).await;
    assert_eq!(challenge.body["methods"], json!(["app", "authenticator"]));
    assert_eq!(client.state(&challenge).await["challenge"]["methods"], json!(["app", "authenticator"]));
    verify(&client, &challenge, "12345").await.expect_problem(400, "invalid_request");
    // As it is pasted, in digits of another script.
    let code = app.code(1);
    let typed: String =
        code.chars().map(|digit| char::from_u32(0x0966 + digit as u32 - 0x30).expect("a digit")).collect();
    let body = verify(&client, &challenge, &format!("code: {} {}", &typed[..9], &typed[9..])).await.expect(200);
    let back = SignedIn::new(&install, &body);
    assert!(back.trust_token.is_some());
    // The answer may have got lost.
    let again = verify(&client, &challenge, &code).await.expect(200);
    assert_eq!(again["session"]["access_token"], body["session"]["access_token"]);
    let kinds: Vec<Value> = client.activity(&back).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert!(kinds.contains(&json!("authenticator_used")) && kinds.contains(&json!("authenticator_added")), "{kinds:?}");

    // Once, in whatever challenge; nor the one before it.
    let other = client.begin_sign_in(ANNA, &Install::new("Another")).await;
    for earlier in [code, app.code(-1)] {
        verify(&client, &other, &earlier).await.expect_problem(422, "wrong_code");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn of_many_who_show_one_code_one_comes_in_on_whichever_node() {
    let gateway = TestGateway::start().await;
    let other = TestGateway::on(TestDatabase::elsewhere(gateway.database.url.clone()), |_| {}).await;
    let nodes = [gateway.client(), other.client()];
    let (_, app) = with_app(&nodes[0], ANNA).await;
    // Three challenges, as many as an account may have: each takes five attempts.
    let mut challenges = Vec::new();
    for name in ["One", "Two", "Three"] {
        challenges.push(nodes[0].begin_sign_in(ANNA, &Install::new(name)).await);
    }
    let code = app.code(1);
    let tries = (0..64).map(|at| verify(&nodes[at % 2], &challenges[at % 3], &code));
    let answers = join_all(tries).await;
    let sessions =
        gateway.database.count("SELECT count(*) FROM login_activity WHERE kind = 'authenticator_used'").await;
    assert_eq!(sessions, 1, "a step is taken once");
    // The same challenge gets the same answer again; the others get none.
    let tokens: std::collections::HashSet<String> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.body["session"]["access_token"].to_string())
        .collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    other.stop().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn guesses_are_counted_like_those_at_codes_and_a_freeze_holds() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (phone, app) = with_app(&client, ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let wrong = app.code(-9);
    for left in (0..5).rev() {
        let answer = verify(&client, &challenge, &wrong).await.expect_problem(422, "wrong_code");
        assert_eq!(answer["attempts_left"], left);
    }
    verify(&client, &challenge, &app.code(1)).await.expect_problem(429, "too_many_attempts");
    let failures = "SELECT failures::bigint FROM code_budgets WHERE kind = 'account'";
    assert_eq!(gateway.database.count(failures).await, 5, "of the account's budget");

    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    client.deny(&challenge, &phone).await.expect(204);
    verify(&client, &challenge, &app.code(0)).await.expect_problem(410, "challenge_closed");
    client.sign_in(ANNA, PASSWORD, &Install::new("New"), None).await.expect_problem(403, "account_frozen");
    gateway.stop().await;
}

#[actix_web::test]
async fn only_a_trusted_device_with_the_password_sets_one_up_and_a_new_one_replaces_it() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (phone, first) = with_app(&client, ANNA).await;
    let mut screen = client.connect(&phone).await;
    let install = Install::new("Guest");
    let begun = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&begun.id).await;
    let guest = client.sign_in_with_code(&begun, &code, &install, false).await;
    let body = json!({ "password": PASSWORD });
    client.post(PATH, &guest.access_token, body).await.expect_problem(403, "device_not_trusted");
    client.delete(PATH, &guest.access_token).await.expect_problem(403, "device_not_trusted");
    confirm(&client, &guest, &first.code(0)).await.expect_problem(403, "device_not_trusted");
    let wrong = json!({ "password": "not the password" });
    client.post(PATH, &phone.access_token, wrong).await.expect_problem(401, "invalid_credentials");

    // A session that just began with the password proves as much, and an older one does not.
    client.send(Method::POST, PATH, Some(&phone.access_token), None).await.expect(201);
    gateway.database.execute("UPDATE sessions SET created_at = now() - interval '10 minutes'").await;
    client.send(Method::POST, PATH, Some(&phone.access_token), None).await.expect_problem(403, "password_needed");

    let second = set_up(&client, &phone).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    verify(&client, &challenge, &second.code(0)).await.expect_problem(422, "wrong_code");
    confirm(&client, &phone, &second.code(0)).await.expect(204);
    verify(&client, &challenge, &first.code(1)).await.expect_problem(422, "wrong_code");
    verify(&client, &challenge, &second.code(1)).await.expect(200);

    // What was set up waits for 15 minutes and ten codes.
    let third = set_up(&client, &phone).await;
    for _ in 0..10 {
        confirm(&client, &phone, &third.code(-9)).await.expect_problem(422, "wrong_code");
    }
    confirm(&client, &phone, &third.code(0)).await.expect_problem(404, "not_found");
    let third = set_up(&client, &phone).await;
    gateway
        .database
        .execute("UPDATE authenticators SET made_at = now() - interval '15 minutes' WHERE NOT is_confirmed")
        .await;
    confirm(&client, &phone, &third.code(0)).await.expect_problem(404, "not_found");

    client.delete(PATH, &phone.access_token).await.expect(204);
    client.delete(PATH, &phone.access_token).await.expect_problem(404, "not_found");
    client.await_mail(ANNA, "The authenticator app was removed", 1).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("Newer")).await;
    assert_eq!(challenge.body["methods"], json!(["app", "email"]));
    verify(&client, &challenge, &second.code(1)).await.expect_problem(422, "wrong_code");
    gateway.stop().await;
}

#[actix_web::test]
async fn secrets_are_sealed_to_their_account_and_follow_the_code_key() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (phone, app) = with_app(&client, ANNA).await;
    let (_, of_ben) = with_app(&client, BEN).await;
    let secret = data_encoding::HEXLOWER.encode(
        &data_encoding::BASE32_NOPAD
            .decode(
                client.post(PATH, &phone.access_token, json!({ "password": PASSWORD })).await.expect(201)["secret"]
                    .as_str()
                    .expect("a secret")
                    .as_bytes(),
            )
            .expect("base 32"),
    );
    let plain = format!("SELECT count(*) FROM authenticators WHERE position('\\x{secret}'::bytea in sealed) > 0");
    assert_eq!(gateway.database.count(&plain).await, 0);
    let exported = client_export(&gateway).await;
    assert!(exported.contains("authenticators") && !exported.contains("sealed"), "{exported}");

    // Another account's row is worth nothing here.
    gateway
        .database
        .execute(
            "UPDATE authenticators one SET sealed = other.sealed FROM authenticators other, accounts
            WHERE one.is_confirmed AND other.is_confirmed AND one.account_id <> other.account_id
                AND one.account_id = accounts.account_id AND accounts.email = 'anna@example.com'",
        )
        .await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    verify(&client, &challenge, &of_ben.code(1)).await.expect_problem(422, "wrong_code");
    verify(&client, &challenge, &app.code(1)).await.expect_problem(422, "wrong_code");
    gateway.stop().await;
}

#[actix_web::test]
async fn secrets_are_sealed_anew_so_that_an_old_code_key_can_go() {
    let database = TestDatabase::new().await;
    let [one, two] = ["k1", "k2"].map(|id| twostep::settings::random_line(id).to_string());
    let start = async |keys: &[&str]| {
        let keys = keys.join(",");
        let with_keys = |settings: &mut twostep::settings::Settings| settings.codes.keys = Some(keys.into());
        TestGateway::on(TestDatabase::elsewhere(database.url.clone()), with_keys).await
    };
    let gateway = start(&[&one]).await;
    let (_, app) = with_app(&gateway.client(), ANNA).await;
    gateway.stop().await;
    let gateway = start(&[&two, &one]).await;
    database.await_count("SELECT count(*) FROM authenticators WHERE key_id = 'k2'", 1).await;
    gateway.stop().await;
    let gateway = start(&[&two]).await;
    let client = gateway.client();
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    verify(&client, &challenge, &app.code(1)).await.expect(200);
    gateway.stop().await;
}

/// Whoever talked the owner out of a code, and then made ways in for later.
#[actix_web::test]
async fn what_a_reported_device_made_for_itself_goes_with_it() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&phone).await;
    let thief = client.trust_another(ANNA, &mut screen, "Thief").await;
    let app = set_up(&client, &thief).await;
    confirm(&client, &thief, &app.code(0)).await.expect(204);
    let body = json!({ "password": PASSWORD });
    let made = client.post("/v1/login-security/recovery-codes", &thief.access_token, body).await.expect(201);
    let entry = client
        .activity(&phone)
        .await
        .into_iter()
        .find(|entry| entry["kind"] == "sign_in" && entry["device"]["name"] == "Thief");
    let report = format!("/v1/login-activity/{}/report", entry.expect("its sign-in")["id"].as_str().expect("an id"));
    client.post(&report, &phone.access_token, json!({})).await.expect(204);
    client.await_mail(ANNA, "The authenticator app was removed", 1).await;
    client.unfreeze(&phone).await;
    let ways = client.get("/v1/login-security", &phone.access_token).await.expect(200)["ways"].clone();
    assert_eq!((&ways["authenticator"], &ways["recovery_codes"]["left"]), (&Value::Null, &json!(0)));
    let challenge = client.begin_sign_in(ANNA, &Install::new("Again")).await;
    verify(&client, &challenge, &app.code(1)).await.expect_problem(422, "wrong_code");
    let typed = json!({ "recovery_code": made["codes"][0] });
    client.post(&challenge.path("/verify"), &challenge.token, typed).await.expect_problem(422, "wrong_code");

    // What the owner's own device made stays.
    let own = set_up(&client, &phone).await;
    confirm(&client, &phone, &own.code(0)).await.expect(204);
    let other = client.trust_another(ANNA, &mut screen, "Other").await;
    let entry = client.activity(&phone).await.into_iter().find(|entry| entry["device"]["name"] == "Other");
    let report = format!("/v1/login-activity/{}/report", entry.expect("its sign-in")["id"].as_str().expect("an id"));
    client.post(&report, &phone.access_token, json!({})).await.expect(204);
    client.get("/v1/login-security", &other.access_token).await.expect_problem(401, "unauthorized");
    let ways = client.get("/v1/login-security", &phone.access_token).await.expect(200)["ways"].clone();
    assert!(ways["authenticator"].is_object(), "{ways}");
    gateway.stop().await;
}

async fn client_export(gateway: &TestGateway) -> String {
    let operator = gateway.operator();
    let shown = operator.send(Method::GET, "/admin/accounts?email=anna@example.com", None, None).await.expect(200);
    let path = format!("/admin/accounts/{}/export", shown["id"].as_str().expect("an id"));
    operator.send(Method::GET, &path, None, None).await.expect(200).to_string()
}

/// A program that nobody here wrote: 1,000 secrets and times.
#[test]
fn codes_are_those_of_oathtool() {
    let mut lines = 0;
    for batch in 0..20_u8 {
        let bytes: [u8; SECRET_BYTES] =
            std::array::from_fn(|at| batch.wrapping_mul(37).wrapping_add((at as u8).wrapping_mul(101)));
        let secret = TotpSecret::new(bytes);
        let text = secret.text();
        let from = 1_000_000_000 + i64::from(batch) * 97_531_113;
        // A window of 49: the code of the time, and of the 49 steps after it.
        let output = Command::new("oathtool")
            .args(["--totp", "--base32", "--window=49", &format!("--now=@{from}"), text.expose_secret()])
            .output()
            .expect("scripts/install-test-tools installs oathtool");
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).expect("text");
        for (at, line) in printed.lines().enumerate() {
            let step = step_at(Timestamp::from_second(from).expect("a time")) + i64::try_from(at).expect("few");
            assert_eq!(secret.code(step).expose_secret(), line, "{batch} {at}");
            lines += 1;
        }
    }
    assert_eq!(lines, 1000);
}
