//! Subscriptions: whose they are, how they are made, how they end, how much they get.

use std::time::Duration;

use serde_json::{Value, json};
use twostep_simulators::{WebPushOptions, WebPushSubscription};

use crate::application_server::{ApplicationServer, client};
use crate::{push, refusal, start, start_with};

#[tokio::test]
async fn a_restricted_subscription_takes_one_key_only() {
    let simulator = start().await;
    let server = ApplicationServer::generate();
    let subscription = simulator.subscribe(Some(&server.public_key()));
    let other = ApplicationServer::generate().request(&simulator, &subscription, b"{}");
    assert_eq!(other.send().await.unwrap().status().as_u16(), 403);
    assert!(refusal(&simulator).contains("restricted"));
    let own = server.request(&simulator, &subscription, b"{}");
    assert_eq!(own.send().await.unwrap().status().as_u16(), 201);
}

#[tokio::test]
async fn subscriptions_end() {
    let simulator = start().await;
    let mut subscription = simulator.subscribe(None);
    assert_eq!(push(&simulator, &subscription).await.0, 201);
    simulator.unsubscribe(&subscription.endpoint);
    assert_eq!(push(&simulator, &subscription).await.0, 410);
    subscription.endpoint.push('x');
    assert_eq!(push(&simulator, &subscription).await.0, 404);
    assert!(refusal(&simulator).contains("no such subscription"));
}

#[tokio::test]
async fn subscriptions_are_made_and_ended_over_http() {
    let simulator = start().await;
    let client = client(&simulator, true);
    let url = format!("{}/subscribe", simulator.origin());
    let server = ApplicationServer::generate();
    let wish = json!({"vapid": server.public_key()});
    let answer = client.post(&url).json(&wish).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let resource = answer.headers()["location"].to_str().unwrap().to_owned();
    let link = answer.headers()["link"].to_str().unwrap().to_owned();
    let made: Value = answer.json().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let endpoint = text(&made["endpoint"]);
    assert_eq!(link, format!("<{endpoint}>; rel=\"urn:ietf:params:push\""));
    let (p256dh, auth) = (text(&made["keys"]["p256dh"]), text(&made["keys"]["auth"]));
    let subscription = WebPushSubscription { endpoint, p256dh, auth };
    assert_eq!(push(&simulator, &subscription).await.0, 403);
    let own = server.request(&simulator, &subscription, b"{}");
    assert_eq!(own.send().await.unwrap().status().as_u16(), 201);
    assert_eq!(simulator.received().pop().unwrap().json(), Some(json!({})));
    assert_eq!(client.delete(resource).send().await.unwrap().status().as_u16(), 204);
    assert_eq!(push(&simulator, &subscription).await.0, 410);
}

#[tokio::test]
async fn a_client_may_bring_keys_of_its_own() {
    let simulator = start().await;
    let other = start().await.subscribe(None);
    let client = client(&simulator, true);
    let url = format!("{}/subscribe", simulator.origin());
    let keys = json!({"p256dh": other.p256dh, "auth": other.auth});
    let made: Value = client.post(&url).json(&keys).send().await.unwrap().json().await.unwrap();
    assert_eq!(made["keys"], keys);
    let subscription = WebPushSubscription { endpoint: made["endpoint"].as_str().unwrap().to_owned(), ..other };
    assert_eq!(push(&simulator, &subscription).await.0, 201);
    let received = simulator.received().pop().unwrap();
    assert!(received.message.is_none() && received.refusal.is_none() && received.body.len() > 100);
    let wrong = json!({"p256dh": "AAAA", "auth": "AAAA"});
    assert_eq!(client.post(&url).json(&wrong).send().await.unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn a_quota_is_for_each_subscription_and_minute() {
    let options = WebPushOptions { quota: Some(2), ..WebPushOptions::default() };
    let simulator = start_with(options).await;
    let first = simulator.subscribe(None);
    let second = simulator.subscribe(None);
    assert_eq!(push(&simulator, &first).await.0, 201);
    assert_eq!(push(&simulator, &first).await.0, 201);
    let (status, retry_after) = push(&simulator, &first).await;
    let seconds: u64 = retry_after.unwrap().parse().unwrap();
    assert!(status == 429 && (1..=60).contains(&seconds), "{status}, {seconds}");
    assert!(refusal(&simulator).contains("quota"));
    assert_eq!(push(&simulator, &second).await.0, 201);
    simulator.advance_clock(Duration::from_secs(60));
    assert_eq!(push(&simulator, &first).await.0, 201);
}
