//! The provider token: one for all connections of a team, signed again on a schedule and never because of an answer.
//!
//! Source: <https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns>:
//! not older than 60 minutes, not renewed more often than every 20.

use std::sync::{Mutex, PoisonError};

use http::header::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::super::{PushSetupError, jwt};

/// A token is replaced at this age.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(50);
/// No two tokens are closer together than this, even when the clock jumps.
const RENEW_GAP: SignedDuration = SignedDuration::from_mins(20);

/// Signs provider tokens and keeps the present one.
pub(super) struct ProviderTokens {
    key: EcdsaKeyPair,
    key_id: String,
    team_id: String,
    present: Mutex<Option<Signed>>,
}

struct Signed {
    authorization: HeaderValue,
    issued_at: Timestamp,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

impl ProviderTokens {
    pub(super) fn new(key: &SecretString, key_id: &str, team_id: &str) -> Result<Self, PushSetupError> {
        let der = jwt::pkcs8_from_pem(key.expose_secret()).ok_or(PushSetupError::SigningKey)?;
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &SystemRandom::new())
                .map_err(|_| PushSetupError::SigningKey)?;
        Ok(Self { key, key_id: key_id.to_owned(), team_id: team_id.to_owned(), present: Mutex::default() })
    }

    /// The `authorization` header's value. Holds a lock over the signing (50 µs every 50 minutes).
    ///
    /// # Errors
    /// When the key refuses to sign.
    pub(super) fn authorization(&self, now: Timestamp) -> Result<HeaderValue, Unspecified> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = present.as_ref()
            && !is_due(signed.issued_at, now)
        {
            return Ok(signed.authorization.clone());
        }
        let authorization = self.sign(now)?;
        *present = Some(Signed { authorization: authorization.clone(), issued_at: now });
        Ok(authorization)
    }

    fn sign(&self, now: Timestamp) -> Result<HeaderValue, Unspecified> {
        let header = Header { alg: "ES256", kid: &self.key_id };
        let claims = Claims { iss: &self.team_id, iat: now.as_second() };
        let token = jwt::sign(&header, &claims, |text| {
            let signature = self.key.sign(&SystemRandom::new(), text)?;
            Ok(signature.as_ref().to_vec())
        })?;
        let mut value = HeaderValue::try_from(format!("bearer {token}")).map_err(|_| Unspecified)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Whether a token must be replaced: when it is old, or when the clock was set back so far that it seems to come from
/// the future.
fn is_due(issued_at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(issued_at);
    age >= RENEW_AFTER || age <= -RENEW_GAP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_replaced_at_fifty_minutes_and_after_a_clock_set_back() {
        let issued = Timestamp::from_second(1_000_000).unwrap();
        let due = |minutes: i64| is_due(issued, issued + SignedDuration::from_mins(minutes));
        assert_eq!([-61, -20, -19, 0, 49, 50, 300].map(due), [true, true, false, false, false, true, true]);
    }
}
