//! What production refuses to start with, and what is only warned about.

use std::net::{IpAddr, SocketAddr};

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::{Config, Host, SslMode};
use twostep_private_file::NotPrivate;

use super::{Mode, Settings, SettingsError};
use crate::providers::mail::SmtpTls;

impl Settings {
    /// Makes sure that production has no convenience of development and sends nothing in the clear.
    pub(super) fn mistakes_of_mode(&self) -> Vec<SettingsError> {
        if self.mode == Mode::Development {
            return Vec::new();
        }
        let refusals = [
            self.database_refusal(),
            self.keys_refusal(),
            self.mail_refusal(),
            self.public_refusal(),
            self.operator_refusal(),
            self.push_refusal(),
            self.webhook_refusal(),
        ];
        refusals.into_iter().flatten().map(SettingsError::NotForProduction).collect()
    }

    /// What the log should say loudly at the start.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let is_open = |address: SocketAddr| !address.ip().is_loopback();
        if self.mode == Mode::Development && is_open(self.http.address) {
            warnings.push(format!(
                "mode is development, but http.address {} can be reached from other machines: strangers there meet the conveniences of development. Set TWOSTEP__MODE=production, or http.address to 127.0.0.1",
                self.http.address
            ));
        }
        if self.mode == Mode::Production && self.operator.token_file.is_none() {
            warnings.push(
                "operator.token_file is unset: /admin, and the commands and the live view that call it, let nobody in. Set TWOSTEP__OPERATOR__TOKEN_FILE to a file that holds a token".to_owned(),
            );
        }
        if self.mode == Mode::Production && is_open(self.operator.address) {
            warnings.push(format!(
                "operator.address {} is not on this machine alone, and speaks plain HTTP: let only operators reach it, and probes at probe.address",
                self.operator.address
            ));
        }
        warnings
    }

    fn database_refusal(&self) -> Option<String> {
        let Some(url) = &self.database.url else {
            return Some(
                "database.url is unset: the private PostgreSQL is for development. Set TWOSTEP__DATABASE__URL"
                    .to_owned(),
            );
        };
        travels_in_the_clear(url).then(|| {
            "database.url leads to another machine in the clear: add sslmode=require to it, or use a Unix socket"
                .to_owned()
        })
    }

    fn keys_refusal(&self) -> Option<String> {
        (self.codes.keys.is_none() && self.codes.keys_file.is_none()).then(|| {
            "codes.keys_file is unset. Make a key with `twostep code-keys add --file PATH`, and set TWOSTEP__CODES__KEYS_FILE to that path".to_owned()
        })
    }

    fn mail_refusal(&self) -> Option<String> {
        if self.smtp.host.is_none() {
            return Some("smtp.host is unset: the mail outbox is for development. Set TWOSTEP__SMTP__HOST, and what else [smtp] in config/default.toml needs for your mail server".to_owned());
        }
        (self.smtp.tls == SmtpTls::None).then(|| {
            "smtp.tls is \"none\": codes must not travel in the clear. Set it to \"starttls\" or \"implicit\""
                .to_owned()
        })
    }

    fn public_refusal(&self) -> Option<String> {
        let http = &self.http;
        if !http.tls.is_on() && http.trusted_proxies.is_empty() {
            return Some("the public side speaks plain HTTP and no proxy is listed that speaks TLS for it: set http.tls.certificate_file and http.tls.key_file, or list the proxy in http.trusted_proxies".to_owned());
        }
        if let Some(all) = http.trusted_proxies.iter().find(|network| network.prefix_len() == 0) {
            return Some(format!(
                "http.trusted_proxies lists {all}: then everybody chooses the address that limits and the login activity go by. List the proxies alone"
            ));
        }
        // Hybrid apps have schemes of their own, and no line that anybody could change.
        let plain = http.allowed_origins.iter().find(|origin| origin.to_ascii_lowercase().starts_with("http://"))?;
        Some(format!(
            "http.allowed_origins lists {plain}, which is not https: a page over plain HTTP can be changed on its way"
        ))
    }

    /// Whoever reaches `/admin` with its token can do everything: from other machines nobody does without one.
    fn operator_refusal(&self) -> Option<String> {
        let address = self.operator.address;
        (!address.ip().to_canonical().is_loopback() && self.operator.token_file.is_none()).then(|| {
            format!(
                "operator.address {address} can be reached from other machines and operator.token_file is unset: set TWOSTEP__OPERATOR__TOKEN_FILE to a file that holds a token, or operator.address to 127.0.0.1 (probes and Prometheus can have probe.address)"
            )
        })
    }

    fn webhook_refusal(&self) -> Option<String> {
        let url = self.webhooks.url.as_ref()?;
        (!url.starts_with("https://"))
            .then(|| "webhooks.url is not https: who is verified must not travel in the clear".to_owned())
    }

    fn push_refusal(&self) -> Option<String> {
        let is_plain = |url: &str| !url.starts_with("https://");
        if self.fcm.service_account_file.is_some() && is_plain(&self.fcm.base_url) {
            return Some("fcm.base_url is not https: unset it for Google's own".to_owned());
        }
        let has_plain = is_plain(&self.apns.base_url) || is_plain(&self.apns.sandbox_base_url);
        (self.apns.signing_key_file.is_some() && has_plain)
            .then(|| "apns.base_url or apns.sandbox_base_url is not https: unset it for Apple's own".to_owned())
    }
}

/// In production, refuses files with secrets that others can read, change or replace: all at the start, though each is checked again
/// when it is read. One that is not there is complained about where it is needed.
pub(super) fn check_files(settings: &Settings) -> Vec<SettingsError> {
    if settings.mode == Mode::Development {
        return Vec::new();
    }
    let named = [
        ("fcm.service_account_file", &settings.fcm.service_account_file),
        ("apns.signing_key_file", &settings.apns.signing_key_file),
        ("webpush.keys_file", &settings.webpush.keys_file),
        ("http.tls.key_file", &settings.http.tls.key_file),
        ("codes.keys_file", &settings.codes.keys_file),
        ("bus.credentials_file", &settings.bus.credentials_file),
        ("operator.token_file", &settings.operator.token_file),
    ];
    let named = named.iter().filter_map(|(setting, path)| Some((*setting, path.as_deref()?)));
    let refused = named.filter_map(|(setting, path)| match twostep_private_file::require(path) {
        Ok(()) | Err(NotPrivate::Unreadable { .. }) => None,
        Err(cause) => Some(SettingsError::NotPrivate { setting: setting.to_owned(), cause }),
    });
    refused.collect()
}

/// Whether a database is on another machine and not spoken to by TLS (OWASP ASVS 5.0 section 12.3.1). A URL that cannot be read
/// is complained about by the section that reads it.
fn travels_in_the_clear(url: &SecretString) -> bool {
    let Ok(config) = url.expose_secret().parse::<Config>() else { return false };
    let by_name = config.get_hosts().iter().any(|host| match host {
        Host::Tcp(name) => name != "localhost" && !name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        Host::Unix(_) => false,
    });
    // An address goes before the name, which is then only looked for in the certificate.
    let addresses = config.get_hostaddrs();
    let is_elsewhere = if addresses.is_empty() { by_name } else { addresses.iter().any(|ip| !ip.is_loopback()) };
    is_elsewhere && config.get_ssl_mode() != SslMode::Require
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_to_another_machine_needs_tls() {
        for (url, expected) in [
            ("postgres://a:b@db.example.com/twostep", true),
            ("postgres://a@db.example.com/twostep?sslmode=prefer", true),
            ("postgres://a@db.example.com/twostep?sslmode=disable", true),
            ("postgres://a@db.example.com/twostep?sslmode=require", false),
            ("postgres://a@127.0.0.1,10.0.0.7/twostep", true),
            ("host=localhost hostaddr=10.0.0.7 user=a", true),
            ("host=db.example.com hostaddr=127.0.0.1 user=a", false),
            ("postgres://a@localhost/twostep", false),
            ("postgres://a@[::1]:5433/twostep", false),
            ("postgres://a@%2Fvar%2Frun%2Fpostgresql/twostep", false),
        ] {
            assert_eq!(travels_in_the_clear(&url.to_owned().into()), expected, "{url}");
        }
    }
}
