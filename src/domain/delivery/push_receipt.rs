//! Receipts of pushes: tokens by which a device that has no session at hand says what became of a code. A service worker of a closed
//! page, a notification extension or a background receiver can do no more than repeat what came with the push.
//!
//! A token is derived, not stored: `ts_pr_` and base64url of challenge, delivery, what it allows, and a MAC over these. It is good for
//! one delivery, while its challenge is open. It names nobody: neither account nor device.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::code::CodeKeys;
use crate::domain::value::id::{ChallengeId, DeliveryId};

/// How tokens begin.
const PREFIX: &str = "ts_pr_";
/// Of the key that tokens are made with.
const LABEL: &str = "twostep: receipts of pushes";
/// Bytes of the two ids and of what is allowed.
const BODY_BYTES: usize = 33;
/// Bytes of the MAC: 128 bits, to be guessed over the network within minutes (NIST SP 800-107 section 5.3.3).
const MAC_BYTES: usize = 16;

/// What the holder of a token may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allows {
    /// Whether the code is on the screen. The provider that carries the token can read it.
    Receipt = 1,
    /// That, and "this wasn't me". The token came sealed: only the device can read it.
    ReceiptAndDenial = 2,
}

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushReceipt {
    /// The challenge.
    pub challenge: ChallengeId,
    /// The push.
    pub delivery: DeliveryId,
    /// What its holder may say.
    pub allows: Allows,
}

impl PushReceipt {
    /// The token of it.
    #[must_use]
    pub fn token(&self, keys: &CodeKeys) -> SecretString {
        let mut bytes = self.body();
        bytes.extend_from_slice(&keys.mac(LABEL, &bytes)[..MAC_BYTES]);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
    }

    /// Reads a token; `None` when no key that is held made it.
    #[must_use]
    pub fn read(token: &SecretString, keys: &CodeKeys) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token.expose_secret().strip_prefix(PREFIX)?).ok()?;
        let (body, mac) = bytes.split_at_checked(BODY_BYTES).filter(|(_, mac)| mac.len() == MAC_BYTES)?;
        if !keys.made_start_of_mac(LABEL, body, mac) {
            return None;
        }
        let (ids, allows) = body.split_at(BODY_BYTES - 1);
        let (challenge, delivery) = ids.split_at(ids.len() / 2);
        Some(Self {
            challenge: ChallengeId::new(Uuid::from_slice(challenge).ok()?),
            delivery: DeliveryId::new(Uuid::from_slice(delivery).ok()?),
            allows: match allows {
                [1] => Allows::Receipt,
                [2] => Allows::ReceiptAndDenial,
                _ => return None,
            },
        })
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BODY_BYTES + MAC_BYTES);
        bytes.extend_from_slice(self.challenge.uuid().as_bytes());
        bytes.extend_from_slice(self.delivery.uuid().as_bytes());
        bytes.push(self.allows as u8);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::KeyId;

    fn keys(id: &str, byte: u8) -> CodeKeys {
        CodeKeys::single(KeyId::parse(id).expect("an id"), [byte; 32])
    }

    fn receipt(allows: Allows) -> PushReceipt {
        PushReceipt {
            challenge: ChallengeId::new(Uuid::from_u128(1)),
            delivery: DeliveryId::new(Uuid::from_u128(2)),
            allows,
        }
    }

    #[test]
    fn a_token_is_read_by_who_holds_its_key_and_says_what_it_allows() {
        let held = keys("k1", 1);
        for allows in [Allows::Receipt, Allows::ReceiptAndDenial] {
            let token = receipt(allows).token(&held);
            assert_eq!(PushReceipt::read(&token, &held), Some(receipt(allows)));
            assert_eq!(PushReceipt::read(&token, &keys("k1", 2)), None, "another key");
        }
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_none() {
        let held = keys("k1", 1);
        let token = receipt(Allows::Receipt).token(&held);
        let text = token.expose_secret();
        let bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).expect("base64url");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 3;
            let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(changed)).into();
            assert_eq!(PushReceipt::read(&changed, &held), None, "byte {at}");
        }
        for text in ["", "ts_pr_", "ts_ct_AAAA", &text[..text.len() - 4], &format!("{text}AAAA")] {
            assert_eq!(PushReceipt::read(&text.into(), &held), None, "{text}");
        }
    }
}
