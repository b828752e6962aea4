//! What the commands about accounts and keys share.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::cli::operator_client::{ClientError, Where};

/// Why a command was not carried out. Each text is one line that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The gateway did not do it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It destroys something, and nobody said yes.
    #[error("nothing was done: say --yes to do it")]
    NotConfirmed,
    /// The answer cannot be printed or written.
    #[error("the answer cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) at: Where,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Said before something is destroyed.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Confirmation {
    /// Don't ask for confirmation.
    #[arg(long)]
    yes: bool,
}

/// What there is to print: a value for programs, and lines for people.
pub(super) struct Answer {
    pub(super) value: Value,
    pub(super) text: String,
}

impl Answer {
    /// A line that says that something was done.
    pub(super) fn done(value: Value, text: impl Into<String>) -> Self {
        Self { value, text: text.into() + "\n" }
    }
}

impl Confirmation {
    /// Asks on a terminal; elsewhere `--yes` must be there.
    pub(super) fn require(&self, what: &str) -> Result<(), CommandError> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(CommandError::NotConfirmed);
        }
        write!(io::stderr(), "{what} Type yes to go on: ")?;
        let mut said = String::new();
        io::stdin().read_line(&mut said)?;
        if said.trim() == "yes" { Ok(()) } else { Err(CommandError::NotConfirmed) }
    }
}

/// A text of an answer; `-` where there is none.
pub(super) fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}
