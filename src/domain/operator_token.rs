//! The token that lets operators in: whoever has it can do everything that `/admin` does.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::domain::device::token::TokenHash;

/// Fewest characters of a token. Those that the gateway makes have 49; a shorter one could be guessed.
pub const MIN_CHARS: usize = 16;
/// Most characters of a token: a header that holds it must fit into a request head.
pub const MAX_CHARS: usize = 512;

/// The token, as it is compared: a hash, so that memory holds no second copy of it.
#[derive(Debug, Clone)]
pub struct OperatorToken(TokenHash);

/// A text that is no token.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error(
    "holds no token: it must be one line of {MIN_CHARS} to {MAX_CHARS} letters (a to z), digits or characters of `-._~+/=`"
)]
pub struct InvalidOperatorToken;

impl OperatorToken {
    /// Reads a token: what a bearer token is made of (RFC 6750 section 2.1).
    ///
    /// # Errors
    /// [`InvalidOperatorToken`], which never holds the text.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidOperatorToken> {
        let text = text.expose_secret();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let fits = (MIN_CHARS..=MAX_CHARS).contains(&text.len()) && text.bytes().all(is_plain);
        if fits { Ok(Self(hash(text))) } else { Err(InvalidOperatorToken) }
    }

    /// Whether this is the token. How long that takes says nothing about it.
    #[must_use]
    pub fn is(&self, shown: &str) -> bool {
        self.0.matches(&hash(shown))
    }
}

fn hash(text: &str) -> TokenHash {
    TokenHash::from_bytes(Sha256::digest(text.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_alone() {
        let token = OperatorToken::parse(&"ts_op_0123456789".to_owned().into()).expect("a token");
        assert!(token.is("ts_op_0123456789"));
        for other in ["", "ts_op_0123456788", "ts_op_01234567890", "TS_OP_0123456789", " ts_op_0123456789"] {
            assert!(!token.is(other), "{other:?}");
        }
        assert!(!format!("{token:?}").contains("0123456789"));
    }

    #[test]
    fn what_is_short_or_cannot_stand_in_a_header_is_no_token() {
        for text in
            ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdef\n0", "0123456789abcdé", &"a".repeat(513)]
        {
            assert_eq!(OperatorToken::parse(&text.to_owned().into()).err(), Some(InvalidOperatorToken), "{text:?}");
        }
    }
}
