//! The providers that this gateway has.

use jiff::Timestamp;

use super::{Apns, ApnsSettings, Fcm, FcmSettings, Guarded, Push, PushAddress, PushOutcome, PushSetupError};
use crate::domain::push::PushProvider as Provider;

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
    /// When a file that they name is missing or not what it should be.
    pub fn open(fcm: &FcmSettings, apns: &ApnsSettings) -> Result<Self, PushSetupError> {
        Ok(Self {
            fcm: Fcm::open(fcm)?.map(|provider| Guarded::new(provider, &fcm.guard)),
            apns: Apns::open(apns)?.map(|provider| Guarded::new(provider, &apns.guard)),
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
