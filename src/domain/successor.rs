//! Successors of tokens that are used once: derived from what they follow, so that a request that is sent again because its answer
//! was lost gets the same answer, although only hashes are stored (design section 13).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::code::{CodeKeys, KeyId};
use super::token::{Token, TokenKind};

/// Whoever has a token but not the code key cannot compute what follows it.
const LABEL: &str = "twostep: the successor of a token";

/// The token of a kind that follows another: HMAC-SHA-256 with a subkey of the code key. `None` when the key is not held, or was
/// revoked.
#[must_use]
pub fn successor(keys: &CodeKeys, key: &KeyId, token: &Token, kind: TokenKind) -> Option<Token> {
    let (_, subkey) = keys.subkeys(LABEL).find(|(id, _)| *id == key)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&*subkey).expect("HMAC takes any key");
    mac.update(kind.as_str().as_bytes());
    mac.update(token.expose().as_bytes());
    Some(Token::from_random(kind, mac.finalize().into_bytes().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::KEY_BYTES;

    fn keys(byte: u8) -> CodeKeys {
        use base64::Engine;
        let key = base64::engine::general_purpose::STANDARD.encode([byte; KEY_BYTES]);
        CodeKeys::parse(&format!("k:{key}").into()).expect("valid")
    }

    #[test]
    fn a_token_has_one_successor_of_each_kind_and_key() {
        let (one, other) = (keys(1), keys(2));
        let key = KeyId::parse("k").expect("valid");
        let token = Token::from_random(TokenKind::Trust, [7; 32]);
        let next = |keys, kind| successor(keys, &key, &token, kind).expect("the key is held").hash();
        assert!(next(&one, TokenKind::Trust) == next(&one, TokenKind::Trust));
        assert!(next(&one, TokenKind::Trust) != next(&other, TokenKind::Trust));
        assert!(next(&one, TokenKind::Trust) != next(&one, TokenKind::Refresh));
        assert!(successor(&one, &KeyId::parse("gone").expect("valid"), &token, TokenKind::Trust).is_none());
    }
}
