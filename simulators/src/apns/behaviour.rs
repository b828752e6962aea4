//! What the APNs simulator can be told to do.

use std::time::Duration;

use serde_json::json;

use super::ApnsFailure;

/// What happens to one request that is in order. A request that is not is refused, whatever the script says; the
/// behaviours that harm the line come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApnsBehaviour {
    /// 200.
    Accept,
    /// One of the documented refusals. With 410 the present time goes along.
    Fail(ApnsFailure),
    /// A refusal with 410 and the time, in milliseconds since 1970, at which the token stopped being valid.
    FailSince(ApnsFailure, i64),
    /// A refusal with `Retry-After` in seconds.
    FailWithRetryAfter(ApnsFailure, u64),
    /// Any answer at all.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// No answer; stream and connection stay open.
    Hang,
    /// The connection is cut without an answer.
    CutLine,
    /// GOAWAY: this request and later ones on the connection were not looked at, earlier ones are still answered.
    GoAway,
    /// 200, then GOAWAY.
    AcceptThenGoAway,
    /// RST_STREAM with REFUSED_STREAM: this request was not looked at.
    RefuseStream,
    /// Another behaviour, later.
    Slow(Duration, Box<ApnsBehaviour>),
}

/// An answer ready to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<u64>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn accepted() -> Self {
        Self { status: 200, retry_after: None, body: String::new() }
    }

    /// `now_ms` is the time that goes along with 410.
    pub(super) fn refused(failure: ApnsFailure, now_ms: i64) -> Self {
        let body = match failure.status() {
            410 => json!({"reason": failure.reason(), "timestamp": now_ms}),
            _ => json!({"reason": failure.reason()}),
        };
        Self { status: failure.status(), retry_after: None, body: body.to_string() }
    }
}
