//! `twostep rollout`: to whom two-step verification is offered, asked of and told to a running gateway.

mod answers;
mod operator;

use std::io::Write;
use std::net::SocketAddr;

use clap::{Args, Subcommand};
use serde_json::json;

pub use self::operator::CommandError;
use self::operator::{Operator, Who};

/// What may be said after `twostep rollout`.
#[derive(Debug, Args)]
pub struct RolloutArguments {
    /// The operator's address of any node; without it, `operator.address` of the configuration on this machine.
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: RolloutCommand,
}

#[derive(Debug, Subcommand)]
enum RolloutCommand {
    /// Show the share, the mode and how many accounts are listed.
    Show,
    /// Offer two-step verification to this share of the accounts; one that is in stays in as the share grows.
    Percent {
        /// 0 to 100; fractions are allowed.
        #[arg(value_name = "N", value_parser = percent, allow_negative_numbers = true)]
        percent: f64,
    },
    /// Offer it (on), or only count whom it would challenge (shadow).
    ///
    /// In shadow mode it is offered to the allow list only; sign-ins to the selected accounts that do not have it on
    /// count as if they had. Accounts that have it on stay protected in every mode.
    Mode {
        /// What is done for the accounts that the share and the lists select.
        #[arg(value_parser = ["on", "shadow"])]
        mode: String,
    },
    /// Always offer it to these accounts, whatever the share.
    Allow {
        #[command(flatten)]
        accounts: Accounts,
    },
    /// Never offer it to these accounts, whatever the share; those that have it on keep it.
    Deny {
        #[command(flatten)]
        accounts: Accounts,
    },
    /// Take these accounts off their list: the share decides again.
    Unlist {
        #[command(flatten)]
        accounts: Accounts,
    },
    /// Print the accounts on the lists, their addresses masked.
    List,
}

#[derive(Debug, Args)]
struct Accounts {
    /// Confirmed addresses or ids of accounts. Every address is looked up before anything is changed.
    #[arg(value_name = "EMAIL_OR_ID", required = true)]
    accounts: Vec<Who>,
}

impl RolloutArguments {
    /// Whether the configuration is needed to find the gateway.
    #[must_use]
    pub fn needs_address(&self) -> bool {
        self.url.is_none()
    }
}

/// Does what was asked and prints the answer. `address` is where the operator's side of this machine listens.
///
/// # Errors
/// [`CommandError`], whose text is one line that says what to do next.
pub async fn run(arguments: &RolloutArguments, address: Option<SocketAddr>) -> Result<(), CommandError> {
    let operator = match (&arguments.url, address) {
        (Some(url), _) => Operator::new(url)?,
        (None, Some(address)) => Operator::at(address)?,
        (None, None) => return Err(CommandError::NoAddress),
    };
    let answer = carry_out(&operator, &arguments.command).await?;
    let text = if arguments.json { answers::json(&answer) } else { answers::text(&answer) };
    std::io::stdout().write_all(text.as_bytes()).map_err(CommandError::Output)
}

/// What there is to print.
enum Answer {
    State(serde_json::Value),
    /// Accounts on a list.
    Listed(Vec<serde_json::Value>),
    /// Accounts that are on no list any more.
    Unlisted(Vec<String>),
}

async fn carry_out(operator: &Operator, command: &RolloutCommand) -> Result<Answer, CommandError> {
    match command {
        RolloutCommand::Show => operator.state().await.map(Answer::State),
        RolloutCommand::Percent { percent } => operator.set(json!({ "percent": percent })).await.map(Answer::State),
        RolloutCommand::Mode { mode } => operator.set(json!({ "mode": mode })).await.map(Answer::State),
        RolloutCommand::Allow { accounts } => put(operator, accounts, "allow").await,
        RolloutCommand::Deny { accounts } => put(operator, accounts, "deny").await,
        RolloutCommand::Unlist { accounts } => {
            let ids = operator.ids(&accounts.accounts).await?;
            for id in &ids {
                operator.unlist(id).await?;
            }
            Ok(Answer::Unlisted(ids))
        }
        RolloutCommand::List => operator.listed().await.map(Answer::Listed),
    }
}

async fn put(operator: &Operator, accounts: &Accounts, list: &str) -> Result<Answer, CommandError> {
    let mut listed = Vec::new();
    for id in operator.ids(&accounts.accounts).await? {
        listed.push(operator.list(&id, list).await?);
    }
    Ok(Answer::Listed(listed))
}

/// A share such as `10`, `0.5` or `10%`.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse::<f64>();
    number.ok().filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(|| "must be 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_0_to_100_with_or_without_its_sign() {
        for (text, expected) in [("0", 0.0), ("12.5", 12.5), ("10%", 10.0), ("100 %", 100.0)] {
            assert_eq!(percent(text), Ok(expected), "{text}");
        }
        for text in ["", "-1", "100.1", "all", "NaN", "inf"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
