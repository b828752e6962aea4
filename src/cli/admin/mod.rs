//! What operators do with accounts, devices and keys of a running gateway: `twostep account`, `device`, `activity`, `export` and `keys`.
//!
//! They ask and tell the operator's side of any node, so that what ends connections does so on all of them at once.

mod accounts;
mod common;
mod keys;

use std::io::{self, Write};

pub use self::accounts::{AccountArguments, ActivityArguments, DeviceArguments, ExportArguments};
pub use self::common::CommandError;
use self::common::Common;
pub use self::keys::KeysArguments;
use crate::cli::operator_client::{Configured, Operator};

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
