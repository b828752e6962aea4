//! Limits by network, behind a reverse proxy that is trusted, and waits after wrong passwords.

use reqwest::Method;
use serde_json::json;
use twostep::settings::Settings;

use super::{ANNA, BEN};
use crate::support::client::{Answer, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

/// The tests are the reverse proxy.
fn behind_a_proxy(settings: &mut Settings) {
    settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
}

/// Signs in as a proxy passes it on for somebody at this address.
async fn sign_in(client: &Client, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password, "device": Install::new("Far").json() });
    client.send_for(address, Method::POST, "/v1/sign-in", None, Some(body)).await
}

async fn newest_ip(client: &Client, device: &SignedIn) -> String {
    client.activity(device).await[0]["ip"].as_str().expect("an address").to_owned()
}

#[actix_web::test]
async fn the_address_is_what_a_trusted_proxy_says_and_nobody_else() {
    let gateway = TestGateway::start_with(behind_a_proxy).await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    sign_in(&client, "198.51.100.1, 192.0.2.7", ANNA, PASSWORD).await.expect(200);
    assert_eq!(newest_ip(&client, &first).await, "192.0.2.7");
    let stranger = Client::from_address(&gateway.url(), "127.0.0.2");
    sign_in(&stranger, "192.0.2.8", ANNA, PASSWORD).await.expect(200);
    assert_eq!(newest_ip(&client, &first).await, "127.0.0.2");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_network_that_asks_too_often_is_told_when_to_come_back_and_others_go_on() {
    let gateway = TestGateway::start_with(|settings| {
        behind_a_proxy(settings);
        settings.limits.sign_in_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    for host in 1..=3 {
        sign_in(&client, &format!("2001:db8:1:2::{host}"), ANNA, PASSWORD).await.expect(200);
    }
    let refused = sign_in(&client, "2001:db8:1:2::9", ANNA, PASSWORD).await;
    let header: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=20).contains(&header), "{header}");
    refused.expect_problem(429, "too_many_requests");
    sign_in(&client, "2001:db8:1:3::1", ANNA, PASSWORD).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_tenth_wrong_password_from_one_address_is_followed_by_a_wait_for_every_address_of_an_account_alike() {
    let gateway = TestGateway::start_with(behind_a_proxy).await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let mut answers = Vec::new();
    for email in [ANNA, BEN] {
        for _ in 0..10 {
            sign_in(&client, "192.0.2.7", email, "wrong").await.expect_problem(401, "invalid_credentials");
        }
        let refused = sign_in(&client, "192.0.2.7", email, PASSWORD).await.expect_problem(429, "too_many_requests");
        assert!((1..=5).contains(&refused["retry_after"].as_u64().expect("seconds")), "{refused}");
        answers.push(refused["detail"].clone());
    }
    assert_eq!(answers[0], answers[1], "nobody learns whether there is an account");
    sign_in(&client, "192.0.2.8", ANNA, PASSWORD).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_network_has_a_hundred_wrong_passwords_an_hour() {
    let gateway = TestGateway::start_with(|settings| {
        behind_a_proxy(settings);
        settings.limits.sign_in_per_minute = 1000.try_into().expect("not zero");
    })
    .await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    for number in 0..100 {
        let email = format!("nobody{number}@example.com");
        sign_in(&client, "192.0.2.7", &email, "wrong").await.expect_problem(401, "invalid_credentials");
    }
    let refused = sign_in(&client, "192.0.2.7", ANNA, PASSWORD).await.expect_problem(429, "too_many_requests");
    assert!(refused["retry_after"].as_u64().expect("seconds") > 3000, "{refused}");
    sign_in(&client, "192.0.2.8", ANNA, PASSWORD).await.expect(200);
    gateway.stop().await;
}

/// A proxy appends to what its client sent, be that text or not.
#[actix_web::test]
async fn bytes_that_are_no_text_do_not_hide_the_address_behind_them() {
    let gateway = TestGateway::start_with(behind_a_proxy).await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let http = reqwest::Client::new();
    for (header, ip) in [(&b"\xff, 203.0.113.5"[..], "203.0.113.5"), (b"203.0.113.5, \xff", "0.0.0.0")] {
        let body = json!({ "email": ANNA, "password": PASSWORD, "device": Install::new("Far").json() });
        let header = reqwest::header::HeaderValue::from_bytes(header).expect("a header");
        let url = format!("{}/v1/sign-in", gateway.url());
        let answer = http.post(url).header("x-forwarded-for", header).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(newest_ip(&client, &first).await, ip);
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn calls_with_a_token_are_limited_too() {
    let gateway = TestGateway::start_with(|settings| {
        behind_a_proxy(settings);
        settings.limits.calls_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let call = async |address| {
        client.send_for(address, Method::GET, "/v1/login-security", Some(&first.access_token), None).await
    };
    for _ in 0..3 {
        call("192.0.2.7").await.expect(200);
    }
    call("192.0.2.7").await.expect_problem(429, "too_many_requests");
    call("192.0.2.8").await.expect(200);
    gateway.stop().await;
}
