//! What the FCM simulator can be told to do, and the answers that go with it.

use std::time::Duration;

use serde_json::{Value, json};

use super::check::Violation;

/// What happens to one send request that is in order. A request that is not is refused, whatever the script says;
/// the behaviours that harm the line come first.
#[derive(Debug, Clone, PartialEq)]
pub enum FcmBehaviour {
    /// 200 with the message's name.
    Accept,
    /// One of the documented errors.
    Fail(FcmFailure),
    /// The same with `Retry-After` in seconds.
    FailWithRetryAfter(FcmFailure, u64),
    /// Any answer at all.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The `Content-Type`.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// 502 with a page in HTML, as a front end of Google's sends it.
    BadGateway,
    /// No answer; the connection stays open.
    Hang,
    /// The connection is cut without an answer.
    CutLine,
    /// Another behaviour, later.
    Slow(Duration, Box<FcmBehaviour>),
}

/// The documented errors of the send endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FcmFailure {
    /// 400 INVALID_ARGUMENT with the FCM detail.
    InvalidArgument,
    /// 400 INVALID_ARGUMENT with a field violation that names the address.
    InvalidAddress,
    /// 404 NOT_FOUND, UNREGISTERED.
    Unregistered,
    /// 404 NOT_FOUND without the FCM detail.
    NotFound,
    /// 403 PERMISSION_DENIED, SENDER_ID_MISMATCH.
    SenderIdMismatch,
    /// 403 PERMISSION_DENIED without the FCM detail.
    PermissionDenied,
    /// 429 RESOURCE_EXHAUSTED, QUOTA_EXCEEDED.
    QuotaExceeded,
    /// 500 INTERNAL.
    Internal,
    /// 503 UNAVAILABLE.
    Unavailable,
    /// 401 UNAUTHENTICATED, THIRD_PARTY_AUTH_ERROR.
    ThirdPartyAuthError,
    /// 401 UNAUTHENTICATED without the FCM detail: the access token is not accepted.
    Unauthenticated,
}

/// What happens to one request for an access token that is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenBehaviour {
    /// A new access token.
    Issue,
    /// An OAuth error, for example 400 `invalid_grant`.
    Fail {
        /// The HTTP status.
        status: u16,
        /// The `error` code of RFC 6749 section 5.2.
        error: &'static str,
    },
    /// Any body with status 200.
    Garbage(&'static str),
    /// No answer; the connection stays open.
    Hang,
    /// The connection is cut without an answer.
    CutLine,
    /// Another behaviour, later.
    Slow(Duration, Box<TokenBehaviour>),
}

/// An answer ready to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<u64>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json; charset=UTF-8", retry_after: None, body: body.to_string() }
    }

    pub(super) fn bad_gateway() -> Self {
        Self {
            status: 502,
            content_type: "text/html; charset=UTF-8",
            retry_after: None,
            body: "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title><p>That's an error.".to_owned(),
        }
    }

    pub(super) fn refused(violation: &Violation) -> Self {
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": violation.field, "description": violation.description}],
        });
        let detail = [detail, fcm_error("INVALID_ARGUMENT")];
        failure(400, "INVALID_ARGUMENT", &violation.description, &detail)
    }
}

impl FcmFailure {
    /// The errors, all of them.
    pub const ALL: [Self; 11] = [
        Self::InvalidArgument,
        Self::InvalidAddress,
        Self::Unregistered,
        Self::NotFound,
        Self::SenderIdMismatch,
        Self::PermissionDenied,
        Self::QuotaExceeded,
        Self::Internal,
        Self::Unavailable,
        Self::ThirdPartyAuthError,
        Self::Unauthenticated,
    ];

    /// The answer on the wire.
    pub(super) fn reply(self) -> Reply {
        let (status, word, code) = match self {
            Self::InvalidArgument => (400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT")),
            Self::InvalidAddress => return invalid_address(),
            Self::Unregistered => (404, "NOT_FOUND", Some("UNREGISTERED")),
            Self::NotFound => (404, "NOT_FOUND", None),
            Self::SenderIdMismatch => (403, "PERMISSION_DENIED", Some("SENDER_ID_MISMATCH")),
            Self::PermissionDenied => (403, "PERMISSION_DENIED", None),
            Self::QuotaExceeded => (429, "RESOURCE_EXHAUSTED", Some("QUOTA_EXCEEDED")),
            Self::Internal => (500, "INTERNAL", Some("INTERNAL")),
            Self::Unavailable => (503, "UNAVAILABLE", Some("UNAVAILABLE")),
            Self::ThirdPartyAuthError => (401, "UNAUTHENTICATED", Some("THIRD_PARTY_AUTH_ERROR")),
            Self::Unauthenticated => (401, "UNAUTHENTICATED", None),
        };
        let details: Vec<_> = code.into_iter().map(fcm_error).collect();
        failure(status, word, "Scripted.", &details)
    }
}

fn invalid_address() -> Reply {
    Reply::refused(&Violation {
        field: "message.token".to_owned(),
        description: "Invalid registration token".to_owned(),
    })
}

fn fcm_error(code: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
}

fn failure(status: u16, word: &str, message: &str, details: &[Value]) -> Reply {
    let body = json!({"error": {"code": status, "message": message, "status": word, "details": details}});
    Reply::json(status, &body)
}
