//! Settings that are secrets: each may come from a file of its own.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use twostep_private_file::{NotPrivate, Privacy};

use super::{PREFIX, Settings, SettingsError};

/// A setting that is a secret. `TWOSTEP__SECTION__KEY` holds it, or `TWOSTEP__SECTION__KEY_FILE` the path of a file that does.
pub struct SecretSetting {
    /// Its key, for instance `smtp.password`.
    pub key: &'static str,
    slot: fn(&mut Settings) -> &mut Option<SecretString>,
}

/// The file of the code keys is not read here but followed, so that keys can be rotated while the gateway runs.
const CODE_KEYS: &str = "codes.keys";

/// Every secret among the settings. The keys of push providers are files in the first place: `fcm.service_account_file` and
/// `apns.signing_key_file`.
pub const SECRETS: [SecretSetting; 6] = [
    SecretSetting { key: "database.url", slot: |settings| &mut settings.database.url },
    SecretSetting { key: CODE_KEYS, slot: |settings| &mut settings.codes.keys },
    SecretSetting { key: "bus.url", slot: |settings| &mut settings.bus.url },
    SecretSetting { key: "smtp.password", slot: |settings| &mut settings.smtp.password },
    SecretSetting { key: "webhooks.secret", slot: |settings| &mut settings.webhooks.secret },
    SecretSetting { key: "traces.authorization", slot: |settings| &mut settings.traces.authorization },
];

impl SecretSetting {
    /// The environment variable that holds it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.replace('.', "__").to_ascii_uppercase())
    }

    /// The environment variable that names its file.
    #[must_use]
    pub fn file_variable(&self) -> String {
        format!("{}_FILE", self.variable())
    }
}

/// Whether an environment variable is read by [`take`], as it is: a password that looks like a number is still a text.
pub(super) fn is_secret(variable: &str) -> bool {
    let is = |name: &str| name.eq_ignore_ascii_case(variable);
    SECRETS.iter().any(|secret| is(&secret.variable()) || is(&secret.file_variable()))
}

/// Puts the secrets of the environment into their places. A file goes before a value.
pub(super) fn take(
    settings: &mut Settings,
    privacy: Privacy,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(), SettingsError> {
    for secret in SECRETS {
        let variable = secret.file_variable();
        let path = environment(&variable).map(PathBuf::from);
        if secret.key == CODE_KEYS {
            let value = environment(&secret.variable());
            if path.is_some() || value.is_some() {
                settings.codes.keys_file = path;
                *(secret.slot)(settings) = value.map(Into::into);
            }
        } else if let Some(path) = path {
            *(secret.slot)(settings) = Some(read(&variable, &path, privacy)?);
        } else if let Some(value) = environment(&secret.variable()) {
            *(secret.slot)(settings) = Some(value.into());
        }
    }
    Ok(())
}

/// Makes sure that the file of code keys is there, before anything is started that takes a while.
pub(super) fn require_code_keys(settings: &Settings) -> Result<(), SettingsError> {
    let Some(path) = &settings.codes.keys_file else { return Ok(()) };
    read("codes.keys_file (TWOSTEP__CODES__KEYS_FILE)", path, settings.mode.privacy()).map(|_| ())
}

fn read(variable: &str, path: &Path, privacy: Privacy) -> Result<SecretString, SettingsError> {
    match twostep_private_file::read(path, privacy) {
        Ok(text) => Ok(text.expose_secret().trim().into()),
        Err(NotPrivate::Unreadable { path, cause }) => {
            Err(SettingsError::SecretFile { variable: variable.to_owned(), path: path.display().to_string(), cause })
        }
        Err(cause) => Err(SettingsError::NotPrivate { setting: variable.to_owned(), cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(environment: &[(&str, &str)]) -> Settings {
        let mut settings = super::super::defaults().expect("valid");
        let lookup =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        take(&mut settings, Privacy::Unchecked, lookup).expect("read");
        settings
    }

    #[test]
    fn a_secret_in_the_environment_is_taken_as_it_is() {
        for secret in SECRETS {
            let mut settings = taken(&[(&secret.variable(), "0123456")]);
            let value = (secret.slot)(&mut settings).as_ref().map(ExposeSecret::expose_secret);
            assert_eq!(value, Some("0123456"), "{}", secret.key);
        }
    }

    #[test]
    fn every_secret_can_come_from_a_file_which_goes_before_a_value() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, "[hush]\n").expect("written");
        let path = file.path().to_str().expect("UTF-8");
        for secret in SECRETS {
            let mut settings = taken(&[(&secret.file_variable(), path), (&secret.variable(), "other")]);
            if secret.key == CODE_KEYS {
                assert_eq!(settings.codes.keys_file.as_deref(), Some(file.path()));
                continue;
            }
            let value = (secret.slot)(&mut settings).as_ref().map(ExposeSecret::expose_secret);
            assert_eq!(value, Some("[hush]"), "{}", secret.key);
        }
    }

    #[test]
    fn keys_of_the_environment_go_before_a_file_of_the_configuration() {
        let mut settings = super::super::defaults().expect("valid");
        settings.codes.keys_file = Some("/etc/keys".into());
        let keys = |name: &str| (name == "TWOSTEP__CODES__KEYS").then(|| "k1:x".to_owned());
        take(&mut settings, Privacy::Unchecked, keys).expect("read");
        assert!(settings.codes.keys_file.is_none() && settings.codes.keys.is_some());
    }

    #[test]
    fn variables_of_secrets_are_known() {
        for (variable, expected) in [
            ("TWOSTEP__SMTP__PASSWORD", true),
            ("twostep__codes__keys_file", true),
            ("TWOSTEP__SMTP__HOST", false),
            ("TWOSTEP__FCM__SERVICE_ACCOUNT_FILE", false),
        ] {
            assert_eq!(is_secret(variable), expected, "{variable}");
        }
    }
}
