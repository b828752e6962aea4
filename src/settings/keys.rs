//! The code keys: from the configuration, from a file that is read again when it changes, or, in development, made on the spot.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use twostep_private_file::NotPrivate;
use zeroize::Zeroizing;

use super::{Mode, Settings};
use crate::domain::code::{CodeKeys, InvalidCodeKeys, KEY_BYTES, KeyId, WeakKey};

/// Name of the file with the key that development makes, in the data directory.
const DEVELOPMENT_KEY_FILE: &str = "code-keys";

/// Why there are no keys. Messages name files and ids, never keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The setting is malformed.
    #[error("codes.keys {0}")]
    Invalid(#[from] InvalidCodeKeys),
    /// The file is malformed.
    #[error("codes.keys_file: {} {cause}", path.display())]
    InvalidFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: InvalidCodeKeys,
    },
    /// The file cannot be read.
    #[error("codes.keys_file (TWOSTEP__CODES__KEYS_FILE) names {}, which cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Others can read, change or replace the file, in production.
    #[error("codes.keys_file: {0}")]
    NotPrivate(#[from] NotPrivate),
    /// A key that production must not use.
    #[error("codes.keys: the key {id} {weak}. Make another with `twostep code-keys add`")]
    Weak {
        /// Its id.
        id: KeyId,
        /// Why.
        weak: WeakKey,
    },
    /// An id has another key than before.
    #[error("codes.keys_file: {0} has another key than before. Give a new key an id of its own")]
    Changed(KeyId),
    /// The development key cannot be kept.
    #[error("the development code key in {path} cannot be used: {cause}")]
    File {
        /// The file.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

/// The keys, and the file to look at again.
#[derive(Debug)]
pub struct CodeKeysSource {
    /// The keys.
    pub keys: CodeKeys,
    /// Where they came from, if that was a file.
    pub file: Option<CodeKeysFile>,
}

/// A file of code keys that may be replaced while the gateway runs.
#[derive(Debug, Clone)]
pub struct CodeKeysFile {
    path: PathBuf,
    mode: Mode,
    /// SHA-256 of what it held at the last look; `None` when it could not be read.
    seen: Option<[u8; 32]>,
}

/// The keys of `codes.keys_file` or `codes.keys`. In development without either a random key, which is kept in a file of
/// `database.data_dir`, so that a restart knows open codes. Nothing that anybody could guess goes into it: what is derived from it
/// is public (`/.well-known/jwks.json`), and would tell by trying what it was made of. Development nodes of one database agree
/// when they share that folder or are given keys; a node that lacks the key of another says so, for its id is its own.
///
/// # Errors
/// [`KeysError`] when they are malformed, the file cannot be kept, or production must not use them.
pub fn code_keys(settings: &Settings) -> Result<CodeKeysSource, KeysError> {
    if let Some(path) = &settings.codes.keys_file {
        return CodeKeysFile::open(path.clone(), settings.mode);
    }
    if let Some(keys) = &settings.codes.keys {
        let keys = CodeKeys::parse(keys)?;
        require_strong(&keys, settings.mode)?;
        return Ok(CodeKeysSource { keys, file: None });
    }
    CodeKeysFile::open(kept_in(&settings.database.data_dir)?, settings.mode)
}

impl CodeKeysFile {
    fn open(path: PathBuf, mode: Mode) -> Result<CodeKeysSource, KeysError> {
        let text = read(&path, mode)?;
        let keys = parse(&path, &text, mode)?;
        let seen = Some(fingerprint(&text));
        Ok(CodeKeysSource { keys, file: Some(Self { path, mode, seen }) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again; `None` when nothing changed since the last look. Blocking.
    ///
    /// # Errors
    /// As [`code_keys`], once for each change, and [`KeysError::Changed`] when an id of `held` has another key.
    pub fn look_again(&mut self, held: &CodeKeys) -> Option<Result<CodeKeys, KeysError>> {
        let read = read(&self.path, self.mode);
        let seen = read.as_ref().ok().map(fingerprint);
        if seen == self.seen {
            return None;
        }
        self.seen = seen;
        Some(read.and_then(|text| {
            let keys = parse(&self.path, &text, self.mode)?;
            match held.contradicted_by(&keys) {
                Some(id) => Err(KeysError::Changed(id.clone())),
                None => Ok(keys),
            }
        }))
    }
}

fn read(path: &Path, mode: Mode) -> Result<SecretString, KeysError> {
    twostep_private_file::read(path, mode.privacy()).map_err(|cause| match cause {
        NotPrivate::Unreadable { path, cause } => KeysError::Unreadable { path, cause },
        cause => KeysError::NotPrivate(cause),
    })
}

fn parse(path: &Path, text: &SecretString, mode: Mode) -> Result<CodeKeys, KeysError> {
    let invalid = |cause| KeysError::InvalidFile { path: path.to_owned(), cause };
    let keys = CodeKeys::parse(text).map_err(invalid)?;
    require_strong(&keys, mode)?;
    Ok(keys)
}

fn require_strong(keys: &CodeKeys, mode: Mode) -> Result<(), KeysError> {
    match keys.weakness() {
        Some((id, weak)) if mode == Mode::Production => Err(KeysError::Weak { id: id.clone(), weak }),
        _ => Ok(()),
    }
}

fn fingerprint(text: &SecretString) -> [u8; 32] {
    Sha256::digest(text.expose_secret().as_bytes()).into()
}

/// A line for a new key: `id:` and 32 bytes of the operating system's generator in base64.
#[must_use]
pub fn random_line(id: &str) -> Zeroizing<String> {
    let key = Zeroizing::new(rand::random::<[u8; KEY_BYTES]>());
    Zeroizing::new(format!("{id}:{}", *Zeroizing::new(STANDARD.encode(*key))))
}

/// The path of the key that development makes, which is made if it is not there.
fn kept_in(data_dir: &Path) -> Result<PathBuf, KeysError> {
    let path = data_dir.join(DEVELOPMENT_KEY_FILE);
    let make = || {
        if path.is_file() {
            return Ok(());
        }
        let id = format!("{}-{:08x}", CodeKeys::DEVELOPMENT_ID, rand::random::<u32>());
        twostep_private_file::create(&path, &format!("{}\n", *random_line(&id)))
    };
    make().map_err(|cause| KeysError::File { path: path.display().to_string(), cause })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_development_key_survives_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("data");
        let first = fs::read(kept_in(&data_dir).expect("made")).expect("read");
        assert_eq!(first, fs::read(kept_in(&data_dir).expect("kept")).expect("read"));
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys");
        twostep_private_file::replace(&path, text).expect("written");
        (folder, path)
    }

    #[test]
    fn a_file_is_read_again_when_it_changed_and_what_is_wrong_is_said_once() {
        let first = random_line("k1");
        let second = random_line("k2");
        let (_folder, path) = file(&first);
        let CodeKeysSource { keys, file } = CodeKeysFile::open(path.clone(), Mode::Production).expect("read");
        let mut file = file.expect("a file");
        assert!(file.look_again(&keys).is_none(), "nothing changed");

        twostep_private_file::replace(&path, &format!("{}\n{}\n", *second, *first)).expect("written");
        let newer = file.look_again(&keys).expect("changed").expect("usable");
        assert_eq!(newer.current().as_str(), "k2");
        assert!(file.look_again(&newer).is_none());

        for (broken, word) in [("k1:short".to_owned(), "line 1"), (random_line("k2").to_string(), "k2 has another key")]
        {
            twostep_private_file::replace(&path, &broken).expect("written");
            let refused = file.look_again(&newer).expect("changed").expect_err("refused").to_string();
            assert!(refused.contains(word), "{refused}");
            assert!(file.look_again(&newer).is_none(), "said once");
        }
        fs::remove_file(&path).expect("removed");
        assert!(matches!(file.look_again(&newer), Some(Err(KeysError::Unreadable { .. }))));
        assert!(file.look_again(&newer).is_none());
    }

    #[test]
    fn production_refuses_a_file_that_others_read_and_a_key_that_is_not_random() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = file(&format!("k1:{}\n", STANDARD.encode([7; 32])));
        let refused = |mode| CodeKeysFile::open(path.clone(), mode).map(|_| ()).map_err(|error| error.to_string());
        assert!(refused(Mode::Production).expect_err("refused").contains("the key k1 is not random"));
        assert!(refused(Mode::Development).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(refused(Mode::Production).expect_err("refused").contains("chmod"));
        assert!(refused(Mode::Development).is_ok());
    }
}
