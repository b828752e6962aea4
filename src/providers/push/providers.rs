//! The providers that this gateway has.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use twostep_private_file::Privacy;

use super::{Apns, ApnsSettings, Fcm, FcmSettings, Guarded, Push, PushAddress, PushOutcome, PushSetupError};
use crate::domain::delivery::push_address::PushProvider as Provider;

/// Each provider behind its guard; `None` where it is not configured.
#[derive(Default)]
pub struct PushProviders {
    /// Firebase Cloud Messaging.
    pub fcm: Option<Guarded<Fcm>>,
    /// Apple Push Notification service.
    pub apns: Option<Guarded<Apns>>,
}

impl PushProviders {
    /// Sets up what the settings turn on.
    ///
    /// # Errors
    /// When a file that they name is missing, not what it should be, or not as private as it must be.
    pub fn open(fcm: &FcmSettings, apns: &ApnsSettings, privacy: Privacy) -> Result<Self, PushSetupError> {
        Ok(Self {
            fcm: Fcm::open(fcm, privacy)?.map(|provider| Guarded::new(provider, &fcm.guard)),
            apns: Apns::open(apns, privacy)?.map(|provider| Guarded::new(provider, &apns.guard)),
        })
    }

    /// At least one is configured.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.fcm.is_some() || self.apns.is_some()
    }

    /// Sends a push by the provider of its address; `None` when that is not configured.
    pub async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> Option<PushOutcome> {
        match address.kind().provider() {
            Provider::Fcm => Some(self.fcm.as_ref()?.send(address, push, now).await),
            Provider::Apns => Some(self.apns.as_ref()?.send(address, push, now).await),
        }
    }
}

/// The providers that the settings named last: their keys may be replaced while the gateway runs.
#[derive(Default)]
pub struct CurrentProviders(RwLock<Arc<PushProviders>>);

impl CurrentProviders {
    /// Begins with these.
    #[must_use]
    pub fn new(providers: PushProviders) -> Self {
        Self(RwLock::new(Arc::new(providers)))
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

    fn now(&self) -> Arc<PushProviders> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
