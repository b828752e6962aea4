//! Push providers: FCM, APNs and Web Push behind one small trait, and the guard that stands before each.
//!
//! A provider client makes **one** attempt and says what the provider answered ([`PushOutcome`]). [`Guarded`] adds
//! what both need: a concurrency limit, a circuit breaker, retries, the alarm about dead addresses. Deciding is done by
//! pure structs that take the time as an argument; the clients and the guard only act on it.

pub mod apns;
pub mod fcm;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../../../fuzz/properties/push.rs"]
pub mod fuzzing;
pub mod guard;
mod inside;
mod jwt;
mod message;
mod outcome;
mod providers;
mod retry_after;
pub mod sealed;
mod settings;
mod setup;
pub mod webpush;

use std::future::Future;

use jiff::Timestamp;

pub use crate::domain::delivery::push_address::{ApnsEnvironment, PushAddress, PushAddressKind};
pub use apns::Apns;
pub use fcm::Fcm;
pub use guard::Guarded;
pub use message::{Push, PushContent, SealedCode};
pub use outcome::{CheckError, MisconfiguredReason, PushOutcome, RejectedReason, TransientCause, UnavailableReason};
pub use providers::{CurrentProviders, PushProviders, WebPushParts};
pub use settings::{ApnsSettings, FcmSettings, GuardSettings, WebPushSettings};
pub use setup::{PushSetupError, client_trusting, tls_client};
pub use webpush::{EndpointError, WebPush, WebPushServices};

/// A provider that carries a push to one address.
pub trait PushProvider: Send + Sync {
    /// The provider's word in logs and metrics.
    const NAME: &'static str;

    /// Makes one attempt, bounded by the provider's request timeout.
    ///
    /// `now` is the time at the call; lifetimes and token ages are judged by it.
    fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> impl Future<Output = PushOutcome> + Send;

    /// Proves that the credentials work, without reaching any device.
    ///
    /// # Errors
    /// When the provider cannot be reached, refuses the credentials, or answers what it should not.
    fn check(&self, now: Timestamp) -> impl Future<Output = Result<(), CheckError>> + Send;
}
