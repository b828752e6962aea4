//! Why settings cannot be used, and whence they come.

use std::io;
use std::path::PathBuf;

use twostep_private_file::NotPrivate;

use crate::bus::JoinError;
use crate::domain::operator_token::InvalidOperatorToken;
use crate::providers::mail::MailSetupError;
use crate::providers::webhook::WebhookSetupError;
use crate::telemetry::traces::TraceSetupError;

/// The defaults, which are also the documentation of every key.
pub const DEFAULTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/default.toml"));

pub(super) const PREFIX: &str = "TWOSTEP__";

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
    #[error("{variable} names {path}, which cannot be read: {cause}")]
    SecretFile {
        /// The variable.
        variable: String,
        /// The path.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// Something else, said whole.
    #[error("{0}")]
    Mistake(String),
    /// Several of them, a line each.
    #[error("{}", lines(.0))]
    Several(Vec<SettingsError>),
    /// There is no token for operators.
    #[error(transparent)]
    OperatorToken(#[from] OperatorTokenError),
    /// The configuration file cannot be read.
    #[error("the configuration file {0} does not exist")]
    NoSuchFile(String),
    /// Settings that do not go together; the text names them.
    #[error("{0}")]
    Incomplete(&'static str),
    /// Mail cannot be set up like this.
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    /// Webhooks cannot be set up like this.
    #[error(transparent)]
    Webhooks(#[from] WebhookSetupError),
    /// There can be no traces like this.
    #[error(transparent)]
    Traces(#[from] TraceSetupError),
    /// Nodes cannot be joined like this.
    #[error(transparent)]
    Bus(#[from] JoinError),
    /// A convenience for developers in production mode, or a line in the clear.
    #[error("mode is production, but {0}")]
    NotForProduction(String),
    /// A file with a secret that others can read, change or replace, in production.
    #[error("mode is production, but {setting}: {cause}")]
    NotPrivate {
        /// The setting that names the file.
        setting: String,
        /// What is wrong with the file.
        cause: NotPrivate,
    },
}

pub(super) fn together(mut mistakes: Vec<SettingsError>) -> SettingsError {
    match mistakes.len() {
        1 => mistakes.remove(0),
        _ => SettingsError::Several(mistakes),
    }
}

fn lines(mistakes: &[SettingsError]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Why there is no token. Messages name files, never what they hold.
#[derive(Debug, thiserror::Error)]
pub enum OperatorTokenError {
    /// The file is not there or cannot be read.
    #[error("operator.token_file (TWOSTEP__OPERATOR__TOKEN_FILE) names {}, which cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Others can read, change or replace the file, in production.
    #[error("operator.token_file: {0}")]
    NotPrivate(#[from] NotPrivate),
    /// The file holds something else.
    #[error("operator.token_file: {} {cause}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: InvalidOperatorToken,
    },
    /// Development cannot make the file.
    #[error("the operator's token cannot be kept in {}: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}
