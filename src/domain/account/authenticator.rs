//! Codes of an authenticator app: made of a shared secret and the time (TOTP, RFC 6238), so that they come without any network. The secret is
//! sealed with a key that the database does not hold.

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::code::{CodeKeys, KeyId, TypedCode};
use crate::domain::value::id::AccountId;

/// Digits of a code. Apps show six, and some show nothing else (RFC 6238 section 1.2; Google Authenticator's key URI format).
pub const DIGITS: u8 = 6;
/// A time step (RFC 6238 section 5.2), in seconds.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the current one whose codes are taken: clocks differ, and people type slowly (RFC 6238 sections 5.2 and 6; ASVS
/// 6.5.5 allows 30 s).
const DRIFT: i64 = 1;
/// Bytes of a secret: 160 bits, as the output of the hash (RFC 4226 section 4, R6).
pub const SECRET_BYTES: usize = 20;
/// How long a set-up waits for its first code.
pub const SET_UP_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// Codes that may be typed to confirm a set-up. Whoever types them has the secret; a clock may be wrong.
pub const MAX_SET_UP_ATTEMPTS: i16 = 10;
/// Of the key that secrets are sealed with.
const LABEL: &str = "twostep: secrets of authenticator apps";

/// The secret that an app and the gateway share. `Debug` hides it.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

/// A sealed secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The code key that it is sealed with.
    pub key_id: KeyId,
    /// Nonce, ciphertext and tag (RFC 8439).
    pub bytes: Vec<u8>,
}

impl TotpSecret {
    /// Takes random bytes.
    #[must_use]
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// As people type it into an app: base 32 (RFC 4648 section 6).
    #[must_use]
    pub fn text(&self) -> SecretString {
        BASE32_NOPAD.encode(&*self.0).into()
    }

    /// As a picture brings it to an app (Google Authenticator's key URI format): `otpauth://totp/Issuer:account?…`.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> SecretString {
        let encoded =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        // A colon parts the two, so neither may have one.
        let [issuer, account] = [issuer, account].map(|text| encoded(&text.replace(':', " ")));
        let secret = self.text();
        let secret = secret.expose_secret();
        format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}")
            .into()
    }

    /// The code of a time step (RFC 4226 section 5.3, RFC 6238 section 4.2).
    #[must_use]
    pub fn code(&self, step: i64) -> SecretString {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &*self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes[bytes.len() - 1] & 0xf);
        let part = [bytes[offset] & 0x7f, bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]];
        let number = u32::from_be_bytes(part) % 10_u32.pow(DIGITS.into());
        format!("{number:0width$}", width = usize::from(DIGITS)).into()
    }

    /// The time step after `last` whose code was typed; `None` when it is none of those about `now`. Every code is compared, each in constant
    /// time.
    #[must_use]
    pub fn step_of(&self, typed: &TypedCode, now: Timestamp, last: i64) -> Option<i64> {
        let current = step_at(now);
        let steps = current - DRIFT..=current + DRIFT;
        steps.fold(None, |found, step| {
            let is_it = self.is_code(typed, step);
            found.or((is_it && step > last).then_some(step))
        })
    }

    /// Whether this is the code of a time step. In constant time.
    #[must_use]
    pub fn is_code(&self, typed: &TypedCode, step: i64) -> bool {
        self.code(step).expose_secret().as_bytes().ct_eq(typed.as_bytes()).into()
    }

    /// Seals it for an account with the current key; `nonce` must be random.
    #[must_use]
    pub fn seal(&self, keys: &CodeKeys, account: AccountId, nonce: [u8; NONCE_LEN]) -> SealedSecret {
        let (key_id, subkey) = keys.current_subkey(LABEL);
        let mut sealed = self.0.to_vec();
        let bound = Aad::from(*account.uuid().as_bytes());
        aead(&subkey)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .expect("a secret is shorter than 256 GiB");
        sealed.splice(..0, nonce);
        SealedSecret { key_id: key_id.clone(), bytes: sealed }
    }

    /// Opens what was sealed for an account; `None` when its key is not held any more, or it was changed.
    #[must_use]
    pub fn open(keys: &CodeKeys, account: AccountId, sealed: &SealedSecret) -> Option<Self> {
        let (_, subkey) = keys.subkeys(LABEL).find(|(id, _)| **id == sealed.key_id)?;
        let (nonce, rest) = sealed.bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let bound = Aad::from(*account.uuid().as_bytes());
        let opened = aead(&subkey).open_in_place(Nonce::assume_unique_for_key(*nonce), bound, &mut rest).ok()?;
        <[u8; SECRET_BYTES]>::try_from(&*opened).ok().map(Self::new)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TotpSecret(hidden)")
    }
}

/// The time step at a moment (RFC 6238 section 4.2, T0 = 0).
#[must_use]
pub fn step_at(now: Timestamp) -> i64 {
    now.as_second().div_euclid(STEP_SECONDS)
}

fn aead(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn typed(text: &str) -> TypedCode {
        TypedCode::parse(&text.into(), DIGITS).expect("six digits")
    }

    /// RFC 6238 appendix B, SHA-1, of which six digits are the last six of the eight.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = Timestamp::from_second(second).expect("a time");
            assert_eq!(secret.code(step_at(at)).expose_secret(), code, "{second}");
        }
    }

    #[test]
    fn a_code_is_good_a_step_before_and_after_and_once() {
        let secret = TotpSecret::new([7; SECRET_BYTES]);
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let current = step_at(now);
        let step_of = |step: i64, last| secret.step_of(&typed(secret.code(step).expose_secret()), now, last);
        for drift in -1..=1 {
            assert_eq!(step_of(current + drift, 0), Some(current + drift));
            assert_eq!(step_of(current + drift, current + drift), None, "once");
        }
        assert_eq!((step_of(current - 2, 0), step_of(current + 2, 0)), (None, None));
        assert_eq!(step_of(current - 1, current), None, "nor an earlier one");
    }

    #[test]
    fn a_sealed_secret_opens_for_its_account_and_key_only() {
        let keys = |id: &str, byte| CodeKeys::single(KeyId::parse(id).expect("an id"), [byte; 32]);
        let [anna, ben] = [1, 2].map(|id| AccountId::new(Uuid::from_u128(id)));
        let secret = TotpSecret::new([9; SECRET_BYTES]);
        let sealed = secret.seal(&keys("k1", 1), anna, [3; NONCE_LEN]);
        assert_eq!(sealed.bytes.len(), NONCE_LEN + SECRET_BYTES + 16);
        let opened = |keys: &CodeKeys, account, sealed: &SealedSecret| {
            TotpSecret::open(keys, account, sealed).map(|secret| secret.0.to_vec())
        };
        assert_eq!(opened(&keys("k1", 1), anna, &sealed), Some(vec![9; SECRET_BYTES]));
        assert_eq!(opened(&keys("k1", 1), ben, &sealed), None);
        assert_eq!(opened(&keys("k1", 2), anna, &sealed), None);
        assert_eq!(opened(&keys("k2", 1), anna, &sealed), None);
        let mut changed = sealed;
        changed.bytes[20] ^= 1;
        assert_eq!(opened(&keys("k1", 1), anna, &changed), None);
    }

    #[test]
    fn the_picture_names_service_and_account() {
        let secret = TotpSecret::new([0; SECRET_BYTES]);
        let uri = secret.uri("Acme: Shop", "anna@bücher.example");
        assert_eq!(
            uri.expose_secret(),
            "otpauth://totp/Acme%20%20Shop:anna%40b%C3%BCcher%2Eexample?secret=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&issuer=Acme%20%20Shop\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
