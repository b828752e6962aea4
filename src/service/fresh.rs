//! Fresh ids and secrets, at random.

use crate::domain::code::{CodeSalt, SALT_BYTES};
use crate::domain::device::token::{TOKEN_BYTES, Token, TokenKind};

/// A fresh id: UUIDv7 of the current time.
pub(super) fn fresh<T>(make: fn(uuid::Uuid) -> T) -> T {
    make(uuid::Uuid::now_v7())
}

/// A fresh token from the operating system's generator, reseeded per thread (`rand::rng`, ChaCha).
pub(super) fn fresh_token(kind: TokenKind) -> Token {
    Token::from_random(kind, rand::random::<[u8; TOKEN_BYTES]>())
}

/// A fresh salt for the codes of a challenge, from the same generator.
pub(super) fn fresh_salt() -> CodeSalt {
    CodeSalt::new(rand::random::<[u8; SALT_BYTES]>())
}
