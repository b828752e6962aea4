//! The body of `projects.messages.send`, with no field that the v1 API does not have.
//!
//! Source: the discovery document of FCM v1, revision 20261023
//! (<https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>).

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::apns::request::aps_value;
use super::super::sealed::seal_push;
use super::super::{Push, PushAddress, PushAddressKind, PushContent};
use crate::domain::value::moment;

/// Most bytes of keys and values of data and notification together.
const MAX_PAYLOAD_BYTES: usize = 4096;

/// Longest lifetime that FCM takes: four weeks, in seconds.
const MAX_TTL_SECONDS: u64 = 28 * 24 * 60 * 60;

/// What stays the same for every push through one client.
pub(in crate::providers::push) struct Style {
    /// Android's notification channel for codes.
    pub(in crate::providers::push) channel: Option<String>,
    /// That for security alerts.
    pub(in crate::providers::push) alert_channel: Option<String>,
    /// Breaks through a Focus of iOS.
    pub(in crate::providers::push) time_sensitive: bool,
}

/// The collapse key of alerts. FCM keeps four keys a device, and which ones is not defined beyond that
/// (<https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible>): three codes may be open, each with a key of its own,
/// so alerts share one. While a device is away the newest takes the place of those before; the mails tell all.
const ALERTS: &str = "alerts";

/// Why there is no body for a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::providers::push) enum BodyError {
    /// The address is not one of FCM's.
    WrongProvider,
    /// Over [`MAX_PAYLOAD_BYTES`].
    TooLarge,
}

#[derive(Serialize)]
struct SendRequest<'a> {
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(flatten)]
    target: Target<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Notification<'a>>,
    data: Data<'a>,
    android: Android<'a>,
    apns: Apns,
    webpush: Webpush,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Target<'a> {
    Token(&'a str),
    Fid(&'a str),
}

#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    body: &'a str,
}

/// What the app reads. Every value is a string, as FCM demands.
#[derive(Serialize)]
struct Data<'a> {
    r#type: &'static str,
    account_tag: &'a str,
    /// Of everything but an alert and a drill.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_id: Option<&'a str>,
    /// Of an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<&'a str>,
    /// Of an alert: what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    generation: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a str>,
    /// The envelope of a device that gave keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<&'a str>,
}

#[derive(Serialize)]
struct Android<'a> {
    priority: &'static str,
    ttl: String,
    collapse_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<AndroidNotification<'a>>,
}

#[derive(Serialize)]
struct AndroidNotification<'a> {
    /// A notification with the tag of a shown one takes its place: a duplicate push does not show twice.
    tag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<&'a str>,
    /// A locked screen hides the text.
    visibility: &'static str,
    notification_priority: &'static str,
}

/// For addresses of iOS apps that use Firebase: what a push straight to APNs carries, beside the data.
#[derive(Serialize)]
struct Apns {
    headers: Value,
    payload: Value,
}

/// For addresses of browsers: lifetime, urgency and topic in the words of RFC 8030. A topic has 32 letters at most (section 5.4), and
/// replaces what waits; a tag replaces what is shown.
#[derive(Serialize)]
struct Webpush {
    headers: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Value>,
}

/// Builds the JSON body of a push.
pub(in crate::providers::push) fn build(
    address: &PushAddress,
    push: &Push,
    style: &Style,
    now: Timestamp,
) -> Result<Vec<u8>, BodyError> {
    let target = match address.kind() {
        PushAddressKind::FcmToken => Target::Token(address.expose()),
        PushAddressKind::FcmFid => Target::Fid(address.expose()),
        PushAddressKind::ApnsToken | PushAddressKind::WebPush => return Err(BodyError::WrongProvider),
    };
    let subject_id = push.subject_id.hyphenated().to_string();
    let sealed = match (&push.content, address.keys()) {
        (PushContent::Sealed { .. }, Some(keys)) => Some(seal_push(keys, push).map_err(|_| BodyError::TooLarge)?),
        _ => None,
    };
    let life_seconds = push.life_left(now).as_secs().min(MAX_TTL_SECONDS);
    let message = Message {
        target,
        notification: notification(&push.content),
        data: data(push, &subject_id, sealed.as_deref()),
        android: android(push, &subject_id, life_seconds, style),
        apns: apns(push, &subject_id, style.time_sensitive),
        webpush: webpush(push, life_seconds),
    };
    if payload_bytes(&message) > MAX_PAYLOAD_BYTES {
        return Err(BodyError::TooLarge);
    }
    serde_json::to_vec(&SendRequest { message }).map_err(|_| BodyError::TooLarge)
}

fn notification(content: &PushContent) -> Option<Notification<'_>> {
    match content {
        PushContent::Code { title, body, .. } | PushContent::Alert { title, body, .. } => {
            Some(Notification { title, body })
        }
        PushContent::Sealed { .. }
        | PushContent::Wake { .. }
        | PushContent::Pending { .. }
        | PushContent::Withdraw { .. }
        | PushContent::Drill => None,
    }
}

fn data<'a>(push: &'a Push, subject_id: &'a str, sealed: Option<&'a str>) -> Data<'a> {
    let kind = push.content.alert_kind();
    Data {
        r#type: push.content.word(),
        account_tag: push.account.as_str(),
        challenge_id: push.content.is_of_challenge().then_some(subject_id),
        alert_id: kind.is_some().then_some(subject_id),
        kind,
        generation: push.generation.to_string(),
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
    }
}

/// Silent entries go with normal priority: Android takes the right to high priority away from apps that use it without
/// showing something (<https://firebase.google.com/docs/cloud-messaging/android-message-priority>).
fn android<'a>(push: &Push, subject_id: &'a str, life_seconds: u64, style: &'a Style) -> Android<'a> {
    let is_alert = push.content.alert_kind().is_some();
    let channel = if is_alert { style.alert_channel.as_deref() } else { None };
    Android {
        priority: if push.content.is_urgent() { "HIGH" } else { "NORMAL" },
        ttl: format!("{life_seconds}s"),
        collapse_key: if is_alert { ALERTS } else { subject_id },
        notification: notification(&push.content).map(|_| AndroidNotification {
            tag: subject_id,
            channel_id: channel.or(style.channel.as_deref()),
            visibility: "PRIVATE",
            notification_priority: "PRIORITY_MAX",
        }),
    }
}

fn apns(push: &Push, subject_id: &str, time_sensitive: bool) -> Apns {
    let (kind, priority) = if push.content.is_urgent() { ("alert", "10") } else { ("background", "5") };
    Apns {
        headers: json!({
            "apns-expiration": push.expires_at.as_second().to_string(),
            "apns-collapse-id": subject_id,
            "apns-push-type": kind,
            "apns-priority": priority,
        }),
        payload: json!({"aps": aps_value(&push.content, time_sensitive)}),
    }
}

fn webpush(push: &Push, life_seconds: u64) -> Webpush {
    let urgency = if push.content.is_urgent() { "high" } else { "normal" };
    let topic = push.subject_id.simple().to_string();
    Webpush {
        headers: json!({"TTL": life_seconds.to_string(), "Urgency": urgency, "Topic": topic}),
        notification: notification(&push.content).map(|_| json!({"tag": push.subject_id.hyphenated().to_string()})),
    }
}

/// What FCM counts: keys and values of data and notification.
fn payload_bytes(message: &Message<'_>) -> usize {
    let data = &message.data;
    let fields = [
        ("type", data.r#type),
        ("account_tag", data.account_tag),
        ("challenge_id", data.challenge_id.unwrap_or_default()),
        ("alert_id", data.alert_id.unwrap_or_default()),
        ("kind", data.kind.unwrap_or_default()),
        ("generation", &data.generation),
        ("expires_at", &data.expires_at),
    ];
    let mut bytes: usize = fields.iter().map(|(key, value)| key.len() + value.len()).sum();
    for (key, value) in [("code", data.code), ("receipt", data.receipt), ("sealed", data.sealed)] {
        bytes += value.map_or(0, |value| key.len() + value.len());
    }
    let notification = message.notification.as_ref();
    bytes + notification.map_or(0, |shown| "titlebody".len() + shown.title.len() + shown.body.len())
}
