//! `Retry-After` of a provider's answer (RFC 9110 section 10.2.3).

use std::time::Duration;

use http::header::{HeaderMap, RETRY_AFTER};

/// The wait in seconds, the only form that Google and Apple send.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
