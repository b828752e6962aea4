//! The service account that the simulator invents, and the checks of its assertions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use serde_json::{Value, json};

use crate::StartError;

const CLIENT_EMAIL: &str = "twostep@simulated.iam.gserviceaccount.com";
const KEY_ID: &str = "5e1f51a7edca5e5e1f51a7edca5e5e1f51a7edca";
/// Google's own clients keep this audience whatever the key file's `token_uri` is.
const GOOGLE_AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"];
/// Longest life of an assertion, in seconds.
const MAX_ASSERTION_LIFE: i64 = 3600;
/// How far clocks may differ, in seconds.
const CLOCK_TOLERANCE: i64 = 300;

/// A service account and the access tokens issued to it.
#[derive(Debug)]
pub(super) struct Account {
    public_key: Vec<u8>,
    own_audience: String,
    file: PathBuf,
    /// Access tokens that are valid, with their ends in seconds since 1970.
    valid: Mutex<HashMap<String, i64>>,
}

/// Generating takes about a second in a debug build: once per process is enough.
fn private_key_pem() -> Result<&'static str, StartError> {
    static PEM: OnceLock<Option<String>> = OnceLock::new();
    let generate = || {
        let key = rsa::PrivateKey::new(&mut rand::rng(), 2048).ok()?;
        Some(key.to_pkcs8_pem(LineEnding::LF).ok()?.to_string())
    };
    PEM.get_or_init(generate).as_deref().ok_or(StartError::Key)
}

impl Account {
    /// Makes the account and writes its JSON file into `directory`.
    pub(super) fn create(directory: &Path, base_url: &str, project: &str) -> Result<Self, StartError> {
        let pem = private_key_pem()?;
        let own_audience = format!("{base_url}/token");
        let file = directory.join("service-account.json");
        let content = json!({
            "type": "service_account",
            "project_id": project,
            "private_key_id": KEY_ID,
            "private_key": pem,
            "client_email": CLIENT_EMAIL,
            "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": own_audience,
        });
        std::fs::write(&file, format!("{content:#}\n"))?;
        Ok(Self { public_key: public_key(pem)?, own_audience, file, valid: Mutex::default() })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Checks an assertion; the error is the `error_description` of the refusal.
    pub(super) fn check_assertion(&self, assertion: &str, now: i64) -> Result<(), &'static str> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or("Not a JWT.")?;
        let (header, claims) = signed.split_once('.').ok_or("Not a JWT.")?;
        let signature = decode(signature).ok_or("Signature is not base64url.")?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| "Invalid JWT Signature.")?;
        let header = decode_json(header).ok_or("Header is not JSON.")?;
        if header["alg"] != "RS256" {
            return Err("alg must be RS256.");
        }
        if header.get("kid").is_some_and(|kid| kid != KEY_ID) {
            return Err("Unknown key id.");
        }
        self.check_claims(&decode_json(claims).ok_or("Claims are not JSON.")?, now)
    }

    fn check_claims(&self, claims: &Value, now: i64) -> Result<(), &'static str> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        let issued = number("iat");
        let ends = number("exp");
        if text("iss") != CLIENT_EMAIL {
            return Err("Invalid issuer.");
        }
        if text("aud") != self.own_audience && text("aud") != GOOGLE_AUDIENCE {
            return Err("Invalid audience.");
        }
        if !text("scope").split(' ').any(|scope| SCOPES.contains(&scope)) {
            return Err("No scope for Firebase messaging.");
        }
        if issued > now + CLOCK_TOLERANCE || ends < now - CLOCK_TOLERANCE {
            return Err("Token must be a short-lived token and in a reasonable timeframe.");
        }
        if ends <= issued || ends - issued > MAX_ASSERTION_LIFE {
            return Err("exp must be at most one hour after iat.");
        }
        Ok(())
    }

    /// Issues an access token.
    pub(super) fn issue(&self, life_seconds: i64, now: i64) -> Result<String, ring::error::Unspecified> {
        let mut random = [0_u8; 32];
        SystemRandom::new().fill(&mut random)?;
        let token = format!("ya29.sim-{}", URL_SAFE_NO_PAD.encode(random));
        let mut valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        valid.retain(|_, ends| *ends > now);
        valid.insert(token.clone(), now + life_seconds);
        Ok(token)
    }

    /// Whether a bearer token is one of ours and still valid.
    pub(super) fn accepts(&self, token: &str, now: i64) -> bool {
        let valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        valid.get(token).is_some_and(|ends| *ends > now)
    }

    /// Makes every token issued so far invalid.
    pub(super) fn revoke_all(&self) {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn public_key(pem: &str) -> Result<Vec<u8>, StartError> {
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::pki_types::pem::PemObject;
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| StartError::Key)?;
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| StartError::Key)?;
    Ok(pair.public_key().as_ref().to_vec())
}

/// Google takes base64url with and without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

fn decode_json(text: &str) -> Option<Value> {
    serde_json::from_slice(&decode(text)?).ok()
}
