//! What nodes say to each other over NATS: one small JSON object a fact, with ids only.
//!
//! A node may be older or newer than the one it hears. Unknown fields are passed over; a message of another version, or
//! a fact that this version does not know, is for nobody here. Neither is one without a MAC: an older node's, whose facts are found
//! in the database, or somebody else's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::seal::{BusKeys, CLOCKS_DIFFER};
use crate::domain::event::NodeMessage;
use crate::domain::value::id::{AccountId, NodeId};

/// The version of messages; the subject names it as well, so that a later one can live beside it.
const VERSION: u8 = 1;
/// The longest message that is read. Ours are below 400 bytes.
const MAX_BYTES: usize = 1024;

/// A fact on its way between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    v: u8,
    /// Who sent it.
    pub(super) node: NodeId,
    /// The account that it belongs to.
    pub(super) account: AccountId,
    /// When, in seconds since 1970.
    #[serde(default)]
    at: i64,
    #[serde(flatten)]
    pub(super) event: NodeMessage,
}

/// A message with its MAC, as it goes over the line.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    message: Message,
    #[serde(default)]
    mac: String,
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
    /// Of an older node, or of somebody who holds no code key.
    #[error("without_a_mac")]
    NoMac,
    /// A clock is wrong, or somebody plays it again.
    #[error("too_old_or_of_the_future")]
    OtherTime,
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
    pub(super) fn new(node: NodeId, account: AccountId, event: NodeMessage, now: Timestamp) -> Self {
        Self { v: VERSION, node, account, at: now.as_second(), event }
    }

    pub(super) fn to_bytes(self, keys: &BusKeys) -> Vec<u8> {
        let mac = keys.mac(&self.covered());
        serde_json::to_vec(&Sealed { message: self, mac }).expect("ids and words are JSON")
    }

    /// What its MAC covers: all of it, as this version writes it.
    fn covered(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("ids and words are JSON")
    }

    pub(super) fn parse(bytes: &[u8], keys: &BusKeys, now: Timestamp) -> Result<Self, Unread> {
        if bytes.len() > MAX_BYTES {
            return Err(Unread::TooLong);
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|_| Unread::NotUnderstood)?;
        if head.v != VERSION {
            return Err(Unread::OtherVersion);
        }
        let Sealed { message, mac } = serde_json::from_slice(bytes).map_err(|_| Unread::NotUnderstood)?;
        if !keys.knows(&message.covered(), &mac) {
            return Err(Unread::NoMac);
        }
        let differs = now.as_second().abs_diff(message.at);
        if differs > CLOCKS_DIFFER.as_secs() { Err(Unread::OtherTime) } else { Ok(message) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::domain::account::locale::Language;
    use crate::domain::challenge::Outcome;
    use crate::domain::code::{CodeKeys, KeyId};
    use crate::domain::event::AlertKind;
    use crate::domain::value::id::{ChallengeId, ConnectionId, DeviceId, SessionId};

    const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn keys(byte: u8) -> BusKeys {
        BusKeys::new(Arc::new(CodeKeys::single(KeyId::parse("k").expect("valid"), [byte; 32])))
    }

    fn message(event: NodeMessage) -> Message {
        Message::new(NodeId::new(ID), AccountId::new(ID), event, NOW)
    }

    fn every_event() -> Vec<NodeMessage> {
        let challenge_id = ChallengeId::new(ID);
        let device_id = DeviceId::new(ID);
        vec![
            NodeMessage::CodeIssued { challenge_id },
            NodeMessage::CodeSent { challenge_id, generation: u32::MAX, device_id },
            NodeMessage::ReceiptCame { challenge_id, generation: 1, device_id, shown: false },
            NodeMessage::ChallengeClosed { challenge_id, outcome: Outcome::AttemptsExhausted },
            NodeMessage::DeliveryChanged { challenge_id },
            NodeMessage::SessionEnded { session_id: SessionId::new(ID) },
            NodeMessage::DeviceRemoved { device_id },
            NodeMessage::DeviceConnected { device_id, connection_id: ConnectionId::new(ID) },
            NodeMessage::LanguageChanged { device_id, language: Language::English },
            NodeMessage::SecurityAlert { kind: AlertKind::TooManyWrongCodes },
        ]
    }

    #[test]
    fn every_fact_comes_back_as_it_went_and_is_small() {
        for event in every_event() {
            let bytes = message(event).to_bytes(&keys(1));
            assert!(bytes.len() <= 380, "{} bytes", bytes.len());
            assert_eq!(Message::parse(&bytes, &keys(1), NOW), Ok(message(event)));
        }
    }

    #[test]
    fn a_newer_nodes_fields_versions_and_facts_do_no_harm() {
        let event = NodeMessage::CodeIssued { challenge_id: ChallengeId::new(ID) };
        let known = String::from_utf8(message(event).to_bytes(&keys(1))).expect("UTF-8");
        let parse = |text: &str| Message::parse(text.as_bytes(), &keys(1), NOW);
        let with_more = known.replace("\"v\":1", "\"v\":1,\"shoe_size\":43");
        assert_eq!(parse(&with_more), Ok(message(event)));
        assert_eq!(parse(&known.replace("\"v\":1", "\"v\":2")), Err(Unread::OtherVersion));
        assert_eq!(parse(&known.replace("code_issued", "code_sung")), Err(Unread::NotUnderstood));
    }

    #[test]
    fn who_holds_no_key_is_not_heard_and_neither_is_the_past() {
        let event = NodeMessage::DeviceRemoved { device_id: DeviceId::new(ID) };
        let bytes = message(event).to_bytes(&keys(1));
        assert_eq!(Message::parse(&bytes, &keys(2), NOW), Err(Unread::NoMac));
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        for (from, to) in
            [("\"mac\":\"", "\"mac\":\"A"), ("\"at\":0", "\"at\":1"), ("0001\",\"account", "0002\",\"account")]
        {
            assert!(text.contains(from), "{text}");
            let forged = text.replacen(from, to, 1);
            assert_eq!(Message::parse(forged.as_bytes(), &keys(1), NOW), Err(Unread::NoMac), "{forged}");
        }
        let unsealed = serde_json::to_vec(&message(event)).expect("JSON");
        assert_eq!(Message::parse(&unsealed, &keys(1), NOW), Err(Unread::NoMac));
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert!(
            Message::parse(&bytes, &keys(1), at(120)).is_ok() && Message::parse(&bytes, &keys(1), at(-120)).is_ok()
        );
        for second in [121, -121] {
            assert_eq!(Message::parse(&bytes, &keys(1), at(second)), Err(Unread::OtherTime));
        }
    }

    #[test]
    fn rubbish_is_passed_over() {
        for rubbish in ["", "{}", "[]", "null", "{\"v\":1}", "{\"v\":-1}", "\u{0}", "{\"v\":1,\"node\":\"x\"}"] {
            assert_eq!(Message::parse(rubbish.as_bytes(), &keys(1), NOW), Err(Unread::NotUnderstood), "{rubbish}");
        }
        assert_eq!(Message::parse(&[b' '; MAX_BYTES + 1], &keys(1), NOW), Err(Unread::TooLong));
    }
}
