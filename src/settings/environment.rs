//! Settings from environment variables. These have no types: what one says is read as its setting needs it, so that a key id of
//! digits alone is a text, and a list needs no brackets.

use std::str::FromStr;

use figment::value::{Dict, Value};
use figment::{Figment, Profile};
use serde::de::DeserializeOwned;

use super::{PREFIX, secrets};

/// The variables that are settings and no secrets. An empty one is unset, as Compose and systemd leave those that nobody filled.
pub(super) fn variables() -> Vec<(String, String)> {
    let named =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    named.filter(|(name, value)| name.starts_with(PREFIX) && !secrets::is_secret(name) && !value.is_empty()).collect()
}

/// The value of a variable that is a secret, or names a file with one.
pub(super) fn secret(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a variable says what a key is, or a table that holds the key.
pub(super) fn names(variable: &str, key: &[String]) -> bool {
    let path = path_of(variable);
    key.starts_with(&path) || path.starts_with(key)
}

fn path_of(variable: &str) -> Vec<String> {
    variable[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect()
}

/// A variable, and the ways to read it that are left, the next one last.
struct Variable {
    path: Vec<String>,
    readings: Vec<Value>,
    reading: Value,
}

impl Variable {
    fn new(name: &str, text: &str) -> Self {
        let path = path_of(name);
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let list = Value::from(parts.map(str::to_owned).collect::<Vec<_>>());
        let written = Value::from_str(text).unwrap_or_else(|never| match never {});
        let is_written = text.trim_start().starts_with(['[', '{']);
        // A number, a truth value, or a list or table as TOML writes it; where nothing fits, the error is about this.
        let readings = if is_written { vec![written] } else { vec![written, list] };
        Self { path, readings, reading: Value::from(text) }
    }

    /// Whether an error is about what it says, and it can be read in another way.
    fn reads_on(&mut self, error: &figment::Error) -> bool {
        if !error.path.starts_with(&self.path) {
            return false;
        }
        match self.readings.pop() {
            Some(next) => {
                self.reading = next;
                true
            }
            None => false,
        }
    }

    fn value(&self) -> Dict {
        let nest = |inner: Value, key: &String| Value::from(Dict::from([(key.clone(), inner)]));
        let whole = self.path.iter().rev().fold(self.reading.clone(), nest);
        whole.into_dict().unwrap_or_default()
    }
}

/// The settings of a figment with these variables over it.
///
/// # Errors
/// That of the first value that cannot be read in any way.
pub(super) fn extract_over<T: DeserializeOwned>(
    figment: &Figment,
    variables: &[(String, String)],
) -> Result<T, Box<figment::Error>> {
    let mut variables: Vec<_> = variables.iter().map(|(name, text)| Variable::new(name, text)).collect();
    loop {
        let over = variables.iter().fold(figment.clone(), |figment, variable| figment.merge(Over(variable.value())));
        match over.extract() {
            Err(error) if variables.iter_mut().any(|variable| variable.reads_on(&error)) => {}
            extracted => return extracted.map_err(Box::new),
        }
    }
}

/// Values that go over others.
struct Over(Dict);

impl figment::Provider for Over {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named("environment variable")
            .interpolater(|_, keys| format!("{PREFIX}{}", keys.join("__").to_ascii_uppercase()))
    }

    fn data(&self) -> Result<figment::value::Map<Profile, Dict>, figment::Error> {
        Ok(figment::value::Map::from([(Profile::Default, self.0.clone())]))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use figment::providers::{Format, Toml};

    use super::*;
    use crate::settings::{DEFAULTS, Settings};

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Box<figment::Error>> {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned())).collect();
        extract_over(&Figment::from(Toml::string(DEFAULTS)), &variables)
    }

    #[test]
    fn texts_are_taken_as_they_are() {
        let settings = read(&[
            ("LOG__FILTER", "1"),
            ("PLACES__FILES", "/var/lib/a.mmdb"),
            ("ASSERTIONS__ISSUER", "0123"),
            ("OPERATOR__TOKEN_FILE", "12"),
        ]);
        let settings = settings.expect("read");
        assert_eq!(
            (settings.log.filter.as_str(), settings.operator.token_file.as_deref()),
            ("1", Some(Path::new("12")))
        );
        assert_eq!(settings.assertions.issuer.as_deref(), Some("0123"));
    }

    #[test]
    fn lists_are_written_with_commas_or_brackets_or_as_their_one_value() {
        for (text, count) in [
            ("10.0.0.0/8, 2001:db8::/32", 2),
            ("10.0.0.0/8,", 1),
            ("10.0.0.0/8", 1),
            (r#"["10.0.0.0/8", "192.0.2.1/32"]"#, 2),
            ("[]", 0),
        ] {
            let settings = read(&[("HTTP__TRUSTED_PROXIES", text)]).expect("read");
            assert_eq!(settings.http.trusted_proxies.len(), count, "{text}");
        }
    }

    #[test]
    fn numbers_and_truth_values_are_what_they_say() {
        let settings = read(&[("HTTP__WORKERS", "3"), ("HTTP__FORWARDED_BY_LOCAL", "true"), ("MODE", "production")]);
        let settings = settings.expect("read");
        assert!(settings.http.workers == 3 && settings.http.forwarded_by_local);
    }

    #[test]
    fn what_cannot_be_read_is_named_as_it_was_written() {
        let error = read(&[("HTTP__WORKERS", "many"), ("LOG__FILTER", "info")]).expect_err("no number").to_string();
        assert!(error.contains("many") && error.contains("TWOSTEP__HTTP__WORKERS"), "{error}");
        let error = read(&[("HTTP__PORT", "80")]).expect_err("unknown").to_string();
        assert!(error.contains("port"), "{error}");
    }
}
