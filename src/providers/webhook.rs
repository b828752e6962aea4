//! Webhooks: telling an app's server, over HTTP, what became of a verification (Standard Webhooks).

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::push::{PushSetupError, tls_client};
use crate::domain::app_server::webhook::{InvalidSecrets, WebhookSecrets};
use crate::outbound;

/// `webhooks.*`. Off while `url` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where messages go.
    #[serde(default)]
    pub url: Option<String>,
    /// What they are signed with; several, separated by white space, while one replaces another.
    #[serde(default, serialize_with = "hidden")]
    pub secret: Option<SecretString>,
    /// PEM file of the only certificate authorities to trust; without it, those of the system.
    #[serde(default)]
    pub trust_root_file: Option<PathBuf>,
    /// Longest wait for an answer, in milliseconds.
    pub request_timeout_ms: u64,
}

fn hidden<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| "hidden").serialize(serializer)
}

/// Why webhooks cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum WebhookSetupError {
    /// The address.
    #[error("webhooks.url must be an http:// or https:// address without user and password")]
    Url,
    /// No secret.
    #[error("webhooks.secret (TWOSTEP__WEBHOOKS__SECRET_FILE) is unset: nobody could tell our messages from others'")]
    NoSecret,
    /// The secret.
    #[error("webhooks.secret {0}")]
    Secret(#[from] InvalidSecrets),
    /// A number outside its range.
    #[error("webhooks.request_timeout_ms must be 100 to 30000")]
    Timeout,
    /// TLS.
    #[error(transparent)]
    Tls(#[from] PushSetupError),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

impl WebhookSettings {
    /// Checks every value; answers with where messages go, if they do.
    ///
    /// # Errors
    /// [`WebhookSetupError`] names the key.
    pub fn check(&self) -> Result<Option<Url>, WebhookSetupError> {
        if !(100..=30_000).contains(&self.request_timeout_ms) {
            return Err(WebhookSetupError::Timeout);
        }
        let Some(text) = &self.url else { return Ok(None) };
        let url = Url::parse(text).map_err(|_| WebhookSetupError::Url)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_plain || !matches!(url.scheme(), "http" | "https") {
            return Err(WebhookSetupError::Url);
        }
        WebhookSecrets::parse(self.secret.as_ref().ok_or(WebhookSetupError::NoSecret)?)?;
        Ok(Some(url))
    }
}

/// What an app's server made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// It took it (any 2xx).
    Accepted,
    /// It wants none (410 Gone).
    Gone,
    /// It answered with something else, or not at all.
    RetryLater(WebhookFailure),
}

/// Why a message did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFailure {
    /// The status of the answer.
    Status(u16),
    /// No answer in time.
    TimedOut,
    /// No connection, or it broke.
    Unreachable,
}

impl std::fmt::Display for WebhookFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "status_{status}"),
            Self::TimedOut => formatter.write_str("timed_out"),
            Self::Unreachable => formatter.write_str("unreachable"),
        }
    }
}

/// The way to an app's server.
pub struct Webhooks {
    url: Url,
    secrets: WebhookSecrets,
    http: Client,
}

impl Webhooks {
    /// Sets them up; `None` when they are off.
    ///
    /// # Errors
    /// [`WebhookSetupError`].
    pub fn open(settings: &WebhookSettings) -> Result<Option<Self>, WebhookSetupError> {
        let Some(url) = settings.check()? else { return Ok(None) };
        let secret = settings.secret.as_ref().ok_or(WebhookSetupError::NoSecret)?;
        let root = settings.trust_root_file.as_deref();
        let tls = tls_client("webhooks.trust_root_file", root, url.scheme() == "https")?;
        let http = outbound::http_client().map_err(PushSetupError::from)?.tls_backend_preconfigured(tls);
        let http = http.timeout(Duration::from_millis(settings.request_timeout_ms)).build()?;
        Ok(Some(Self { url, secrets: WebhookSecrets::parse(secret)?, http }))
    }

    /// Sends a message. `id` is the same each time that it is tried, so that its receiver can tell.
    pub async fn send(&self, id: &str, body: Vec<u8>, now: Timestamp) -> WebhookOutcome {
        let signature = self.secrets.sign(id, now, &body);
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => WebhookOutcome::Accepted,
            Ok(answer) if answer.status() == StatusCode::GONE => WebhookOutcome::Gone,
            Ok(answer) => WebhookOutcome::RetryLater(WebhookFailure::Status(answer.status().as_u16())),
            Err(error) if error.is_timeout() => WebhookOutcome::RetryLater(WebhookFailure::TimedOut),
            Err(_) => WebhookOutcome::RetryLater(WebhookFailure::Unreachable),
        }
    }
}
