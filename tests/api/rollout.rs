//! The rollout: to whom two-step verification is offered, and what shadow mode counts.

mod counting;
mod holding;
mod nodes;
mod noise;
mod shadow;
mod share;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ANNA, BEN};
use crate::support::client::{Answer, Challenge, Client, Install, SignedIn};
use crate::support::gateway::{TestGateway, operator_token_file};

/// An id that no account has.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

async fn call(operator: &Client, method: Method, tail: &str, body: Option<Value>) -> Answer {
    operator.send(method, &format!("/admin/rollout{tail}"), None, body).await
}

async fn set(operator: &Client, body: Value) -> Value {
    call(operator, Method::PUT, "", Some(body)).await.expect(200)
}

async fn id_of(operator: &Client, email: &str) -> String {
    let found = operator.send(Method::GET, &format!("/admin/accounts?email={email}"), None, None).await.expect(200);
    found["id"].as_str().expect("an id").to_owned()
}

async fn list(operator: &Client, email: &str, listed: &str) {
    let tail = format!("/accounts/{}", id_of(operator, email).await);
    let put = call(operator, Method::PUT, &tail, Some(json!({ "listed": listed }))).await.expect(200);
    assert_eq!(put["listed"], listed);
}

/// Turning two-step verification on, as far as the emailed code.
async fn begin_turning_on(client: &Client, device: &SignedIn) -> Answer {
    client.post("/v1/login-security/two-step", &device.access_token, json!({ "enabled": true })).await
}

async fn is_available(client: &Client, device: &SignedIn) -> bool {
    let shown = client.get("/v1/login-security", &device.access_token).await.expect(200);
    shown["two_step"]["available"].as_bool().expect("yes or no")
}

#[actix_web::test]
async fn the_switch_is_shown_and_moved_within_its_bounds() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let mut shown = call(&operator, Method::GET, "", None).await.expect(200);
    assert!(shown["changed_at"].take().is_string());
    assert_eq!(
        shown,
        json!({ "percent": 100.0, "mode": "on", "allowed": 0, "denied": 0, "changed_at": null, "held": null })
    );
    assert_eq!(set(&operator, json!({ "mode": "shadow" })).await["percent"], 100.0);
    let moved = set(&operator, json!({ "percent": 12.5 })).await;
    assert_eq!((&moved["percent"], &moved["mode"]), (&json!(12.5), &json!("shadow")), "the mode stays");
    for body in [
        json!({ "percent": 101 }),
        json!({ "percent": -1 }),
        json!({ "percent": "all" }),
        json!({}),
        json!({ "percent": 1, "salt": "x" }),
        json!({ "percent": 1, "mode": "off" }),
    ] {
        call(&operator, Method::PUT, "", Some(body)).await.expect_problem(400, "invalid_request");
    }
    let shown = call(&operator, Method::GET, "", None).await.expect(200);
    assert_eq!(shown, moved, "what was refused changed nothing");
    gateway.stop().await;
}

#[actix_web::test]
async fn lists_come_before_the_share() {
    let gateway = TestGateway::start().await;
    let (client, operator) = (gateway.client(), gateway.operator());
    let (anna, ben) = (client.new_account(ANNA).await, client.new_account(BEN).await);
    set(&operator, json!({ "percent": 0 })).await;
    list(&operator, ANNA, "allow").await;
    list(&operator, BEN, "deny").await;
    assert!(is_available(&client, &anna).await && !is_available(&client, &ben).await);
    let shown = set(&operator, json!({ "percent": 100 })).await;
    assert_eq!((&shown["allowed"], &shown["denied"]), (&json!(1), &json!(1)));
    assert!(is_available(&client, &anna).await && !is_available(&client, &ben).await);
    let refused = begin_turning_on(&client, &ben).await.expect_problem(403, "two_step_unavailable");
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("step by step")), "{refused}");

    let page = call(&operator, Method::GET, "/accounts", None).await.expect(200);
    let listed: Vec<_> = page["accounts"].as_array().expect("a list").iter().map(|entry| &entry["listed"]).collect();
    assert_eq!(listed, ["allow", "deny"], "{page}");
    assert_eq!((&page["accounts"][0]["email"], &page["next"]), (&json!("a•••@example.com"), &Value::Null));

    list(&operator, ANNA, "deny").await;
    assert!(!is_available(&client, &anna).await);
    for email in [ANNA, BEN, BEN] {
        let tail = format!("/accounts/{}", id_of(&operator, email).await);
        call(&operator, Method::DELETE, &tail, None).await.expect(204);
    }
    assert!(is_available(&client, &anna).await && is_available(&client, &ben).await);
    gateway.stop().await;
}

#[actix_web::test]
async fn an_account_that_is_denied_stays_protected() {
    let gateway = TestGateway::start().await;
    let (client, operator) = (gateway.client(), gateway.operator());
    client.new_protected_account(ANNA).await;
    list(&operator, ANNA, "deny").await;
    client.sign_in(ANNA, crate::support::client::PASSWORD, &Install::new("Second"), None).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn who_falls_out_before_typing_the_code_does_not_turn_it_on() {
    let gateway = TestGateway::start().await;
    let (client, operator) = (gateway.client(), gateway.operator());
    let anna = client.new_account(ANNA).await;
    let challenge = Challenge::new(&begin_turning_on(&client, &anna).await.expect(202));
    let code = client.mailed_code(ANNA, "Turn on").await;
    set(&operator, json!({ "percent": 0 })).await;
    client.verify(&challenge, &code).await.expect_problem(403, "two_step_unavailable");
    set(&operator, json!({ "percent": 100 })).await;
    assert_eq!(client.verify(&challenge, &code).await.expect(200)["status"], "two_step_enabled");
    gateway.stop().await;
}

#[actix_web::test]
async fn an_unknown_account_is_told_apart() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let tail = format!("/accounts/{NOBODY}");
    for (method, body) in [(Method::PUT, Some(json!({ "listed": "allow" }))), (Method::DELETE, None)] {
        let refused = call(&operator, method, &tail, body).await.expect_problem(404, "not_found");
        assert!(refused["detail"].as_str().is_some_and(|text| text.contains("no account with this id")), "{refused}");
    }
    let body = Some(json!({ "listed": "maybe" }));
    call(&operator, Method::PUT, &tail, body).await.expect_problem(400, "invalid_request");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_long_list_comes_in_pages() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    share::insert_accounts(&gateway.database, 501).await;
    gateway.database.execute("INSERT INTO rollout_accounts SELECT account_id, 'allow' FROM accounts").await;
    let first = call(&operator, Method::GET, "/accounts", None).await.expect(200);
    let next = first["next"].as_str().expect("a next page");
    let second = call(&operator, Method::GET, &format!("/accounts?after={next}"), None).await.expect(200);
    let length = |page: &Value| page["accounts"].as_array().expect("a list").len();
    assert_eq!((length(&first), length(&second), &second["next"]), (500, 1, &Value::Null));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_web_page_moves_nothing() {
    let gateway = TestGateway::start().await;
    let http = reqwest::Client::new();
    let token = std::fs::read_to_string(operator_token_file()).expect("a token");
    let account = format!("/admin/rollout/accounts/{NOBODY}");
    for (method, path, body) in [
        (Method::PUT, "/admin/rollout", json!({ "percent": 1 })),
        (Method::POST, "/admin/rollout/resume", json!({})),
        (Method::PUT, &account, json!({ "listed": "allow" })),
        (Method::DELETE, &account, json!({})),
    ] {
        let request = http.request(method, format!("{}{path}", gateway.operator_url())).json(&body);
        let request = request.bearer_auth(token.trim()).header("origin", "https://page.example");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 403, "{path}");
    }
    assert_eq!(call(&gateway.operator(), Method::GET, "", None).await.expect(200)["percent"], 100.0);
    gateway.stop().await;
}
