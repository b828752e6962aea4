//! The team that the simulator invents: its signing key, and the checks of provider tokens.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use serde_json::Value;

use super::ApnsFailure;
use crate::StartError;

/// Ten characters, as Apple's.
pub(super) const KEY_ID: &str = "SIMKEY0001";
/// Ten characters, as Apple's.
pub(super) const TEAM_ID: &str = "SIMTEAM001";
/// Oldest provider token, in seconds.
const MAX_AGE: i64 = 3600;
/// How far ahead the sender's clock may be, in seconds.
const CLOCK_TOLERANCE: i64 = 60;

/// The public half of the signing key, and where the private half lies.
#[derive(Debug)]
pub(super) struct Team {
    public_key: Vec<u8>,
    pub(super) signing_key_file: PathBuf,
}

impl Team {
    /// Generates a signing key and writes its `.p8` file into `directory`.
    pub(super) fn create(directory: &Path) -> Result<Self, StartError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| StartError::Key)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random);
        let pair = pair.map_err(|_| StartError::Key)?;
        let signing_key_file = directory.join(format!("AuthKey_{KEY_ID}.p8"));
        std::fs::write(&signing_key_file, pem(der.as_ref()))?;
        Ok(Self { public_key: pair.public_key().as_ref().to_vec(), signing_key_file })
    }

    /// Checks the `authorization` header.
    pub(super) fn check(&self, authorization: Option<&str>, now: i64) -> Result<(), ApnsFailure> {
        let value = authorization.ok_or(ApnsFailure::MissingProviderToken)?;
        let (scheme, token) = value.split_once(' ').ok_or(ApnsFailure::InvalidProviderToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApnsFailure::MissingProviderToken);
        }
        let issued = self.issued_at(token).ok_or(ApnsFailure::InvalidProviderToken)?;
        if issued > now + CLOCK_TOLERANCE {
            return Err(ApnsFailure::InvalidProviderToken);
        }
        match now - issued > MAX_AGE {
            true => Err(ApnsFailure::ExpiredProviderToken),
            false => Ok(()),
        }
    }

    /// `iat` of a token that is signed by this team's key.
    fn issued_at(&self, token: &str) -> Option<i64> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public_key);
        key.verify(signed.as_bytes(), &signature).ok()?;
        let header = decode_json(header)?;
        let claims = decode_json(claims)?;
        let ours = header["alg"] == "ES256" && header["kid"] == KEY_ID && claims["iss"] == TEAM_ID;
        ours.then(|| claims["iat"].as_i64())?
    }
}

fn decode_json(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
