//! Successors of tokens that are used once: derived from what they follow, so that a request that is sent again because its answer
//! was lost gets the same answer, although only hashes are stored (design section 13).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::token::{Token, TokenKind};
use crate::domain::code::{CodeKeys, KEY_BYTES, KeyId};
use crate::domain::value::id::SessionId;

/// Whoever has a token but not the code key cannot compute what follows it.
const LABEL: &str = "twostep: the successor of a token";

/// A token that is used up, and the key that what follows it is derived with: HMAC-SHA-256 with a subkey of the code key.
pub struct Predecessor<'a> {
    token: &'a Token,
    key: KeyId,
    subkey: Zeroizing<[u8; KEY_BYTES]>,
}

impl<'a> Predecessor<'a> {
    /// A token whose successors were derived with `key`. `None` when the key is not held, or was revoked.
    #[must_use]
    pub fn with(keys: &CodeKeys, key: &KeyId, token: &'a Token) -> Option<Self> {
        let (_, subkey) = keys.subkeys(LABEL).find(|(id, _)| *id == key)?;
        Some(Self { token, key: key.clone(), subkey })
    }

    /// A token that is used now: by the key that is current.
    ///
    /// # Panics
    /// Never: the current key is held.
    #[must_use]
    pub fn new(keys: &CodeKeys, token: &'a Token) -> Self {
        Self::with(keys, keys.current(), token).expect("the current key is held")
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The trust token that follows.
    #[must_use]
    pub fn trust_token(&self) -> Token {
        self.derive(TokenKind::Trust, &[])
    }

    /// The access and the refresh token of a session that began, or goes on, because the token was used. Other sessions have others.
    #[must_use]
    pub fn session_tokens(&self, session: SessionId) -> (Token, Token) {
        let id = session.uuid();
        (self.derive(TokenKind::Access, id.as_bytes()), self.derive(TokenKind::Refresh, id.as_bytes()))
    }

    fn derive(&self, kind: TokenKind, of: &[u8]) -> Token {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.subkey).expect("HMAC takes any key");
        // Tokens are of one length, so that no two inputs read alike.
        for part in [kind.as_str().as_bytes(), self.token.expose().as_bytes(), of] {
            mac.update(part);
        }
        Token::from_random(kind, mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keys(byte: u8) -> CodeKeys {
        use base64::Engine;
        let key = base64::engine::general_purpose::STANDARD.encode([byte; KEY_BYTES]);
        CodeKeys::parse(&format!("k:{key}").into()).expect("valid")
    }

    #[test]
    fn what_follows_a_token_depends_on_the_token_the_key_and_the_session() {
        let one = keys(1);
        let other = keys(2);
        let [token, another] = [7, 8].map(|byte| Token::from_random(TokenKind::Trust, [byte; 32]));
        let trust = |keys, token| Predecessor::new(keys, token).trust_token().hash();
        assert!(trust(&one, &token) == trust(&one, &token));
        assert!(trust(&one, &token) != trust(&other, &token) && trust(&one, &token) != trust(&one, &another));
        let session = |number| {
            let id = SessionId::new(Uuid::from_u128(number));
            let (access, refresh) = Predecessor::new(&one, &token).session_tokens(id);
            (access.hash(), refresh.hash())
        };
        assert!(session(1) == session(1) && session(1).0 != session(2).0 && session(1).1 != session(2).1);
        assert!(Predecessor::with(&one, &KeyId::parse("gone").expect("valid"), &token).is_none());
    }
}
