//! Apple Push Notification service, over HTTP/2 with provider tokens.

mod connection;
mod pool;
mod provider_token;
pub(super) mod reason;
mod reconnect;
pub(super) mod request;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio_rustls::TlsConnector;
use twostep_private_file::Privacy;
use uuid::Uuid;

use super::retry_after::retry_after;
use super::{
    ApnsEnvironment, ApnsSettings, CheckError, MisconfiguredReason, Push, PushAddress, PushAddressKind, PushContent,
    PushOutcome, PushProvider, PushSetupError, RejectedReason, TransientCause, UnavailableReason, setup,
};
use crate::domain::account::locale::Language;
use crate::domain::delivery::push_address::AccountTag;
use crate::domain::value::id::AccountId;

use connection::{Answer, ExchangeError};
use pool::{ConnectError, Pool};
use provider_token::ProviderTokens;
use request::Style;

/// How often a push is moved to another connection before it counts as lost.
const MOST_REPLAYS: usize = 3;
/// No device has this token, so that APNs answers `BadDeviceToken` if all else is right.
const BOGUS_DEVICE_TOKEN: &str = "00";

/// The APNs client.
pub struct Apns {
    production: Pool,
    sandbox: Pool,
    tokens: ProviderTokens,
    style: Style,
    request_timeout: Duration,
}

impl Apns {
    /// Sets the client up from its settings, reading the files that they name; `None` when they name no key. Connects
    /// with the first push.
    ///
    /// # Errors
    /// When a file is missing, not what it should be, or not as private as it must be.
    pub fn open(settings: &ApnsSettings, privacy: Privacy) -> Result<Option<Self>, PushSetupError> {
        let Some(path) = &settings.signing_key_file else { return Ok(None) };
        let key = setup::read_secret("apns.signing_key_file", path, privacy)?;
        Self::new(settings, &key).map(Some)
    }

    /// Sets the client up with the text of a `.p8` file.
    ///
    /// # Errors
    /// When the key or a setting is not what it should be.
    pub fn new(settings: &ApnsSettings, key: &SecretString) -> Result<Self, PushSetupError> {
        settings.check()?;
        let root = settings.trust_root_file.as_deref();
        let mut tls = setup::tls_client("apns.trust_root_file", root, true)?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let tls = TlsConnector::from(Arc::new(tls));
        let request_timeout = Duration::from_millis(settings.request_timeout_ms);
        let pool = |key, url: &str| Pool::new(key, url, tls.clone(), settings.connections, request_timeout / 2);
        let topic = HeaderValue::try_from(settings.topic.as_str());
        Ok(Self {
            production: pool("apns.base_url", &settings.base_url)?,
            sandbox: pool("apns.sandbox_base_url", &settings.sandbox_base_url)?,
            tokens: ProviderTokens::new(key, &settings.key_id, &settings.team_id)?,
            style: Style {
                topic: topic.map_err(|_| PushSetupError::Value { key: "apns.topic" })?,
                time_sensitive: settings.time_sensitive,
            },
            request_timeout,
        })
    }

    /// Moves the push to another connection as long as APNs says that it did not look at it, or what is in front of it that it cannot.
    async fn deliver(&self, address: &PushAddress, push: &Push, payload: Bytes, now: Timestamp) -> PushOutcome {
        let pool = match address.environment() {
            Some(ApnsEnvironment::Sandbox) => &self.sandbox,
            Some(ApnsEnvironment::Production) | None => &self.production,
        };
        let mut answered = None;
        for _ in 0..=MOST_REPLAYS {
            let Ok(authorization) = self.tokens.authorization(now) else {
                return PushOutcome::Misconfigured(MisconfiguredReason::SigningFailed);
            };
            let head = request::head(pool.origin(), address, push, &self.style, authorization);
            let Ok(head) = head else {
                return PushOutcome::Rejected(RejectedReason::Malformed);
            };
            let connection = match pool.connection().await {
                Ok(connection) => connection,
                Err(error) => return answered.unwrap_or_else(|| not_connected(&error)),
            };
            match connection.exchange(head, payload.clone()).await {
                Ok(answer) if reason::is_about_the_connection(answer.status, &answer.body) => {
                    connection.retire();
                    answered = Some(read(&answer));
                }
                Ok(answer) => return read(&answer),
                Err(ExchangeError::NotProcessed) => {}
                Err(ExchangeError::Lost) => return transient(TransientCause::ConnectionLost, None),
            }
        }
        answered.unwrap_or_else(|| transient(TransientCause::ConnectionLost, None))
    }
}

impl PushProvider for Apns {
    const NAME: &'static str = "apns";

    async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> PushOutcome {
        if address.kind() != PushAddressKind::ApnsToken {
            return PushOutcome::Rejected(RejectedReason::WrongProvider);
        }
        if now >= push.expires_at {
            return PushOutcome::Unavailable(UnavailableReason::Expired);
        }
        let Some(payload) = request::payload(push, address.keys(), &self.style) else {
            return PushOutcome::Rejected(RejectedReason::PayloadTooLarge);
        };
        let delivery = self.deliver(address, push, payload, now);
        match tokio::time::timeout(self.request_timeout, delivery).await {
            Ok(outcome) => outcome,
            Err(_) => transient(TransientCause::TimedOut, None),
        }
    }

    /// Pushes to a bogus device token of the production server: `BadDeviceToken` is the right answer, because APNs looks
    /// at the provider token and the topic first.
    async fn check(&self, now: Timestamp) -> Result<(), CheckError> {
        let kind = PushAddressKind::ApnsToken;
        let Ok(address) = PushAddress::parse(kind, None, BOGUS_DEVICE_TOKEN, None) else {
            return Err(PushOutcome::Rejected(RejectedReason::Malformed).into());
        };
        let probe = Push {
            delivery_id: Uuid::now_v7(),
            account: AccountTag::of(AccountId::new(Uuid::now_v7())),
            subject_id: Uuid::now_v7(),
            generation: 0,
            expires_at: now.saturating_add(SignedDuration::from_mins(1)).unwrap_or(now),
            language: Language::English,
            receipt: None,
            content: PushContent::Withdraw { title: String::new(), body: String::new() },
        };
        match self.send(&address, &probe, now).await {
            PushOutcome::TokenDead { .. } => Ok(()),
            outcome => Err(outcome.into()),
        }
    }
}

fn read(answer: &Answer) -> PushOutcome {
    let apns_id = answer.headers.get("apns-id").and_then(|id| id.to_str().ok());
    let wait = retry_after(&answer.headers);
    reason::read(answer.status, apns_id.map(str::to_owned), wait, &answer.body)
}

/// Attempts to connect are rare, because a failed one is followed by a wait: each is worth a line. Pushes that come within
/// that wait are not.
fn not_connected(error: &ConnectError) -> PushOutcome {
    if let ConnectError::TooSoon(wait) = error {
        return transient(TransientCause::ConnectionLost, Some(*wait));
    }
    tracing::warn!(error = error as &dyn std::error::Error, "no connection to APNs");
    transient(TransientCause::ConnectionLost, None)
}

fn transient(cause: TransientCause, wait: Option<Duration>) -> PushOutcome {
    PushOutcome::RetryAfter { cause, wait }
}
