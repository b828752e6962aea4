//! Accounts, their devices, their login activity, and all that is kept about them.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, CommandError, Common, Confirmation, word};
use crate::operator_client::{ClientError, Operator, Who};

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
    /// Show how it stands; its address is masked.
    Show(Account),
    /// End every session and connection. Its devices stay trusted and sign in again.
    SignOut(Account),
    /// Let new devices sign in again after "this wasn't me" or too many wrong codes.
    Unfreeze(Account),
    /// Turn two-step verification off, for an owner who has no trusted device left. The owner is told.
    ResetTwoStep {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete it and everything about it, for good.
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
        AccountCommand::SignOut(account) => act(account, Method::POST, "/sign-out-everywhere", "signed out").await,
        AccountCommand::Unfreeze(account) => act(account, Method::POST, "/unfreeze", "new devices may sign in").await,
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
    ];
    let text = lines.iter().map(|(name, line)| format!("{name:<17}{line}\n")).collect::<String>() + &devices(&value);
    Ok(Answer { value, text })
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
            let (id, device) = (operator.id_of(&account.account).await?, device.to_string());
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
    let (path, limit) = (path(&id, "/activity"), arguments.limit.to_string());
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
