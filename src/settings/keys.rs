//! The keys that codes are derived with: from the settings, or made on the spot in development.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Settings;
use crate::domain::code::{CodeKeys, InvalidCodeKeys, KeyId};

/// Name of the file with the key of a private database, in its data directory.
const DEVELOPMENT_KEY_FILE: &str = "code-keys";

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The setting or the file is malformed.
    #[error("codes.keys {0}")]
    Invalid(#[from] InvalidCodeKeys),
    /// The development key cannot be kept.
    #[error("the development code key in {path} cannot be used: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// The keys of `codes.keys`. In development without that setting:
/// * with a private database, a random key in a file beside its data, so that a restart knows open codes;
/// * with `database.url`, a key derived from that URL, so that all development nodes of one database agree.
///
/// # Errors
/// [`KeysError`] when they are malformed or the file cannot be kept.
pub fn code_keys(settings: &Settings) -> Result<CodeKeys, KeysError> {
    if let Some(keys) = &settings.codes.keys {
        return Ok(CodeKeys::parse(keys)?);
    }
    match &settings.database.url {
        Some(url) => Ok(derived_from(url)),
        None => Ok(CodeKeys::parse(&kept_in(&settings.database.data_dir)?)?),
    }
}

fn derived_from(url: &SecretString) -> CodeKeys {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"twostep development code key").expect("HMAC takes any key");
    mac.update(url.expose_secret().as_bytes());
    let id = KeyId::parse("development").expect("a valid id");
    CodeKeys::single(id, mac.finalize().into_bytes().into())
}

fn kept_in(data_dir: &Path) -> Result<SecretString, KeysError> {
    let path = data_dir.join(DEVELOPMENT_KEY_FILE);
    read_or_make(&path).map_err(|source| KeysError::File { path: path.display().to_string(), source })
}

fn read_or_make(path: &Path) -> io::Result<SecretString> {
    if let Ok(text) = fs::read_to_string(path) {
        return Ok(text.into());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = format!("development:{}\n", STANDARD.encode(rand::random::<[u8; 32]>()));
    // Written aside and renamed: a crash never leaves half a key.
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_development_key_survives_a_restart_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data").join(DEVELOPMENT_KEY_FILE);
        let first = read_or_make(&path).expect("made");
        assert_eq!(first.expose_secret(), read_or_make(&path).expect("read").expose_secret());
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
