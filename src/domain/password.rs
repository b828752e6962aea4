//! Passwords, before they are hashed.

use secrecy::{ExposeSecret, SecretString};

/// The shortest password accepted (NIST SP 800-63B-4 section 3.1.1.2, with a second step in place).
pub const MIN_CHARS: usize = 8;
/// The longest password accepted; NIST asks for at least 64. A bound keeps hashing cheap to refuse.
pub const MAX_CHARS: usize = 128;

/// A password as typed. `Debug` hides it and memory is wiped when it goes.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// Why a new password was refused.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum WeakPassword {
    /// Fewer than 8 characters.
    #[error("must have at least {MIN_CHARS} characters")]
    TooShort,
    /// More than 128 characters.
    #[error("must not have more than {MAX_CHARS} characters")]
    TooLong,
}

impl Password {
    /// Accepts a new password by its length only: no composition rules (NIST SP 800-63B-4 section 3.1.1.2).
    ///
    /// # Errors
    /// [`WeakPassword`] says which bound it broke.
    pub fn parse_new(text: SecretString) -> Result<Self, WeakPassword> {
        match text.expose_secret().chars().count() {
            ..MIN_CHARS => Err(WeakPassword::TooShort),
            MIN_CHARS..=MAX_CHARS => Ok(Self(text)),
            _ => Err(WeakPassword::TooLong),
        }
    }

    /// Takes what somebody typed to sign in. An over-long text cannot be right; it is cut so that it is
    /// refused like any other wrong password, in the same time.
    #[must_use]
    pub fn typed(text: SecretString) -> Self {
        if text.expose_secret().chars().count() <= MAX_CHARS {
            return Self(text);
        }
        Self(text.expose_secret().chars().take(MAX_CHARS + 1).collect::<String>().into())
    }

    /// The text, to judge its strength.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(Password::parse_new("éééééééé".to_owned().into()).is_ok());
        assert_eq!(Password::parse_new("1234567".to_owned().into()).expect_err("short"), WeakPassword::TooShort);
        assert_eq!(Password::parse_new("x".repeat(129).into()).expect_err("long"), WeakPassword::TooLong);
    }

    #[test]
    fn an_over_long_attempt_never_equals_a_stored_password() {
        let typed = Password::typed("x".repeat(500).into());
        assert_eq!(typed.as_bytes().len(), MAX_CHARS + 1);
    }
}
