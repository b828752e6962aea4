//! New passwords: common ones are refused, and the strength of one is told.

use reqwest::Method;
use serde_json::{Value, json};
use twostep::app::App;

use super::ANNA;
use crate::support::client::{Answer, Client, Install, PASSWORD};
use crate::support::gateway::TestGateway;

async fn create(client: &Client, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password, "device": Install::new("New").json() });
    client.send(Method::POST, "/v1/accounts", None, Some(body)).await
}

async fn strength(client: &Client, body: Value) -> Answer {
    client.send(Method::POST, "/v1/password-strength", None, Some(body)).await
}

#[actix_web::test]
async fn a_common_password_makes_no_account_whether_the_address_is_taken_or_not() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    for email in [ANNA, "new@example.com"] {
        for password in ["password1", "Qwertyuiop", "12345678"] {
            let problem = create(&client, email, password).await.expect_problem(400, "common_password");
            assert!(problem["detail"].as_str().expect("text").contains("several words"), "{problem}");
        }
    }
    create(&client, "anna.smith@example.com", "anna.smith").await.expect_problem(400, "common_password");
    create(&client, "other@example.com", "long enough").await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_password_is_not_changed_to_a_common_one() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let body = json!({ "current": PASSWORD, "new": "iloveyou" });
    let refused = client.post("/v1/login-security/password", &first.access_token, body).await;
    refused.expect_problem(400, "common_password");
    client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_strength_of_a_password_is_told_with_what_would_help() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let weak = strength(&client, json!({ "password": "qwertyuiop" })).await.expect(200);
    assert!(weak["is_common"] == true && weak["score"].as_u64() <= Some(1), "{weak}");
    assert!(weak["warning"]["code"].is_string() && weak["suggestions"][0]["text"].is_string(), "{weak}");
    let strong = strength(&client, json!({ "password": PASSWORD, "email": ANNA })).await.expect(200);
    assert_eq!(strong, json!({ "score": 4, "is_common": false, "warning": null, "suggestions": [] }));
    let own =
        strength(&client, json!({ "password": "anna.smith", "email": "anna.smith@example.com" })).await.expect(200);
    assert_eq!(own["is_common"], true);
    strength(&client, json!({ "password": "x".repeat(5000) })).await.expect(200);
    strength(&client, json!({ "password": "" })).await.expect(200);
    strength(&client, json!({ "password": "x", "email": "nobody" })).await.expect_problem(400, "invalid_request");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_password_of_any_kind_is_taken_exactly_as_it_is_typed() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let mut current = PASSWORD.to_owned();
    let long = "ab cD".repeat(16);
    for new in [
        "  leading and trailing  ",
        "только буквы и пробелы",
        "🦔🦔🌲🌲🌊🌊🪨🪨🦉",
        "aqwsfrgthzju",
        "9048130267",
        &long,
    ] {
        let body = json!({ "current": current, "new": new });
        client.post("/v1/login-security/password", &first.access_token, body).await.expect(204);
        client.sign_in(ANNA, new, &first.install, None).await.expect(200);
        let changed = [new.trim().to_owned(), new.to_uppercase(), format!("{new} "), new.chars().skip(1).collect()];
        for other in changed.iter().filter(|other| *other != new) {
            client.sign_in(ANNA, other, &first.install, None).await.expect_problem(401, "invalid_credentials");
        }
        client.sign_in(ANNA, new, &first.install, None).await.expect(200);
        current = new.to_owned();
    }
    // Nothing of it is cut: the last of eighty characters counts.
    client.sign_in(ANNA, &long[..79], &first.install, None).await.expect_problem(401, "invalid_credentials");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_password_is_good_however_old_it_is() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let ten_years = 10 * 365 * 24 * 3600;
    gateway.database.age("accounts", "created_at", ten_years, "true").await;
    gateway.database.age("accounts", "email_verified_at", ten_years, "true").await;
    client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_password_is_hashed_anew_at_the_next_sign_in_after_the_cost_was_raised() {
    let before = TestGateway::start().await;
    let first = before.client().new_account(ANNA).await;
    let TestGateway { database, app } = before;
    app.stop().await;
    let settings = TestGateway::settings(&database.url, |settings| settings.passwords.iterations = 2);
    let gateway = TestGateway { app: App::start(&settings).await.expect("the gateway starts"), database };
    let client = gateway.client();
    let raised = "SELECT count(*) FROM accounts WHERE password_hash LIKE '$argon2id$v=19$m=8192,t=2,p=1$%'";

    client.sign_in(ANNA, "not the password", &first.install, None).await.expect_problem(401, "invalid_credentials");
    assert_eq!(gateway.database.count(raised).await, 0);
    let at_once = (0..4).map(|_| client.sign_in(ANNA, PASSWORD, &first.install, None));
    for answer in futures_util::future::join_all(at_once).await {
        answer.expect(200);
    }
    assert_eq!(gateway.database.count(raised).await, 1);
    client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    client.sign_in(ANNA, "not the password", &first.install, None).await.expect_problem(401, "invalid_credentials");
    gateway.stop().await;
}

#[test]
fn a_hash_costs_what_owasp_asks_for_at_least_by_default() {
    let passwords = twostep::settings::defaults().expect("the defaults are valid").passwords;
    assert!(passwords.memory_kib >= 19 * 1024 && passwords.iterations >= 2);
}
