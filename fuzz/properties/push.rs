//! What must hold for whatever a push provider answers, and the bodies of requests to providers for `benches/hot_paths`.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::apns::{reason, request};
use super::fcm::answer::{self, Verdict};
use super::fcm::body;
use super::guard::{Next, RetryPolicy};
use super::retry_after::retry_after;
use super::webpush::{PushServices, answer as web_answer};
use super::{Push, PushAddress, PushOutcome, TransientCause, UnavailableReason};

/// The words without which no address is forgotten.
const DEATH: &[&str] =
    &["UNREGISTERED", "message.token", "message.fid", "BadDeviceToken", "ExpiredToken", "Unregistered"];
const POLICY: RetryPolicy = RetryPolicy { attempts: 4, base: Duration::from_secs(1), cap: Duration::from_secs(30) };
/// How long a code lives.
const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// The provider's first letter, the status, a space, `Retry-After`, and from the second line on the body:
/// `f429 17`.
///
/// # Panics
/// When an address is forgotten or a push accepted for no reason, or when a wait outlives its push.
pub fn provider_answers(bytes: &[u8]) {
    let head_bytes = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (head, body) = bytes.split_at(head_bytes);
    let body = body.get(1..).unwrap_or_default();
    let Some((provider, head)) = head.split_first() else { return };
    let (status, header) = head.split_at(head.len().min(3));
    let Some(status) = std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()) else { return };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header.trim_ascii_start()) {
        headers.insert(RETRY_AFTER, value);
    }
    let wait = retry_after(&headers);
    let outcome = match provider {
        b'f' => match answer::read(status, wait, body) {
            Verdict::Done(outcome) => outcome,
            Verdict::AccessTokenRefused => return assert_eq!(status, 401),
        },
        b'w' => match web_answer::read(status, wait, None, Timestamp::UNIX_EPOCH) {
            web_answer::Verdict::Done(outcome) => outcome,
            web_answer::Verdict::KeyRefused => return assert!(matches!(status, 401 | 403)),
        },
        _ => reason::read(status, None, wait, body),
    };
    if *provider == b'w' {
        check_web_push(&outcome, status);
    } else {
        check(&outcome, status, body);
    }
    check_retry(&outcome, wait);
}

/// An endpoint that a browser names.
///
/// # Panics
/// When what is called is not at a listed push service, however the text is spelled, or when the HTTP client would call another host than
/// was looked at.
pub fn push_endpoints(bytes: &[u8]) {
    const LISTED: [&str; 2] = ["push.example", "*.below.example"];
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let services = |list: &[&str]| {
        let list: Vec<_> = list.iter().map(|entry| (*entry).to_owned()).collect();
        PushServices::parse(&list).expect("a list")
    };
    assert!(services(&[]).accept(text).is_err(), "called, and nothing is listed");
    let Ok(endpoint) = services(&LISTED).accept(text) else { return };
    let url = endpoint.url.as_str();
    let called: http::Uri = url.parse().expect("what is looked at can be called");
    let host = called.host().expect("a host");
    let is_listed = match endpoint.entry {
        0 => host == "push.example",
        _ => host.strip_suffix(".below.example").is_some_and(|label| !label.is_empty()),
    };
    assert!(is_listed, "called at a service that is not listed");
    assert_eq!((called.scheme_str(), called.port_u16().unwrap_or(443)), (Some("https"), 443));
    assert!(!url.contains('#') && !called.authority().is_some_and(|authority| authority.as_str().contains('@')));
    let again = services(&LISTED).accept(url).map(|again| again.url);
    assert_eq!(again.as_ref().map(reqwest::Url::as_str), Ok(url), "read again, it is another");
}

/// The body of a request to FCM; `None` when it is too large or the address is not one of FCM's.
#[must_use]
pub fn fcm_body(address: &PushAddress, push: &Push, now: Timestamp) -> Option<Vec<u8>> {
    let style = body::Style { channel: None, alert_channel: None, time_sensitive: true };
    body::build(address, push, &style, now).ok()
}

/// The body of a request to APNs; `None` when it is too large.
#[must_use]
pub fn apns_body(push: &Push) -> Option<Bytes> {
    let style = request::Style { topic: HeaderValue::from_static("com.example.app"), time_sensitive: false };
    request::payload(push, None, &style)
}

fn check(outcome: &PushOutcome, status: u16, body: &[u8]) {
    match outcome {
        PushOutcome::Accepted { .. } => assert_eq!(status, 200),
        PushOutcome::RetryAfter { cause: TransientCause::Unintelligible, .. } => assert_eq!(status, 200),
        PushOutcome::TokenDead { .. } => {
            assert_ne!(status, 200);
            // What only this reader cannot read (numbers beyond all bounds) is no matter here.
            let body: Value = serde_json::from_slice(body).unwrap_or_else(|_| DEATH[0].into());
            assert!(holds(&body, DEATH), "forgotten for no reason");
        }
        PushOutcome::RetryAfter { .. }
        | PushOutcome::Rejected(_)
        | PushOutcome::Unavailable(_)
        | PushOutcome::Misconfigured(_) => assert_ne!(status, 200),
    }
}

/// Push services say by the status alone what became of a push (RFC 8030).
fn check_web_push(outcome: &PushOutcome, status: u16) {
    match outcome {
        PushOutcome::Accepted { .. } => assert!(matches!(status, 200..=202)),
        PushOutcome::TokenDead { as_of } => assert!(matches!(status, 404 | 410) && as_of.is_some()),
        PushOutcome::RetryAfter { .. }
        | PushOutcome::Rejected(_)
        | PushOutcome::Unavailable(_)
        | PushOutcome::Misconfigured(_) => assert!(!matches!(status, 200..=202 | 404 | 410)),
    }
}

fn check_retry(outcome: &PushOutcome, asked: Option<Duration>) {
    let now = Timestamp::UNIX_EPOCH;
    let expires_at = Timestamp::UNIX_EPOCH + LIFE;
    let may_wait = matches!(outcome, PushOutcome::RetryAfter { .. });
    match POLICY.after(1, outcome.clone(), now, expires_at, 0.5) {
        Next::Again(wait) => {
            assert!(may_wait && wait < LIFE.unsigned_abs());
            let is_told = matches!(outcome, PushOutcome::RetryAfter { wait: Some(_), .. });
            assert!(!is_told || asked.is_none_or(|asked| wait >= asked), "{wait:?} is sooner than {asked:?}");
        }
        Next::Done(PushOutcome::Unavailable(UnavailableReason::GivenUp(_))) => assert!(may_wait),
        Next::Done(done) => assert_eq!(done, *outcome),
    }
}

/// Whether one of the words stands somewhere in a value.
fn holds(value: &Value, words: &[&str]) -> bool {
    match value {
        Value::String(text) => words.contains(&text.as_str()),
        Value::Array(values) => values.iter().any(|value| holds(value, words)),
        Value::Object(fields) => fields.values().any(|value| holds(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
