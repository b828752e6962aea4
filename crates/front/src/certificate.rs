//! The certificate of the public side, read again when its files are replaced.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use metrics::gauge;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto};
use secrecy::ExposeSecret;
use tracing::{info, warn};
use twostep_private_file::{NotPrivate, Privacy};
use x509_cert::der::Decode;

use crate::metric_names::CERTIFICATE_END;

/// How often the files are looked at.
pub const RELOAD_PERIOD: Duration = Duration::from_secs(5);
/// What is offered, best first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate cannot be used. Each text is one line that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read, or holds nothing of the kind.
    #[error("{key} {}: {source}. It must be a PEM file that the gateway may read", path.display())]
    File {
        /// The setting.
        key: &'static str,
        /// Its value.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// Others can read, change or replace the key, in production.
    #[error("http.tls.key_file: {0}")]
    NotPrivate(NotPrivate),
    /// The two do not belong together, or are of a kind that nobody uses.
    #[error(
        "http.tls.certificate_file {} and http.tls.key_file {} cannot be used together: {source}. The first certificate of the one must be for the key of the other",
        certificate.display(), key.display()
    )]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The certificate is not one.
    #[error("http.tls.certificate_file {} holds no X.509 certificate", .0.display())]
    Unreadable(PathBuf),
}

/// The files, and the certificate as it was last read.
pub struct Certificate {
    certificate_file: PathBuf,
    key_file: PathBuf,
    privacy: Privacy,
    current: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<Seen>,
}

/// The files as they were last used, and as they were last found unusable.
struct Seen {
    used: Stamps,
    refused: Option<Stamps>,
}

/// What tells a replaced file: time of change in seconds and nanoseconds, inode and size. Unset: it is gone.
type Stamp = Option<(i64, i64, u64, u64)>;
type Stamps = [Stamp; 2];

impl Certificate {
    /// Reads the files. Blocking.
    ///
    /// # Errors
    /// [`CertificateError`] when they cannot be used.
    pub fn open(certificate_file: &Path, key_file: &Path, privacy: Privacy) -> Result<Self, CertificateError> {
        // Before reading: what is replaced meanwhile is read again.
        let used = stamps(certificate_file, key_file);
        let current = read(certificate_file, key_file, privacy)?;
        let certificate = Self {
            certificate_file: certificate_file.to_owned(),
            key_file: key_file.to_owned(),
            privacy,
            current: RwLock::new(Arc::new(current)),
            seen: Mutex::new(Seen { used, refused: None }),
        };
        certificate.tell_end();
        Ok(certificate)
    }

    /// Says in the metrics when it ends. One that does not say so is refused by clients, not here.
    fn tell_end(&self) {
        if let Ok(end) = self.expires_at() {
            gauge!(CERTIFICATE_END).set(end.as_second() as f64);
        }
    }

    /// Reads the files again if they were replaced; what cannot be used leaves the certificate as it was. Blocking.
    pub fn reload(&self) {
        let now = stamps(&self.certificate_file, &self.key_file);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now == seen.used {
            return;
        }
        match read(&self.certificate_file, &self.key_file, self.privacy) {
            Ok(key) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                self.tell_end();
                info!("the certificate was replaced: new connections get the new one");
                *seen = Seen { used: now, refused: None };
            }
            // Once for each change: half of a replaced pair is looked at again and again until the other half is there.
            Err(error) if seen.refused != Some(now) => {
                warn!(%error, "the certificate was replaced by one that cannot be used: the old one stays");
                seen.refused = Some(now);
            }
            Err(_) => {}
        }
    }

    /// When the first certificate ends.
    ///
    /// # Errors
    /// [`CertificateError::Unreadable`] when it is no X.509 certificate.
    pub fn expires_at(&self) -> Result<Timestamp, CertificateError> {
        let unreadable = || CertificateError::Unreadable(self.certificate_file.clone());
        let key = self.current();
        let der = key.cert.first().ok_or_else(unreadable)?;
        let certificate = x509_cert::Certificate::from_der(der).map_err(|_| unreadable())?;
        let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
        i64::try_from(end.as_secs())
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or_else(unreadable)
    }

    /// TLS 1.2 and 1.3 with this certificate, as it is at each handshake.
    pub(super) fn server_config(self: &Arc<Self>) -> ServerConfig {
        let resolver: Arc<Self> = Arc::clone(self);
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        config
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("certificate_file", &self.certificate_file).finish_non_exhaustive()
    }
}

fn read(certificate_file: &Path, key_file: &Path, privacy: Privacy) -> Result<CertifiedKey, CertificateError> {
    let unreadable = |key, path: &Path, source| CertificateError::File { key, path: path.to_owned(), source };
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(certificate_file).and_then(Iterator::collect);
    let chain = chain
        .and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(|source| unreadable("http.tls.certificate_file", certificate_file, source))?;
    let key = read_key(key_file, privacy)?;
    let ring = crypto::ring::default_provider();
    let provider = CryptoProvider::get_default().map_or(&ring, Arc::as_ref);
    CertifiedKey::from_der(chain, key, provider).map_err(|source| CertificateError::Pair {
        certificate: certificate_file.to_owned(),
        key: key_file.to_owned(),
        source,
    })
}

fn read_key(key_file: &Path, privacy: Privacy) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let unreadable = |source| CertificateError::File { key: "http.tls.key_file", path: key_file.to_owned(), source };
    let text = twostep_private_file::read(key_file, privacy).map_err(|cause| match cause {
        NotPrivate::Unreadable { cause, .. } => unreadable(pem::Error::Io(cause)),
        cause => CertificateError::NotPrivate(cause),
    })?;
    PrivateKeyDer::from_pem_slice(text.expose_secret().as_bytes()).map_err(unreadable)
}

fn stamps(certificate_file: &Path, key_file: &Path) -> Stamps {
    [certificate_file, key_file].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.mtime(), metadata.mtime_nsec(), metadata.ino(), metadata.size()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files {
        folder: tempfile::TempDir,
    }

    impl Files {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().expect("a folder") }
        }

        fn paths(&self) -> (PathBuf, PathBuf) {
            (self.folder.path().join("cert.pem"), self.folder.path().join("key.pem"))
        }

        /// Renames new files over the old ones, as tools that renew certificates do.
        fn put(&self, certificate: &str, key: &str) {
            let (certificate_path, key_path) = self.paths();
            for (path, text) in [(certificate_path, certificate), (key_path, key)] {
                let new = path.with_extension("new");
                std::fs::write(&new, text).expect("written");
                std::fs::rename(new, path).expect("renamed");
            }
        }

        fn open(&self) -> Result<Certificate, CertificateError> {
            let (certificate, key) = self.paths();
            Certificate::open(&certificate, &key, Privacy::Unchecked)
        }
    }

    fn pair() -> (String, String) {
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        (pair.cert.pem(), pair.signing_key.serialize_pem())
    }

    #[test]
    fn a_replaced_pair_is_used_and_a_broken_one_is_not() {
        let files = Files::new();
        let first = pair();
        let second = pair();
        files.put(&first.0, &first.1);
        let certificate = files.open().expect("usable");
        let before = certificate.current();
        certificate.reload();
        assert!(Arc::ptr_eq(&before, &certificate.current()), "nothing changed");
        files.put(&second.0, &first.1);
        certificate.reload();
        assert!(Arc::ptr_eq(&before, &certificate.current()), "the halves do not match");
        std::fs::remove_file(files.paths().1).expect("removed");
        certificate.reload();
        assert!(Arc::ptr_eq(&before, &certificate.current()), "the key is gone");
        files.put(&second.0, &second.1);
        certificate.reload();
        assert_ne!(before.cert, certificate.current().cert);
    }

    #[test]
    fn what_cannot_be_used_names_the_setting() {
        let files = Files::new();
        let first = pair();
        let second = pair();
        let error = files.open().expect_err("missing").to_string();
        assert!(error.starts_with("http.tls.certificate_file "), "{error}");
        files.put(&first.0, "nothing");
        let error = files.open().expect_err("no key").to_string();
        assert!(error.starts_with("http.tls.key_file "), "{error}");
        files.put("nothing", &first.1);
        let error = files.open().expect_err("no certificate").to_string();
        assert!(error.starts_with("http.tls.certificate_file "), "{error}");
        files.put(&first.0, &second.1);
        let error = files.open().expect_err("another key").to_string();
        assert!(error.contains("cannot be used together") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let files = Files::new();
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        parameters.not_after = rcgen::date_time_ymd(2031, 5, 6);
        let key = rcgen::KeyPair::generate().expect("a key");
        files.put(&parameters.self_signed(&key).expect("a certificate").pem(), &key.serialize_pem());
        let end = files.open().expect("usable").expires_at().expect("an end");
        assert_eq!(end.to_string(), "2031-05-06T00:00:00Z");
    }
}
