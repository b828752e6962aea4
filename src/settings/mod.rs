//! Settings: files, then the environment, into one typed struct a room. The only reader of either.

mod http;
mod keys;
mod rooms;

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};

use crate::delivery::mail::MailSetupError;

pub use http::{HttpSettings, ProxyProtocol, TlsSettings};
pub use keys::{KeysError, code_keys};
pub use rooms::*;

/// The defaults, which are also the documentation of every key.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");
const PREFIX: &str = "TWOSTEP__";
/// Secrets that may come from a file: `TWOSTEP__DATABASE__URL_FILE` holds a path.
const SECRETS: &[&str] = &["database.url", "codes.keys", "bus.url", "smtp.password"];

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key is unknown, missing or of the wrong type; the text names it.
    #[error("{0}")]
    Unreadable(#[from] Box<figment::Error>),
    /// A value is outside its range.
    #[error("{key} is {value}, but must be {expected}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        expected: String,
    },
    /// A file that a `…_FILE` variable names cannot be read.
    #[error("{variable} names {path}, which cannot be read: {source}")]
    SecretFile {
        /// The variable.
        variable: String,
        /// The path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file cannot be read.
    #[error("the configuration file {0} does not exist")]
    NoSuchFile(String),
    /// Settings that do not go together; the text names them.
    #[error("{0}")]
    Incomplete(&'static str),
    /// Mail cannot be set up like this.
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    /// A convenience for developers in production mode.
    #[error("mode is production, but {0}")]
    NotForProduction(&'static str),
}

/// Reads the defaults, then `file`, then the environment, and checks every value.
///
/// # Errors
/// [`SettingsError`] names the key and what it must be.
pub fn load(file: Option<&Path>) -> Result<Settings, SettingsError> {
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    if let Some(file) = file {
        if !file.is_file() {
            return Err(SettingsError::NoSuchFile(file.display().to_string()));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    // Secrets are read below, as they are: a password that looks like a number or a list is still a text.
    let is_secret = |key: &str| {
        let key = key.strip_suffix("_file").unwrap_or(key);
        SECRETS.iter().any(|secret| key == secret.replace('.', "__"))
    };
    let environment = Env::prefixed(PREFIX).filter(move |key| !is_secret(&key.as_str().to_ascii_lowercase()));
    figment = figment.merge(environment.split("__"));
    for secret in SECRETS {
        if let Some(text) = secret_text(secret, |name| std::env::var(name).ok())? {
            figment = figment.merge(Serialized::default(secret, text));
        }
    }
    let settings: Settings = figment.extract().map_err(Box::new)?;
    settings.check()?;
    Ok(settings)
}

/// The settings of a fresh installation, for tests and the demo.
///
/// # Errors
/// As [`load`]; the defaults themselves are tested.
pub fn defaults() -> Result<Settings, SettingsError> {
    let settings: Settings = Figment::from(Toml::string(DEFAULTS)).extract().map_err(Box::new)?;
    settings.check()?;
    Ok(settings)
}

/// A secret from the file that its `…_FILE` variable names, else from its own variable.
fn secret_text(secret: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Option<String>, SettingsError> {
    let name = format!("{PREFIX}{}", secret.replace('.', "__").to_ascii_uppercase());
    let variable = format!("{name}_FILE");
    let Some(path) = environment(&variable) else { return Ok(environment(&name)) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(source) => Err(SettingsError::SecretFile { variable, path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_file_loads() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).expect("the folder exists") {
            let path = entry.expect("readable").path();
            let text = std::fs::read_to_string(&path).expect("readable");
            let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(&text));
            let settings: Settings = figment.extract().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            settings.check_ranges().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            seen += 1;
        }
        assert!(seen >= 2);
    }

    /// Every key of the structs stands in the defaults, commented out at most where it has none.
    #[test]
    fn the_defaults_document_every_key() {
        let settings = serde_json::to_value(defaults().expect("valid")).expect("serializable");
        for (room, keys) in settings.as_object().expect("an object") {
            if let Some(keys) = keys.as_object() {
                expect_documented(room, keys);
            }
        }
    }

    fn expect_documented(section: &str, keys: &serde_json::Map<String, serde_json::Value>) {
        let text = DEFAULTS.split(&format!("[{section}]\n")).nth(1).unwrap_or_else(|| panic!("no [{section}]"));
        let text = text.split("\n[").next().unwrap_or(text);
        for (key, value) in keys {
            if let Some(deeper) = value.as_object() {
                expect_documented(&format!("{section}.{key}"), deeper);
                continue;
            }
            let is_there = text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
            assert!(is_there, "[{section}] lacks {key}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("[http]\nport = 1\n"));
        let error = figment.extract::<Settings>().expect_err("refused").to_string();
        assert!(error.contains("port"), "{error}");
    }

    #[test]
    fn a_value_outside_its_range_is_refused_by_name() {
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("[codes]\ndigits = 5\n"));
        let settings: Settings = figment.extract().expect("readable");
        let error = settings.check().expect_err("refused").to_string();
        assert_eq!(error, "codes.digits is 5, but must be 6 to 10");
    }

    #[test]
    fn production_refuses_development_conveniences() {
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("mode = \"production\"\n"));
        let settings: Settings = figment.extract().expect("readable");
        assert!(matches!(settings.check(), Err(SettingsError::NotForProduction(_))));
    }

    #[test]
    fn half_a_certificate_and_a_proxy_header_from_anybody_are_refused() {
        let check = |change: &str| {
            let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(change));
            figment.extract::<Settings>().expect("readable").check().map_err(|error| error.to_string())
        };
        let half = check("[http.tls]\nkey_file = \"/key.pem\"\n").expect_err("refused");
        assert!(half.contains("http.tls.certificate_file"), "{half}");
        let anybody = check("[http]\nproxy_protocol = \"required\"\n").expect_err("refused");
        assert!(anybody.contains("http.trusted_proxies"), "{anybody}");
        let listed = "[http]\nproxy_protocol = \"required\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n";
        assert_eq!(check(listed), Ok(()));
    }

    /// Production, with all that it needs.
    fn production(change: &str) -> Result<(), SettingsError> {
        let enough = "mode = \"production\"\n[database]\nurl = \"postgres://a/b\"\n[codes]\nkeys = \"k1:AA==\"\n";
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(enough)).merge(Toml::string(change));
        figment.extract::<Settings>().expect("readable").check()
    }

    #[test]
    fn production_needs_a_mail_server_and_an_encrypted_line_to_it() {
        assert!(production("[smtp]\nhost = \"smtp.example.com\"\n").is_ok());
        let refused = production("").expect_err("refused").to_string();
        assert!(refused.starts_with("mode is production, but smtp.host is unset"), "{refused}");
        let refused = production("[smtp]\nhost = \"localhost\"\ntls = \"none\"\n").expect_err("refused").to_string();
        assert!(refused.contains("in the clear"), "{refused}");
    }

    #[test]
    fn a_secret_in_the_environment_is_taken_as_it_is() {
        let number = |name: &str| (name == "TWOSTEP__SMTP__PASSWORD").then(|| "0123456".to_owned());
        assert_eq!(secret_text("smtp.password", number).expect("read").as_deref(), Some("0123456"));
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, "[hush]\n").expect("written");
        let path = file.path().display().to_string();
        let in_file = |name: &str| (name == "TWOSTEP__SMTP__PASSWORD_FILE").then(|| path.clone());
        assert_eq!(secret_text("smtp.password", in_file).expect("read").as_deref(), Some("[hush]"));
    }

    #[test]
    fn secrets_hide_in_debug() {
        let figment =
            Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("[database]\nurl = \"postgres://a:hush@b/c\"\n"));
        let settings: Settings = figment.extract().expect("readable");
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
