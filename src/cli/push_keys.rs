//! `twostep push-keys`: makes and rotates the keys by which browsers know the gateway, in their file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::providers::push::PushSetupError;
use crate::providers::push::webpush::{new_key, public_keys};
use crate::settings;

/// How each key in the file ends.
const END: &str = "-----END PRIVATE KEY-----";

/// What may be said after `twostep push-keys`.
#[derive(Debug, Args)]
pub struct PushKeysArguments {
    /// The file of keys; without it, `webpush.keys_file` of the configuration.
    #[arg(long, global = true, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: PushKeysCommand,
}

#[derive(Debug, Subcommand)]
enum PushKeysCommand {
    /// List the public keys, the current one first.
    List,
    /// Add a key, and make it the current one. Creates the file if it doesn't exist.
    ///
    /// Browsers that subscribed with an older key go on with it. Let running gateways read the file again: `systemctl reload twostep`.
    Add,
    /// Remove an older key. Browsers that subscribed with it subscribe again the next time they open the page.
    Remove {
        /// The public key.
        public_key: String,
    },
}

/// Why nothing was changed. Texts name the file and public keys.
#[derive(Debug, thiserror::Error)]
pub enum PushKeysCommandError {
    /// No file.
    #[error("which file? Name it with --file, or set webpush.keys_file (TWOSTEP__WEBPUSH__KEYS_FILE)")]
    NoFile,
    /// The file cannot be read.
    #[error("{} cannot be read: {cause}. `twostep push-keys add` makes it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file is malformed.
    #[error("{}: {cause}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: PushSetupError,
    },
    /// The key is not there, or is the current one.
    #[error("{0} is not an older key of the file: see `twostep push-keys list`")]
    NotOlder(String),
    /// No random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
    /// The file cannot be written.
    #[error("{} cannot be written: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The answer cannot be printed.
    #[error("the answer cannot be printed: {0}")]
    Output(io::Error),
}

impl PushKeysArguments {
    /// Whether the configuration is needed to find the file.
    #[must_use]
    pub fn needs_file(&self) -> bool {
        self.file.is_none()
    }
}

/// Does what was asked and prints the public keys. `configured` is the file of the configuration.
///
/// # Errors
/// [`PushKeysCommandError`], whose text is one line that says what to do next.
pub fn run(arguments: &PushKeysArguments, configured: Option<PathBuf>) -> Result<(), PushKeysCommandError> {
    let path = arguments.file.clone().or(configured).ok_or(PushKeysCommandError::NoFile)?;
    let before = read(&path, matches!(arguments.command, PushKeysCommand::Add))?;
    let after = changed(&before, &arguments.command)?;
    let invalid = |cause| PushKeysCommandError::Invalid { path: path.clone(), cause };
    // What the gateway would not take is not written.
    let public = public_keys(&after).map_err(invalid)?;
    if after.expose_secret() != before.expose_secret() {
        let unwritable = |cause| PushKeysCommandError::Unwritable { path: path.clone(), cause };
        settings::replace_secret(&path, after.expose_secret()).map_err(unwritable)?;
    }
    let answer = if arguments.json { format!("{}\n", json!({ "keys": public })) } else { as_text(&public) };
    io::stdout().write_all(answer.as_bytes()).map_err(PushKeysCommandError::Output)
}

fn read(path: &Path, may_be_new: bool) -> Result<SecretString, PushKeysCommandError> {
    match settings::read_secret(path) {
        Ok(text) => Ok(text),
        Err(error) if may_be_new && error.kind() == io::ErrorKind::NotFound => Ok(String::new().into()),
        Err(cause) => Err(PushKeysCommandError::Unreadable { path: path.to_owned(), cause }),
    }
}

fn changed(text: &SecretString, command: &PushKeysCommand) -> Result<SecretString, PushKeysCommandError> {
    match command {
        PushKeysCommand::List => Ok(text.clone()),
        PushKeysCommand::Add => {
            let key = new_key().map_err(|_| PushKeysCommandError::Random)?;
            Ok(format!("{}{}", key.expose_secret(), text.expose_secret()).into())
        }
        PushKeysCommand::Remove { public_key } => without(text, public_key),
    }
}

fn without(text: &SecretString, public_key: &str) -> Result<SecretString, PushKeysCommandError> {
    let blocks: Vec<&str> = text.expose_secret().split_inclusive(END).collect();
    let is_it = |block: &str| public_keys(&block.into()).is_ok_and(|keys| keys == [public_key]);
    let at = blocks.iter().position(|block| is_it(block)).filter(|at| *at > 0);
    let at = at.ok_or_else(|| PushKeysCommandError::NotOlder(public_key.to_owned()))?;
    Ok([&blocks[..at], &blocks[at + 1..]].concat().concat().into())
}

fn as_text(public: &[String]) -> String {
    let state = |at| if at == 0 { "current" } else { "accepted" };
    public.iter().enumerate().map(|(at, key)| format!("{key}  {}\n", state(at))).collect()
}
