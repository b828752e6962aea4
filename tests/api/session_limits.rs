//! What bounds sessions and those who watch challenges.

use reqwest::Method;
use serde_json::json;

use super::limits::{behind_a_proxy, until_refused};
use super::{ANNA, BEN};
use crate::support::client::{Challenge, Client, DEADLINE, Install, SignedIn};
use crate::support::gateway::TestGateway;

/// A device that anybody let in once, and that is not trusted.
async fn untrusted(client: &Client, owner: &SignedIn, email: &str) -> SignedIn {
    let install = Install::new("Untrusted");
    let mut screen = client.connect(owner).await;
    let challenge = client.begin_sign_in(email, &install).await;
    let code = screen.code_of(&challenge.id).await;
    client.sign_in_with_code(&challenge, &code, &install, false).await
}

#[actix_web::test]
async fn what_a_session_changes_is_bounded_and_stops_no_trusted_device() {
    let gateway = TestGateway::start_with(behind_a_proxy).await;
    let client = gateway.client();
    let owner = client.new_protected_account(ANNA).await;
    let stranger = untrusted(&client, &owner, ANNA).await;
    let denied = client.begin_sign_in(ANNA, &Install::new("Another")).await;
    let from = "192.0.2.7";
    let rename = async |device: &SignedIn| {
        let (token, body) = (Some(device.access_token.as_str()), json!({ "app_version": "2.0.0" }));
        client.send_for(from, Method::PATCH, "/v1/devices/current", token, Some(body)).await
    };
    let made = until_refused(async || rename(&stranger).await).await;
    assert!((30..=40).contains(&made), "{made}");
    let refused = rename(&stranger).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.expect_problem(429, "too_many_requests");
    let reads = client.send_for(from, Method::GET, "/v1/login-security", Some(&stranger.access_token), None).await;
    reads.expect(200);

    let owners = Some(owner.access_token.as_str());
    client.send_for(from, Method::POST, &denied.path("/deny"), owners, None).await.expect(204);
    client.send_for(from, Method::POST, "/v1/login-security/unfreeze", owners, None).await.expect(204);
    let sign_out = client.send_for(from, Method::DELETE, "/v1/sessions/current", Some(&stranger.access_token), None);
    sign_out.await.expect(204);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_network_watches_so_many_challenges_and_others_watch_theirs() {
    let gateway = TestGateway::start_with(|settings| {
        behind_a_proxy(settings);
        settings.http.max_event_streams_per_network = 1;
        settings.http.max_event_streams = 2;
    })
    .await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    client.new_protected_account(BEN).await;
    let mut challenges: Vec<Challenge> = Vec::new();
    for email in [ANNA, ANNA, BEN] {
        challenges.push(client.begin_sign_in(email, &Install::new("New")).await);
    }
    let http = reqwest::Client::builder().timeout(DEADLINE).build().expect("a client");
    let watch = async |challenge: &Challenge, from: &str| {
        let url = format!("{}{}", gateway.url(), challenge.path("/events"));
        let request = http.get(url).bearer_auth(&challenge.token).header("x-forwarded-for", from);
        request.send().await.expect("an answer")
    };
    let first = watch(&challenges[0], "192.0.2.7").await;
    assert_eq!(first.status(), 200);
    let refused = watch(&challenges[1], "192.0.2.7").await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let second = watch(&challenges[1], "192.0.2.8").await;
    assert_eq!(second.status(), 200);
    assert_eq!(watch(&challenges[2], "192.0.2.9").await.status(), 429, "the node has two");
    // Who may not watch may ask.
    client.get(&challenges[2].path(""), &challenges[2].token).await.expect(200);
    drop((first, second));
    gateway.stop().await;
}
