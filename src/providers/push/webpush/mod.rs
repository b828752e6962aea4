//! Web Push (RFC 8030): to closed browsers by their makers' push services, and to phones by distributors of UnifiedPush, which speak
//! the same (<https://unifiedpush.org/developers/spec/server/>). Every message is sealed (RFC 8291): services carry what they cannot
//! read.

pub(super) mod answer;
mod resolver;
mod services;
mod vapid;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use secrecy::SecretString;

use super::inside::inside;
use super::retry_after::retry_after;
use super::sealed::{SealError, seal};
use super::{
    CheckError, Guarded, MisconfiguredReason, Push, PushAddress, PushAddressKind, PushOutcome, PushProvider,
    PushSetupError, RejectedReason, TransientCause, UnavailableReason, WebPushSettings, setup,
};
use crate::outbound::{self, Proxies};

use answer::Verdict;
use resolver::GuardedResolver;
pub use services::{EndpointError, PushServices};
pub use vapid::{VapidKeys, new_key, public_keys};

/// What the content is once it is open: a notification that a browser can show by itself, or JSON for whoever reads it.
const DECLARATIVE: &str = "application/notification+json";
const JSON: &str = "application/json";
/// Longest body of an answer that is read to its end: those of services are a few hundred bytes.
const MAX_PASSED_OVER_BYTES: usize = 16 * 1024;

/// The client of all push services.
pub struct WebPush {
    http: reqwest::Client,
    keys: VapidKeys,
    services: Arc<PushServices>,
    page: Option<String>,
    request_timeout: Duration,
}

/// The push services, each behind a guard of its own: one that fails, or is made to fail by whoever has endpoints there, stops no other.
pub struct WebPushServices {
    client: Arc<WebPush>,
    guards: Vec<Guarded<Arc<WebPush>>>,
}

impl WebPush {
    /// Sets the client up. `keys` are private keys in PEM, the current one first; `contact` is told to the services; `page` is the
    /// address of the Login Security page, if it is known.
    ///
    /// # Errors
    /// When a setting or the keys are not what they should be.
    pub fn new(
        settings: &WebPushSettings,
        keys: &SecretString,
        contact: String,
        page: Option<String>,
    ) -> Result<Self, PushSetupError> {
        settings.check()?;
        let services = Arc::new(PushServices::parse(&settings.services)?);
        Ok(Self {
            http: http_client(settings, &services)?,
            keys: VapidKeys::parse(keys, contact)?,
            services,
            page,
            request_timeout: Duration::from_millis(settings.request_timeout_ms),
        })
    }

    async fn deliver(&self, endpoint: &Url, push: &Push, message: Vec<u8>, now: Timestamp) -> PushOutcome {
        for key in 0..self.keys.count() {
            match self.attempt(key, endpoint, push, message.clone(), now).await {
                Ok(Verdict::Done(outcome)) | Err(outcome) => return outcome,
                // The browser may have subscribed with an older key.
                Ok(Verdict::KeyRefused) => {}
            }
        }
        PushOutcome::Rejected(RejectedReason::KeyRefused)
    }

    async fn attempt(
        &self,
        key: usize,
        endpoint: &Url,
        push: &Push,
        message: Vec<u8>,
        now: Timestamp,
    ) -> Result<Verdict, PushOutcome> {
        let authorization = self.keys.authorization(key, endpoint, now);
        let authorization =
            authorization.map_err(|_| PushOutcome::Misconfigured(MisconfiguredReason::SigningFailed))?;
        let urgency = if push.content.is_urgent() { "high" } else { "normal" };
        let kind = if self.page.is_some() { DECLARATIVE } else { JSON };
        let request = self
            .http
            .post(endpoint.clone())
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, kind)
            .header("TTL", push.life_left(now).as_secs())
            .header("Urgency", urgency)
            .header("Topic", push.subject_id.simple().to_string())
            .body(message);
        let mut answer = request.send().await.map_err(|error| lost(&error))?;
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let verdict = answer::read(answer.status().as_u16(), retry_after(answer.headers()), location, now);
        pass_over(&mut answer).await;
        Ok(verdict)
    }
}

impl PushProvider for Arc<WebPush> {
    const NAME: &'static str = "webpush";

    async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> PushOutcome {
        let (PushAddressKind::WebPush, Some(keys)) = (address.kind(), address.keys()) else {
            return PushOutcome::Rejected(RejectedReason::WrongProvider);
        };
        if now >= push.expires_at {
            return PushOutcome::Unavailable(UnavailableReason::Expired);
        }
        // The list may have changed since the address was registered.
        let Ok(endpoint) = self.services.accept(address.expose()) else {
            return PushOutcome::Rejected(RejectedReason::UnknownService);
        };
        let message = match seal(keys, &inside(push, self.page.as_deref())) {
            Ok(message) => message,
            Err(SealError::TooLarge) => return PushOutcome::Rejected(RejectedReason::PayloadTooLarge),
            Err(SealError::Keys) => return PushOutcome::Rejected(RejectedReason::Malformed),
            Err(SealError::Random) => return PushOutcome::Misconfigured(MisconfiguredReason::SigningFailed),
        };
        let delivery = self.deliver(&endpoint.url, push, message, now);
        match tokio::time::timeout(self.request_timeout, delivery).await {
            Ok(outcome) => outcome,
            Err(_) => PushOutcome::RetryAfter { cause: TransientCause::TimedOut, wait: None },
        }
    }

    /// Signs: there is nothing to ask a push service without a subscription.
    async fn check(&self, now: Timestamp) -> Result<(), CheckError> {
        let any = Url::parse("https://push.invalid/").expect("a constant");
        let signed = self.keys.authorization(0, &any, now);
        signed.map(drop).map_err(|_| PushOutcome::Misconfigured(MisconfiguredReason::SigningFailed).into())
    }
}

impl WebPushServices {
    /// Puts each service behind a guard.
    #[must_use]
    pub fn new(client: WebPush, settings: &WebPushSettings) -> Self {
        let client = Arc::new(client);
        let guarded = |name: String| Guarded::named(Arc::clone(&client), &settings.guard, &format!("webpush {name}"));
        let guards = client.services.names().map(guarded).collect();
        Self { guards, client }
    }

    /// Sends a push to the service of its address, or says that it is none of ours.
    pub async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> PushOutcome {
        let guard = self.client.services.accept(address.expose()).ok().and_then(|found| self.guards.get(found.entry));
        match guard {
            Some(guard) => guard.send(address, push, now).await,
            None => PushOutcome::Rejected(RejectedReason::UnknownService),
        }
    }

    /// Proves that the keys sign.
    ///
    /// # Errors
    /// When they do not.
    pub async fn check(&self, now: Timestamp) -> Result<(), CheckError> {
        self.client.check(now).await
    }

    /// The public keys by which browsers know this gateway, the current one first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<String> {
        self.client.keys.public().map(str::to_owned).collect()
    }

    /// Looks whether an endpoint may be registered.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn accept(&self, endpoint: &str) -> Result<(), EndpointError> {
        self.client.services.accept(endpoint).map(drop)
    }
}

/// Status and headers say all. The rest is passed over, so that the connection can be used again; a long one is not waited for.
async fn pass_over(answer: &mut reqwest::Response) {
    let mut left = MAX_PASSED_OVER_BYTES;
    while let Ok(Some(chunk)) = answer.chunk().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}

fn lost(error: &reqwest::Error) -> PushOutcome {
    if error.is_connect() {
        // Not the whole error: it names the endpoint, by which anybody could push.
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        let cause = causes.last().map(ToString::to_string);
        tracing::warn!(error = cause, "no connection to a push service");
    }
    let cause = if error.is_timeout() { TransientCause::TimedOut } else { TransientCause::ConnectionLost };
    PushOutcome::RetryAfter { cause, wait: None }
}

fn http_client(settings: &WebPushSettings, services: &Arc<PushServices>) -> Result<reqwest::Client, PushSetupError> {
    let root = settings.trust_root_file.as_deref();
    let mut tls = setup::tls_client("webpush.trust_root_file", root, true)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let resolver = GuardedResolver::new(Arc::clone(services), Proxies::from_environment()?.hosts());
    Ok(outbound::http_client()?
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(resolver))
        .https_only(true)
        .pool_max_idle_per_host(settings.guard.concurrency)
        .build()?)
}
