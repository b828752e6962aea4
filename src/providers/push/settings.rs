//! Settings of the push providers. Secrets are given as paths of files, never as values.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::PushSetupError;

/// `fcm.*`: Firebase Cloud Messaging. Off while `service_account_file` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FcmSettings {
    /// Path of the service account's JSON file, as downloaded from Google.
    #[serde(default)]
    pub service_account_file: Option<PathBuf>,
    /// Firebase project; without it, the one named in the service account's file.
    #[serde(default)]
    pub project_id: Option<String>,
    /// Where the API is.
    pub base_url: String,
    /// PEM file of the only certificate authorities to trust; without it, those of the system.
    #[serde(default)]
    pub trust_root_file: Option<PathBuf>,
    /// Android notification channel that shows codes; without it, the app's default channel.
    #[serde(default)]
    pub notification_channel: Option<String>,
    /// Android notification channel of security alerts; unset: that of codes.
    #[serde(default)]
    pub alert_channel: Option<String>,
    /// Marks codes `time-sensitive` for iOS apps that use Firebase, as `apns.time_sensitive` does.
    pub time_sensitive: bool,
    /// Limits and retries.
    pub guard: GuardSettings,
    /// Longest wait for one answer, the access token included, in milliseconds.
    pub request_timeout_ms: u64,
}

/// `apns.*`: Apple Push Notification service. Off while `signing_key_file` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApnsSettings {
    /// Path of the `.p8` signing key.
    #[serde(default)]
    pub signing_key_file: Option<PathBuf>,
    /// Key id: ten characters, shown beside the key in the developer account.
    #[serde(default)]
    pub key_id: String,
    /// Team id: ten characters.
    #[serde(default)]
    pub team_id: String,
    /// Topic: the app's bundle id.
    #[serde(default)]
    pub topic: String,
    /// Where production device tokens are served.
    pub base_url: String,
    /// Where device tokens of development builds are served.
    pub sandbox_base_url: String,
    /// PEM file of the only certificate authorities to trust; without it, those of the system.
    #[serde(default)]
    pub trust_root_file: Option<PathBuf>,
    /// Marks codes `time-sensitive`, which breaks through a Focus. The app needs Apple's entitlement for it.
    pub time_sensitive: bool,
    /// Connections kept to each of the two servers, 1 to 16.
    pub connections: usize,
    /// Limits and retries.
    pub guard: GuardSettings,
    /// Longest wait for one answer, a new connection included, in milliseconds.
    pub request_timeout_ms: u64,
}

/// `webpush.*`: Web Push. Off in production while `keys_file` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebPushSettings {
    /// Path of the private keys by which browsers know this gateway, in PEM, the current one first.
    #[serde(default)]
    pub keys_file: Option<PathBuf>,
    /// How a push service finds the operator, a `mailto:` or `https:` URI; without it, the Login Security page or the mails' sender.
    #[serde(default)]
    pub contact: Option<String>,
    /// The push services that are called.
    pub services: Vec<String>,
    /// PEM file of the only certificate authorities to trust; without it, those of the system.
    #[serde(default)]
    pub trust_root_file: Option<PathBuf>,
    /// Limits and retries, for each service.
    pub guard: GuardSettings,
    /// Longest wait for one answer, a new connection included, in milliseconds.
    pub request_timeout_ms: u64,
}

/// `fcm.guard.*`, `apns.guard.*` and `webpush.guard.*`: what keeps a bad provider from harming the rest.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GuardSettings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Pushes in memory at once: under way, waiting for their turn or for their next try. More are turned away.
    pub capacity: usize,
    /// Attempts per push, the first included.
    pub attempts: u32,
    /// First bound of the random wait between attempts, in milliseconds; it doubles each time.
    pub backoff_base_ms: u64,
    /// Last bound of that wait, in milliseconds.
    pub backoff_cap_ms: u64,
    /// Failures in a row after which the circuit breaker opens.
    pub breaker_failures: u32,
    /// How long the breaker stays open before one push tries again, in milliseconds.
    pub breaker_open_ms: u64,
    /// Share of the last 10 minutes' sends that may call their address dead before none is forgotten, in percent.
    pub dead_percent: u32,
    /// Sends below which that share says nothing; until then only a handful of addresses may be forgotten.
    pub dead_minimum_sample: u32,
}

impl FcmSettings {
    /// Checks the numbers.
    pub(super) fn check(&self) -> Result<(), PushSetupError> {
        check_timeout("fcm", self.request_timeout_ms)?;
        self.guard.check("fcm")
    }
}

impl ApnsSettings {
    /// Checks the numbers.
    pub(super) fn check(&self) -> Result<(), PushSetupError> {
        for (key, value) in
            [("apns.key_id", &self.key_id), ("apns.team_id", &self.team_id), ("apns.topic", &self.topic)]
        {
            if value.is_empty() {
                return Err(PushSetupError::Value { key });
            }
        }
        check_timeout("apns", self.request_timeout_ms)?;
        check_range("apns", "connections", self.connections as u64, 1, 16)?;
        self.guard.check("apns")
    }
}

impl WebPushSettings {
    /// Checks the values.
    pub(super) fn check(&self) -> Result<(), PushSetupError> {
        let is_contact = |uri: &String| uri.starts_with("mailto:") || uri.starts_with("https://");
        if self.contact.as_ref().is_some_and(|uri| !is_contact(uri)) {
            return Err(PushSetupError::Value { key: "webpush.contact" });
        }
        check_timeout("webpush", self.request_timeout_ms)?;
        self.guard.check("webpush")
    }
}

impl GuardSettings {
    fn check(&self, section: &'static str) -> Result<(), PushSetupError> {
        for (key, value, least, most) in [
            ("guard.concurrency", self.concurrency as u64, 1, 10_000),
            ("guard.capacity", self.capacity as u64, 1, 1_000_000),
            ("guard.attempts", self.attempts.into(), 1, 20),
            ("guard.backoff_base_ms", self.backoff_base_ms, 1, 60_000),
            ("guard.backoff_cap_ms", self.backoff_cap_ms, 1, 600_000),
            ("guard.breaker_failures", self.breaker_failures.into(), 1, 10_000),
            ("guard.breaker_open_ms", self.breaker_open_ms, 100, 600_000),
            ("guard.dead_percent", self.dead_percent.into(), 1, 100),
            ("guard.dead_minimum_sample", self.dead_minimum_sample.into(), 1, 100_000),
        ] {
            check_range(section, key, value, least, most)?;
        }
        Ok(())
    }
}

fn check_timeout(section: &'static str, request_timeout_ms: u64) -> Result<(), PushSetupError> {
    check_range(section, "request_timeout_ms", request_timeout_ms, 100, 60_000)
}

fn check_range(
    section: &'static str,
    key: &'static str,
    value: u64,
    least: u64,
    most: u64,
) -> Result<(), PushSetupError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(PushSetupError::OutOfRange { section, key, least, most }),
    }
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            concurrency: 100,
            capacity: 20_000,
            attempts: 5,
            backoff_base_ms: 1_000,
            backoff_cap_ms: 30_000,
            breaker_failures: 20,
            breaker_open_ms: 10_000,
            dead_percent: 5,
            dead_minimum_sample: 40,
        }
    }
}
