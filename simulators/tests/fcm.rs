//! The FCM simulator against a client that does what the gateway never does.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it set it up")]

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use twostep_simulators::providers::write_environment;
use twostep_simulators::{ApnsSimulator, FcmSimulator};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

async fn start() -> FcmSimulator {
    FcmSimulator::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

fn client(http2: bool) -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls);
    if http2 { builder.http2_prior_knowledge().build().unwrap() } else { builder.build().unwrap() }
}

/// An assertion as Google asks for it, with some claims changed.
fn assertion(simulator: &FcmSimulator, changes: &Value, padded: bool) -> String {
    let file = std::fs::read(simulator.service_account_file()).unwrap();
    let account: Value = serde_json::from_slice(&file).unwrap();
    let pem = account["private_key"].as_str().unwrap();
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({
        "iss": account["client_email"], "scope": SCOPE, "aud": account["token_uri"], "iat": now, "exp": now + 3600,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let encode = |bytes: &[u8]| if padded { URL_SAFE.encode(bytes) } else { URL_SAFE_NO_PAD.encode(bytes) };
    let header = encode(json!({"alg": "RS256", "typ": "JWT"}).to_string().as_bytes());
    let signed = format!("{header}.{}", encode(claims.to_string().as_bytes()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", encode(&signature))
}

async fn ask_token(simulator: &FcmSimulator, assertion: &str) -> (u16, Value) {
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)];
    let url = format!("{}/token", simulator.base_url());
    let answer = client(false).post(url).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn access_token(simulator: &FcmSimulator) -> String {
    let (status, answer) = ask_token(simulator, &assertion(simulator, &json!({}), false)).await;
    assert_eq!(status, 200);
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn send(simulator: &FcmSimulator, token: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/v1/projects/twostep-simulated/messages:send", simulator.base_url());
    let answer = client(false).post(url).bearer_auth(token).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn assertions_are_judged_by_signature_and_claims() {
    let simulator = start().await;
    let google = json!({"aud": "https://oauth2.googleapis.com/token"});
    for (changes, padded) in [(json!({}), false), (json!({}), true), (google, false)] {
        let (status, answer) = ask_token(&simulator, &assertion(&simulator, &changes, padded)).await;
        assert_eq!((status, answer["expires_in"].as_i64()), (200, Some(3599)), "{answer}");
    }
    for changes in [
        json!({"aud": "https://elsewhere.example"}),
        json!({"scope": "https://www.googleapis.com/auth/drive"}),
        json!({"iss": "somebody@else.example"}),
        json!({"iat": 1_000_000, "exp": 1_003_600}),
        json!({"exp": 9_999_999_999_u64}),
    ] {
        let (status, answer) = ask_token(&simulator, &assertion(&simulator, &changes, false)).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{changes}");
    }
    let mut forged = assertion(&simulator, &json!({}), false);
    forged.replace_range(forged.len() - 8..forged.len() - 4, "AAAA");
    assert_eq!(ask_token(&simulator, &forged).await.0, 400);
}

#[tokio::test]
async fn access_tokens_end() {
    let simulator = start().await;
    let token = access_token(&simulator).await;
    let body = json!({"message": {"token": "device"}});
    assert_eq!(send(&simulator, &token, &body).await.0, 200);
    assert_eq!(send(&simulator, "ya29.made-up", &body).await.0, 401);
    simulator.advance_clock(Duration::from_secs(3600));
    let (status, answer) = send(&simulator, &token, &body).await;
    assert_eq!((status, answer["error"]["status"].as_str()), (401, Some("UNAUTHENTICATED")));
    assert_eq!(answer["error"]["details"], json!([]));
}

#[tokio::test]
async fn fields_of_the_legacy_api_are_refused() {
    let simulator = start().await;
    let token = access_token(&simulator).await;
    let legacy = json!({"to": "device", "time_to_live": 60, "data": {"a": "b"}});
    let (status, answer) = send(&simulator, &token, &legacy).await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().contains("Cannot find field"), "{answer}");
    assert!(simulator.received()[0].refusal.is_some());
}

#[tokio::test]
async fn http2_is_spoken_too() {
    let simulator = start().await;
    let token = access_token(&simulator).await;
    let url = format!("{}/v1/projects/twostep-simulated/messages:send", simulator.base_url());
    let body = json!({"message": {"fid": "f"}});
    let answer = client(true).post(url).bearer_auth(token).json(&body).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test]
async fn the_environment_points_at_both() {
    let fcm = start().await;
    let apns = ApnsSimulator::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let mut printed = Vec::new();
    write_environment(&mut printed, &fcm, &apns).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains(&format!("TWOSTEP__FCM__BASE_URL={}\n", fcm.base_url())));
    assert!(printed.contains(&format!("TWOSTEP__APNS__BASE_URL={}\n", apns.base_url())));
    let files = printed.lines().filter_map(|line| line.split_once("_FILE=")).map(|(_, path)| path);
    assert!(files.clone().count() == 3 && files.into_iter().all(|path| std::path::Path::new(path).exists()));
}
