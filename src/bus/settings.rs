//! Settings of the bus.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::nats::{JoinError, servers};

/// `bus.*`: the way between nodes. A node runs alone while `url` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BusSettings {
    /// NATS servers of one cluster, separated by commas; with user and password it is a secret.
    #[serde(default, skip_serializing)]
    pub url: Option<SecretString>,
    /// File with the credentials of a NATS user: a JWT with its nkey seed, or an nkey seed alone.
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    /// The first part of every subject, so that installations can share a NATS.
    pub subject_prefix: String,
    /// How long a code waits to hear from other nodes that they hold a device, in milliseconds, before it is pushed.
    pub presence_wait_ms: u64,
    /// TLS.
    pub tls: BusTlsSettings,
}

/// `bus.tls.*`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BusTlsSettings {
    /// PEM file of the only certificate authorities to trust; TLS is then required. Unset: those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// PEM file of the certificate that this node shows, with its chain, where the servers ask for one.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

impl BusSettings {
    /// Checks every value.
    ///
    /// # Errors
    /// [`JoinError`] names the key that is wrong, and never a secret.
    pub fn check(&self) -> Result<(), JoinError> {
        let is_token = |token: &str| {
            !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if self.subject_prefix.len() > 64 || !self.subject_prefix.split('.').all(is_token) {
            return Err(JoinError::Prefix(self.subject_prefix.clone()));
        }
        if self.presence_wait_ms > 2000 {
            return Err(JoinError::PresenceWait(self.presence_wait_ms));
        }
        if self.tls.certificate_file.is_some() != self.tls.key_file.is_some() {
            return Err(JoinError::HalfACertificate);
        }
        self.url.as_ref().map_or(Ok(()), |url| servers(url.expose_secret()).map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, prefix: &str, presence_wait_ms: u64) -> BusSettings {
        let tls = BusTlsSettings { ca_file: None, certificate_file: None, key_file: None };
        let url = Some(url.into());
        BusSettings { url, credentials_file: None, subject_prefix: prefix.to_owned(), presence_wait_ms, tls }
    }

    #[test]
    fn addresses_and_prefixes_are_checked_and_never_shown() {
        for url in ["nats://a", "tls://user:hush@a:4222", "nats://a:4222,nats://b:4223"] {
            assert!(settings(url, "twostep", 50).check().is_ok(), "{url}");
        }
        for url in
            ["", "hush", "http://user:hush@a", "ws://a", "nats://", "nats://a:x", "nats://a,", "nats://a,http://b"]
        {
            let error = settings(url, "twostep", 50).check().expect_err(url).to_string();
            assert!(error.starts_with("bus.url") && !error.contains("hush"), "{url}: {error}");
        }
        for prefix in ["", ".", "a.", "a..b", "a.>", "*", "a b", "ä"] {
            let error = settings("nats://a", prefix, 50).check().expect_err(prefix).to_string();
            assert!(error.starts_with("bus.subject_prefix"), "{error}");
        }
        assert!(settings("nats://a", "example.twostep", 0).check().is_ok());
        let mut half = settings("nats://a", "twostep", 0);
        half.tls.key_file = Some("key.pem".into());
        assert!(half.check().expect_err("half").to_string().starts_with("bus.tls.certificate_file"));
        let error = settings("nats://a", "twostep", 2001).check().expect_err("too long").to_string();
        assert_eq!(error, "bus.presence_wait_ms is 2001, but must be 0 to 2000");
    }
}
