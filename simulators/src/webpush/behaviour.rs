//! What the Web Push simulator can be told to do, and the answers that go with it.

use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::refusal::Refusal;

/// What happens to one push that is in order. A push that is not is refused, whatever the script says; the behaviours
/// that harm the line come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebPushBehaviour {
    /// 201 with the message's address in `Location`.
    Accept,
    /// One of the failures that push services answer with.
    Fail(WebPushFailure),
    /// Any answer at all.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The `Content-Type`.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// Accepted, after this time.
    Slow(Duration),
    /// No answer; the connection stays open.
    Hang,
    /// The connection is cut without an answer.
    Cut,
}

/// The failures of push services, after RFC 8030 sections 5, 7.3 and 8.4 and RFC 8292 section 4.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebPushFailure {
    /// 410: the subscription has ended.
    Gone,
    /// 404: there is no such subscription, or it has ended.
    NotFound,
    /// 413: the message is too large.
    TooLarge,
    /// 429: too many messages.
    TooManyRequests {
        /// What `Retry-After` says, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// 400.
    BadRequest,
    /// 401: the credentials are not accepted.
    Unauthorized,
    /// 403: the subscription is for another application server key.
    KeyMismatch,
    /// 500.
    ServerError,
    /// 503.
    Unavailable {
        /// What `Retry-After` says, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// 307: the same request, elsewhere.
    Redirect {
        /// Where.
        location: String,
    },
    /// 200 with a page in HTML, as a captive portal sends it.
    Nonsense,
}

/// An answer ready to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: String,
}

impl Reply {
    /// `location` is the address of what was made.
    pub(super) fn created(location: String, body: String) -> Self {
        Self { status: 201, content_type: "application/json", headers: vec![(LOCATION, location)], body }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: body.to_string() }
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self::failed(refusal.status, &refusal.reason, refusal.retry_after)
    }

    fn failed(status: u16, message: &str, retry_after: Option<u64>) -> Self {
        let error = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut reply = Self::json(status, &json!({"code": status, "error": error, "message": message}));
        if status == 401 {
            reply.headers.push((WWW_AUTHENTICATE, "vapid".to_owned()));
        }
        reply.headers.extend(retry_after.map(|seconds| (RETRY_AFTER, seconds.to_string())));
        reply
    }

    fn nonsense() -> Self {
        Self {
            status: 200,
            content_type: "text/html; charset=UTF-8",
            headers: Vec::new(),
            body: "<!DOCTYPE html><title>Welcome</title><p>Please accept our terms to use this network.".to_owned(),
        }
    }
}

impl WebPushFailure {
    /// The failures, all of them: without `Retry-After`, and redirected to a host that does not exist (RFC 2606).
    #[must_use]
    pub fn all() -> [Self; 11] {
        [
            Self::Gone,
            Self::NotFound,
            Self::TooLarge,
            Self::TooManyRequests { retry_after: None },
            Self::BadRequest,
            Self::Unauthorized,
            Self::KeyMismatch,
            Self::ServerError,
            Self::Unavailable { retry_after: None },
            Self::Redirect { location: "https://push.invalid/moved".to_owned() },
            Self::Nonsense,
        ]
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Nonsense => 200,
            Self::Redirect { .. } => 307,
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::KeyMismatch => 403,
            Self::NotFound => 404,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::TooManyRequests { .. } => 429,
            Self::ServerError => 500,
            Self::Unavailable { .. } => 503,
        }
    }

    /// The answer on the wire.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Nonsense => Reply::nonsense(),
            Self::Redirect { location } => {
                let mut reply = Reply::failed(self.status(), "Scripted.", None);
                reply.headers.push((LOCATION, location.clone()));
                reply
            }
            Self::TooManyRequests { retry_after } | Self::Unavailable { retry_after } => {
                Reply::failed(self.status(), "Scripted.", retry_after.map(whole_seconds))
            }
            Self::Gone
            | Self::NotFound
            | Self::TooLarge
            | Self::BadRequest
            | Self::Unauthorized
            | Self::KeyMismatch
            | Self::ServerError => Reply::failed(self.status(), "Scripted.", None),
        }
    }
}

/// Rounded up: who waits that long has waited long enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
