//! Accounts, their devices, their login activity, and all that is kept about them.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::common::{Answer, CommandError, Common, Confirmation, word};
use crate::cli::operator_client::{ClientError, Operator, Who};

/// What may be said after `twostep account`.
#[derive(Debug, Args)]
pub struct AccountArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: AccountCommand,
}

/// An account on the command line.
#[derive(Debug, Clone, Args)]
pub(super) struct Account {
    /// The confirmed address of the account, its id, or subject: and what an app calls it.
    #[arg(value_name = "ACCOUNT")]
    account: Who,
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Show an account; its address is masked.
    Show(Account),
    /// List accounts, oldest first; their addresses are masked.
    List {
        /// Only accounts whose address or subject starts with this.
        #[arg(long, value_name = "TEXT")]
        starts_with: Option<String>,
        /// Show at most this many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// End every session and connection, of one account or of all. Devices stay trusted and sign in again.
    SignOut {
        /// The confirmed address of the account, its id, or subject: and what an app calls it.
        #[arg(value_name = "ACCOUNT", required_unless_present = "all")]
        account: Option<Who>,
        /// All accounts: after a restore from a backup, or when tokens may have leaked.
        #[arg(long, conflicts_with = "account")]
        all: bool,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Let new devices sign in again after "this wasn't me" or too many wrong codes.
    Unfreeze(Account),
    /// Turn two-step verification off, for an owner who has no trusted device left. The owner is told.
    ResetTwoStep {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Cancel the last resort that somebody asked for, for an owner who does not want it. The owner is told.
    CancelRecovery(Account),
    /// Delete an account and everything about it, for good.
    Delete {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(super) async fn account(operator: &Operator, command: &AccountCommand) -> Result<Answer, CommandError> {
    let act = async |account: &Account, method, tail: &str, done: &str| {
        let id = operator.id_of(&account.account).await?;
        operator.ask_about(("account", &id), method, &path(&id, tail), &[], None).await?;
        Ok::<_, CommandError>(Answer::done(json!({ "id": id, "done": done }), format!("{id}: {done}")))
    };
    match command {
        AccountCommand::Show(account) => show(operator, account).await,
        AccountCommand::List { starts_with, limit } => list(operator, starts_with.as_deref(), *limit as usize).await,
        AccountCommand::SignOut { account: Some(account), .. } => {
            let account = Account { account: account.clone() };
            act(&account, Method::POST, "/sign-out-everywhere", "signed out").await
        }
        AccountCommand::SignOut { account: None, confirmation, .. } => {
            confirmation.require("This ends every session of every account.")?;
            sign_out_all(operator).await
        }
        AccountCommand::Unfreeze(account) => act(account, Method::POST, "/unfreeze", "new devices may sign in").await,
        AccountCommand::CancelRecovery(account) => {
            act(account, Method::DELETE, "/recovery", "the request to sign in without a device is cancelled").await
        }
        AccountCommand::ResetTwoStep { account, confirmation } => {
            confirmation.require("This leaves the account with its password alone.")?;
            act(account, Method::POST, "/reset-two-step", "two-step verification is off").await
        }
        AccountCommand::Delete { account, confirmation } => {
            confirmation.require("This deletes the account and everything about it, for good.")?;
            act(account, Method::DELETE, "", "deleted").await
        }
    }
}

async fn list(operator: &Operator, starts_with: Option<&str>, limit: usize) -> Result<Answer, CommandError> {
    let mut accounts = Vec::new();
    let mut after = None::<String>;
    while accounts.len() < limit {
        let query = [("starts_with", starts_with), ("after", after.as_deref())];
        let query: Vec<(&str, &str)> = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let mut page = operator.ask(Method::GET, "admin/accounts", &query, None).await?;
        accounts.extend(page["accounts"].as_array_mut().map(std::mem::take).unwrap_or_default());
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    accounts.truncate(limit);
    let text = accounts.iter().fold(String::new(), |mut lines, account| {
        let [id, made, email, subject] = ["id", "created_at", "email", "subject"].map(|name| word(account, name));
        let two_step = if account["two_step_enabled"] == true { "on" } else { "off" };
        let frozen = if account["sign_ins_frozen"] == true { ", frozen" } else { "" };
        let devices = &account["trusted_devices"];
        let _ = writeln!(
            lines,
            "{id}  made {made}  two-step {two_step}{frozen}, trusted devices {devices}  {}",
            if account["subject"].is_string() { subject } else { email }
        );
        lines
    });
    let text = if text.is_empty() { "no account\n".to_owned() } else { text };
    Ok(Answer { value: Value::Array(accounts), text })
}

/// A batch at a time, each told on standard error, as it may take long.
async fn sign_out_all(operator: &Operator) -> Result<Answer, CommandError> {
    let mut count = 0;
    let mut after = None::<String>;
    loop {
        let query: Vec<(&str, &str)> = after.as_deref().map(|after| ("after", after)).into_iter().collect();
        let batch = operator.ask(Method::POST, "admin/sign-out-everywhere", &query, None).await?;
        count += batch["signed_out"].as_u64().unwrap_or_default();
        after = batch["next"].as_str().map(str::to_owned);
        if after.is_none() {
            return Ok(Answer::done(json!({ "signed_out": count }), format!("{count} accounts signed out")));
        }
        writeln!(io::stderr(), "{count} accounts signed out so far")?;
    }
}

fn path(id: &str, tail: &str) -> String {
    format!("admin/accounts/{id}{tail}")
}

async fn find(operator: &Operator, account: &Account) -> Result<Value, ClientError> {
    let id = operator.id_of(&account.account).await?;
    operator.ask_about(("account", &id), Method::GET, &path(&id, ""), &[], None).await
}

async fn show(operator: &Operator, account: &Account) -> Result<Answer, CommandError> {
    let value = find(operator, account).await?;
    let yes = |name: &str, yes: &str, no: &str| {
        if value[name] == true { yes.to_owned() } else { no.to_owned() }
    };
    let lines = [
        ("id", word(&value, "id").to_owned()),
        ("email", word(&value, "email").to_owned()),
        ("password", yes("is_of_app", "kept by an app", "kept here")),
        ("two-step", yes("two_step_enabled", "on", "off")),
        ("new devices", yes("sign_ins_frozen", "may not sign in (frozen)", "may sign in")),
        ("trusted devices", value["trusted_devices"].to_string()),
        ("ways in", ways(&value["ways"])),
        ("last resort", last_resort(&value["recovery"])),
    ];
    let text = lines.iter().map(|(name, line)| format!("{name:<17}{line}\n")).collect::<String>() + &devices(&value);
    Ok(Answer { value, text })
}

/// What lets the owner in on a new device.
fn ways(ways: &Value) -> String {
    let [devices, reachable] = ["count", "reachable"].map(|name| &ways["trusted_devices"][name]);
    let codes = &ways["recovery_codes"]["left"];
    let proven = ways["email_proven_at"].as_str().map(|at| format!(", last proven {at}")).unwrap_or_default();
    let email = if ways["email"] == true { format!("email{proven}") } else { "no email".to_owned() };
    format!("{devices} devices ({reachable} reached while asleep), {codes} recovery codes, {email}")
}

fn last_resort(recovery: &Value) -> String {
    let [state, asked, ready] = ["state", "asked_at", "ready_at"].map(|name| word(recovery, name));
    if recovery.is_null() {
        "not asked for".to_owned()
    } else {
        format!("{state}: asked {asked}, a code by email from {ready}")
    }
}

fn devices(account: &Value) -> String {
    let devices = account["devices"].as_array().map(Vec::as_slice).unwrap_or_default();
    devices.iter().fold(String::new(), |mut lines, device| {
        let [id, platform, seen, name, place] =
            ["id", "platform", "last_seen_at", "name", "location"].map(|name| word(device, name));
        let _ = writeln!(lines, "{id}  {platform:<8} last seen {seen}  {name}, {place}");
        lines
    })
}

/// What may be said after `twostep device`.
#[derive(Debug, Args)]
pub struct DeviceArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: DeviceCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Show the trusted devices of an account.
    List(Account),
    /// Remove a trusted device: its sessions and connection end at once. The owner is told.
    Remove {
        #[command(flatten)]
        account: Account,
        /// The device's id, as `twostep device list` shows it.
        device: Uuid,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(super) async fn device(operator: &Operator, command: &DeviceCommand) -> Result<Answer, CommandError> {
    match command {
        DeviceCommand::List(account) => {
            let value = find(operator, account).await?;
            let text = devices(&value);
            let text = if text.is_empty() { "no device is trusted\n".to_owned() } else { text };
            Ok(Answer { value: value["devices"].clone(), text })
        }
        DeviceCommand::Remove { account, device, confirmation } => {
            confirmation.require("This signs the device out, and it needs a code again.")?;
            let id = operator.id_of(&account.account).await?;
            let device = device.to_string();
            let path = path(&id, &format!("/devices/{device}"));
            operator.ask_about(("trusted device", &device), Method::DELETE, &path, &[], None).await?;
            Ok(Answer::done(json!({ "id": device, "done": "removed" }), format!("{device}: removed")))
        }
    }
}

/// What may be said after `twostep activity`.
#[derive(Debug, Args)]
pub struct ActivityArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    account: Account,
    /// How many entries, newest first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
}

pub(super) async fn activity(operator: &Operator, arguments: &ActivityArguments) -> Result<Answer, CommandError> {
    let id = operator.id_of(&arguments.account.account).await?;
    let path = path(&id, "/activity");
    let limit = arguments.limit.to_string();
    let mut answer = operator.ask_about(("account", &id), Method::GET, &path, &[("limit", &limit)], None).await?;
    let value = answer["entries"].take();
    let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = entries.iter().fold(String::new(), |mut lines, entry| {
        let [at, kind, outcome, ip, place] = ["at", "kind", "outcome", "ip", "location"].map(|name| word(entry, name));
        let device = word(&entry["device"], "name");
        let _ = writeln!(lines, "{at}  {kind:<20} {outcome:<18} {ip:<15} {place:<20} {device}");
        lines
    });
    Ok(Answer { value, text })
}

/// What may be said after `twostep export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    account: Account,
    /// A new file that only you can read; without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes everything that is kept about an account, as JSON.
pub(super) async fn export(operator: &Operator, arguments: &ExportArguments) -> Result<(), CommandError> {
    let id = operator.id_of(&arguments.account.account).await?;
    let value = operator.ask_about(("account", &id), Method::GET, &path(&id, "/export"), &[], None).await?;
    let text = format!("{value:#}\n");
    match &arguments.output {
        Some(file) => {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())?;
        }
        None => io::stdout().write_all(text.as_bytes())?,
    }
    Ok(())
}
