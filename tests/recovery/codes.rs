//! Recovery codes.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::AppServer;
use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const PATH: &str = "/v1/login-security/recovery-codes";

async fn make(client: &Client, device: &SignedIn) -> Vec<String> {
    let made = client.post(PATH, &device.access_token, json!({ "password": PASSWORD })).await.expect(201);
    let codes = made["codes"].as_array().expect("a list").iter();
    codes.map(|code| code.as_str().expect("a text").to_owned()).collect()
}

async fn verify(client: &Client, challenge: &Challenge, code: &str) -> Answer {
    client.post(&challenge.path("/verify"), &challenge.token, json!({ "recovery_code": code })).await
}

async fn ways(client: &Client, device: &SignedIn) -> Value {
    client.get("/v1/login-security", &device.access_token).await.expect(200)["ways"].clone()
}

#[actix_web::test]
async fn an_owner_without_a_trusted_device_comes_back_by_a_code_from_paper_once() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    assert_eq!(ways(&client, &phone).await["recovery_codes"], json!({ "left": 0, "made_at": null }));
    let codes = make(&client, &phone).await;
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
    assert!(codes.iter().all(|code| code.len() == 23 && code.matches('-').count() == 3), "{codes:?}");
    let left = ways(&client, &phone).await["recovery_codes"].clone();
    assert!(left["left"] == 10 && left["made_at"].is_string(), "{left}");

    let install = Install::new("New phone");
    let challenge = client.begin_sign_in(ANNA, &install).await;
    // As people type: small, without hyphens, with an O for a zero.
    let typed = codes[0].to_lowercase().replace('-', " ").replace('0', "o");
    let body = verify(&client, &challenge, &typed).await.expect(200);
    assert_eq!((&body["status"], &body["device"]["trusted"]), (&json!("signed_in"), &json!(true)));
    let back = SignedIn::new(&install, &body);
    assert_eq!(ways(&client, &back).await["recovery_codes"]["left"], 9);
    let kinds: Vec<Value> = client.activity(&back).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds[..2], ["recovery_code_used", "sign_in"], "{kinds:?}");
    client.await_mail(ANNA, "A recovery code was used", 1).await;

    // Once: in another challenge it is any wrong code, and the earlier challenge stays as it ended.
    let other = client.begin_sign_in(ANNA, &Install::new("Another")).await;
    let wrong = verify(&client, &other, &codes[0]).await.expect_problem(422, "wrong_code");
    assert_eq!(wrong["attempts_left"], 9);
    client.verify(&other, "000000").await;
    assert_eq!(client.state(&other).await["challenge"]["attempts_left"], 4, "codes have attempts of their own");
    gateway.stop().await;
}

/// The answer may get lost: the same request brings the same session for a minute, and no other code does.
#[actix_web::test]
async fn a_recovery_code_that_is_sent_again_gets_the_same_answer() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let codes = make(&client, &phone).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let first = verify(&client, &challenge, &codes[0]).await.expect(200);
    let again = verify(&client, &challenge, &codes[0]).await.expect(200);
    assert_eq!(first["session"]["access_token"], again["session"]["access_token"]);
    verify(&client, &challenge, &codes[1]).await.expect_problem(410, "challenge_closed");
    client.verify(&challenge, "123456").await.expect_problem(410, "challenge_closed");
    let next = client.begin_sign_in(ANNA, &Install::new("Next")).await;
    verify(&client, &next, &codes[1]).await.expect(200);
    gateway.stop().await;
}

/// Of 32 at once with one code, in as many challenges as there may be, one gets in.
#[actix_web::test]
async fn a_code_lets_one_in_however_many_try_at_once() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let code = make(&client, &phone).await.remove(0);
    let mut challenges = Vec::new();
    for number in 0..3 {
        challenges.push(client.begin_sign_in(ANNA, &Install::new(&format!("New {number}"))).await);
    }
    let tries = (0..30).map(|number| verify(&client, &challenges[number % 3], &code));
    let answers = join_all(tries).await;
    let sessions: HashSet<String> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.body["session"]["access_token"].as_str().expect("a token").to_owned())
        .collect();
    assert_eq!(sessions.len(), 1);
    assert!(answers.iter().all(|answer| [200, 410, 422].contains(&answer.status.as_u16())));
    let used = "SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL";
    assert_eq!(gateway.database.count(used).await, 1);
    gateway.stop().await;
}

/// Whoever knows the password guesses in challenges of their own: ten each, and the owner's code still works.
#[actix_web::test]
async fn guesses_use_up_nothing_that_the_owner_needs() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let codes = make(&client, &phone).await;
    let guessed = client.begin_sign_in(ANNA, &Install::new("Guesser")).await;
    for left in (0..10).rev() {
        let answer = verify(&client, &guessed, "00000-00000-00000-00000").await.expect_problem(422, "wrong_code");
        assert_eq!(answer["attempts_left"], left);
    }
    verify(&client, &guessed, &codes[0]).await.expect_problem(422, "wrong_code");
    let budget = "SELECT count(*) FROM code_budgets";
    assert_eq!(gateway.database.count(budget).await, 0, "no wait and no freeze comes of it");
    let own = client.begin_sign_in(ANNA, &Install::new("Owner")).await;
    for nonsense in ["", "123456", "not a recovery code at all"] {
        verify(&client, &own, nonsense).await.expect_problem(400, "invalid_request");
    }
    verify(&client, &own, &codes[0]).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn new_codes_replace_the_earlier_ones_and_few_are_told() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let earlier = make(&client, &phone).await;
    let codes = make(&client, &phone).await;
    client.await_mail(ANNA, "New recovery codes were made", 2).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    verify(&client, &challenge, &earlier[0]).await.expect_problem(422, "wrong_code");
    gateway
        .database
        .execute(
            "UPDATE recovery_codes SET used_at = now()
        WHERE code_hash IN (SELECT code_hash FROM recovery_codes WHERE used_at IS NULL LIMIT 7)",
        )
        .await;
    let mut left = codes.iter();
    let in_use = loop {
        let code = left.next().expect("three are left");
        let answer = verify(&client, &challenge, code).await;
        if answer.status == 200 {
            break answer;
        }
        answer.expect_problem(422, "wrong_code");
    };
    assert_eq!(in_use.body["status"], "signed_in");
    client.await_mail(ANNA, "few are left", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn only_a_trusted_device_with_the_password_makes_codes_and_only_sign_ins_take_them() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&phone).await;
    let install = Install::new("Guest");
    let begun = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&begun.id).await;
    let guest = client.sign_in_with_code(&begun, &code, &install, false).await;
    let body = json!({ "password": PASSWORD });
    client.post(PATH, &guest.access_token, body).await.expect_problem(403, "device_not_trusted");
    let body = json!({ "password": "wrong battery staple" });
    client.post(PATH, &phone.access_token, body).await.expect_problem(401, "invalid_credentials");
    client.post(PATH, &phone.access_token, json!({})).await.expect_problem(400, "invalid_request");

    let codes = make(&client, &phone).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let both = json!({ "code": "123456", "recovery_code": codes[0] });
    client.post(&challenge.path("/verify"), &challenge.token, both).await.expect_problem(400, "invalid_request");
    client.post(&challenge.path("/verify"), &challenge.token, json!({})).await.expect_problem(400, "invalid_request");
    // A code of one account is worth nothing for another.
    client.new_protected_account("ben@example.com").await;
    let other = client.begin_sign_in("ben@example.com", &Install::new("New")).await;
    verify(&client, &other, &codes[0]).await.expect_problem(422, "wrong_code");
    // Creating an account confirms an address: no recovery code does.
    let creating = Challenge::new(&client.create_account("new@example.com", &Install::new("New")).await.expect(202));
    verify(&client, &creating, &codes[0]).await.expect_problem(404, "not_found");
    gateway.stop().await;
}

/// The users of an app have no password here: a session that just began stands for it.
#[actix_web::test]
async fn the_user_of_an_app_makes_codes_right_after_signing_in() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let app = AppServer::new(&gateway).await;
    let (device, _screen) = app.protected("ann").await;
    let body = json!({ "password": PASSWORD });
    client.post(PATH, &device.access_token, body).await.expect_problem(403, "forbidden");
    let made = client.send(Method::POST, PATH, Some(&device.access_token), None).await.expect(201);
    let challenge = app.begin_challenge("ann", &Install::new("New")).await;
    let code = made["codes"][0].as_str().expect("a code");
    let verified = verify(&client, &challenge, code).await.expect(200);
    assert!(verified["assertion"].is_string(), "{verified}");
    gateway.database.execute("UPDATE sessions SET created_at = now() - interval '10 minutes'").await;
    client.post(PATH, &device.access_token, json!({})).await.expect_problem(403, "password_needed");
    gateway.stop().await;
}

/// "This wasn't me" holds against whoever found the paper.
#[actix_web::test]
async fn a_freeze_holds_against_recovery_codes_too() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let codes = make(&client, &phone).await;
    let open = client.begin_sign_in(ANNA, &Install::new("Thief")).await;
    client.deny(&open, &phone).await.expect(204);
    verify(&client, &open, &codes[0]).await.expect_problem(410, "challenge_closed");
    client.sign_in(ANNA, PASSWORD, &Install::new("Thief"), None).await.expect_problem(403, "account_frozen");
    client.unfreeze(&phone).await;
    let again = client.begin_sign_in(ANNA, &Install::new("Owner")).await;
    verify(&client, &again, &codes[0]).await.expect(200);
    gateway.stop().await;
}

/// Nothing in the database lets anybody in.
#[actix_web::test]
async fn codes_are_stored_as_salted_hashes_only() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let codes = make(&client, &phone).await;
    let rows = gateway.database.connect().await.query("SELECT code_hash, salt FROM recovery_codes", &[]).await;
    let rows = rows.expect("rows");
    let salts: HashSet<Vec<u8>> = rows.iter().map(|row| row.get("salt")).collect();
    assert_eq!((rows.len(), salts.len()), (10, 1));
    let dump = gateway.database.connect().await.query("SELECT row_to_json(c)::text FROM recovery_codes c", &[]).await;
    let dump: String = dump.expect("rows").iter().map(|row| row.get::<_, String>(0)).collect();
    assert!(codes.iter().all(|code| !dump.contains(code.as_str()) && !dump.contains(&code.replace('-', ""))));
    gateway.stop().await;
}
