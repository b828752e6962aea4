//! Wrong passwords: whom they stop.

use futures_util::future::join_all;
use serde_json::json;

use super::{ANNA, behind_a_proxy, sign_in_from};
use crate::support::client::{Install, PASSWORD};

const OFFICE: &str = "198.51.100.7";

#[actix_web::test]
async fn a_strangers_wrong_passwords_stop_no_trusted_device_on_the_same_network() {
    let (gateway, client) = behind_a_proxy().await;
    let owner = client.new_protected_account(ANNA).await;
    for _ in 0..11 {
        sign_in_from(&client, OFFICE, "wrong", &Install::new("Stranger"), None).await;
    }
    let problem = sign_in_from(&client, OFFICE, PASSWORD, &Install::new("Stranger"), None).await;
    problem.expect_problem(429, "too_many_requests");
    let forged = format!("ts_tt_{}", "A".repeat(43));
    let refused = sign_in_from(&client, OFFICE, PASSWORD, &owner.install, Some(&forged)).await;
    refused.expect_problem(429, "too_many_requests");

    sign_in_from(&client, OFFICE, PASSWORD, &owner.install, owner.trust_token.as_deref()).await.expect(200);
    let body = json!({ "current": PASSWORD, "new": "another battery staple" });
    let path = "/v1/login-security/password";
    let call = client.send_for(OFFICE, reqwest::Method::POST, path, Some(&owner.access_token), Some(body));
    call.await.expect(204);
    let body = json!({ "enabled": false, "password": "another battery staple" });
    let path = "/v1/login-security/two-step";
    client.send_for(OFFICE, reqwest::Method::POST, path, Some(&owner.access_token), Some(body)).await.expect(204);
    gateway.stop().await;
}

#[actix_web::test]
async fn of_sixty_wrong_passwords_at_once_ten_are_compared() {
    let (gateway, client) = behind_a_proxy().await;
    client.new_account(ANNA).await;
    let tries = (0..60).map(|_| {
        let client = client.clone();
        async move { sign_in_from(&client, OFFICE, "wrong", &Install::new("Stranger"), None).await.status.as_u16() }
    });
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 10, "{answers:?}");
    assert!(answers.iter().all(|status| [401, 429, 503].contains(status)), "{answers:?}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_48_of_ipv6_is_one_guesser() {
    let (gateway, client) = behind_a_proxy().await;
    client.new_account(ANNA).await;
    let mut compared = 0;
    for number in 0..40 {
        let ip = format!("2001:db8:0:{:x}::1", number << 8);
        let answer = sign_in_from(&client, &ip, "wrong", &Install::new("Stranger"), None).await;
        compared += i32::from(answer.status == 401);
    }
    assert_eq!(compared, 20);
    gateway.stop().await;
}
