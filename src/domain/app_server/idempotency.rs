//! Calls that create something and may come twice (draft-ietf-httpapi-idempotency-key-header): the second time they get the answer of
//! the first.
//!
//! Answers hold tokens, which are stored nowhere in the clear. So an answer is sealed with a key that is derived from what only its
//! caller has: its API key, of which a hash is stored, and the idempotency key.

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::device::token::Token;

/// For so long the first answer is given again.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Who does it has so long before somebody else may.
pub const CLAIMED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Longest idempotency key in bytes.
const MAX_BYTES: usize = 255;
const LABEL: &[u8] = b"twostep: the key that seals an answer";
/// Bytes of the nonce that a sealed answer begins with.
pub const NONCE_BYTES: usize = NONCE_LEN;

/// What its caller names a request by.
pub struct IdempotencyKey(SecretString);

/// SHA-256 of a whole request: method, path and body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestHash([u8; 32]);

impl IdempotencyKey {
    /// Takes 1 to 255 visible ASCII characters; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned().into()))
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret().as_bytes()).into()
    }

    fn sealing_key(&self, api_key: &Token) -> LessSafeKey {
        let mut mac = Hmac::<Sha256>::new_from_slice(api_key.expose().as_bytes()).expect("HMAC takes any key");
        mac.update(LABEL);
        mac.update(self.0.expose_secret().as_bytes());
        let bytes = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &*bytes).expect("the key has 32 bytes"))
    }

    /// Seals an answer (RFC 8439) to one request; `nonce` must be random.
    #[must_use]
    pub fn seal(&self, api_key: &Token, request: &RequestHash, answer: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(NONCE_BYTES + answer.len() + CHACHA20_POLY1305.tag_len());
        sealed.extend_from_slice(answer);
        let key = self.sealing_key(api_key);
        let bound = Aad::from(request.0);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .expect("an answer is shorter than 256 GiB");
        sealed.splice(..0, nonce);
        sealed
    }

    /// Opens an answer; `None` when it is of another request, another caller, or was changed.
    #[must_use]
    pub fn open(&self, api_key: &Token, request: &RequestHash, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let mut rest = rest.to_vec();
        let key = self.sealing_key(api_key);
        let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(request.0), &mut rest).ok()?;
        Some(opened.to_vec())
    }
}

impl RequestHash {
    /// Of a request.
    #[must_use]
    pub fn of(method: &str, path: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        // Each part with its length, so that no two requests run together into one.
        for part in [method.as_bytes(), path.as_bytes(), body] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Wraps a stored hash.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storage.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::device::token::TokenKind;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).expect("valid")
    }

    #[test]
    fn an_answer_opens_for_its_own_request_and_caller_only() {
        let caller = Token::from_random(TokenKind::ApiKey, [1; 32]);
        let request = RequestHash::of("POST", "/v1/verifications", b"{}");
        let sealed = key("a").seal(&caller, &request, b"an answer", [9; NONCE_BYTES]);
        assert!(!sealed.windows(6).any(|part| part == b"answer"));
        assert_eq!(key("a").open(&caller, &request, &sealed).as_deref(), Some(b"an answer".as_slice()));
        assert_eq!(key("b").open(&caller, &request, &sealed), None);
        let other = Token::from_random(TokenKind::ApiKey, [2; 32]);
        assert_eq!(key("a").open(&other, &request, &sealed), None);
        assert_eq!(key("a").open(&caller, &RequestHash::of("POST", "/v1/verifications", b"{ }"), &sealed), None);
        assert_eq!(key("a").open(&caller, &request, &sealed[..10]), None);
    }

    #[test]
    fn keys_are_visible_characters() {
        assert!(IdempotencyKey::parse("0198-a.B~").is_some());
        for bad in ["", "a b", "é", "a\u{7f}", &"a".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parts_of_a_request_do_not_run_together() {
        assert!(RequestHash::of("POST", "/a", b"bc") != RequestHash::of("POST", "/ab", b"c"));
    }
}
