//! `twostep code-keys`: makes, rotates and revokes the keys that codes are derived with, in their file.

mod file;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use self::file::{KeysText, Refused};
use crate::domain::code::{CodeKeys, InvalidCodeKeys, KeyId, KeyState};
use crate::domain::value::moment;
use crate::settings;

/// What may be said after `twostep code-keys`.
#[derive(Debug, Args)]
pub struct CodeKeysArguments {
    /// The file of keys; without it, `codes.keys_file` of the configuration.
    #[arg(long, global = true, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// List the keys and what each is used for, never the keys themselves.
    List,
    /// Add a key that is accepted but makes no codes yet. Creates the file if it doesn't exist.
    ///
    /// With several nodes: give the file to all of them, then promote the key.
    Add {
        /// The key's id. Defaults to `k` and the next number.
        #[arg(value_parser = key_id)]
        id: Option<KeyId>,
    },
    /// Derive new codes with this key. The others stay for codes that are under way.
    Promote {
        /// Its id.
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
    /// Add a key and promote it, in one step: for a single node, or when a key leaked.
    Rotate {
        /// Revoke every other key: their codes are wrong at once, and people ask for new ones.
        #[arg(long)]
        revoke_old: bool,
    },
    /// Make every code of these keys wrong at once.
    Revoke {
        /// Their ids; the current one cannot be revoked.
        #[arg(required = true, value_parser = key_id)]
        ids: Vec<KeyId>,
    },
    /// Drop the keys that have made no code for 25 hours: the last one has run out.
    Prune,
}

/// Why nothing was changed. Texts name the file and ids, never keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysCommandError {
    /// No file.
    #[error("which file? Name it with --file, or set codes.keys_file (TWOSTEP__CODES__KEYS_FILE)")]
    NoFile,
    /// The file cannot be read.
    #[error("{} cannot be read: {cause}. `twostep code-keys add` makes it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file is malformed.
    #[error("{} {cause}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: InvalidCodeKeys,
    },
    /// The change makes no sense.
    #[error("{} {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Somebody else changes the file.
    #[error("{0}.new exists: somebody else is changing the keys. If nobody is, one was interrupted: remove that file")]
    Busy(String),
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

impl CodeKeysArguments {
    /// Whether the configuration is needed to find the file.
    #[must_use]
    pub fn needs_file(&self) -> bool {
        self.file.is_none()
    }
}

/// Does what was asked and prints how the file stands. `configured` is the file of the configuration.
///
/// # Errors
/// [`KeysCommandError`], whose text is one line that says what to do next.
pub fn run(arguments: &CodeKeysArguments, configured: Option<PathBuf>) -> Result<(), KeysCommandError> {
    let path = arguments.file.clone().or(configured).ok_or(KeysCommandError::NoFile)?;
    let mut keys = read(&path, matches!(arguments.command, KeysCommand::Add { .. } | KeysCommand::Rotate { .. }))?;
    let refused = |refused: Refused| KeysCommandError::Refused { path: path.clone(), reason: refused.to_string() };
    let is_changed = change(&mut keys, &arguments.command, Timestamp::now()).map_err(refused)?;
    let text = keys.text();
    let invalid = |cause| KeysCommandError::Invalid { path: path.clone(), cause };
    // What the gateway would not take is not written.
    let checked = CodeKeys::parse(&text.as_str().into()).map_err(invalid)?;
    if is_changed {
        write(&path, &text)?;
    }
    let answer = if arguments.json { as_json(&keys, &checked) } else { as_text(&keys, &checked) };
    io::stdout().write_all(answer.as_bytes()).map_err(KeysCommandError::Output)
}

fn change(keys: &mut KeysText, command: &KeysCommand, now: Timestamp) -> Result<bool, Refused> {
    match command {
        KeysCommand::List => return Ok(false),
        KeysCommand::Add { id } => {
            keys.add(id.clone())?;
        }
        KeysCommand::Promote { id } => keys.promote(id, now)?,
        KeysCommand::Rotate { revoke_old } => {
            let id = keys.add(None)?;
            keys.promote(&id, now)?;
            for old in keys.older().iter().filter(|_| *revoke_old) {
                keys.revoke(old, now)?;
            }
        }
        KeysCommand::Revoke { ids } => {
            for id in ids {
                keys.revoke(id, now)?;
            }
        }
        KeysCommand::Prune => return Ok(!keys.prune(now).is_empty()),
    }
    Ok(true)
}

fn read(path: &Path, may_be_new: bool) -> Result<KeysText, KeysCommandError> {
    let text = match settings::read_secret(path) {
        Ok(text) => text,
        Err(error) if may_be_new && error.kind() == io::ErrorKind::NotFound => return Ok(KeysText::new()),
        Err(cause) => return Err(KeysCommandError::Unreadable { path: path.to_owned(), cause }),
    };
    let invalid = |cause| KeysCommandError::Invalid { path: path.to_owned(), cause };
    CodeKeys::parse(&text).map_err(invalid)?;
    KeysText::read(&text).map_err(invalid)
}

fn write(path: &Path, text: &str) -> Result<(), KeysCommandError> {
    settings::replace_secret(path, text).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => KeysCommandError::Busy(path.display().to_string()),
        _ => KeysCommandError::Unwritable { path: path.to_owned(), cause },
    })
}

fn as_text(keys: &KeysText, checked: &CodeKeys) -> String {
    let width = keys.ids().map(|id| id.as_str().len()).max().unwrap_or(0);
    let line = |id: &KeyId| {
        let state = checked.state(id).map_or("", KeyState::as_str);
        let since = keys.since(id).map(|since| format!(", makes no codes since {since:.0}")).unwrap_or_default();
        format!("{id:width$}  {state}{since}\n")
    };
    keys.ids().map(line).collect()
}

fn as_json(keys: &KeysText, checked: &CodeKeys) -> String {
    let one = |id: &KeyId| {
        let state = checked.state(id).map(KeyState::as_str);
        json!({ "id": id.as_str(), "state": state, "makes_no_codes_since": keys.since(id).map(moment::text) })
    };
    format!("{}\n", json!({ "keys": keys.ids().map(one).collect::<Vec<_>>() }))
}

fn key_id(text: &str) -> Result<KeyId, String> {
    KeyId::parse(text).ok_or_else(|| "must be 1 to 32 letters, digits, -, _ or .".to_owned())
}
