//! A new password by mail: the secret of a link. It is derived from the code key and the id of the wish, so the outbox of mails holds
//! none, and a copy of the database lets nobody in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::code::CodeKeys;

/// How long a link is good (design section 15; OWASP Forgot Password Cheat Sheet: short, and used once).
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// How secrets begin, for people and secret scanners.
const PREFIX: &str = "ts_pw_";
/// Of the key that secrets are derived with.
const LABEL: &str = "twostep: new passwords by mail";

/// The secret of a link: 256 bits.
#[must_use]
pub fn secret(reset: Uuid, keys: &CodeKeys) -> SecretString {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(keys.mac(LABEL, reset.as_bytes()))).into()
}

/// Whether a text is the secret of a link, by any key that is held. In constant time for each key.
#[must_use]
pub fn is_secret(text: &SecretString, reset: Uuid, keys: &CodeKeys) -> bool {
    let bytes = text.expose_secret().strip_prefix(PREFIX).and_then(|body| URL_SAFE_NO_PAD.decode(body).ok());
    bytes.is_some_and(|bytes| keys.made_mac(LABEL, reset.as_bytes(), &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::KeyId;

    #[test]
    fn a_secret_is_of_one_wish_and_of_a_key_that_is_held() {
        let keys = |byte| CodeKeys::single(KeyId::parse("k1").expect("an id"), [byte; 32]);
        let held = keys(1);
        let [one, other] = [1, 2].map(Uuid::from_u128);
        let text = secret(one, &held);
        assert!(is_secret(&text, one, &held));
        assert!(!is_secret(&text, other, &held));
        assert!(!is_secret(&text, one, &keys(2)));
        for wrong in ["", "ts_pw_", "ts_pw_AAAA", &text.expose_secret()[..text.expose_secret().len() - 2]] {
            assert!(!is_secret(&wrong.into(), one, &held), "{wrong}");
        }
    }
}
