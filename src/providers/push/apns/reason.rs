//! What APNs' answers mean.
//!
//! Source: <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::{MisconfiguredReason, PushOutcome, RejectedReason, TransientCause, UnavailableReason};

/// Wait after `TooManyRequests` (too many for one device token in a row), for which Apple names none.
const THROTTLED_WAIT: Duration = Duration::from_secs(10);

/// `reason` of an answer other than 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Reason {
    BadCollapseId,
    BadDeviceToken,
    BadExpirationDate,
    BadMessageId,
    BadPriority,
    BadTopic,
    DeviceTokenNotForTopic,
    DuplicateHeaders,
    IdleTimeout,
    InvalidPushType,
    MissingDeviceToken,
    MissingTopic,
    PayloadEmpty,
    TopicDisallowed,
    BadCertificate,
    BadCertificateEnvironment,
    ExpiredProviderToken,
    Forbidden,
    InvalidProviderToken,
    MissingProviderToken,
    UnrelatedKeyIdInToken,
    BadEnvironmentKeyIdInToken,
    BadPath,
    MethodNotAllowed,
    ExpiredToken,
    Unregistered,
    PayloadTooLarge,
    TooManyProviderTokenUpdates,
    TooManyRequests,
    InternalServerError,
    ServiceUnavailable,
    Shutdown,
    /// Whatever Apple may add; judged by the status.
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct Failure {
    reason: Reason,
    /// Milliseconds since 1970; with 410 only.
    timestamp: Option<i64>,
}

/// Reads an answer. `apns_id` is the id that APNs gave back.
pub(in crate::providers::push) fn read(
    status: u16,
    apns_id: Option<String>,
    retry_after: Option<Duration>,
    body: &[u8],
) -> PushOutcome {
    if status == 200 {
        return PushOutcome::Accepted { provider_message_id: apns_id };
    }
    match serde_json::from_slice::<Failure>(body) {
        Ok(failure) => by_reason(status, &failure, retry_after),
        Err(_) => by_status(status, retry_after),
    }
}

/// Whether an answer says nothing about the push: the server at the other end goes away, or what is in front of it cannot reach it.
pub(super) fn is_about_the_connection(status: u16, body: &[u8]) -> bool {
    match serde_json::from_slice::<Failure>(body).map(|failure| failure.reason) {
        Ok(Reason::Shutdown | Reason::IdleTimeout) => true,
        Ok(Reason::Unknown) | Err(_) => (500..=599).contains(&status),
        Ok(_) => false,
    }
}

fn by_reason(status: u16, failure: &Failure, retry_after: Option<Duration>) -> PushOutcome {
    let misconfigured = PushOutcome::Misconfigured;
    match failure.reason {
        Reason::BadDeviceToken => PushOutcome::TokenDead { as_of: None },
        Reason::ExpiredToken | Reason::Unregistered => {
            PushOutcome::TokenDead { as_of: failure.timestamp.and_then(|at| Timestamp::from_millisecond(at).ok()) }
        }
        Reason::BadCollapseId
        | Reason::BadExpirationDate
        | Reason::BadMessageId
        | Reason::BadPriority
        | Reason::DuplicateHeaders
        | Reason::InvalidPushType
        | Reason::MissingDeviceToken
        | Reason::PayloadEmpty => PushOutcome::Rejected(RejectedReason::Malformed),
        Reason::PayloadTooLarge => PushOutcome::Rejected(RejectedReason::PayloadTooLarge),
        Reason::BadTopic | Reason::MissingTopic | Reason::TopicDisallowed | Reason::DeviceTokenNotForTopic => {
            misconfigured(MisconfiguredReason::TopicRefused)
        }
        Reason::BadCertificateEnvironment | Reason::BadEnvironmentKeyIdInToken => {
            misconfigured(MisconfiguredReason::EnvironmentMismatch)
        }
        Reason::BadCertificate
        | Reason::ExpiredProviderToken
        | Reason::Forbidden
        | Reason::InvalidProviderToken
        | Reason::MissingProviderToken
        | Reason::UnrelatedKeyIdInToken => misconfigured(MisconfiguredReason::ProviderTokenRefused),
        Reason::BadPath | Reason::MethodNotAllowed => misconfigured(MisconfiguredReason::WrongProjectOrUrl),
        Reason::TooManyProviderTokenUpdates => misconfigured(MisconfiguredReason::ProviderTokenUpdatedTooOften),
        Reason::TooManyRequests => throttled(retry_after),
        Reason::IdleTimeout => connection_lost(),
        Reason::InternalServerError | Reason::ServiceUnavailable | Reason::Shutdown => server_error(),
        Reason::Unknown => by_status(status, retry_after),
    }
}

/// Without a known reason nothing is forgotten, whatever the status.
fn by_status(status: u16, retry_after: Option<Duration>) -> PushOutcome {
    match status {
        403 => PushOutcome::Misconfigured(MisconfiguredReason::ProviderTokenRefused),
        300..=399 | 404 | 405 => PushOutcome::Misconfigured(MisconfiguredReason::WrongProjectOrUrl),
        413 => PushOutcome::Rejected(RejectedReason::PayloadTooLarge),
        429 => throttled(retry_after),
        500..=599 => server_error(),
        status => PushOutcome::Rejected(RejectedReason::Undocumented { status }),
    }
}

fn throttled(retry_after: Option<Duration>) -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::Throttled, wait: Some(retry_after.unwrap_or(THROTTLED_WAIT)) }
}

fn connection_lost() -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::ConnectionLost, wait: None }
}

/// Apple asks to try again after 15 minutes, longer than a code lives.
fn server_error() -> PushOutcome {
    PushOutcome::Unavailable(UnavailableReason::ServerError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_never_kills_an_address() {
        for body in [&b"<html>"[..], b"", b"{}", b"{\"reason\":\"Novel\"}", b"\xff"] {
            let rejected = RejectedReason::Undocumented { status: 410 };
            assert_eq!(read(410, None, None, body), PushOutcome::Rejected(rejected));
            assert_eq!(read(500, None, None, body), server_error());
        }
    }

    #[test]
    fn time_of_death_is_in_milliseconds() {
        let body = br#"{"reason":"Unregistered","timestamp":1700000000123}"#;
        let as_of = Timestamp::from_millisecond(1_700_000_000_123).ok();
        assert_eq!(read(410, None, None, body), PushOutcome::TokenDead { as_of });
    }
}
