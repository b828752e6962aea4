//! The APNs simulator against a client that does what the gateway never does.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it set it up")]

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use twostep_simulators::{ApnsBehaviour, ApnsFailure, ApnsOptions, ApnsSimulator, StartError};

const TOKEN: &str = "00112233445566778899aabbccddeeff";
const DEADLINE: Duration = Duration::from_secs(10);

async fn start() -> ApnsSimulator {
    ApnsSimulator::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

async fn connect(simulator: &ApnsSimulator) -> SendRequest<Bytes> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(simulator.ca_file()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let address = simulator.base_url().replace("https://", "");
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A provider token issued so many seconds ago.
fn bearer(simulator: &ApnsSimulator, age: u64) -> String {
    let der = PrivatePkcs8KeyDer::from_pem_file(simulator.signing_key_file()).unwrap();
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let key = EcdsaKeyPair::from_pkcs8(algorithm, der.secret_pkcs8_der(), &random).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(json!({"alg": "ES256", "kid": simulator.key_id()}));
    let claims = encode(json!({"iss": simulator.team_id(), "iat": now - age}));
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(&random, signed.as_bytes()).unwrap());
    format!("bearer {signed}.{signature}")
}

fn request(simulator: &ApnsSimulator, bearer: &str) -> Request<()> {
    Request::post(format!("{}/3/device/{TOKEN}", simulator.base_url()))
        .header("authorization", bearer)
        .header("apns-topic", simulator.topic())
        .header("apns-push-type", "alert")
        .body(())
        .unwrap()
}

/// Sends a request; gives back status and reason.
async fn exchange(sender: &SendRequest<Bytes>, request: Request<()>) -> Result<(u16, Option<String>), h2::Error> {
    let mut sender = sender.clone().ready().await?;
    let (response, mut body) = sender.send_request(request, false)?;
    body.send_data(Bytes::from_static(br#"{"aps":{}}"#), true)?;
    let response = response.await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(chunk) = body.data().await {
        text.extend_from_slice(&chunk?);
    }
    let text: Value = serde_json::from_slice(&text).unwrap_or_default();
    Ok((status, text["reason"].as_str().map(str::to_owned)))
}

async fn refusal(simulator: &ApnsSimulator, bearer: &str) -> Option<ApnsFailure> {
    let sender = connect(simulator).await;
    let (status, reason) = exchange(&sender, request(simulator, bearer)).await.unwrap();
    let refused = simulator.received().pop().unwrap().refusal;
    assert_eq!(status, refused.map_or(200, ApnsFailure::status));
    assert_eq!(reason.as_deref(), refused.map(ApnsFailure::reason));
    refused
}

#[tokio::test]
async fn provider_tokens_are_judged_by_signature_and_age() {
    let simulator = start().await;
    let other = start().await;
    assert_eq!(refusal(&simulator, &bearer(&simulator, 0)).await, None);
    assert_eq!(refusal(&simulator, &bearer(&simulator, 3590)).await, None);
    let expired = Some(ApnsFailure::ExpiredProviderToken);
    assert_eq!(refusal(&simulator, &bearer(&simulator, 3660)).await, expired);
    let invalid = Some(ApnsFailure::InvalidProviderToken);
    assert_eq!(refusal(&simulator, &bearer(&other, 0)).await, invalid);
    assert_eq!(refusal(&simulator, "bearer x.y").await, invalid);
    assert_eq!(refusal(&simulator, "basic x").await, Some(ApnsFailure::MissingProviderToken));
    let token = bearer(&simulator, 0);
    simulator.advance_clock(Duration::from_secs(3660));
    assert_eq!(refusal(&simulator, &token).await, expired);
}

#[tokio::test]
async fn a_connection_may_not_change_its_token_often() {
    let simulator = start().await;
    let sender = connect(&simulator).await;
    let send = |age| exchange(&sender, request(&simulator, &bearer(&simulator, age)));
    assert_eq!(send(0).await.unwrap().0, 200);
    let (status, reason) = send(1).await.unwrap();
    assert_eq!((status, reason.as_deref()), (429, Some("TooManyProviderTokenUpdates")));
    simulator.advance_clock(Duration::from_secs(20 * 60));
    assert_eq!(send(2).await.unwrap().0, 200);
}

#[tokio::test]
async fn streams_before_the_first_success_are_refused() {
    let simulator = start().await;
    let slow = ApnsBehaviour::Slow(Duration::from_millis(200), Box::new(ApnsBehaviour::Accept));
    simulator.script_all(vec![slow]);
    let mut sender = connect(&simulator).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let (response, mut body) = sender.send_request(request(&simulator, &bearer(&simulator, 0)), false).unwrap();
        body.send_data(Bytes::from_static(br#"{"aps":{}}"#), true).unwrap();
        answers.push(tokio::spawn(response));
    }
    let mut refused = 0;
    for answer in answers {
        let error = answer.await.unwrap().err();
        refused += usize::from(error.is_some_and(|error| error.reason() == Some(h2::Reason::REFUSED_STREAM)));
    }
    assert_eq!((refused, simulator.early_streams()), (2, 2));
}

#[tokio::test]
async fn the_limit_of_streams_rises_with_the_first_success() {
    let options = ApnsOptions { most_streams: 77, ..ApnsOptions::default() };
    let simulator = ApnsSimulator::start_with((Ipv4Addr::LOCALHOST, 0).into(), options).await.unwrap();
    let sender = connect(&simulator).await;
    let limit = |wanted: usize| {
        let sender = &sender;
        tokio::time::timeout(DEADLINE, async move {
            while sender.current_max_send_streams() != wanted {
                tokio::task::yield_now().await;
            }
        })
    };
    limit(1).await.unwrap();
    exchange(&sender, request(&simulator, "bearer x.y")).await.unwrap();
    assert_eq!(sender.current_max_send_streams(), 1);
    exchange(&sender, request(&simulator, &bearer(&simulator, 0))).await.unwrap();
    limit(77).await.unwrap();
    // The connection survives the client's answer to settings that the server's HTTP/2 library never sent.
    for _ in 0..3 {
        exchange(&sender, request(&simulator, &bearer(&simulator, 0))).await.unwrap();
    }
    assert_eq!(simulator.connections(), 1);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let refused = ApnsSimulator::start((Ipv4Addr::UNSPECIFIED, 0).into()).await;
    assert!(matches!(refused, Err(StartError::NotLoopback(_))));
}
