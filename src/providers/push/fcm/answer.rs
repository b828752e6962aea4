//! What FCM's answers mean.
//!
//! Source: <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode> and the error model of Google APIs
//! (<https://google.aip.dev/193>). Anything may stand in the body, a page of a proxy too: reading never fails.

use std::time::Duration;

use serde::Deserialize;

use super::super::{MisconfiguredReason, PushOutcome, RejectedReason, TransientCause};

/// Wait after 429 where FCM names none.
const THROTTLED_WAIT: Duration = Duration::from_secs(60);
/// Wait after 500 and 503 where FCM names none: Google asks for 10 s at least.
const SERVER_ERROR_WAIT: Duration = Duration::from_secs(10);

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::providers::push) enum Verdict {
    /// The push is decided, for this attempt.
    Done(PushOutcome),
    /// The access token is not accepted: fetch a new one, once.
    AccessTokenRefused,
}

/// `FcmError.errorCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ErrorCode {
    InvalidArgument,
    Unregistered,
    SenderIdMismatch,
    QuotaExceeded,
    Unavailable,
    Internal,
    ThirdPartyAuthError,
    /// `UNSPECIFIED_ERROR` and whatever Google may add.
    #[serde(other)]
    Unspecified,
}

#[derive(Deserialize)]
struct Accepted {
    name: String,
}

#[derive(Deserialize)]
struct Failure {
    error: Status,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    details: Vec<serde_json::Value>,
}

/// The details that matter here, by their `@type`.
#[derive(Default)]
struct Details {
    error_code: Option<ErrorCode>,
    names_target: bool,
    retry_delay: Option<Duration>,
}

/// Reads an answer of the send endpoint.
pub(in crate::providers::push) fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Verdict {
    if status == 200 {
        return Verdict::Done(read_accepted(body));
    }
    let details = read_details(body);
    let wait = retry_after.or(details.retry_delay);
    match details.error_code {
        Some(ErrorCode::Unspecified) | None => by_status(status, wait, &details),
        Some(code) => Verdict::Done(by_code(code, wait, &details)),
    }
}

fn read_accepted(body: &[u8]) -> PushOutcome {
    match serde_json::from_slice::<Accepted>(body) {
        Ok(Accepted { name }) => PushOutcome::Accepted { provider_message_id: Some(name) },
        Err(_) => PushOutcome::RetryAfter { cause: TransientCause::Unintelligible, wait: None },
    }
}

fn by_code(code: ErrorCode, wait: Option<Duration>, details: &Details) -> PushOutcome {
    match code {
        ErrorCode::InvalidArgument if details.names_target => PushOutcome::TokenDead { as_of: None },
        ErrorCode::InvalidArgument => PushOutcome::Rejected(RejectedReason::Malformed),
        ErrorCode::Unregistered => PushOutcome::TokenDead { as_of: None },
        ErrorCode::SenderIdMismatch => PushOutcome::Misconfigured(MisconfiguredReason::SenderIdMismatch),
        ErrorCode::QuotaExceeded => throttled(wait),
        ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::Unspecified => server_error(wait),
        ErrorCode::ThirdPartyAuthError => PushOutcome::Misconfigured(MisconfiguredReason::ThirdPartyAuth),
    }
}

fn by_status(status: u16, wait: Option<Duration>, details: &Details) -> Verdict {
    Verdict::Done(match status {
        400 if details.names_target => PushOutcome::TokenDead { as_of: None },
        400 => PushOutcome::Rejected(RejectedReason::Malformed),
        401 => return Verdict::AccessTokenRefused,
        403 => PushOutcome::Misconfigured(MisconfiguredReason::PermissionDenied),
        300..=399 | 404 => PushOutcome::Misconfigured(MisconfiguredReason::WrongProjectOrUrl),
        408 => PushOutcome::RetryAfter { cause: TransientCause::TimedOut, wait },
        413 => PushOutcome::Rejected(RejectedReason::PayloadTooLarge),
        429 => throttled(wait),
        500..=599 => server_error(wait),
        status => PushOutcome::Rejected(RejectedReason::Undocumented { status }),
    })
}

fn throttled(wait: Option<Duration>) -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::Throttled, wait: Some(wait.unwrap_or(THROTTLED_WAIT)) }
}

fn server_error(wait: Option<Duration>) -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::ServerError, wait: Some(wait.unwrap_or(SERVER_ERROR_WAIT)) }
}

fn read_details(body: &[u8]) -> Details {
    let mut found = Details::default();
    let Ok(failure) = serde_json::from_slice::<Failure>(body) else {
        return found;
    };
    for detail in &failure.error.details {
        let kind = detail.get("@type").and_then(serde_json::Value::as_str);
        match kind.and_then(|name| name.rsplit('/').next()) {
            Some("google.firebase.fcm.v1.FcmError") => {
                let code = detail.get("errorCode").cloned().unwrap_or_default();
                found.error_code = serde_json::from_value(code).ok();
            }
            Some("google.rpc.BadRequest") => found.names_target |= names_target(detail),
            Some("google.rpc.RetryInfo") => found.retry_delay = retry_delay(detail),
            _ => {}
        }
    }
    found
}

/// Whether a field violation is about the address.
fn names_target(bad_request: &serde_json::Value) -> bool {
    let violations = bad_request.get("fieldViolations").and_then(serde_json::Value::as_array);
    violations.into_iter().flatten().any(|violation| {
        let field = violation.get("field").and_then(serde_json::Value::as_str);
        matches!(field, Some("message.token" | "message.fid"))
    })
}

/// `retryDelay` is a duration in seconds with an `s` behind it.
fn retry_delay(retry_info: &serde_json::Value) -> Option<Duration> {
    let text = retry_info.get("retryDelay")?.as_str()?.strip_suffix('s')?;
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_is_judged_by_its_status() {
        for body in [&b"<html>"[..], b"", b"{}", b"[1]", b"{\"error\":7}", b"\xff\xfe"] {
            assert_eq!(read(502, None, body), Verdict::Done(server_error(None)));
            assert_eq!(read(401, None, body), Verdict::AccessTokenRefused);
            let Verdict::Done(PushOutcome::RetryAfter { cause, .. }) = read(200, None, body) else {
                panic!("taken for an acceptance");
            };
            assert_eq!(cause, TransientCause::Unintelligible);
        }
    }

    #[test]
    fn detail_goes_before_status() {
        let body = br#"{"error":{"code":401,"details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError",
            "errorCode":"THIRD_PARTY_AUTH_ERROR"}]}}"#;
        let alarm = PushOutcome::Misconfigured(MisconfiguredReason::ThirdPartyAuth);
        assert_eq!(read(401, None, body), Verdict::Done(alarm));
    }

    #[test]
    fn retry_info_is_read_and_the_header_wins() {
        let body = br#"{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7.5s"},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7.5s"}]}}"#;
        let told = Some(Duration::from_millis(7500));
        assert_eq!(read(429, None, body), Verdict::Done(throttled(told)));
        let header = Some(Duration::from_secs(3));
        assert_eq!(read(429, header, body), Verdict::Done(throttled(header)));
    }
}
