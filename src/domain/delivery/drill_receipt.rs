//! Receipts of drills: a silent push asks a sleeping device whether it is reached, and the device repeats what came with it.
//!
//! A token is derived, not stored: `ts_pr_` as those of codes, and base64url of the drill and a MAC over it. It names nobody, and is
//! worth nothing but "it came".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::code::CodeKeys;
use crate::domain::value::id::DrillId;

/// How tokens begin.
const PREFIX: &str = "ts_pr_";
/// Of the key that tokens are made with.
const LABEL: &str = "twostep: receipts of drills";
/// Bytes of the id, and of the MAC as in receipts of codes.
const ID_BYTES: usize = 16;
const MAC_BYTES: usize = 16;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillReceipt(pub DrillId);

impl DrillReceipt {
    /// The token of it.
    #[must_use]
    pub fn token(self, keys: &CodeKeys) -> SecretString {
        let mut bytes = self.0.uuid().as_bytes().to_vec();
        bytes.extend_from_slice(&keys.mac(LABEL, &bytes)[..MAC_BYTES]);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
    }

    /// Reads a token; `None` when no key that is held made it, for a drill.
    #[must_use]
    pub fn read(token: &SecretString, keys: &CodeKeys) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token.expose_secret().strip_prefix(PREFIX)?).ok()?;
        let (id, mac) = bytes.split_at_checked(ID_BYTES).filter(|(_, mac)| mac.len() == MAC_BYTES)?;
        keys.made_start_of_mac(LABEL, id, mac).then_some(())?;
        Some(Self(DrillId::new(Uuid::from_slice(id).ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::KeyId;
    use crate::domain::delivery::push_receipt::{Allows, PushReceipt};
    use crate::domain::value::id::{ChallengeId, DeliveryId};

    fn keys(byte: u8) -> CodeKeys {
        CodeKeys::single(KeyId::parse("k1").expect("an id"), [byte; 32])
    }

    #[test]
    fn a_token_is_read_by_who_holds_its_key_and_is_none_of_a_code() {
        let (held, other) = (keys(1), keys(2));
        let drill = DrillReceipt(DrillId::new(Uuid::from_u128(7)));
        let token = drill.token(&held);
        assert_eq!(DrillReceipt::read(&token, &held), Some(drill));
        assert_eq!(DrillReceipt::read(&token, &other), None);
        assert_eq!(PushReceipt::read(&token, &held), None);
        let of_code = PushReceipt {
            challenge: ChallengeId::new(Uuid::from_u128(7)),
            delivery: DeliveryId::new(Uuid::from_u128(8)),
            allows: Allows::Receipt,
        };
        assert_eq!(DrillReceipt::read(&of_code.token(&held), &held), None);
        let text = token.expose_secret();
        for changed in [&text[..text.len() - 3], &format!("{text}AAAA"), "ts_pr_", ""] {
            assert_eq!(DrillReceipt::read(&changed.into(), &held), None, "{changed}");
        }
    }
}
