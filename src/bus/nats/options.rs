//! How a node connects to NATS.

use std::io;
use std::path::Path;
use std::time::Duration;

use async_nats::ConnectOptions;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use twostep_private_file::{NotPrivate, Privacy};

use super::super::others::OUTWARD_CAPACITY;
use super::super::settings::{BusSettings, JoinError};

/// Facts of other nodes that wait to be taken up; beyond it they are lost, and looked for in the database.
pub(super) const INWARD_CAPACITY: usize = 8192;

/// A server that answers no ping is given up after two to three of these.
pub(super) const PING_PERIOD: Duration = Duration::from_secs(1);

/// How long a server may take to let this node in.
pub(super) const CONNECT_PATIENCE: Duration = Duration::from_secs(2);

/// Longest wait between two tries to connect.
pub(super) const LONGEST_RETRY: Duration = Duration::from_secs(1);

/// Reads the file of a secret, which a setting names.
fn read_secret(key: &'static str, path: &Path, privacy: Privacy) -> Result<SecretString, JoinError> {
    twostep_private_file::read(path, privacy).map_err(|cause| match cause {
        NotPrivate::Unreadable { path, cause } => JoinError::File { key, path, source: cause },
        cause => JoinError::NotPrivate { key, cause },
    })
}

/// What every connection of this node has.
pub(super) fn options(settings: &BusSettings, privacy: Privacy) -> Result<ConnectOptions, JoinError> {
    let url = settings.url.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let mut options = with_login(ConnectOptions::new(), url);
    if let Some(path) = &settings.credentials_file {
        let refused = |source| JoinError::File { key: "bus.credentials_file", path: path.clone(), source };
        options = with_credentials(options, read_secret("bus.credentials_file", path, privacy)?.expose_secret())
            .map_err(refused)?;
    }
    if let Some(path) = &settings.tls.ca_file {
        let refused = |source| JoinError::File { key: "bus.tls.ca_file", path: path.clone(), source };
        std::fs::File::open(path).map_err(refused)?;
        options = options.add_root_certificates(path.clone()).require_tls(true);
    }
    if let (Some(certificate), Some(key)) = (&settings.tls.certificate_file, &settings.tls.key_file) {
        let refused = |source| JoinError::File { key: "bus.tls.certificate_file", path: certificate.clone(), source };
        std::fs::File::open(certificate).map_err(refused)?;
        read_secret("bus.tls.key_file", key, privacy)?;
        options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
    }
    Ok(options
        .name("twostep")
        .ping_interval(PING_PERIOD)
        .connection_timeout(CONNECT_PATIENCE)
        .reconnect_delay_callback(retry_after)
        .client_capacity(OUTWARD_CAPACITY)
        .subscription_capacity(INWARD_CAPACITY))
}

/// The client takes neither a user with a password nor a token from a URL by itself. Servers of one NATS cluster share their users.
/// A name without a password is a token, as NATS' own clients read it.
fn with_login(options: ConnectOptions, urls: &str) -> ConnectOptions {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let login = urls.split(',').find_map(|url| Some(url.split_once("://")?.1.rsplit_once('@')?.0));
    match login.map(|login| login.split_once(':').ok_or(login)) {
        Some(Ok((user, password))) => options.user_and_password(decode(user), decode(password)),
        Some(Err(token)) => options.token(decode(token)),
        None => options,
    }
}

pub(super) fn with_credentials(options: ConnectOptions, text: &str) -> io::Result<ConnectOptions> {
    if text.contains("BEGIN NATS USER JWT") {
        return options.credentials(text);
    }
    let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU"));
    let seed = seed.ok_or_else(|| io::Error::other("it holds neither a NATS user's JWT nor an nkey seed (SU…)"))?;
    Ok(options.nkey(seed.to_owned()))
}

/// At once, then doubling, at random, so that nodes do not come back to a server together.
pub(super) fn retry_after(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(6);
    if attempts <= 1 {
        return Duration::ZERO;
    }
    (Duration::from_millis(20) * 2_u32.pow(doublings)).min(LONGEST_RETRY).mul_f64(rand::rng().random_range(0.5..=1.0))
}
