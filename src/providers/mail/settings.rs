//! Settings of mail.

use std::net::IpAddr;
use std::path::PathBuf;

use jiff::SignedDuration;
use lettre::Address;
use lettre::message::Mailbox;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::domain::account::email::EmailAddress;
use crate::domain::delivery::mail_retry::MailRetry;

/// `mail.*`: what every mail has.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The no-reply address, with or without a name.
    pub from: String,
}

/// `smtp.*`: the server that takes mail. Off while `host` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Name of the server; its certificate must be for it.
    #[serde(default)]
    pub host: Option<String>,
    /// 587 as a rule with STARTTLS, 465 with implicit TLS (RFC 8314 section 3).
    pub port: u16,
    /// How the line is encrypted.
    pub tls: SmtpTls,
    /// Who the gateway is to the server; unset: nobody.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default, skip_serializing)]
    pub password: Option<SecretString>,
    /// The name that the gateway greets with; unset: the domain of `mail.from`.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// PEM file of the only certificate authorities to trust; unset: those of the system.
    #[serde(default)]
    pub trust_root_file: Option<PathBuf>,
    /// Mails under way at once, and connections kept for the next ones.
    pub connections: usize,
    /// Longest time from the start of a try until the mail is handed over, in milliseconds.
    pub timeout_ms: u64,
    /// Longest wait from then on for the server to say that it has the mail, in milliseconds.
    pub accept_timeout_ms: u64,
    /// Bound of the first wait between two tries, in milliseconds; it doubles each time.
    pub retry_first_ms: u64,
    /// Longest wait between two tries, in milliseconds.
    pub retry_longest_ms: u64,
}

/// How the line to the server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Begun in the clear and encrypted before anything is said; nothing is said without.
    Starttls,
    /// From the first byte.
    Implicit,
    /// Not at all: to a server on this machine, in development.
    None,
}

/// Why mail cannot be set up. Messages name keys and files, never secrets.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The sender is no address.
    #[error("mail.from is {0}, but must be an address such as \"Example <no-reply@example.com>\"")]
    From(String),
    /// The server's name is no name.
    #[error("smtp.host must be the name of the mail server, such as smtp.example.com")]
    Host,
    /// One without the other.
    #[error("smtp.username and smtp.password belong together: set both, or neither")]
    HalfCredentials,
    /// Codes in the clear over a network.
    #[error("smtp.tls is \"none\", which is only for a server on this machine: set it to \"starttls\" or \"implicit\"")]
    PlainOverNetwork,
    /// A number is outside its range.
    #[error("smtp.{key} is {value}, but must be {least} to {most}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// Its value.
        value: u64,
        /// The least that it may be.
        least: u64,
        /// The most that it may be.
        most: u64,
    },
    /// The file cannot be read.
    #[error("smtp.trust_root_file names {path}, which cannot be read: {source}")]
    TrustRootFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The waits would shrink.
    #[error("smtp.retry_longest_ms is {longest}, but must be at least smtp.retry_first_ms, which is {first}")]
    RetryLongest {
        /// The first wait.
        first: u64,
        /// The longest.
        longest: u64,
    },
    /// The file holds no certificate, or one that cannot be used.
    #[error("smtp.trust_root_file names {0}, which is no PEM file of certificates")]
    TrustRoots(PathBuf),
    /// TLS cannot be set up.
    #[error("TLS to the mail server cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
}

impl MailSettings {
    /// The no-reply address.
    ///
    /// # Errors
    /// [`MailSetupError::From`] when it is none.
    pub(super) fn mailbox(&self) -> Result<Mailbox, MailSetupError> {
        let wrong = || MailSetupError::From(self.from.clone());
        let from: Mailbox = self.from.parse().map_err(|_| wrong())?;
        // As mail servers look it up and sign for it: a domain of other letters in ASCII.
        let address = EmailAddress::parse(from.email.as_ref()).map_err(|_| wrong())?;
        let email = Address::new(from.email.user(), address.domain()).map_err(|_| wrong())?;
        Ok(Mailbox::new(from.name, email))
    }

    /// The address alone, for people who allow-list it.
    ///
    /// # Errors
    /// [`MailSetupError::From`] when it is none.
    pub fn sender(&self) -> Result<String, MailSetupError> {
        Ok(self.mailbox()?.email.to_string())
    }
}

impl SmtpSettings {
    /// Checks what can be checked without a look at files or the network.
    ///
    /// # Errors
    /// [`MailSetupError`] names the key.
    pub fn check(&self) -> Result<(), MailSetupError> {
        for (key, value, least, most) in [
            ("port", self.port.into(), 1, 65_535),
            ("connections", self.connections as u64, 1, 100),
            // Together less than the 60 s for which a node has a delivery to itself.
            ("timeout_ms", self.timeout_ms, 100, 20_000),
            ("accept_timeout_ms", self.accept_timeout_ms, 100, 30_000),
            ("retry_first_ms", self.retry_first_ms, 10, 60_000),
            ("retry_longest_ms", self.retry_longest_ms, 10, 3_600_000),
        ] {
            if !(least..=most).contains(&value) {
                return Err(MailSetupError::OutOfRange { key, value, least, most });
            }
        }
        if self.retry_longest_ms < self.retry_first_ms {
            return Err(MailSetupError::RetryLongest { first: self.retry_first_ms, longest: self.retry_longest_ms });
        }
        let Some(host) = &self.host else { return Ok(()) };
        if host.is_empty() || host.chars().any(|character| character.is_whitespace() || "/:@".contains(character)) {
            return Err(MailSetupError::Host);
        }
        if self.username.is_some() != self.password.is_some() {
            return Err(MailSetupError::HalfCredentials);
        }
        if self.tls == SmtpTls::None && !is_this_machine(host) {
            return Err(MailSetupError::PlainOverNetwork);
        }
        Ok(())
    }

    /// How long to wait between two tries.
    #[must_use]
    pub fn retry(&self) -> MailRetry {
        let milliseconds = |value| SignedDuration::from_millis(i64::try_from(value).unwrap_or(i64::MAX));
        MailRetry { first: milliseconds(self.retry_first_ms), longest: milliseconds(self.retry_longest_ms) }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, tls: SmtpTls) -> SmtpSettings {
        SmtpSettings {
            host: Some(host.to_owned()),
            port: 587,
            tls,
            username: None,
            password: None,
            hello_name: None,
            trust_root_file: None,
            connections: 4,
            timeout_ms: 15_000,
            accept_timeout_ms: 30_000,
            retry_first_ms: 5_000,
            retry_longest_ms: 300_000,
        }
    }

    #[test]
    fn nothing_goes_over_a_network_in_the_clear() {
        assert!(settings("smtp.example.com", SmtpTls::Starttls).check().is_ok());
        for host in ["localhost", "127.0.0.1", "127.8.8.8"] {
            assert!(settings(host, SmtpTls::None).check().is_ok(), "{host}");
        }
        for host in ["smtp.example.com", "10.0.0.1", "localhost.example.com"] {
            let refused = settings(host, SmtpTls::None).check();
            assert!(matches!(refused, Err(MailSetupError::PlainOverNetwork)), "{host}");
        }
    }

    #[test]
    fn a_user_name_needs_a_password_and_a_host_is_a_name() {
        let half = SmtpSettings { username: Some("gateway".to_owned()), ..settings("a.example", SmtpTls::Implicit) };
        assert!(matches!(half.check(), Err(MailSetupError::HalfCredentials)));
        for host in ["", "smtp://a.example", "a.example:25", "a b"] {
            assert!(matches!(settings(host, SmtpTls::Implicit).check(), Err(MailSetupError::Host)), "{host:?}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let sender = |from: &str| MailSettings { from: from.to_owned() }.sender().ok();
        assert_eq!(sender("Twostep <no-reply@example.com>").as_deref(), Some("no-reply@example.com"));
        assert_eq!(sender("no-reply@localhost").as_deref(), Some("no-reply@localhost"));
        assert_eq!(sender("Bücher <post@bücher.example>").as_deref(), Some("post@xn--bcher-kva.example"));
        assert_eq!(sender("nobody"), None);
    }
}
