//! What devices and the gateway say to each other. Every message is a JSON object with a `type`.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::challenge::{Outcome, Purpose};
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, Requester};
use crate::domain::device::Platform;
use crate::domain::event::AlertKind;
use crate::domain::value::id::{ChallengeId, ConnectionId};
use crate::domain::value::moment;

/// From the gateway to a device. Not `Debug`: it may hold a code.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The first message on a connection.
    Welcome {
        /// This connection, for support.
        connection_id: ConnectionId,
        /// How often the gateway pings, in seconds.
        heartbeat_seconds: u64,
    },
    /// Show this code. Devices de-duplicate by (`challenge_id`, `generation`).
    Code {
        /// For which challenge.
        challenge_id: ChallengeId,
        /// Which of its codes; a higher one replaces a lower one.
        generation: u32,
        /// The digits.
        code: &'a str,
        /// What it is for.
        purpose: Purpose,
        /// Until when it is good.
        #[serde(serialize_with = "moment::write")]
        expires_at: Timestamp,
        /// Who asks for it.
        requester: RequesterView<'a>,
        /// When the gateway sent it.
        #[serde(serialize_with = "moment::write")]
        sent_at: Timestamp,
    },
    /// A challenge is over: stop showing its code.
    ChallengeClosed {
        /// The challenge.
        challenge_id: ChallengeId,
        /// How it ended.
        outcome: Outcome,
    },
    /// Something about the account that its owner should know.
    SecurityAlert {
        /// What about.
        kind: AlertKind,
        /// When it happened, in UTC.
        #[serde(serialize_with = "moment::write")]
        at: Timestamp,
        /// What to show.
        text: &'a str,
    },
    /// The gateway closes this connection next.
    Goodbye {
        /// Why.
        reason: GoodbyeReason,
        /// Connect again after this long, in milliseconds.
        reconnect_after_ms: u64,
    },
    /// The answer to `ping`.
    Pong,
}

/// Why the gateway says goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GoodbyeReason {
    /// This node is going away; others, or the same one after a restart, go on.
    Drain,
}

/// Who asks for a code, as the owner's devices show it beside the code: without links and numbers to call.
#[derive(Serialize)]
pub struct RequesterView<'a> {
    name: String,
    model: String,
    platform: Platform,
    ip: &'a str,
    location: Option<&'a str>,
}

impl<'a> From<&'a Requester> for RequesterView<'a> {
    fn from(requester: &'a Requester) -> Self {
        let (name, model) = requester.device.shown();
        Self {
            name,
            model,
            platform: requester.device.platform,
            ip: &requester.ip,
            location: requester.location.as_deref(),
        }
    }
}

impl<'a> ServerMessage<'a> {
    /// The message that shows a code.
    #[must_use]
    pub fn code(issued: &'a CodeToDeliver, code: &'a Code, sent_at: Timestamp) -> Self {
        Self::Code {
            challenge_id: issued.challenge_id,
            generation: issued.generation,
            code: code.expose(),
            purpose: issued.purpose,
            expires_at: issued.expires_at,
            requester: (&issued.requester).into(),
            sent_at,
        }
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a message has string keys and no value that JSON lacks")
    }
}

/// From a device to the gateway.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceMessage {
    /// The code arrived; it is on the screen, or it could not be shown.
    Receipt {
        /// For which challenge.
        challenge_id: Uuid,
        /// Which of its codes.
        generation: u32,
        /// On the screen or not.
        shown: bool,
    },
    /// "This wasn't me."
    Deny {
        /// Which challenge.
        challenge_id: Uuid,
    },
    /// A new access token of the same session keeps the connection.
    Refresh {
        /// The token.
        access_token: SecretString,
    },
    /// Answered with `pong`.
    Ping {},
}

impl DeviceMessage {
    /// Reads a text message.
    ///
    /// # Errors
    /// `serde_json` says what is wrong; the connection then closes with 1007 and the text goes nowhere.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // serde would take the values in a list for an object as well.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(serde::de::Error::custom("a message is an object"));
        }
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_messages_are_read() {
        let id = "018f3e2a-0000-7000-8000-000000000001";
        let parse = |text: String| DeviceMessage::parse(&text);
        assert!(matches!(
            parse(format!(r#"{{"type":"receipt","challenge_id":"{id}","generation":2,"shown":true}}"#)),
            Ok(DeviceMessage::Receipt { generation: 2, shown: true, .. })
        ));
        assert!(matches!(parse(format!(r#"{{"type":"deny","challenge_id":"{id}"}}"#)), Ok(DeviceMessage::Deny { .. })));
        assert!(matches!(parse(r#"{"type":"ping"}"#.to_owned()), Ok(DeviceMessage::Ping {})));
        assert!(matches!(
            parse(r#"{"type":"refresh","access_token":"ts_at_x"}"#.to_owned()),
            Ok(DeviceMessage::Refresh { .. })
        ));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "[]",
            r#"["ping"]"#,
            "{}",
            "null",
            r#"{"type":"code"}"#,
            r#"{"type":"ping","x":1}"#,
            r#"{"type":"deny"}"#,
            r#"{"type":"deny","challenge_id":"x"}"#,
        ] {
            assert!(DeviceMessage::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn server_messages_have_the_documented_shape() {
        let text = ServerMessage::Goodbye { reason: GoodbyeReason::Drain, reconnect_after_ms: 5 }.to_text();
        assert_eq!(text, r#"{"type":"goodbye","reason":"drain","reconnect_after_ms":5}"#);
        assert_eq!(ServerMessage::Pong.to_text(), r#"{"type":"pong"}"#);
    }
}
