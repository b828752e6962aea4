//! What operators do with accounts, devices and keys of a running gateway: `twostep account`, `device`, `activity`, `export` and `keys`.
//!
//! They ask and tell the operator's side of any node, so that what ends connections does so on all of them at once.

mod accounts;
mod keys;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

pub use self::accounts::{AccountArguments, ActivityArguments, DeviceArguments, ExportArguments};
pub use self::keys::KeysArguments;
use crate::cli::operator_client::{ClientError, Configured, Operator, Where};

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

/// One of the commands, with its arguments.
pub enum AdminCommand {
    /// `twostep account`.
    Account(AccountArguments),
    /// `twostep device`.
    Device(DeviceArguments),
    /// `twostep activity`.
    Activity(ActivityArguments),
    /// `twostep export`.
    Export(ExportArguments),
    /// `twostep keys`.
    Keys(KeysArguments),
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    #[command(flatten)]
    at: Where,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
}

/// Said before something is destroyed.
#[derive(Debug, Clone, clap::Args)]
struct Confirmation {
    /// Don't ask for confirmation.
    #[arg(long)]
    yes: bool,
}

/// What there is to print: a value for programs, and lines for people.
struct Answer {
    value: Value,
    text: String,
}

impl Answer {
    /// A line that says that something was done.
    fn done(value: Value, text: impl Into<String>) -> Self {
        Self { value, text: text.into() + "\n" }
    }
}

impl AdminCommand {
    fn common(&self) -> &Common {
        match self {
            Self::Account(arguments) => &arguments.common,
            Self::Device(arguments) => &arguments.common,
            Self::Activity(arguments) => &arguments.common,
            Self::Export(arguments) => &arguments.common,
            Self::Keys(arguments) => &arguments.common,
        }
    }

    /// Whether the configuration is needed to find the gateway or its token.
    #[must_use]
    pub fn needs_configuration(&self) -> bool {
        self.common().at.needs_configuration()
    }

    /// Does what was asked and prints the answer. `configured` is the gateway on this machine.
    ///
    /// # Errors
    /// [`CommandError`], whose text is one line that says what to do next.
    pub async fn run(&self, configured: Option<&Configured>) -> Result<(), CommandError> {
        let operator = Operator::find(&self.common().at, configured)?;
        let answer = match self {
            Self::Account(arguments) => accounts::account(&operator, &arguments.command).await?,
            Self::Device(arguments) => accounts::device(&operator, &arguments.command).await?,
            Self::Activity(arguments) => accounts::activity(&operator, arguments).await?,
            Self::Export(arguments) => return accounts::export(&operator, arguments).await,
            Self::Keys(arguments) => keys::carry_out(&operator, &arguments.command).await?,
        };
        let text = if self.common().json { format!("{:#}\n", answer.value) } else { answer.text };
        Ok(io::stdout().write_all(text.as_bytes())?)
    }
}

impl Confirmation {
    /// Asks on a terminal; elsewhere `--yes` must be there.
    fn require(&self, what: &str) -> Result<(), CommandError> {
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
fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}
