//! New passwords: common ones are refused, and the strength of one is told.

use reqwest::Method;
use serde_json::{Value, json};

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
