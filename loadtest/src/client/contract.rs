//! What goes over the wire, as far as the harness needs it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The password of every account that the harness makes.
pub(crate) const PASSWORD: &str = "eleven quiet lamps on the harbour wall";

/// An installation of the app, as it says of itself.
#[derive(Clone, Serialize)]
pub(crate) struct Install {
    /// Made once.
    pub(crate) install_id: Uuid,
    name: &'static str,
    model: &'static str,
    platform: &'static str,
    os_version: &'static str,
    app_version: &'static str,
}

impl Install {
    /// A new one.
    pub(crate) fn new() -> Self {
        Self {
            install_id: Uuid::now_v7(),
            name: "Load test",
            model: "Harness",
            platform: "android",
            os_version: "15",
            app_version: "1.0.0",
        }
    }
}

#[derive(Serialize)]
pub(super) struct SignInBody<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) device: &'a Install,
}

#[derive(Serialize)]
pub(super) struct EnableBody {
    pub(super) enabled: bool,
}

#[derive(Serialize)]
pub(super) struct VerifyBody<'a> {
    pub(super) code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trust_device: Option<bool>,
}

/// An open challenge in the hands of its holder.
#[derive(Clone, Deserialize)]
pub(crate) struct Challenge {
    /// Its id.
    pub(crate) id: Uuid,
    /// What shows that this device asked.
    pub(crate) token: String,
}

impl Challenge {
    /// Where calls on it go.
    pub(crate) fn path(&self, tail: &str) -> String {
        format!("/v1/challenges/{}{tail}", self.id)
    }
}

#[derive(Deserialize)]
pub(super) struct ChallengeBody {
    pub(super) challenge: Challenge,
}

/// A signed-in device.
#[derive(Clone, Deserialize)]
pub(crate) struct SignedIn {
    /// Its session.
    pub(crate) session: Session,
    /// The device.
    pub(crate) device: Device,
}

impl SignedIn {
    /// A device with this access token.
    pub(crate) fn bare(access_token: String) -> Self {
        Self { session: Session { access_token }, device: Device { id: Uuid::nil() } }
    }
}

/// The tokens of a session.
#[derive(Clone, Deserialize)]
pub(crate) struct Session {
    /// For calls and connections.
    pub(crate) access_token: String,
}

/// What an app's server says of a sign-in.
#[derive(Serialize)]
pub(super) struct AppSignInBody<'a> {
    pub(super) subject: &'a str,
    pub(super) device: &'a Install,
    pub(super) ip: &'a str,
}

/// What an app's server says of its user.
#[derive(Serialize)]
pub(super) struct SubjectBody<'a> {
    pub(super) two_step_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<&'a str>,
}

/// How the next code is to travel.
#[derive(Serialize)]
pub(super) struct ResendBody {
    pub(super) method: &'static str,
}

/// A device that an app's server vouches for.
#[derive(Serialize)]
pub(super) struct VouchedBody<'a> {
    pub(super) device: &'a Install,
    pub(super) ip: &'a str,
    /// Without a code that was typed on it.
    #[serde(rename = "override")]
    pub(super) overriding: bool,
}

/// A device, as the gateway knows it.
#[derive(Clone, Deserialize)]
pub(crate) struct Device {
    /// Its id.
    pub(crate) id: Uuid,
}

/// A refusal.
#[derive(Deserialize)]
pub(crate) struct Problem {
    /// Which.
    pub(crate) code: String,
}

/// What a device is told over its connection.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage {
    /// The first message.
    Welcome {},
    /// Show this code.
    Code {
        /// For which challenge.
        challenge_id: Uuid,
        /// Which of its codes.
        generation: u32,
        /// The digits.
        code: String,
    },
    /// The gateway closes next.
    Goodbye {
        /// Come back after so long.
        reconnect_after_ms: u64,
    },
    /// Anything that the harness does not look at.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct ChallengeStatus {
    pub(super) state: String,
}

#[derive(Deserialize)]
pub(super) struct ActivityPage {
    pub(super) entries: Vec<ActivityEntry>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ActivityEntry {
    pub(super) kind: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_unknown_ones_passed_over() {
        let code = r#"{"type":"code","challenge_id":"018f3e2a-0000-7000-8000-000000000001","generation":2,"code":"123456","purpose":"sign_in","requester":{"name":"x"}}"#;
        let read = |text| serde_json::from_str::<ServerMessage>(text).unwrap();
        assert!(matches!(read(code), ServerMessage::Code { generation: 2, .. }));
        assert!(matches!(
            read(r#"{"type":"welcome","connection_id":"x","heartbeat_seconds":25}"#),
            ServerMessage::Welcome {}
        ));
        let goodbye = read(r#"{"type":"goodbye","reason":"drain","reconnect_after_ms":1200}"#);
        assert!(matches!(goodbye, ServerMessage::Goodbye { reconnect_after_ms: 1200 }));
        assert!(matches!(read(r#"{"type":"challenge_closed","outcome":"verified"}"#), ServerMessage::Other));
    }
}
