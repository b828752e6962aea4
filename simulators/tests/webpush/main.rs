//! The Web Push simulator against an application server that does what the gateway never does.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it set it up")]

mod application_server;
mod behaviours;
mod checks;
mod subscriptions;

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Version;
use serde_json::json;
use twostep_simulators::providers::write_webpush_environment;
use twostep_simulators::{StartError, WebPushOptions, WebPushSimulator, WebPushSubscription};

use self::application_server::{ApplicationServer, client};

const DEADLINE: Duration = Duration::from_secs(60);

async fn start() -> WebPushSimulator {
    start_with(WebPushOptions::default()).await
}

async fn start_with(options: WebPushOptions) -> WebPushSimulator {
    WebPushSimulator::start_with((Ipv4Addr::LOCALHOST, 0).into(), options).await.unwrap()
}

/// Why the last push was out of order.
fn refusal(simulator: &WebPushSimulator) -> String {
    simulator.received().pop().unwrap().refusal.clone().unwrap_or_default()
}

/// Status and `Retry-After` of a push that is in order.
async fn push(simulator: &WebPushSimulator, subscription: &WebPushSubscription) -> (u16, Option<String>) {
    let server = ApplicationServer::generate();
    let answer = server.request(simulator, subscription, b"{}").send().await.unwrap();
    let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), retry_after)
}

#[tokio::test]
async fn a_message_is_decrypted_as_by_the_user_agent() {
    let simulator = start().await;
    let server = ApplicationServer::generate();
    let subscription = simulator.subscribe(Some(&server.public_key()));
    let answer = server.request(&simulator, &subscription, br#"{"n":1}"#).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (201, Version::HTTP_2));
    let message = answer.headers()["location"].to_str().unwrap();
    assert!(message.starts_with(&format!("{}/message/", simulator.origin())), "{message}");
    let received = simulator.wait_for(DEADLINE, |received| received.len() == 1).await.unwrap();
    assert_eq!(received[0].endpoint, subscription.endpoint);
    assert_eq!(received[0].json(), Some(json!({"n": 1})));
    assert_eq!(received[0].public_key, Some(server.public_key()));
    assert_eq!(received[0].refusal, None);
    assert!(received[0].headers.contains(&("ttl".to_owned(), "60".to_owned())));
    assert_ne!(received[0].body, br#"{"n":1}"#);
    assert_eq!(simulator.connections(), 1);
}

#[tokio::test]
async fn http1_is_spoken_too() {
    let simulator = start().await;
    let subscription = simulator.subscribe(None);
    let request = ApplicationServer::generate().request(&simulator, &subscription, b"{}").build().unwrap();
    let answer = client(&simulator, false).execute(request).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (201, Version::HTTP_11));
}

#[tokio::test]
async fn a_host_may_be_known_by_name() {
    let options = WebPushOptions { host: Some("localhost".to_owned()), ..WebPushOptions::default() };
    let simulator = start_with(options).await;
    assert_eq!(simulator.origin(), format!("https://{}", simulator.host()));
    assert!(simulator.host().starts_with("localhost:"));
    let subscription = simulator.subscribe(None);
    assert!(subscription.endpoint.starts_with(simulator.origin()));
    assert_eq!(push(&simulator, &subscription).await.0, 201);
}

#[tokio::test]
async fn the_environment_points_at_it() {
    let simulator = start().await;
    let mut printed = Vec::new();
    write_webpush_environment(&mut printed, &simulator).unwrap();
    let ca_file = simulator.ca_file();
    assert!(ca_file.exists());
    let services = format!("TWOSTEP__WEBPUSH__SERVICES=[\"{}\"]\n", simulator.host());
    let trust_root = format!("TWOSTEP__WEBPUSH__TRUST_ROOT_FILE={}\n", ca_file.display());
    assert_eq!(String::from_utf8(printed).unwrap(), services + &trust_root);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let refused = WebPushSimulator::start((Ipv4Addr::UNSPECIFIED, 0).into()).await;
    assert!(matches!(refused, Err(StartError::NotLoopback(_))));
}
