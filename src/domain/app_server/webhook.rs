//! Webhooks: how long apps' servers are tried, and what a message is signed with (Standard Webhooks,
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Shortest and longest secret in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Waits after a try that failed, in seconds: more than three days in all.
const WAITS: [i64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How long to wait after the try with this number, from 1; `None` when it was the last.
#[must_use]
pub fn wait_after(tries: u16) -> Option<SignedDuration> {
    WAITS.get(usize::from(tries).checked_sub(1)?).copied().map(SignedDuration::from_secs)
}

/// The secrets that messages are signed with; several while they are being replaced. `Debug` hides them.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<Zeroizing<Vec<u8>>>);

/// The text holds no secrets.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("must be `whsec_` and base64 of 24 to 64 random bytes; two or more are separated by white space")]
pub struct InvalidSecrets;

impl WebhookSecrets {
    /// Reads secrets that are separated by white space.
    ///
    /// # Errors
    /// [`InvalidSecrets`].
    pub fn parse(text: &SecretString) -> Result<Self, InvalidSecrets> {
        let secret = |word: &str| {
            let bytes = Zeroizing::new(STANDARD.decode(word.strip_prefix(PREFIX)?).ok()?);
            BYTES.contains(&bytes.len()).then_some(bytes)
        };
        let secrets = text.expose_secret().split_whitespace().map(secret).collect::<Option<Vec<_>>>();
        secrets.filter(|secrets| !secrets.is_empty()).map(Self).ok_or(InvalidSecrets)
    }

    /// The value of `webhook-signature`: one signature for each secret.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let sign = |secret: &Zeroizing<Vec<u8>>| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes any key");
            mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Debug for WebhookSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WebhookSecrets(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_known_message_has_its_known_signature() {
        let secrets =
            WebhookSecrets::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()).expect("valid");
        let at = Timestamp::from_second(1_614_265_330).expect("in range");
        let signature = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs_and_other_texts_are_none() {
        let secret = format!("whsec_{}", STANDARD.encode([7; 24]));
        let two = WebhookSecrets::parse(&format!(" {secret}\n{secret} ").into()).expect("valid");
        assert_eq!(two.sign("a", Timestamp::UNIX_EPOCH, b"").split(' ').count(), 2);
        for bad in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_!"] {
            assert!(WebhookSecrets::parse(&bad.to_owned().into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..).map_while(wait_after).collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]) && waits.len() == WAITS.len());
        assert!(wait_after(0).is_none());
    }
}
