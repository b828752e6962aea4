//! One HTTP exchange with bounded reading; faults of the line become outcomes.

use std::time::Duration;

use super::super::retry_after::retry_after;
use super::super::{PushOutcome, TransientCause};

/// Longest answer that is read; FCM's are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads the answer.
///
/// # Errors
/// With the outcome for the push, when there is no whole answer.
pub(super) async fn exchange(request: reqwest::RequestBuilder) -> Result<Answer, PushOutcome> {
    let mut response = request.send().await.map_err(|error| lost(&error))?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, body })
}

fn lost(error: &reqwest::Error) -> PushOutcome {
    if error.is_connect() {
        tracing::warn!(error = error as &dyn std::error::Error, "no connection to FCM");
    }
    let cause = if error.is_timeout() { TransientCause::TimedOut } else { TransientCause::ConnectionLost };
    PushOutcome::RetryAfter { cause, wait: None }
}
