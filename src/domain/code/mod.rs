//! Codes: derived from a key and the challenge, never stored.
//!
//! `code = digits(HMAC-SHA-256(key, challenge id ‖ purpose ‖ generation ‖ salt))`. The key is outside the database and the
//! salt is in it, and both are needed. Whoever asks for a code knows the rest. Any node can compute it, so neither the database nor
//! the bus nor a log ever holds one, and a crash loses none.

mod keys;

use hmac::{Hmac, KeyInit, Mac};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::challenge::Purpose;
use crate::domain::challenge::limits::MAX_ATTEMPTS;
use crate::domain::value::id::ChallengeId;

pub use keys::{CodeKeys, InvalidCodeKeys, KeyId, KeyState, NoCode, WeakKey};

/// Fewest digits of a code: 10^6 values (NIST SP 800-63B-4 section 3.1.3.2 asks for at least 20 bits).
pub const MIN_DIGITS: u8 = 6;
/// Most digits of a code; what a person still types without error.
pub const MAX_DIGITS: u8 = 10;
/// Codes of the usual length may be compared so often to confirm one address, over all challenges of everybody who asks for it.
/// Beyond that they have the most digits: guesses go on for ever, and over 10^10 values they find nothing.
const MAX_SHORT_GUESSES: u32 = 20;
/// Bytes of a code key: the output size of SHA-256 (RFC 2104 section 3).
pub const KEY_BYTES: usize = 32;
/// Bytes of a salt: 128 bits, which nobody guesses (NIST SP 800-132 section 5.1).
pub const SALT_BYTES: usize = 16;

/// Random bytes of a challenge, kept in the database and told to nobody. `Debug` hides them.
#[derive(Clone)]
pub struct CodeSalt(Zeroizing<[u8; SALT_BYTES]>);

impl CodeSalt {
    /// Takes random bytes.
    #[must_use]
    pub fn new(bytes: [u8; SALT_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for storage.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl std::fmt::Debug for CodeSalt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CodeSalt(hidden)")
    }
}

/// What a code is derived from.
#[derive(Debug, Clone, Copy)]
pub struct CodeSource<'a> {
    /// Which key.
    pub key_id: &'a KeyId,
    /// The challenge's salt; `None` when it began before there were salts.
    pub salt: Option<&'a CodeSalt>,
    /// Which challenge.
    pub challenge_id: ChallengeId,
    /// What the challenge is for: a code of one purpose is worth nothing for another.
    pub purpose: Purpose,
    /// Which of the challenge's successive codes, from 1.
    pub generation: u32,
    /// How many digits.
    pub digits: u8,
}

/// A derived code. `Debug` hides it.
#[derive(Clone)]
pub struct Code(SecretString);

impl Code {
    /// The digits, to show on a trusted device.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The digits in groups for reading: `123 456`, `1234 5678`, `1234 567`, `12345 67890`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let digits = self.expose();
        let (left, right) = digits.split_at(digits.len().div_ceil(2));
        format!("{left} {right}")
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, typed: &TypedCode) -> bool {
        self.expose().as_bytes().ct_eq(typed.0.expose_secret().as_bytes()).into()
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code(hidden)")
    }
}

/// A code as somebody typed or pasted it.
#[derive(Debug, Clone)]
pub struct TypedCode(SecretString);

/// The text holds no code of this length, or more than one; such a text is no guess and is not counted as one.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("must be the {digits} digits of the newest code")]
pub struct NotACode {
    /// Digits of the code.
    pub digits: u8,
}

impl TypedCode {
    /// Reads a code of `digits` digits: in digits of any script (Unicode general category Nd), however they are grouped, and whatever
    /// stands around them.
    ///
    /// # Errors
    /// [`NotACode`] when there is none of that length, or more than one.
    pub fn parse(text: &SecretString, digits: u8) -> Result<Self, NotACode> {
        let mut found: Vec<String> = numbers(text.expose_secret());
        found.retain(|number| number.len() == usize::from(digits));
        found.dedup();
        match <[String; 1]>::try_from(found) {
            Ok([code]) => Ok(Self(code.into())),
            Err(_) => Err(NotACode { digits }),
        }
    }

    /// The digits, to compare them.
    pub(in crate::domain) fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// The numbers in a text, in ASCII digits. One sign between two digits only groups them; letters, and more signs, end a number.
fn numbers(text: &str) -> Vec<String> {
    let mut numbers = vec![String::new()];
    let mut signs = 0;
    for character in text.chars().filter(|character| !is_unseen(*character)) {
        match digit(character) {
            Some(digit) => {
                let number = numbers.last_mut().expect("there is one at least");
                if signs > 1 && !number.is_empty() {
                    numbers.push(digit.to_string());
                } else {
                    number.push(digit);
                }
                signs = 0;
            }
            // Whatever is neither a letter nor a digit may group.
            None => signs += if character.is_alphabetic() { 2 } else { 1 },
        }
    }
    numbers
}

/// The value of a digit of any script as a digit of ASCII. In each script the ten stand in order, and runs of scripts that touch are
/// of ten each (Unicode 16 section 4.6).
fn digit(character: char) -> Option<char> {
    let is_digit = |code| {
        let found = char::from_u32(code);
        found.is_some_and(|found| {
            CodePointMapData::<GeneralCategory>::new().get(found) == GeneralCategory::DecimalNumber
        })
    };
    let code = u32::from(character);
    if !is_digit(code) {
        return None;
    }
    let before = (1..).take_while(|back| code.checked_sub(*back).is_some_and(is_digit)).count();
    char::from_digit(u32::try_from(before % 10).ok()?, 10)
}

/// Marks that are pasted along and not seen: of direction, of width.
fn is_unseen(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Digits of the next code that confirms an address, after so many guesses that were made or may still be made at codes of the `usual`
/// length. A budget instead would let anybody who knows an address keep its owner from confirming it.
#[must_use]
pub fn confirmation_digits(usual: u8, guesses: u32) -> u8 {
    if guesses + u32::from(MAX_ATTEMPTS) <= MAX_SHORT_GUESSES { usual } else { MAX_DIGITS }
}

/// Derives without modulo bias: 64-bit pieces of the MAC at or above the largest multiple of 10^digits are
/// skipped (rejection sampling); should all four be skipped, a counter gives the next MAC.
fn derive(key: &[u8; KEY_BYTES], source: &CodeSource<'_>) -> Code {
    let values = 10_u64.pow(u32::from(source.digits));
    let limit = u64::MAX - u64::MAX % values;
    let piece = (0_u32..)
        .flat_map(|counter| pieces(key, source, counter))
        .find(|piece| *piece < limit)
        .expect("the counter goes on until a piece is found");
    Code(format!("{:0width$}", piece % values, width = usize::from(source.digits)).into())
}

fn pieces(key: &[u8; KEY_BYTES], source: &CodeSource<'_>, counter: u32) -> [u64; 4] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(source.challenge_id.uuid().as_bytes());
    mac.update(&[u8::try_from(source.purpose.as_str().len()).unwrap_or(u8::MAX)]);
    mac.update(source.purpose.as_str().as_bytes());
    mac.update(&source.generation.to_be_bytes());
    mac.update(&counter.to_be_bytes());
    // Last, so that a challenge without one has the codes that it was told.
    if let Some(salt) = source.salt {
        mac.update(salt.as_bytes());
    }
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    std::array::from_fn(|index| {
        let eight = bytes[index * 8..][..8].try_into().expect("32 bytes are four times eight");
        u64::from_be_bytes(eight)
    })
}

#[cfg(test)]
mod tests;
