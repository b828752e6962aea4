//! What a token endpoint answers (RFC 6749 section 5).

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::{MisconfiguredReason, PushOutcome, TransientCause};
use super::transport::Answer;

pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    /// Seconds.
    pub(super) expires_in: i64,
}

/// A token, or what its refusal means.
///
/// # Errors
/// With the outcome for the push that needed the token.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, PushOutcome> {
    match answer.status {
        200 => serde_json::from_slice(&answer.body).map_err(|_| transient(TransientCause::Unintelligible, None)),
        429 => Err(transient(TransientCause::Throttled, answer.retry_after)),
        500..=599 => Err(transient(TransientCause::ServerError, answer.retry_after)),
        // `invalid_grant`, `invalid_client`, a missing right and the like: the key was deleted, or this machine's clock is wrong.
        _ => Err(PushOutcome::Misconfigured(MisconfiguredReason::ServiceAccountRefused)),
    }
}

pub(super) fn transient(cause: TransientCause, wait: Option<Duration>) -> PushOutcome {
    PushOutcome::RetryAfter { cause, wait }
}
