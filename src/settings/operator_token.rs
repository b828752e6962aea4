//! The token that `/admin` asks for: from a file that operators put there, or, in development, one that is made on the spot.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use twostep_private_file::NotPrivate;
use zeroize::Zeroizing;

use super::{Mode, OperatorTokenError, Settings, SettingsError};
use crate::domain::operator_token::OperatorToken;

/// Name of the file with the token that development makes, in the data directory.
const DEVELOPMENT_TOKEN_FILE: &str = "operator-token";
/// Random bytes of such a token.
const TOKEN_BYTES: usize = 32;
/// What such a token begins with, so that secret scanners know it.
const PREFIX: &str = "ts_op_";

impl Settings {
    /// Where the token is: `operator.token_file`, or in development without it `operator-token` in `database.data_dir`.
    #[must_use]
    pub fn operator_token_file(&self) -> Option<PathBuf> {
        let of_development = || self.database.data_dir.join(DEVELOPMENT_TOKEN_FILE);
        let named = self.operator.token_file.clone();
        named.or_else(|| (self.mode == Mode::Development).then(of_development))
    }
}

/// The token of operators; `None` in production when no file is named: then nobody is let in. Development makes the file when it
/// is not there, readable by its owner alone. Blocking.
///
/// # Errors
/// [`OperatorTokenError`] when the file cannot be used or made.
pub fn operator_token(settings: &Settings) -> Result<Option<OperatorToken>, OperatorTokenError> {
    let Some(path) = settings.operator_token_file() else { return Ok(None) };
    if settings.mode == Mode::Development {
        // What is there stays, even if it is no file: reading it says so.
        if std::fs::symlink_metadata(&path).is_err() {
            let made = twostep_private_file::create(&path, &format!("{}\n", *random_token()));
            made.map_err(|cause| OperatorTokenError::Unwritable { path: path.clone(), cause })?;
        }
    }
    read(&path, settings.mode).map(Some)
}

/// In production, makes sure that the file is there and holds a token, before anything is started that takes a while.
pub(super) fn require(settings: &Settings) -> Result<(), SettingsError> {
    if settings.mode == Mode::Production {
        operator_token(settings)?;
    }
    Ok(())
}

fn read(path: &Path, mode: Mode) -> Result<OperatorToken, OperatorTokenError> {
    let text = twostep_private_file::read(path, mode.privacy()).map_err(|cause| match cause {
        NotPrivate::Unreadable { path, cause } => OperatorTokenError::Unreadable { path, cause },
        cause => OperatorTokenError::NotPrivate(cause),
    })?;
    let text: SecretString = text.expose_secret().trim().into();
    OperatorToken::parse(&text).map_err(|cause| OperatorTokenError::Invalid { path: path.to_owned(), cause })
}

fn random_token() -> Zeroizing<String> {
    let bytes = Zeroizing::new(rand::random::<[u8; TOKEN_BYTES]>());
    Zeroizing::new(format!("{PREFIX}{}", *Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn settings(mode: Mode, token_file: Option<PathBuf>, data_dir: &Path) -> Settings {
        let mut settings = super::super::defaults().expect("valid");
        settings.mode = mode;
        settings.operator.token_file = token_file;
        settings.database.data_dir = data_dir.to_owned();
        settings
    }

    #[test]
    fn development_makes_a_token_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("data");
        for named in [None, Some(folder.path().join("some/where/token"))] {
            let settings = settings(Mode::Development, named, &data_dir);
            let path = settings.operator_token_file().expect("a file");
            let token = operator_token(&settings).expect("made").expect("a token");
            let text = std::fs::read_to_string(&path).expect("a file");
            assert!(text.starts_with(PREFIX) && token.is(text.trim()), "{}", path.display());
            assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
            assert!(operator_token(&settings).expect("kept").expect("a token").is(text.trim()));
        }
    }

    #[test]
    fn production_makes_none_and_refuses_a_file_that_holds_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(operator_token(&settings(Mode::Production, None, folder.path())).expect("none").is_none());
        let path = folder.path().join("token");
        let named = settings(Mode::Production, Some(path.clone()), folder.path());
        let refused = operator_token(&named).expect_err("missing").to_string();
        assert!(refused.contains("TWOSTEP__OPERATOR__TOKEN_FILE") && !path.exists(), "{refused}");
        twostep_private_file::create(&path, "hush\n").expect("made");
        let refused = operator_token(&named).expect_err("short").to_string();
        assert!(refused.contains("holds no token") && !refused.contains("hush"), "{refused}");
    }
}
