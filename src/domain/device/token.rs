//! Bearer tokens: 256 random bits behind a readable prefix, stored only as SHA-256.
//!
//! A plain hash is enough because the token itself has full entropy (OWASP ASVS 5.0 section 7.2: reference
//! tokens of at least 128 bits from a secure generator).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::value::string_enum::words;

/// Bytes of randomness in a token.
pub const TOKEN_BYTES: usize = 32;
/// Characters of those in base64 without padding (RFC 4648 section 5).
const ENCODED_LEN: usize = (TOKEN_BYTES * 4).div_ceil(3);

words! {
    /// What a token is for; its prefix says so to people and to secret scanners.
    TokenKind("token prefix") {
        /// Authenticates calls of a session.
        Access = "ts_at_",
        /// Buys the next access token of a session, once.
        Refresh = "ts_rt_",
        /// Shows that a device is trusted.
        Trust = "ts_tt_",
        /// Ties the calls on a challenge to the device that asked for it.
        Challenge = "ts_ct_",
        /// Opens one WebSocket from a browser.
        Ticket = "ts_wt_",
        /// Authenticates calls of an app's server.
        ApiKey = "ts_ak_",
    }
}

/// A token as its holder has it.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// SHA-256 of a token: what is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl Token {
    /// Makes a token of random bytes.
    #[must_use]
    pub fn from_random(kind: TokenKind, bytes: [u8; TOKEN_BYTES]) -> Self {
        let bytes = Zeroizing::new(bytes);
        // With room for all of it at once: text that grows, or is cut to its length, leaves copies behind.
        let mut text = String::with_capacity(kind.as_str().len() + ENCODED_LEN);
        text.push_str(kind.as_str());
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        Self(text.into())
    }

    /// Recognises a token of one kind by its prefix and length; anything else cannot be one.
    #[must_use]
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let body = text.strip_prefix(kind.as_str())?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).ok()?);
        (bytes.len() == TOKEN_BYTES).then(|| Self(text.to_owned().into()))
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }

    /// The token itself, to hand to its holder.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl TokenHash {
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

    /// Compares without telling by its duration where two hashes differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.ct_eq(&other.0).into()
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenHash(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_by_its_kind_only() {
        let token = Token::from_random(TokenKind::Access, [7; 32]);
        assert!(token.expose().starts_with("ts_at_"));
        assert_eq!(token.expose().len(), "ts_at_".len() + ENCODED_LEN);
        assert!(Token::parse(TokenKind::Access, token.expose()).is_some());
        assert!(Token::parse(TokenKind::Refresh, token.expose()).is_none());
        assert!(Token::parse(TokenKind::Access, "ts_at_short").is_none());
        assert!(!format!("{token:?}").contains("ts_at_"));
    }

    #[test]
    fn different_tokens_have_different_hashes() {
        let one = Token::from_random(TokenKind::Access, [1; 32]).hash();
        let other = Token::from_random(TokenKind::Access, [2; 32]).hash();
        assert!(one.matches(&one) && !one.matches(&other));
    }
}
