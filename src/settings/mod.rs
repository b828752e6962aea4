//! Settings: files, then the environment, into one typed struct a room. The only reader of either.

mod keys;
mod rooms;

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};

pub use keys::{KeysError, code_keys};
pub use rooms::*;

/// The defaults, which are also the documentation of every key.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");
const PREFIX: &str = "TWOSTEP__";
/// Secrets that may come from a file: `TWOSTEP__DATABASE__URL_FILE` holds a path.
const SECRETS: &[&str] = &["database.url", "codes.keys", "bus.url"];

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
    // Variables that name a secret's file are read below.
    let is_secret_file = |key: &str| SECRETS.iter().any(|secret| key == format!("{}_file", secret.replace('.', "__")));
    let environment = Env::prefixed(PREFIX).filter(move |key| !is_secret_file(&key.as_str().to_ascii_lowercase()));
    figment = figment.merge(environment.split("__"));
    for secret in SECRETS {
        if let Some(text) = secret_from_file(secret)? {
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

fn secret_from_file(secret: &str) -> Result<Option<String>, SettingsError> {
    let variable = format!("{PREFIX}{}_FILE", secret.replace('.', "__").to_ascii_uppercase());
    let Ok(path) = std::env::var(&variable) else { return Ok(None) };
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
    fn secrets_hide_in_debug() {
        let figment =
            Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("[database]\nurl = \"postgres://a:hush@b/c\"\n"));
        let settings: Settings = figment.extract().expect("readable");
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
