//! Why the gateway cannot start.

use std::net::SocketAddr;

use twostep_front::CertificateError;

use super::private_database::PrivateDatabaseError;
use crate::bus::JoinError;
use crate::providers::mail::MailSetupError;
use crate::providers::push::PushSetupError;
use crate::providers::webhook::WebhookSetupError;
use crate::settings::{KeysError, OperatorTokenError};
use crate::store::StoreError;
use crate::telemetry::traces::TraceSetupError;

/// Why the gateway cannot start. Each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The private PostgreSQL.
    #[error(transparent)]
    PrivatePostgres(#[from] PrivateDatabaseError),
    /// The database.
    #[error("the database cannot be used: {}. Check TWOSTEP__DATABASE__URL and that the server runs", cause(.0))]
    Database(#[from] StoreError),
    /// The code keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The operator's token.
    #[error(transparent)]
    OperatorToken(#[from] OperatorTokenError),
    /// Mail.
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    /// A push provider.
    #[error(transparent)]
    Push(#[from] PushSetupError),
    /// The way to apps' servers.
    #[error(transparent)]
    Webhooks(#[from] WebhookSetupError),
    /// The way to other nodes.
    #[error(transparent)]
    Bus(#[from] JoinError),
    /// Traces.
    #[error(transparent)]
    Traces(#[from] TraceSetupError),
    /// An HTTP client.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
    /// Password hashing.
    #[error("passwords.memory_kib and passwords.iterations do not fit argon2: {0}")]
    Passwords(argon2::Error),
    /// An address.
    #[error("{key} {address} cannot be used: {source}. Stop what listens there, or set TWOSTEP__{} to another", environment_name(.key))]
    Address {
        /// The setting.
        key: &'static str,
        /// Its value.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A socket of the service manager.
    #[error(
        "a socket that the service manager opened (LISTEN_FDS) cannot be used: {0}. Give it ListenStream= with an IP address and a port"
    )]
    GivenSocket(std::io::Error),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The runtime.
    #[error("a thread of the gateway died: {0}")]
    Thread(String),
}

fn cause(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(source) => source.to_string(),
        other => other.to_string(),
    }
}

fn environment_name(key: &str) -> String {
    key.replace('.', "__").to_ascii_uppercase()
}
