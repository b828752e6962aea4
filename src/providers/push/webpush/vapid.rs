//! Who pushes to browsers: Voluntary Application Server Identification (RFC 8292).
//!
//! A subscription of a browser is bound to one public key. So keys are kept for long, and an old one is good until the last browser
//! that subscribed with it has come by.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use super::super::{PushSetupError, jwt};

/// How long a token is good: RFC 8292 section 2 allows 24 hours.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(12);
/// A token is replaced when no more than this is left of it: longer than a push may wait for its turn, and than clocks differ.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// Tokens kept: one for each key and push service. Services have many names of hosts (those of Windows one for each datacentre).
const MAX_TOKENS: usize = 1024;
/// Keys in a file.
const MAX_KEYS: usize = 8;

/// The keys: the current one, with which browsers subscribe, and older ones that they subscribed with before.
pub struct VapidKeys {
    keys: Vec<VapidKey>,
    contact: String,
    tokens: Mutex<HashMap<(usize, String), Token>>,
}

struct VapidKey {
    pair: EcdsaKeyPair,
    public: String,
}

struct Token {
    authorization: HeaderValue,
    good_until: Timestamp,
}

#[derive(Serialize)]
struct Header {
    typ: &'static str,
    alg: &'static str,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

impl VapidKeys {
    /// Reads private keys in PEM (PKCS#8, P-256), the current one first. `contact` is a `mailto:` or `https:` URI by which a push
    /// service finds the operator (RFC 8292 section 2.1).
    ///
    /// # Errors
    /// [`PushSetupError::VapidKeys`] when there is none, one is not such a key, or there are more than 8.
    pub(super) fn parse(pem: &SecretString, contact: String) -> Result<Self, PushSetupError> {
        let blocks = PrivatePkcs8KeyDer::pem_slice_iter(pem.expose_secret().as_bytes());
        let keys = blocks.map(|block| {
            let der = Zeroizing::new(block.map_err(|_| PushSetupError::VapidKeys)?);
            VapidKey::read(der.secret_pkcs8_der())
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(PushSetupError::VapidKeys);
        }
        Ok(Self { keys, contact, tokens: Mutex::default() })
    }

    /// The public keys, in base64url of the uncompressed point, the current one first.
    pub(super) fn public(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.public.as_str())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    /// The `Authorization` header of one key for the service at an endpoint. Holds a lock over a signing now and then.
    ///
    /// # Errors
    /// When the key refuses to sign.
    pub(super) fn authorization(&self, key: usize, endpoint: &Url, now: Timestamp) -> Result<HeaderValue, Unspecified> {
        let origin = endpoint.origin().ascii_serialization();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (key, origin);
        if let Some(token) = tokens.get(&place).filter(|token| now < token.good_until) {
            return Ok(token.authorization.clone());
        }
        if tokens.len() >= MAX_TOKENS {
            tokens.clear();
        }
        let authorization = self.sign(key, &place.1, now)?;
        let good_until = now.saturating_add(GOOD_FOR - RENEW_BEFORE).map_err(|_| Unspecified)?;
        tokens.insert(place, Token { authorization: authorization.clone(), good_until });
        Ok(authorization)
    }

    fn sign(&self, key: usize, origin: &str, now: Timestamp) -> Result<HeaderValue, Unspecified> {
        let key = self.keys.get(key).ok_or(Unspecified)?;
        let exp = now.saturating_add(GOOD_FOR).map_err(|_| Unspecified)?.as_second();
        let claims = Claims { aud: origin, exp, sub: &self.contact };
        let sign =
            |bytes: &[u8]| key.pair.sign(&SystemRandom::new(), bytes).map(|signature| signature.as_ref().to_vec());
        let token = jwt::sign(&Header { typ: "JWT", alg: "ES256" }, &claims, sign)?;
        let mut value = HeaderValue::from_str(&format!("vapid t={token},k={}", key.public)).map_err(|_| Unspecified)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl VapidKey {
    fn read(pkcs8: &[u8]) -> Result<Self, PushSetupError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
            .map_err(|_| PushSetupError::VapidKeys)?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Self { pair, public })
    }
}

/// A new key, in PEM.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn new_key() -> Result<SecretString, Unspecified> {
    use base64::engine::general_purpose::STANDARD;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    let body = Zeroizing::new(STANDARD.encode(pkcs8.as_ref()));
    let mut pem = Zeroizing::new(String::from("-----BEGIN PRIVATE KEY-----\n"));
    for line in body.as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem.as_str().into())
}

/// The public keys in a file of keys, the current one first.
///
/// # Errors
/// [`PushSetupError::VapidKeys`].
pub fn public_keys(pem: &SecretString) -> Result<Vec<String>, PushSetupError> {
    let keys = VapidKeys::parse(pem, String::new())?;
    Ok(keys.public().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3600).expect("a time")
    }

    #[test]
    fn a_token_is_kept_for_its_service_and_key_and_renewed_in_time() {
        let pem =
            format!("{}{}", new_key().expect("a key").expose_secret(), new_key().expect("another").expose_secret());
        let keys = VapidKeys::parse(&pem.into(), "mailto:ops@example.com".into()).expect("two keys");
        let one = Url::parse("https://push.example/a").expect("a URL");
        let other = Url::parse("https://push.example:8443/a").expect("a URL");
        let sign = |key, url, hour| keys.authorization(key, url, at(hour)).expect("signed");
        let first = sign(0, &one, 0);
        let same = one.join("/b").expect("a URL");
        assert_eq!(first, sign(0, &same, 10));
        assert_ne!(first, sign(0, &one, 11), "an hour before it ends");
        assert_ne!(first, sign(1, &one, 0));
        assert_ne!(sign(0, &one, 0), sign(0, &other, 0), "another origin");
        let publics: Vec<&str> = keys.public().collect();
        assert_eq!(publics.iter().map(|key| key.len()).collect::<Vec<_>>(), [87, 87]);
        assert_ne!(publics[0], publics[1]);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for pem in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(VapidKeys::parse(&pem.into(), String::new()).is_err(), "{pem}");
        }
    }
}
