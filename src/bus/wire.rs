//! What nodes say to each other over NATS: one small JSON object a fact, with ids only.
//!
//! A node may be older or newer than the one it hears. Unknown fields are passed over; a message of another version, or
//! a fact that this version does not know, is for nobody here.

use serde::{Deserialize, Serialize};

use crate::domain::event::AccountEvent;
use crate::domain::id::{AccountId, NodeId};

/// The version of messages; the subject names it as well, so that a later one can live beside it.
const VERSION: u8 = 1;
/// The longest message that is read. Ours are below 300 bytes.
const MAX_BYTES: usize = 1024;

/// A fact on its way between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    v: u8,
    /// Who sent it.
    pub(super) node: NodeId,
    /// Whose.
    pub(super) account: AccountId,
    #[serde(flatten)]
    pub(super) event: AccountEvent,
}

/// Why a message is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    #[error("too_long")]
    TooLong,
    #[error("other_version")]
    OtherVersion,
    #[error("not_understood")]
    NotUnderstood,
}

#[derive(Deserialize)]
struct Head {
    v: u8,
}

/// The subject of every fact below a prefix such as `twostep`.
pub(super) fn subject(prefix: &str) -> String {
    format!("{prefix}.v{VERSION}.facts")
}

impl Message {
    pub(super) fn new(node: NodeId, account: AccountId, event: AccountEvent) -> Self {
        Self { v: VERSION, node, account, event }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("ids and words are JSON")
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unread> {
        if bytes.len() > MAX_BYTES {
            return Err(Unread::TooLong);
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|_| Unread::NotUnderstood)?;
        if head.v != VERSION {
            return Err(Unread::OtherVersion);
        }
        serde_json::from_slice(bytes).map_err(|_| Unread::NotUnderstood)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::challenge::Outcome;
    use crate::domain::event::AlertKind;
    use crate::domain::id::{ChallengeId, ConnectionId, DeviceId, SessionId};
    use crate::domain::locale::Language;

    const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);

    fn every_event() -> Vec<AccountEvent> {
        let (challenge_id, device_id) = (ChallengeId::new(ID), DeviceId::new(ID));
        vec![
            AccountEvent::CodeIssued { challenge_id },
            AccountEvent::CodeSent { challenge_id, generation: u32::MAX, device_id },
            AccountEvent::ReceiptCame { challenge_id, generation: 1, device_id, shown: false },
            AccountEvent::ChallengeClosed { challenge_id, outcome: Outcome::AttemptsExhausted },
            AccountEvent::DeliveryChanged { challenge_id },
            AccountEvent::SessionEnded { session_id: SessionId::new(ID) },
            AccountEvent::DeviceRemoved { device_id },
            AccountEvent::DeviceConnected { device_id, connection_id: ConnectionId::new(ID) },
            AccountEvent::LanguageChanged { device_id, language: Language::English },
            AccountEvent::SecurityAlert { kind: AlertKind::TooManyWrongCodes },
        ]
    }

    #[test]
    fn every_fact_comes_back_as_it_went_and_is_small() {
        for event in every_event() {
            let message = Message::new(NodeId::new(ID), AccountId::new(ID), event);
            let bytes = message.to_bytes();
            assert!(bytes.len() <= 300, "{} bytes", bytes.len());
            assert_eq!(Message::parse(&bytes), Ok(message));
        }
    }

    #[test]
    fn a_newer_nodes_fields_versions_and_facts_do_no_harm() {
        let (node, account) = (NodeId::new(ID), AccountId::new(ID));
        let event = AccountEvent::CodeIssued { challenge_id: ChallengeId::new(ID) };
        let known = String::from_utf8(Message::new(node, account, event).to_bytes()).expect("UTF-8");
        let with_more = known.replace("\"v\":1", "\"v\":1,\"shoe_size\":43");
        assert_eq!(Message::parse(with_more.as_bytes()), Ok(Message::new(node, account, event)));
        let newer = known.replace("\"v\":1", "\"v\":2");
        assert_eq!(Message::parse(newer.as_bytes()), Err(Unread::OtherVersion));
        let unknown = known.replace("code_issued", "code_sung");
        assert_eq!(Message::parse(unknown.as_bytes()), Err(Unread::NotUnderstood));
    }

    #[test]
    fn rubbish_is_passed_over() {
        for rubbish in ["", "{}", "[]", "null", "{\"v\":1}", "{\"v\":-1}", "\u{0}", "{\"v\":1,\"node\":\"x\"}"] {
            assert_eq!(Message::parse(rubbish.as_bytes()), Err(Unread::NotUnderstood), "{rubbish}");
        }
        assert_eq!(Message::parse(&[b' '; MAX_BYTES + 1]), Err(Unread::TooLong));
    }
}
