//! Firebase Cloud Messaging, HTTP v1.

mod access_token;
pub(super) mod answer;
pub(super) mod body;
mod token_answer;
mod transport;
mod workload_identity;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::SecretString;
use twostep_private_file::Privacy;

use super::{
    CheckError, FcmSettings, MisconfiguredReason, Push, PushAddress, PushOutcome, PushProvider, PushSetupError,
    RejectedReason, TransientCause, UnavailableReason, setup,
};
use crate::outbound;

use access_token::{AccessToken, AccessTokens, Credentials};
use answer::Verdict;
use body::{BodyError, Style};

/// The FCM client.
pub struct Fcm {
    http: reqwest::Client,
    tokens: AccessTokens,
    send_url: Url,
    style: Style,
    request_timeout: Duration,
}

impl Fcm {
    /// Sets the client up from its settings, reading the files that they name; `None` when they name no account.
    ///
    /// # Errors
    /// When a file is missing, not what it should be, or not as private as it must be.
    pub fn open(settings: &FcmSettings, privacy: Privacy) -> Result<Option<Self>, PushSetupError> {
        let Some(path) = &settings.service_account_file else { return Ok(None) };
        let service_account = setup::read_secret("fcm.service_account_file", path, privacy)?;
        Self::new(settings, &service_account).map(Some)
    }

    /// Sets the client up with the JSON text of a service account's key, or of an external account.
    ///
    /// # Errors
    /// When the text or a setting is not what it should be.
    pub fn new(settings: &FcmSettings, service_account: &SecretString) -> Result<Self, PushSetupError> {
        settings.check()?;
        let credentials = Credentials::parse(service_account)?;
        let project = settings.project_id.as_ref().or(credentials.project_id());
        let project = project.ok_or(PushSetupError::NoProject)?;
        let send_url = send_url(&settings.base_url, project)?;
        let http = http_client(settings, send_url.scheme() == "https")?;
        Ok(Self {
            tokens: AccessTokens::new(credentials, http.clone()),
            http,
            send_url,
            style: Style {
                channel: settings.notification_channel.clone(),
                alert_channel: settings.alert_channel.clone(),
                time_sensitive: settings.time_sensitive,
            },
            request_timeout: Duration::from_millis(settings.request_timeout_ms),
        })
    }

    async fn deliver(&self, body: Vec<u8>, now: Timestamp) -> Result<PushOutcome, PushOutcome> {
        let token = self.tokens.current(now).await?;
        if let Verdict::Done(outcome) = self.attempt(&token, body.clone()).await? {
            return Ok(outcome);
        }
        let token = self.tokens.replace(&token, now).await?;
        match self.attempt(&token, body).await? {
            Verdict::Done(outcome) => Ok(outcome),
            Verdict::AccessTokenRefused => Ok(PushOutcome::Misconfigured(MisconfiguredReason::AccessTokenRefused)),
        }
    }

    async fn attempt(&self, token: &AccessToken, body: Vec<u8>) -> Result<Verdict, PushOutcome> {
        let request = self
            .http
            .post(self.send_url.clone())
            .header(AUTHORIZATION, token.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let answer = transport::exchange(request).await?;
        Ok(answer::read(answer.status, answer.retry_after, &answer.body))
    }
}

impl PushProvider for Fcm {
    const NAME: &'static str = "fcm";

    async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> PushOutcome {
        if now >= push.expires_at {
            return PushOutcome::Unavailable(UnavailableReason::Expired);
        }
        let body = match body::build(address, push, &self.style, now) {
            Ok(body) => body,
            Err(BodyError::WrongProvider) => {
                return PushOutcome::Rejected(RejectedReason::WrongProvider);
            }
            Err(BodyError::TooLarge) => {
                return PushOutcome::Rejected(RejectedReason::PayloadTooLarge);
            }
        };
        match tokio::time::timeout(self.request_timeout, self.deliver(body, now)).await {
            Ok(Ok(outcome) | Err(outcome)) => outcome,
            Err(_) => timed_out(),
        }
    }

    /// Fetches an access token, from the store of tokens if there is a fresh one.
    async fn check(&self, now: Timestamp) -> Result<(), CheckError> {
        match tokio::time::timeout(self.request_timeout, self.tokens.current(now)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(outcome)) => Err(outcome.into()),
            Err(_) => Err(timed_out().into()),
        }
    }
}

fn timed_out() -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::TimedOut, wait: None }
}

fn send_url(base_url: &str, project: &str) -> Result<Url, PushSetupError> {
    let key = "fcm.project_id";
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if project.is_empty() || !project.bytes().all(plain) {
        return Err(PushSetupError::Value { key });
    }
    let base = setup::parse_origin("fcm.base_url", base_url, &["https", "http"])?;
    base.join(&format!("/v1/projects/{project}/messages:send")).map_err(|_| PushSetupError::Value { key })
}

fn http_client(settings: &FcmSettings, with_tls: bool) -> Result<reqwest::Client, PushSetupError> {
    let root = settings.trust_root_file.as_deref();
    let mut tls = setup::tls_client("fcm.trust_root_file", root, with_tls)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(outbound::http_client()?
        .tls_backend_preconfigured(tls)
        .pool_max_idle_per_host(settings.guard.concurrency)
        .build()?)
}
