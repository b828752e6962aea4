//! All that is wrong with a configuration, at once: whoever mends one mistake at a time restarts a gateway as often.
//!
//! What cannot be read is said, taken out, and the rest is read with the default in its place. Each mistake is said once, with the line
//! of the file or the variable that makes it.

use std::path::Path;

use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::environment::{self, extract_over};
use super::{DEFAULTS, Settings, SettingsError};

/// After so many mistakes nobody reads on.
const MOST: usize = 50;
/// Letters that a name may differ in and still be the one that was meant, as a share of its length.
const CLOSE: f64 = 0.6;

/// Reads the defaults, then a file, then variables; as far as they can be read, with what is wrong.
pub(super) fn read(file: Option<&Path>, variables: Vec<(String, String)>) -> (Option<Settings>, Vec<SettingsError>) {
    let mut mistakes = Vec::new();
    let text = match file.map(std::fs::read_to_string) {
        None => String::new(),
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            let path = file.map(|file| file.display().to_string()).unwrap_or_default();
            let error = match error.kind() {
                std::io::ErrorKind::NotFound => SettingsError::NoSuchFile(path),
                _ => SettingsError::Mistake(format!("{path} cannot be read: {error}")),
            };
            return (None, vec![error]);
        }
    };
    let mut variables = variables;
    let mut holes = Vec::new();
    for _ in 0..MOST {
        let file_text = Without { toml: &text, holes: &holes };
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(file_text);
        let error = match extract_over::<Settings>(&figment, &variables) {
            Ok(settings) => return (Some(settings), mistakes),
            Err(error) => error,
        };
        let path = whole_path(&error);
        let variable = variables.iter().position(|(name, _)| environment::names(name, &path));
        let place = match (variable, file) {
            (Some(at), _) => variables.remove(at).0,
            (None, Some(file)) if !path.is_empty() && !holes.contains(&path) => {
                let line = line_of(&text, &path).map(|line| format!(":{line}")).unwrap_or_default();
                holes.push(path.clone());
                format!("{}{line}", file.display())
            }
            // The text itself is no TOML: nothing of it can be read.
            _ => {
                let place = file.map(|file| format!("{}: ", file.display())).unwrap_or_default();
                mistakes.push(SettingsError::Mistake(format!("{place}{}", one_line(&error.to_string()))));
                return (None, mistakes);
            }
        };
        mistakes.push(SettingsError::Mistake(format!("{place}: {}", said(&error, &path))));
    }
    (None, mistakes)
}

/// A configuration file without what could not be read of it.
struct Without<'a> {
    toml: &'a str,
    holes: &'a [Vec<String>],
}

impl Provider for Without<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("the configuration file")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut data = Toml::string(self.toml).data()?;
        for dict in data.values_mut() {
            for hole in self.holes {
                take_out(dict, hole);
            }
        }
        Ok(data)
    }
}

fn take_out(dict: &mut Dict, path: &[String]) {
    match path {
        [] => {}
        [last] => drop(dict.remove(last)),
        [first, rest @ ..] => {
            if let Some(Value::Dict(_, inner)) = dict.get_mut(first) {
                take_out(inner, rest);
            }
        }
    }
}

/// The key that an error is about; figment leaves the name of an unknown one out.
fn whole_path(error: &figment::Error) -> Vec<String> {
    let mut path: Vec<String> = error.path.clone();
    if let Kind::UnknownField(name, _) = &error.kind
        && path.last() != Some(name)
    {
        path.push(name.clone());
    }
    path
}

/// What is wrong, in the reader's words.
fn said(error: &figment::Error, path: &[String]) -> String {
    let key = path.join(".");
    match &error.kind {
        Kind::UnknownField(name, known) => {
            let likeness = |known: &&&str| strsim::normalized_damerau_levenshtein(name, known);
            let closest = known.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
            let section = path
                .split_last()
                .map_or(String::new(), |(_, section)| section.iter().map(|part| format!("{part}.")).collect());
            match closest.filter(|closest| likeness(closest) >= CLOSE) {
                Some(closest) => format!("there is no setting {key}: did you mean {section}{closest}?"),
                None => {
                    format!("there is no setting {key}: config/default.toml and `twostep default-config` list them all")
                }
            }
        }
        Kind::InvalidType(found, expected) => format!("{key} is {found}, but must be {}", plain(expected)),
        Kind::InvalidValue(found, expected) => format!("{key} is {found}, but must be {}", plain(expected)),
        Kind::UnknownVariant(found, known) => format!("{key} is \"{found}\", but must be one of {}", known.join(", ")),
        other => format!("{key}: {other}"),
    }
}

/// Types have names of their own in Rust.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i64" | "a nonzero u32" => "a whole number",
        "a boolean" | "bool" => "true or false",
        "a sequence" => "a list",
        other => other,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line of a key in a file, from 1.
fn line_of(text: &str, path: &[String]) -> Option<usize> {
    let (key, section) = path.split_last()?;
    let section = section.join(".");
    let mut current = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            current = name.trim_start_matches('[').split(']').next().unwrap_or_default().trim().to_owned();
            if current == path.join(".") {
                return Some(number + 1);
            }
        } else if current == section && line.split('=').next().is_some_and(|name| name.trim().trim_matches('"') == key)
        {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::PREFIX;

    fn mistakes(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, text).expect("written");
        let variables = variables.iter().map(|(name, text)| (format!("{PREFIX}{name}"), (*text).to_owned())).collect();
        let (_, mistakes) = read(Some(file.path()), variables);
        let name = file.path().display().to_string();
        mistakes.iter().map(|mistake| mistake.to_string().replace(&name, "FILE")).collect()
    }

    #[test]
    fn every_mistake_is_said_once_with_its_place() {
        let text = "mode = \"staging\"\ncolour = 1\n\n[http]\nadress = \"127.0.0.1:1\"\nworkers = \"many\"\n\n[smtp]\ntls = \"on\"\n";
        let said =
            mistakes(text, &[("HTTP__MAX_CONECTIONS", "5"), ("CODES__DIGITS", "six"), ("NOTHING__LIKE_IT", "1")]);
        for expected in [
            "FILE:1: mode is \"staging\", but must be one of",
            "FILE:2: there is no setting colour: config/default.toml",
            "FILE:5: there is no setting http.adress: did you mean http.address?",
            "FILE:6: http.workers is string \"many\", but must be a whole number",
            "FILE:9: smtp.tls is \"on\", but must be one of",
            "TWOSTEP__HTTP__MAX_CONECTIONS: there is no setting http.max_conections: did you mean http.max_connections?",
            "TWOSTEP__CODES__DIGITS: codes.digits is",
            "TWOSTEP__NOTHING__LIKE_IT: there is no setting nothing",
        ] {
            assert_eq!(said.iter().filter(|said| said.starts_with(expected)).count(), 1, "{expected}: {said:#?}");
        }
        assert_eq!(said.len(), 8, "{said:#?}");
    }

    #[test]
    fn what_is_no_toml_is_one_mistake() {
        let said = mistakes("[http\n", &[]);
        assert!(said.len() == 1 && said[0].starts_with("FILE: ") && said[0].contains("line 1"), "{said:?}");
    }
}
