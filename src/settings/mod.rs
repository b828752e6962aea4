//! Settings: files, then the environment, into one typed struct a section. The only reader of either.

mod environment;
mod error;
mod http;
mod keys;
mod mistakes;
mod operator_token;
mod production;
mod push_keys;
mod range;
mod secrets;
mod sections;

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};

use twostep_private_file::Privacy;
pub use twostep_private_file::{NotPrivate, read_unchecked as read_secret, replace as replace_secret};

pub use crate::settings::sections::*;
pub use error::{DEFAULTS, OperatorTokenError, SettingsError};
use error::{PREFIX, together};
pub use http::{HttpSettings, ProxyProtocol, TlsSettings};
pub use keys::{CodeKeysFile, CodeKeysSource, KeysError, code_keys, random_line};
pub use operator_token::operator_token;
pub use push_keys::{web_push, web_push_as_it_is};
pub use secrets::{SECRETS, SecretSetting};

/// Reads the defaults, then `file`, then the environment, and checks every value.
///
/// # Errors
/// [`SettingsError`] names the key and what it must be.
pub fn load(file: Option<&Path>) -> Result<Settings, SettingsError> {
    let (settings, mistakes) = read_all(file);
    match settings {
        Some(settings) if mistakes.is_empty() => Ok(settings),
        _ => Err(together(mistakes)),
    }
}

/// Reads and checks as [`load`] does, and says all that is wrong. The settings are those that could be read, with the default in place of
/// each that could not.
#[must_use]
pub fn read_all(file: Option<&Path>) -> (Option<Settings>, Vec<SettingsError>) {
    let (settings, mut mistakes) = mistakes::read(file, environment::variables());
    let Some(mut settings) = settings else { return (None, mistakes) };
    let privacy = settings.mode.privacy();
    mistakes.extend(secrets::take(&mut settings, privacy, environment::secret).err());
    mistakes.extend(settings.mistakes());
    let open_to_others = production::check_files(&settings);
    // Each file is complained about once.
    if open_to_others.is_empty() {
        mistakes.extend(secrets::require_code_keys(&settings).err());
        mistakes.extend(operator_token::require(&settings).err());
    }
    mistakes.extend(open_to_others);
    (Some(settings), mistakes)
}

/// As [`load`], without checking values: for commands that prepare what a gateway will need.
///
/// # Errors
/// [`SettingsError`] when the settings cannot be read.
pub fn load_unchecked(file: Option<&Path>) -> Result<Settings, SettingsError> {
    let (settings, mistakes) = mistakes::read(file, environment::variables());
    let Some(mut settings) = settings.filter(|_| mistakes.is_empty()) else { return Err(together(mistakes)) };
    secrets::take(&mut settings, Privacy::Unchecked, environment::secret)?;
    Ok(settings)
}

/// The settings of a fresh installation, for tests and the demo.
///
/// # Errors
/// As [`load`]; the defaults themselves are tested.
pub fn defaults() -> Result<Settings, SettingsError> {
    changed_by("")
}

/// The defaults with a configuration file's text over them.
///
/// # Errors
/// As [`load`].
pub fn changed_by(text: &str) -> Result<Settings, SettingsError> {
    let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(text));
    let settings: Settings = figment.extract().map_err(Box::new)?;
    settings.check()?;
    Ok(settings)
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
            let mistakes = settings.mistakes_of_values();
            assert!(mistakes.is_empty(), "{}: {mistakes:?}", path.display());
            seen += 1;
        }
        assert!(seen >= 2);
    }

    /// Every key of the structs stands in the defaults, commented out at most where it has none.
    #[test]
    fn the_defaults_document_every_key() {
        let settings = serde_json::to_value(defaults().expect("valid")).expect("serializable");
        for (section, keys) in settings.as_object().expect("an object") {
            if let Some(keys) = keys.as_object() {
                expect_documented(section, keys);
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
        let enough = concat!(
            "mode = \"production\"\n[database]\nurl = \"postgres://a/b?sslmode=require\"\n",
            "[codes]\nkeys = \"k1:AA==\"\n[http]\ntrusted_proxies = [\"10.0.0.1/32\"]\n"
        );
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(enough)).merge(Toml::string(change));
        figment.extract::<Settings>().expect("readable").check()
    }

    #[test]
    fn the_sample_of_production_needs_only_secrets() {
        let sample = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/production.example.toml"));
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(sample));
        let mut settings: Settings = figment.extract().expect("readable");
        settings.database.url = Some("postgres://a@db.example.com/b?sslmode=require".to_owned().into());
        settings.codes.keys_file = Some("/etc/twostep/code-keys".into());
        settings.smtp.password = Some("hush".to_owned().into());
        settings.check().expect("usable");
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
    fn secrets_hide_in_debug() {
        let figment =
            Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("[database]\nurl = \"postgres://a:hush@b/c\"\n"));
        let settings: Settings = figment.extract().expect("readable");
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
