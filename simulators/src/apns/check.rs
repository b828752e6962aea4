//! Checks a request as APNs does.
//!
//! Source: <https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns>.

use http::{HeaderMap, Method};
use serde_json::Value;

use super::ApnsFailure;

/// Most bytes of a payload.
const MAX_PAYLOAD_BYTES: usize = 4096;
/// Most bytes of a collapse id.
const MAX_COLLAPSE_ID_BYTES: usize = 64;
/// Shorter tokens are never issued.
const MIN_TOKEN_DIGITS: usize = 16;

const PUSH_TYPES: [&str; 10] = [
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
];

/// The headers that APNs knows; others are legal in HTTP but not asked for.
const KNOWN_HEADERS: [&str; 11] = [
    "authorization",
    "apns-id",
    "apns-push-type",
    "apns-expiration",
    "apns-priority",
    "apns-topic",
    "apns-collapse-id",
    "content-type",
    "content-length",
    "accept",
    "user-agent",
];

/// The device token in a path.
pub(super) fn device_token(path: &str) -> Option<&str> {
    path.strip_prefix("/3/device/")
}

/// Headers that APNs does not know.
pub(super) fn unknown_headers(headers: &HeaderMap) -> Vec<String> {
    let unknown = headers.keys().filter(|name| !KNOWN_HEADERS.contains(&name.as_str()));
    unknown.map(ToString::to_string).collect()
}

/// What comes before the credentials: method, path, headers that are there twice.
pub(super) fn check_form(method: &Method, path: &str, headers: &HeaderMap) -> Result<(), ApnsFailure> {
    if device_token(path).is_none() {
        return Err(ApnsFailure::BadPath);
    }
    if method != Method::POST {
        return Err(ApnsFailure::MethodNotAllowed);
    }
    match headers.keys().any(|name| headers.get_all(name).iter().count() > 1) {
        true => Err(ApnsFailure::DuplicateHeaders),
        false => Ok(()),
    }
}

/// What comes after the credentials: the other headers, the token, the payload.
pub(super) fn check_content(topic: &str, path: &str, headers: &HeaderMap, payload: &[u8]) -> Result<(), ApnsFailure> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match text("apns-topic") {
        None => return Err(ApnsFailure::MissingTopic),
        Some("") => return Err(ApnsFailure::BadTopic),
        Some(given) if given != topic => return Err(ApnsFailure::TopicDisallowed),
        Some(_) => {}
    }
    check_headers(text)?;
    check_token(device_token(path).unwrap_or_default())?;
    check_payload(payload)
}

fn check_headers<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Result<(), ApnsFailure> {
    let push_type = text("apns-push-type").ok_or(ApnsFailure::InvalidPushType)?;
    if !PUSH_TYPES.contains(&push_type) {
        return Err(ApnsFailure::InvalidPushType);
    }
    if text("apns-id").is_some_and(|id| !is_uuid(id)) {
        return Err(ApnsFailure::BadMessageId);
    }
    if text("apns-expiration").is_some_and(|seconds| seconds.parse::<u64>().is_err()) {
        return Err(ApnsFailure::BadExpirationDate);
    }
    match (text("apns-priority"), push_type) {
        (None | Some("10"), "background") => return Err(ApnsFailure::BadPriority),
        (None | Some("10" | "5" | "1"), _) => {}
        (Some(_), _) => return Err(ApnsFailure::BadPriority),
    }
    match text("apns-collapse-id").is_some_and(|id| id.len() > MAX_COLLAPSE_ID_BYTES) {
        true => Err(ApnsFailure::BadCollapseId),
        false => Ok(()),
    }
}

fn check_token(token: &str) -> Result<(), ApnsFailure> {
    if token.is_empty() {
        return Err(ApnsFailure::MissingDeviceToken);
    }
    let hexadecimal = token.bytes().all(|byte| byte.is_ascii_hexdigit());
    match hexadecimal && token.len().is_multiple_of(2) && token.len() >= MIN_TOKEN_DIGITS {
        true => Ok(()),
        false => Err(ApnsFailure::BadDeviceToken),
    }
}

/// Apple names no reason for a payload that is no JSON object; it counts as empty here.
fn check_payload(payload: &[u8]) -> Result<(), ApnsFailure> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(ApnsFailure::PayloadTooLarge);
    }
    let parsed: Value = serde_json::from_slice(payload).unwrap_or_default();
    match parsed.get("aps").is_some_and(Value::is_object) {
        true => Ok(()),
        false => Err(ApnsFailure::PayloadEmpty),
    }
}

/// Lower case, 8-4-4-4-12.
fn is_uuid(text: &str) -> bool {
    let digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let groups: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.as_bytes().iter().all(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(change: impl Fn(&mut HeaderMap), path: &str, payload: &[u8]) -> Option<ApnsFailure> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("apns-topic", "org.example.app"),
            ("apns-push-type", "alert"),
            ("apns-priority", "10"),
            ("apns-id", "0190b5a2-7c3b-7def-8123-456789abcdef"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        change(&mut headers);
        let checked = check_form(&Method::POST, path, &headers);
        checked.and_then(|()| check_content("org.example.app", path, &headers, payload)).err()
    }

    fn with(name: &'static str, value: &'static str) -> Option<ApnsFailure> {
        let set = |headers: &mut HeaderMap| {
            headers.insert(name, value.parse().unwrap());
        };
        fault(set, PATH, PAYLOAD)
    }

    const PATH: &str = "/3/device/00112233445566778899";
    const PAYLOAD: &[u8] = br#"{"aps":{}}"#;

    #[test]
    fn faults_have_apples_reasons() {
        assert_eq!(fault(|_| {}, PATH, PAYLOAD), None);
        assert_eq!(with("apns-topic", "other"), Some(ApnsFailure::TopicDisallowed));
        assert_eq!(with("apns-push-type", "loud"), Some(ApnsFailure::InvalidPushType));
        assert_eq!(with("apns-push-type", "background"), Some(ApnsFailure::BadPriority));
        assert_eq!(with("apns-priority", "7"), Some(ApnsFailure::BadPriority));
        assert_eq!(with("apns-expiration", "soon"), Some(ApnsFailure::BadExpirationDate));
        assert_eq!(with("apns-id", "0190B5A2-7C3B-7DEF-8123-456789ABCDEF"), Some(ApnsFailure::BadMessageId));
        let remove = |headers: &mut HeaderMap| {
            headers.remove("apns-topic");
        };
        assert_eq!(fault(remove, PATH, PAYLOAD), Some(ApnsFailure::MissingTopic));
        let twice = |headers: &mut HeaderMap| {
            headers.append("apns-priority", "5".parse().unwrap());
        };
        assert_eq!(fault(twice, PATH, PAYLOAD), Some(ApnsFailure::DuplicateHeaders));
        assert_eq!(fault(|_| {}, "/3/device/", PAYLOAD), Some(ApnsFailure::MissingDeviceToken));
        assert_eq!(fault(|_| {}, "/3/device/zz", PAYLOAD), Some(ApnsFailure::BadDeviceToken));
        assert_eq!(fault(|_| {}, "/2/device/00", PAYLOAD), Some(ApnsFailure::BadPath));
        assert_eq!(fault(|_| {}, PATH, b""), Some(ApnsFailure::PayloadEmpty));
        let big = format!(r#"{{"aps":{{}},"x":"{}"}}"#, "x".repeat(4096));
        assert_eq!(fault(|_| {}, PATH, big.as_bytes()), Some(ApnsFailure::PayloadTooLarge));
    }
}
