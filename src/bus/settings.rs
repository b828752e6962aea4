//! Settings of the bus.

use std::io;
use std::path::PathBuf;

use async_nats::ServerAddr;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use twostep_private_file::NotPrivate;

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

/// Why a node cannot join the others. Texts name keys and files, never secrets.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The address is none.
    #[error("bus.url must be nats:// or tls:// with a host, or several separated by commas, such as nats://host:4222")]
    Url,
    /// The prefix is no subject.
    #[error(
        "bus.subject_prefix is {0:?}, but must be words of letters, digits, - and _, joined by dots, 64 characters at most"
    )]
    Prefix(String),
    /// A certificate without its key, or the other way round.
    #[error("bus.tls.certificate_file and bus.tls.key_file belong together: set both, or neither")]
    HalfACertificate,
    /// The wait is outside its range.
    #[error("bus.presence_wait_ms is {0}, but must be 0 to 2000")]
    PresenceWait(u64),
    /// Others can read, change or replace a file with a secret, in production.
    #[error("{key}: {cause}")]
    NotPrivate {
        /// The setting.
        key: &'static str,
        /// What is wrong with the file.
        cause: NotPrivate,
    },
    /// A file cannot be read.
    #[error("{key} names {path}, which cannot be used: {source}")]
    File {
        /// The setting.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The client refuses the settings.
    #[error("the client of NATS cannot be set up: {0}")]
    Client(String),
}

/// The addresses in a setting such as `nats://a:4222,nats://b:4222`.
pub(super) fn servers(urls: &str) -> Result<Vec<ServerAddr>, JoinError> {
    let parse = |url: &str| {
        let is_ours = ["nats://", "tls://"].iter().any(|scheme| url.starts_with(scheme));
        let server = url.parse::<ServerAddr>().ok().filter(|server| is_ours && !server.host().is_empty());
        server.ok_or(JoinError::Url)
    };
    urls.split(',').map(|url| parse(url.trim())).collect()
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
