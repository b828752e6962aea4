//! Assertions: what an app's server believes without a call.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use twostep::domain::app_server::assertion::AssertionHeader;
use twostep::settings;

use super::AppServer;
use crate::support::client::{Client, DEADLINE, Install};
use crate::support::gateway::TestGateway;

/// The public keys that anybody may fetch.
async fn published(client: &Client) -> Vec<Value> {
    let answer = client.send(Method::GET, "/.well-known/jwks.json", None, None).await;
    assert!(answer.headers["cache-control"].to_str().is_ok_and(|cache| cache.contains("public")));
    answer.expect(200)["keys"].as_array().expect("a list").clone()
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).expect("base64url")
}

/// Checks an assertion as an app's server does; answers with its claims.
fn checked(token: &str, keys: &[Value]) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let header: Value = serde_json::from_slice(&decoded(parts[0])).expect("JSON");
    assert!(["EdDSA", "Ed25519"].contains(&header["alg"].as_str().expect("a name")), "{header}");
    let key = keys.iter().find(|key| key["kid"] == header["kid"])?;
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
    let public = UnparsedPublicKey::new(&ED25519, decoded(key["x"].as_str().expect("text")));
    let signed = &token[..token.rfind('.').expect("three parts")];
    public.verify(signed.as_bytes(), &decoded(parts[2])).ok()?;
    Some(serde_json::from_slice(&decoded(parts[1])).expect("JSON"))
}

#[actix_web::test]
async fn the_right_code_brings_an_assertion_that_says_who_and_for_whom() {
    let issuer = "https://id.example.com";
    let gateway = TestGateway::start_with(|settings| settings.assertions.issuer = Some(issuer.to_owned())).await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    let code = screen.code_of(&challenge.id).await;
    let verified = app.client.verify(&challenge, &code).await.expect(200);
    let keys = published(&app.client).await;
    let claims = checked(verified["assertion"].as_str().expect("an assertion"), &keys).expect("signed");
    assert_eq!((&claims["iss"], &claims["aud"], &claims["sub"]), (&json!(issuer), &json!("shop"), &json!("ann")));
    assert_eq!((&claims["jti"], &claims["device_id"]), (&json!(challenge.id), &verified["device"]["id"]));
    assert_eq!((&claims["amr"], &claims["method"]), (&json!(["otp", "mfa"]), &json!("app")));
    let second = |name: &str| claims[name].as_i64().expect("a number");
    assert_eq!(second("exp") - second("iat"), 120);
    assert!((second("iat") - second("auth_time")).abs() <= 60);

    let body = json!({ "name": "another app", "scopes": ["verifications:read"] });
    let other = gateway.operator().send(Method::POST, "/admin/api-keys", None, Some(body)).await.expect(201);
    let other = other["key"].as_str().expect("a key");
    let path = format!("/v1/verifications/{}", challenge.id);
    app.client.get(&path, other).await.expect_problem(404, "not_found");
    gateway.stop().await;
}

/// RFC 9864: the same signature by its newer name, with a type of its own.
#[actix_web::test]
async fn the_newer_name_of_the_signature_can_be_chosen() {
    let gateway = TestGateway::start_with(|settings| settings.assertions.algorithm = AssertionHeader::Ed25519).await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    let code = screen.code_of(&challenge.id).await;
    let verified = app.client.verify(&challenge, &code).await.expect(200);
    let token = verified["assertion"].as_str().expect("an assertion");
    let header: Value = serde_json::from_slice(&decoded(token.split('.').next().expect("a header"))).expect("JSON");
    assert_eq!((&header["alg"], &header["typ"]), (&json!("Ed25519"), &json!("twostep-verification+jwt")));
    let keys = published(&app.client).await;
    assert!(keys.iter().all(|key| key["alg"] == "Ed25519"), "{keys:?}");
    checked(token, &keys).expect("signed");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_sign_in_with_the_gateways_own_password_brings_none() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let own = client.new_protected_account("ann@example.com").await;
    let mut screen = client.connect(&own).await;
    let challenge = client.begin_sign_in("ann@example.com", &Install::new("Second")).await;
    let code = screen.code_of(&challenge.id).await;
    let verified = client.verify(&challenge, &code).await.expect(200);
    assert!(verified.get("assertion").is_none(), "{verified}");
    gateway.stop().await;
}

#[actix_web::test]
async fn after_a_rotation_assertions_from_before_are_believed_until_their_key_is_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("code-keys");
    let (first, second) = (settings::random_line("k1").to_string(), settings::random_line("k2").to_string());
    settings::replace_secret(&file, &first).expect("written");
    let gateway = TestGateway::start_with(|settings| settings.codes.keys_file = Some(file.clone())).await;
    let app = AppServer::new(&gateway).await;
    let (_, mut screen) = app.protected("ann").await;
    let challenge = app.begin_challenge("ann", &Install::new("Second")).await;
    let code = screen.code_of(&challenge.id).await;
    let verified = app.client.verify(&challenge, &code).await.expect(200);
    let older = verified["assertion"].as_str().expect("an assertion").to_owned();

    let take = async |text: String, kids: &[&str]| {
        settings::replace_secret(&file, &text).expect("written");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let keys = published(&app.client).await;
            if keys.iter().map(|key| key["kid"].as_str().expect("text")).eq(kids.iter().copied()) {
                return keys;
            }
            assert!(Instant::now() < deadline, "{keys:?}");
        }
    };
    let keys = take(format!("{second}\n{first}"), &["k1", "k2"]).await;
    assert!(checked(&older, &keys).is_some());
    let status = app.status(&challenge).await;
    assert_eq!(status["status"], "verified");
    let deadline = Instant::now() + DEADLINE;
    let newer = loop {
        let newer = app.status(&challenge).await["assertion"].as_str().expect("an assertion").to_owned();
        let header: Value = serde_json::from_slice(&decoded(newer.split('.').next().expect("a part"))).expect("JSON");
        if header["kid"] == "k2" {
            break newer;
        }
        assert!(Instant::now() < deadline, "{header}");
    };
    assert!(checked(&newer, &keys).is_some());
    let keys = take(format!("{second}\nk1:revoked"), &["k2"]).await;
    assert!(checked(&older, &keys).is_none() && checked(&newer, &keys).is_some());
    gateway.stop().await;
}
