//! Where the database is: what `database.url` says, read as libpq reads it (PostgreSQL 17 documentation, section 32.1).
//!
//! tokio-postgres 0.7 knows neither the stricter words for `sslmode` nor the files of TLS. They are taken out here, before it
//! reads the rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::store::StoreError;

/// What `database.url` says.
pub(in crate::store) struct Address {
    pub(in crate::store) config: Config,
    pub(in crate::store) tls: ClientConfig,
}

/// The parameters that are taken out.
#[derive(Default)]
struct TlsParameters {
    mode: Option<String>,
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

impl Address {
    /// Reads a URL or `key=value` pairs. `ca_file` (`database.ca_file`) goes before `sslrootcert`.
    ///
    /// # Errors
    /// [`StoreError::Settings`] says what cannot be read, without its value: it may be a password.
    pub(in crate::store) fn read(url: &str, ca_file: Option<&Path>) -> Result<Self, StoreError> {
        let mut parameters = TlsParameters::default();
        let rest = match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => parameters.take_from_url(url)?,
            _ => parameters.take_from_pairs(url)?,
        };
        let mut config: Config = rest.parse().map_err(|error| not_read(&error))?;
        config.ssl_mode(parameters.ssl_mode(config.get_ssl_mode())?);
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(StoreError::Settings(format!("{NO_URL}: it names no host")));
        }
        let ca_file = ca_file.map(Path::to_owned).or_else(|| parameters.ca_file.take());
        Ok(Self { tls: parameters.tls(ca_file.as_deref())?, config })
    }
}

const NO_URL: &str = "database.url is no PostgreSQL URL such as postgres://user@host/name";

/// tokio-postgres names the parameter, never a value.
fn not_read(error: &tokio_postgres::Error) -> StoreError {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let is_about_a_parameter = cause.starts_with("unknown option") || cause.starts_with("invalid value");
    StoreError::Settings(if is_about_a_parameter { format!("{NO_URL}: {cause}") } else { NO_URL.to_owned() })
}

impl TlsParameters {
    /// Whether the parameter is one of those that are taken out.
    fn take(&mut self, key: &str, value: String) -> bool {
        match key {
            "sslmode" => self.mode = Some(value),
            // The system's authorities are what is gone by without a file.
            "sslrootcert" if value == "system" => {}
            "sslrootcert" => self.ca_file = Some(value.into()),
            "sslcert" => self.certificate_file = Some(value.into()),
            "sslkey" => self.key_file = Some(value.into()),
            // They ask for nothing that there is here.
            "gssencmode" | "sslcompression" | "fallback_application_name" => {}
            _ => return false,
        }
        true
    }

    fn take_from_url(&mut self, url: &str) -> Result<String, StoreError> {
        let Some((place, query)) = url.split_once('?') else { return Ok(url.to_owned()) };
        let mut left = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| StoreError::Settings(format!("{NO_URL}: {key} is not UTF-8")))?;
            if !self.take(key, value.into_owned()) {
                left.push(pair);
            }
        }
        Ok(if left.is_empty() { place.to_owned() } else { format!("{place}?{}", left.join("&")) })
    }

    fn take_from_pairs(&mut self, text: &str) -> Result<String, StoreError> {
        let mut left = String::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (key, behind) = rest.split_once('=').ok_or_else(|| StoreError::Settings(NO_URL.to_owned()))?;
            let behind = behind.trim_start();
            let length = value_length(behind);
            let (quoted, next) = behind.split_at(length);
            if !self.take(key.trim(), unquoted(quoted)) {
                left.push_str(&format!("{}={quoted} ", key.trim()));
            }
            rest = next.trim_start();
        }
        Ok(left)
    }

    /// A certificate is verified, its name included, wherever TLS is asked for: `require` as libpq means it would only look safe.
    fn ssl_mode(&self, given: SslMode) -> Result<SslMode, StoreError> {
        match self.mode.as_deref() {
            None if given == SslMode::Prefer => Ok(SslMode::Disable),
            None => Ok(given),
            Some("disable" | "allow" | "prefer") => Ok(SslMode::Disable),
            Some("require" | "verify-ca" | "verify-full") => Ok(SslMode::Require),
            Some(_) => Err(StoreError::Settings(
                "database.url: sslmode must be verify-full (require and verify-ca mean the same here) or disable"
                    .to_owned(),
            )),
        }
    }

    fn tls(&self, ca_file: Option<&Path>) -> Result<ClientConfig, StoreError> {
        let mut roots = RootCertStore::empty();
        match ca_file {
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
            Some(path) => {
                for certificate in certificates("database.ca_file", path)? {
                    roots.add(certificate).map_err(|error| no_pem("database.ca_file", path, &error))?;
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring offers the default protocol versions")
            .with_root_certificates(roots);
        match (&self.certificate_file, &self.key_file) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(certificate), Some(key)) => {
                let chain = certificates("sslcert of database.url", certificate)?;
                let secret = PrivateKeyDer::from_pem_file(key);
                let secret = secret.map_err(|error| no_pem("sslkey of database.url", key, &error))?;
                let config = builder.with_client_auth_cert(chain, secret);
                config.map_err(|error| no_pem("sslcert and sslkey of database.url", certificate, &error))
            }
            _ => Err(StoreError::Settings("database.url: sslcert and sslkey belong together".to_owned())),
        }
    }
}

/// The certificates of a file, at least one.
fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let found = CertificateDer::pem_file_iter(path).map_err(|error| no_pem(what, path, &error))?;
    let found: Result<Vec<_>, _> = found.collect();
    let found = found.map_err(|error| no_pem(what, path, &error))?;
    if found.is_empty() {
        return Err(no_pem(what, path, &"it holds no certificate"));
    }
    Ok(found)
}

fn no_pem(what: &str, path: &Path, cause: &dyn std::fmt::Display) -> StoreError {
    StoreError::Settings(format!("{what}, {}, cannot be used: {cause}", path.display()))
}

/// Bytes of a value, quotes included, at the beginning of a text.
fn value_length(text: &str) -> usize {
    let is_quoted = text.starts_with('\'');
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(usize::from(is_quoted)) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' if is_quoted => return at + 1,
            blank if !is_quoted && blank.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value);
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Config, String> {
        Address::read(url, None).map(|address| address.config).map_err(|error| error.to_string())
    }

    #[test]
    fn every_word_for_tls_that_libpq_knows_is_understood() {
        for (mode, expected) in [
            ("disable", SslMode::Disable),
            ("allow", SslMode::Disable),
            ("prefer", SslMode::Disable),
            ("require", SslMode::Require),
            ("verify-ca", SslMode::Require),
            ("verify-full", SslMode::Require),
        ] {
            for url in [
                format!(
                    "postgres://a:b%26c@db.example.com/twostep?sslmode={mode}&sslrootcert=system&connect_timeout=3"
                ),
                format!(
                    "postgresql://a@db.example.com,db2.example.com:5433/x?target_session_attrs=read-write&sslmode={mode}"
                ),
                format!("host=db.example.com user=a password='it\\'s sslmode=x' sslmode = {mode} sslrootcert='system'"),
            ] {
                assert_eq!(read(&url).expect("read").get_ssl_mode(), expected, "{url}");
            }
        }
        let pairs = read("host=db user=a password='it\\'s sslmode=x' dbname=b\\ c sslmode=verify-full").expect("read");
        assert_eq!((pairs.get_password(), pairs.get_dbname()), (Some(&b"it's sslmode=x"[..]), Some("b c")));
    }

    #[test]
    fn what_cannot_be_used_is_named_without_secrets() {
        for (url, said) in [
            ("hello", "is no PostgreSQL URL"),
            ("", "names no host"),
            ("http://a:sesame@b/c", "is no PostgreSQL URL"),
            ("postgres://a:sesame@b/c?sslmode=strict", "sslmode must be verify-full"),
            ("postgres://a:sesame@b/c?colour=blue", "unknown option `colour`"),
            ("postgres://a:sesame@b:port/c", "invalid value for option `port`"),
            ("postgres://a:sesame@b/c?sslcert=/x", "sslcert and sslkey belong together"),
            ("postgres://a:sesame@b/c?sslrootcert=%2Fnot%2Fthere.pem", "/not/there.pem, cannot be used"),
            ("host=b password=sesame sslrootcert=/dev/null", "/dev/null, cannot be used: it holds no certificate"),
        ] {
            let error = read(url).expect_err(url);
            assert!(error.contains(said) && !error.contains("sesame"), "{url}: {error}");
        }
    }
}
