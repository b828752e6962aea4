//! Passwords, before they are hashed.

use icu_normalizer::ComposingNormalizerBorrowed;
use secrecy::{ExposeSecret, SecretString};

/// The shortest password accepted (NIST SP 800-63B-4 section 3.1.1.2, with a second step in place).
pub const MIN_CHARS: usize = 8;
/// The longest password accepted; NIST asks for at least 64. A bound keeps hashing cheap to refuse.
pub const MAX_CHARS: usize = 128;
/// Characters that one of NFC is made of at most, in the texts of people.
const MOST_CHARS_OF_ONE: usize = 4;

/// A password in NFC, so that it is the same on every keyboard (NIST SP 800-63B-4 section 3.1.1.2). `Debug` hides it and memory is wiped
/// when it goes.
#[derive(Debug, Clone)]
pub struct Password {
    normal: SecretString,
    /// As it was typed, if that differs: so it was hashed by earlier versions.
    as_typed: Option<SecretString>,
}

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
        let password = Self::of(text);
        match password.expose().chars().count() {
            ..MIN_CHARS => Err(WeakPassword::TooShort),
            MIN_CHARS..=MAX_CHARS => Ok(password),
            _ => Err(WeakPassword::TooLong),
        }
    }

    /// Takes what somebody typed to sign in. An over-long text cannot be right; it is cut so that it is
    /// refused like any other wrong password, in the same time.
    #[must_use]
    pub fn typed(text: SecretString) -> Self {
        // Letters with their marks apart are more characters than they look.
        let bound = MAX_CHARS * MOST_CHARS_OF_ONE;
        if text.expose_secret().chars().count() <= bound {
            let password = Self::of(text);
            if password.expose().chars().count() <= MAX_CHARS {
                return password;
            }
            return Self::of(password.expose().chars().take(MAX_CHARS + 1).collect::<String>().into());
        }
        Self::of(text.expose_secret().chars().take(bound).collect::<String>().into())
    }

    fn of(text: SecretString) -> Self {
        let normal: SecretString =
            ComposingNormalizerBorrowed::new_nfc().normalize(text.expose_secret()).into_owned().into();
        let as_typed = (normal.expose_secret() != text.expose_secret()).then_some(text);
        Self { normal, as_typed }
    }

    /// The text, to judge its strength.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.normal.expose_secret()
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.expose().as_bytes()
    }

    /// The bytes that an earlier version hashed, if those are others.
    #[must_use]
    pub fn as_typed_bytes(&self) -> Option<&[u8]> {
        self.as_typed.as_ref().map(|text| text.expose_secret().as_bytes())
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
    fn a_password_is_one_however_its_letters_are_made() {
        let [composed, apart] =
            ["caf\u{e9} caf\u{e9}", "cafe\u{301} cafe\u{301}"].map(|text| Password::typed(text.to_owned().into()));
        assert_eq!(composed.as_bytes(), apart.as_bytes());
        assert_eq!(composed.as_typed_bytes(), None);
        assert_eq!(apart.as_typed_bytes(), Some("cafe\u{301} cafe\u{301}".as_bytes()));
        let most = Password::parse_new("e\u{301}".repeat(MAX_CHARS).into()).expect("128 letters");
        assert_eq!(Password::typed("e\u{301}".repeat(MAX_CHARS).into()).as_bytes(), most.as_bytes());
    }

    #[test]
    fn an_over_long_attempt_never_equals_a_stored_password() {
        let typed = Password::typed("x".repeat(500).into());
        assert_eq!(typed.as_bytes().len(), MAX_CHARS + 1);
    }
}
