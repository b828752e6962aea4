//! The providers that this gateway has.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use twostep_private_file::Privacy;

use super::{
    Apns, ApnsSettings, EndpointError, Fcm, FcmSettings, Guarded, Push, PushAddress, PushOutcome, PushSetupError,
    WebPush, WebPushServices, WebPushSettings, setup,
};
use crate::domain::delivery::push_address::PushProvider as Provider;

/// Each provider behind its guard; `None` where it is not configured.
#[derive(Default)]
pub struct PushProviders {
    /// Firebase Cloud Messaging.
    pub fcm: Option<Guarded<Fcm>>,
    /// Apple Push Notification service.
    pub apns: Option<Guarded<Apns>>,
    /// The push services of browsers, and distributors of UnifiedPush.
    pub webpush: Option<WebPushServices>,
}

/// What Web Push is set up from.
pub struct WebPushParts<'a> {
    /// Its settings.
    pub settings: &'a WebPushSettings,
    /// The file of its private keys; `None`: it is off.
    pub keys_file: Option<PathBuf>,
    /// How a push service finds the operator: a `mailto:` or `https:` URI.
    pub contact: String,
    /// The address of the Login Security page.
    pub page: Option<String>,
}

impl PushProviders {
    /// Sets up what the settings turn on.
    ///
    /// # Errors
    /// When a file that they name is missing, not what it should be, or not as private as it must be.
    pub fn open(
        fcm: &FcmSettings,
        apns: &ApnsSettings,
        webpush: WebPushParts<'_>,
        privacy: Privacy,
    ) -> Result<Self, PushSetupError> {
        Ok(Self {
            webpush: webpush.open(privacy)?,
            fcm: Fcm::open(fcm, privacy)?.map(|provider| Guarded::new(provider, &fcm.guard)),
            apns: Apns::open(apns, privacy)?.map(|provider| Guarded::new(provider, &apns.guard)),
        })
    }

    /// At least one is configured.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.fcm.is_some() || self.apns.is_some() || self.webpush.is_some()
    }

    /// Sends a push by the provider of its address; `None` when that is not configured.
    pub async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> Option<PushOutcome> {
        match address.kind().provider() {
            Provider::Fcm => Some(self.fcm.as_ref()?.send(address, push, now).await),
            Provider::Apns => Some(self.apns.as_ref()?.send(address, push, now).await),
            Provider::Webpush => Some(self.webpush.as_ref()?.send(address, push, now).await),
        }
    }
}

impl WebPushParts<'_> {
    /// Sets it up, if there are keys.
    ///
    /// # Errors
    /// As [`WebPush::new`], and when the file cannot be read, or is not as private as it must be.
    pub fn open(self, privacy: Privacy) -> Result<Option<WebPushServices>, PushSetupError> {
        let Some(path) = &self.keys_file else { return Ok(None) };
        let keys = setup::read_secret("webpush.keys_file", path, privacy)?;
        let client = WebPush::new(self.settings, &keys, self.contact, self.page)?;
        Ok(Some(WebPushServices::new(client, self.settings)))
    }
}

/// The providers that the settings named last: their keys may be replaced while the gateway runs.
#[derive(Default, Clone)]
pub struct CurrentProviders(Arc<RwLock<Arc<PushProviders>>>);

impl CurrentProviders {
    /// Begins with these.
    #[must_use]
    pub fn new(providers: PushProviders) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(providers))))
    }

    /// Uses others from now on; pushes under way end with those that they began with.
    pub fn replace(&self, providers: PushProviders) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(providers);
    }

    /// See [`PushProviders::is_on`].
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.now().is_on()
    }

    /// See [`PushProviders::send`].
    pub async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> Option<PushOutcome> {
        let providers = self.now();
        providers.send(address, push, now).await
    }

    /// See [`WebPushServices::public_keys`]; none while Web Push is off.
    #[must_use]
    pub fn web_push_keys(&self) -> Vec<String> {
        self.now().webpush.as_ref().map(WebPushServices::public_keys).unwrap_or_default()
    }

    /// Looks whether an endpoint of Web Push may be registered; `None` while Web Push is off.
    #[must_use]
    pub fn accept_endpoint(&self, endpoint: &str) -> Option<Result<(), EndpointError>> {
        self.now().webpush.as_ref().map(|services| services.accept(endpoint))
    }

    fn now(&self) -> Arc<PushProviders> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
