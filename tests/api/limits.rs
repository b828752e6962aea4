//! Limits by network, behind a reverse proxy that is trusted, and waits after wrong passwords.

use reqwest::Method;
use serde_json::json;
use twostep::settings::{Mode, Settings, random_line};

use super::{ANNA, BEN};
use crate::support::client::{Answer, Call, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

/// The tests are the reverse proxy.
pub(super) fn behind_a_proxy(settings: &mut Settings) {
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
async fn calls_with_a_token_are_limited_by_session_wherever_they_come_from() {
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
    call("192.0.2.8").await.expect_problem(429, "too_many_requests");
    let body = sign_in(&client, "192.0.2.7", ANNA, PASSWORD).await.expect(200);
    let again = SignedIn::new(&Install::new("Far"), &body);
    client.send_for("192.0.2.7", Method::GET, "/v1/login-security", Some(&again.access_token), None).await.expect(200);
    gateway.stop().await;
}

/// How many calls come through before one is refused for their number, of fifty.
pub(super) async fn until_refused(call: impl AsyncFn() -> Answer) -> usize {
    for made in 0..50 {
        if call().await.status == 429 {
            return made;
        }
    }
    50
}

#[actix_web::test]
async fn no_claimed_address_is_exempt_from_a_limit() {
    let gateway = TestGateway::start_with(|settings| {
        behind_a_proxy(settings);
        settings.limits.sign_in_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let client = gateway.client();
    for address in
        ["127.0.0.9", "::1", "::ffff:127.0.0.8", "198.51.100.1, 127.0.0.7", "0.0.0.0", "127.0.0.1", "nonsense"]
    {
        let made = until_refused(async || sign_in(&client, address, "nobody@example.com", "wrong").await).await;
        assert!(made <= 3, "{made} for {address}");
    }
    gateway.stop().await;
}

/// Behind a proxy that nobody listed: it speaks for others, in whatever header.
#[actix_web::test]
async fn who_is_passed_on_by_a_proxy_on_this_machine_is_limited() {
    let gateway = TestGateway::start_with(|settings| {
        settings.limits.strangers_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let call = Call { method: Method::GET, path: "/v1/client-ip", token: None };
    let client = gateway.client();
    for (number, (name, value)) in [
        ("x-forwarded-for", "192.0.2.7"),
        ("forwarded", "for=192.0.2.7"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
        ("x-forwarded-proto", "https"),
    ]
    .into_iter()
    .enumerate()
    {
        let far = Client::from_address(&gateway.url(), &format!("127.0.1.{}", number + 1));
        assert_eq!(until_refused(async || far.send_with(&call, &[(name, value)], None).await).await, 3, "{name}");
    }
    assert_eq!(until_refused(async || client.send_with(&call, &[], None).await).await, 50, "a developer");
    gateway.stop().await;
}

#[actix_web::test]
async fn in_production_this_machine_is_limited_too() {
    let gateway = TestGateway::start_with(|settings| {
        settings.mode = Mode::Production;
        settings.codes.keys = Some(random_line("one").to_string().into());
        settings.limits.strangers_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let client = gateway.client();
    let call = async || client.send(Method::GET, "/v1/client-ip", None, None).await;
    assert_eq!(until_refused(call).await, 3);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_outbox_is_not_shown_to_who_comes_through_a_proxy() {
    let gateway = TestGateway::start_with(behind_a_proxy).await;
    let client = gateway.client();
    client.send(Method::GET, "/dev/outbox.json", None, None).await.expect(200);
    for address in ["192.0.2.7", "127.0.0.1"] {
        let shown = client.send_for(address, Method::GET, "/dev/outbox.json", None, None).await;
        shown.expect_problem(403, "forbidden");
    }
    gateway.stop().await;
}

/// What a call without a good token costs a network that others share.
#[actix_web::test]
async fn rubbish_from_a_shared_network_stops_no_good_token() {
    let gateway = TestGateway::start_with(|settings| {
        behind_a_proxy(settings);
        settings.limits.strangers_per_minute = 3.try_into().expect("not zero");
        settings.limits.sign_in_per_minute = 3.try_into().expect("not zero");
    })
    .await;
    let client = gateway.client();
    let owner = client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("Other")).await;
    let denied = client.begin_sign_in(ANNA, &Install::new("Stranger's")).await;
    let shared = "192.0.2.7";
    let rubbish = |prefix: &str| format!("{prefix}{}", "A".repeat(43));
    let (access, challenge_token, api_key) = (rubbish("ts_at_"), rubbish("ts_ct_"), rubbish("ts_ak_"));
    let ticket = format!("/v1/connect?ticket={}", rubbish("ts_wt_"));
    let refresh = json!({ "refresh_token": rubbish("ts_rt_") });
    let floods: [(Method, &str, Option<&str>, Option<serde_json::Value>); 9] = [
        (Method::GET, "/v1/client-ip", None, None),
        (Method::GET, "/v1/login-security", None, None),
        (Method::GET, "/v1/login-security", Some(&access), None),
        (Method::GET, "/v1/login-security", Some("nonsense"), None),
        (Method::GET, &challenge.path(""), Some(&challenge_token), None),
        (Method::GET, "/v1/connect", Some(&access), None),
        (Method::GET, &ticket, None, None),
        (Method::POST, "/v1/sessions/refresh", None, Some(refresh)),
        (Method::GET, "/v1/subjects/anna", Some(&api_key), None),
    ];
    for (method, path, token, body) in &floods {
        let made =
            until_refused(async || client.send_for(shared, method.clone(), path, *token, body.clone()).await).await;
        assert!(made <= 3, "{made} of {path}");
    }
    let far = "nobody@example.com";
    assert_eq!(until_refused(async || sign_in(&client, shared, far, "wrong").await).await, 3);

    let session = Some(owner.access_token.as_str());
    let send = async |method, path: &str, token, body| client.send_for(shared, method, path, token, body).await;
    send(Method::GET, "/v1/login-security", session, None).await.expect(200);
    let bought = send(Method::POST, "/v1/connect/ticket", session, None).await.expect(200);
    let connect = format!("/v1/connect?ticket={}", bought["ticket"].as_str().expect("a ticket"));
    // It got as far as the handshake, which this client does not make.
    send(Method::GET, &connect, None, None).await.expect_problem(400, "invalid_request");
    send(Method::GET, "/v1/connect", session, None).await.expect_problem(400, "invalid_request");
    send(Method::GET, &challenge.path(""), Some(&challenge.token), None).await.expect(200);
    send(Method::POST, &denied.path("/deny"), session, None).await.expect(204);
    let body = json!({
        "email": ANNA, "password": PASSWORD, "device": owner.install.json(), "trust_token": owner.trust_token,
    });
    assert_eq!(send(Method::POST, "/v1/sign-in", None, Some(body)).await.expect(200)["status"], "signed_in");
    let body = json!({ "refresh_token": owner.refresh_token });
    send(Method::POST, "/v1/sessions/refresh", None, Some(body)).await.expect(200);
    gateway.stop().await;
}
