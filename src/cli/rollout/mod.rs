//! `twostep rollout`: to whom two-step verification is offered, asked of and told to a running gateway.

mod answer;
mod answers;

use std::io::Write;

use answer::Answer;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

use crate::cli::operator_client::{ClientError, Configured, Operator, Where, Who};

/// What may be said after `twostep rollout`.
#[derive(Debug, Args)]
pub struct RolloutArguments {
    #[command(flatten)]
    at: Where,
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
    /// Offer it (on), or only count who would be asked for a code (shadow).
    ///
    /// In shadow mode it is offered to the allow list only; sign-ins to the selected accounts that do not have it on
    /// count as if they had. Accounts that have it on stay protected in every mode.
    Mode {
        /// What happens to the accounts that the share and the lists select.
        #[arg(value_parser = ["on", "shadow"])]
        mode: String,
    },
    /// Let the rollout go on after it stopped itself and you found out why. Its newest batch begins anew.
    Resume,
    /// Show the newest batch of accounts and the one before it, as the rollout compares them.
    Batches,
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
    /// Whether the configuration is needed to find the gateway or its token.
    #[must_use]
    pub fn needs_configuration(&self) -> bool {
        self.at.needs_configuration()
    }
}

/// Why a command was not carried out. Each text is one line that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The gateway did not do it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The answer cannot be printed.
    #[error("the answer cannot be printed: {0}")]
    Output(std::io::Error),
}

/// Does what was asked and prints the answer. `configured` is the gateway on this machine.
///
/// # Errors
/// [`CommandError`], whose text is one line that says what to do next.
pub async fn run(arguments: &RolloutArguments, configured: Option<&Configured>) -> Result<(), CommandError> {
    let operator = Operator::find(&arguments.at, configured)?;
    let answer = carry_out(&operator, &arguments.command).await?;
    let text = if arguments.json { answers::json(&answer) } else { answers::text(&answer) };
    std::io::stdout().write_all(text.as_bytes()).map_err(CommandError::Output)
}

const SWITCH: &str = "admin/rollout";
const RESUME: &str = "admin/rollout/resume";
const BATCHES: &str = "admin/rollout/batches";

async fn carry_out(operator: &Operator, command: &RolloutCommand) -> Result<Answer, ClientError> {
    let set = async |change| operator.ask(Method::PUT, SWITCH, &[], Some(change)).await.map(Answer::State);
    match command {
        RolloutCommand::Show => operator.ask(Method::GET, SWITCH, &[], None).await.map(Answer::State),
        RolloutCommand::Percent { percent } => set(json!({ "percent": percent })).await,
        RolloutCommand::Mode { mode } => set(json!({ "mode": mode })).await,
        RolloutCommand::Resume => operator.ask(Method::POST, RESUME, &[], None).await.map(Answer::State),
        RolloutCommand::Batches => operator.ask(Method::GET, BATCHES, &[], None).await.map(Answer::Batches),
        RolloutCommand::Allow { accounts } => put(operator, accounts, "allow").await,
        RolloutCommand::Deny { accounts } => put(operator, accounts, "deny").await,
        RolloutCommand::Unlist { accounts } => {
            let ids = ids(operator, accounts).await?;
            for id in &ids {
                operator.ask_about(("account", id), Method::DELETE, &path_of(id), &[], None).await?;
            }
            Ok(Answer::Unlisted(ids))
        }
        RolloutCommand::List => listed(operator).await.map(Answer::Listed),
    }
}

async fn put(operator: &Operator, accounts: &Accounts, list: &str) -> Result<Answer, ClientError> {
    let mut listed = Vec::new();
    for id in ids(operator, accounts).await? {
        let body = Some(json!({ "listed": list }));
        listed.push(operator.ask_about(("account", &id), Method::PUT, &path_of(&id), &[], body).await?);
    }
    Ok(Answer::Listed(listed))
}

fn path_of(id: &str) -> String {
    format!("admin/rollout/accounts/{id}")
}

/// The ids of accounts; all of them, or none.
async fn ids(operator: &Operator, accounts: &Accounts) -> Result<Vec<String>, ClientError> {
    // Whoever does not know the rollout would not know the addresses either, and be misunderstood.
    operator.ask(Method::GET, SWITCH, &[], None).await?;
    let mut ids = Vec::new();
    for account in &accounts.accounts {
        ids.push(operator.id_of(account).await?);
    }
    Ok(ids)
}

/// Every account on a list.
async fn listed(operator: &Operator) -> Result<Vec<serde_json::Value>, ClientError> {
    let mut accounts = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let query: Vec<_> = after.iter().map(|id| ("after", id.as_str())).collect();
        let page = operator.ask(Method::GET, "admin/rollout/accounts", &query, None).await?;
        accounts.extend(page["accounts"].as_array().cloned().unwrap_or_default());
        let Some(next) = page["next"].as_str() else { return Ok(accounts) };
        after = Some(next.to_owned());
    }
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
