//! What both clients need before the first push: files, URLs and a TLS configuration on the one crypto provider.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::SecretString;
use twostep_private_file::{NotPrivate, Privacy};

use crate::outbound::WrongProxy;

/// Why a provider cannot be set up. Messages name files and keys, never their contents.
#[derive(Debug, thiserror::Error)]
pub enum PushSetupError {
    /// A file of the settings cannot be read.
    #[error("{key}: cannot read {}", path.display())]
    File {
        /// The settings key.
        key: &'static str,
        /// Its value.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read, change or replace a file with a secret, in production.
    #[error("{key}: {cause}")]
    NotPrivate {
        /// The settings key.
        key: &'static str,
        /// What is wrong with the file.
        cause: NotPrivate,
    },
    /// The service account's file is not one.
    #[error(
        "fcm.service_account_file: neither a service account's JSON file with an RSA key nor one of type external_account"
    )]
    ServiceAccount,
    /// The external account's file is not one that we can use.
    #[error(
        "fcm.service_account_file: an external_account needs audience, subject_token_type, token_url, and a credential_source with a file or a url (commands and AWS are not read)"
    )]
    WorkloadIdentity,
    /// No project in the settings, none in the service account's file.
    #[error("fcm.project_id: not set, and the service account's file names none")]
    NoProject,
    /// The signing key's file is not one.
    #[error("apns.signing_key_file: not a .p8 file with a P-256 key")]
    SigningKey,
    /// The keys of Web Push are none.
    #[error(
        "webpush.keys_file: must hold 1 to 8 private keys for P-256 in PEM (PKCS#8), the current one first. Make it with `twostep push-keys add --file PATH`"
    )]
    VapidKeys,
    /// What should be a push service is none.
    #[error(
        "webpush.services: {entry:?} is neither a name (updates.push.services.mozilla.com), nor all names below one (*.notify.windows.com), nor an address, each with its port where that is not 443, nor a network (10.1.0.0/16)"
    )]
    PushService {
        /// The entry of the list.
        entry: String,
    },
    /// A value that cannot be put into a request.
    #[error("{key}: empty, or not a value that the provider could accept")]
    Value {
        /// The settings key.
        key: &'static str,
    },
    /// A number outside its range.
    #[error("{section}.{key}: must be {least} to {most}")]
    OutOfRange {
        /// `fcm` or `apns`.
        section: &'static str,
        /// The settings key inside the section.
        key: &'static str,
        /// The least value taken.
        least: u64,
        /// The most.
        most: u64,
    },
    /// No certificate authority to trust.
    #[error("{key}: no certificate authority found")]
    NoTrustRoot {
        /// The settings key.
        key: &'static str,
    },
    /// The TLS configuration is impossible.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The environment names no proxy where it should.
    #[error(transparent)]
    Proxy(#[from] WrongProxy),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// Reads a secret from its file.
pub(super) fn read_secret(key: &'static str, path: &Path, privacy: Privacy) -> Result<SecretString, PushSetupError> {
    twostep_private_file::read(path, privacy).map_err(|cause| match cause {
        NotPrivate::Unreadable { path, cause } => PushSetupError::File { key, path, source: cause },
        cause => PushSetupError::NotPrivate { key, cause },
    })
}

/// Accepts an origin: scheme, host, perhaps a port, and nothing behind.
pub(super) fn parse_origin(key: &'static str, text: &str, schemes: &[&str]) -> Result<Url, PushSetupError> {
    let url = Url::parse(text).map_err(|_| PushSetupError::Value { key })?;
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    if !bare || !schemes.contains(&url.scheme()) || url.host_str().is_none() {
        return Err(PushSetupError::Value { key });
    }
    Ok(url)
}

/// A TLS client that trusts the authorities in one file, or else those of the system. `needed` says whether it is an
/// error that there are none; a server without TLS does without.
///
/// # Errors
/// [`PushSetupError`] when the file that the setting `key` names cannot be read, or holds no authority.
pub fn tls_client(
    key: &'static str,
    trust_root_file: Option<&Path>,
    needed: bool,
) -> Result<ClientConfig, PushSetupError> {
    let mut roots = RootCertStore::empty();
    match trust_root_file {
        Some(path) => {
            let pem =
                std::fs::read(path).map_err(|source| PushSetupError::File { key, path: path.to_owned(), source })?;
            let found = CertificateDer::pem_slice_iter(&pem).flatten();
            roots.add_parsable_certificates(found);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() && needed {
        return Err(PushSetupError::NoTrustRoot { key });
    }
    Ok(client_trusting(roots)?)
}

/// A TLS client that trusts these authorities, on the one crypto provider.
///
/// # Errors
/// None that is known: the provider has the default versions of the protocol.
pub fn client_trusting(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
