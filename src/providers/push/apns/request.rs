//! The request of one push: headers and payload.
//!
//! Source: <https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns> and
//! <https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification>.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::super::sealed::seal_push;
use super::super::{Push, PushAddress, PushContent};
use crate::domain::delivery::push_address::PushKeys;
use crate::domain::value::moment;

/// Most bytes of a payload.
const MAX_PAYLOAD_BYTES: usize = 4096;

/// What stays the same for every push through one client.
pub(in crate::providers::push) struct Style {
    pub(in crate::providers::push) topic: HeaderValue,
    pub(in crate::providers::push) time_sensitive: bool,
}

#[derive(Serialize)]
struct Payload<'a> {
    aps: Aps<'a>,
    r#type: &'static str,
    account_tag: &'a str,
    /// Of everything but an alert and a drill.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_id: Option<String>,
    /// Of an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<String>,
    /// Of an alert: what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    generation: u32,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a str>,
    /// The envelope of a device that gave keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Aps<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interruption_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable_content: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_available: Option<u8>,
}

#[derive(Serialize)]
struct Alert<'a> {
    title: &'a str,
    body: &'a str,
}

/// Builds the payload; `None` when it is over 4096 bytes.
pub(in crate::providers::push) fn payload(push: &Push, keys: Option<&PushKeys>, style: &Style) -> Option<Bytes> {
    let sealed = match (&push.content, keys) {
        (PushContent::Sealed { .. }, Some(keys)) => Some(seal_push(keys, push).ok()?),
        _ => None,
    };
    let subject_id = push.subject_id.hyphenated().to_string();
    let kind = push.content.alert_kind();
    let challenge_id = push.content.is_of_challenge().then(|| subject_id.clone());
    let alert_id = kind.is_some().then_some(subject_id);
    let payload = Payload {
        aps: aps(&push.content, style.time_sensitive),
        r#type: push.content.word(),
        account_tag: push.account.as_str(),
        challenge_id,
        alert_id,
        kind,
        generation: push.generation,
        expires_at: moment::text(push.expires_at),
        code: match &push.content {
            PushContent::Code { code, .. } => Some(code.expose_secret()),
            PushContent::Sealed { .. }
            | PushContent::Wake { .. }
            | PushContent::Pending { .. }
            | PushContent::Withdraw { .. }
            | PushContent::Drill
            | PushContent::Alert { .. } => None,
        },
        // What a sealed push allows is inside it.
        receipt: push.receipt.as_ref().filter(|_| sealed.is_none()).map(ExposeSecret::expose_secret),
        sealed,
    };
    let bytes = serde_json::to_vec(&payload).ok()?;
    (bytes.len() <= MAX_PAYLOAD_BYTES).then(|| bytes.into())
}

/// The same for a device that another provider reaches through APNs.
pub(in crate::providers::push) fn aps_value(content: &PushContent, time_sensitive: bool) -> serde_json::Value {
    serde_json::to_value(aps(content, time_sensitive)).unwrap_or_default()
}

/// A wake-up, or what is sealed, is an alert that the app's notification extension rewrites (`mutable-content`).
fn aps(content: &PushContent, time_sensitive: bool) -> Aps<'_> {
    let (title, body, mutable) = match content {
        PushContent::Code { title, body, .. } | PushContent::Alert { title, body, .. } => (title, body, None),
        PushContent::Wake { title, body } | PushContent::Sealed { title, body, .. } => (title, body, Some(1)),
        PushContent::Pending { .. } | PushContent::Withdraw { .. } | PushContent::Drill => {
            return Aps { content_available: Some(1), ..Aps::default() };
        }
    };
    Aps {
        alert: Some(Alert { title, body }),
        sound: Some("default"),
        interruption_level: interruption_level(content, time_sensitive),
        mutable_content: mutable,
        content_available: None,
    }
}

/// An alert is about what has happened, and waits for the end of a Focus; a code is waited for.
fn interruption_level(content: &PushContent, time_sensitive: bool) -> Option<&'static str> {
    if content.alert_kind().is_some() { Some("active") } else { time_sensitive.then_some("time-sensitive") }
}

/// Builds the request's head. `origin` is scheme and authority.
///
/// # Errors
/// When the address does not fit into a path, which [`PushAddress::parse`] rules out.
pub(super) fn head(
    origin: &str,
    address: &PushAddress,
    push: &Push,
    style: &Style,
    authorization: HeaderValue,
) -> Result<Request<()>, http::Error> {
    // Apple demands priority 5 for background pushes: they may wait for a good moment of the device.
    let (push_type, priority) = match push.content.is_urgent() {
        true => ("alert", "10"),
        false => ("background", "5"),
    };
    Request::builder()
        .method(Method::POST)
        .uri(format!("{origin}/3/device/{}", address.expose()))
        .header(AUTHORIZATION, authorization)
        .header(CONTENT_TYPE, "application/json")
        .header("apns-topic", style.topic.clone())
        .header("apns-push-type", push_type)
        .header("apns-priority", priority)
        .header("apns-expiration", push.expires_at.as_second().max(0).to_string())
        .header("apns-collapse-id", push.subject_id.hyphenated().to_string())
        .header("apns-id", push.delivery_id.hyphenated().to_string())
        .body(())
}
