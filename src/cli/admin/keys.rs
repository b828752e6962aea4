//! Keys of apps' servers.

use std::fmt::Write;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::common::{Answer, CommandError, Common, Confirmation, word};
use crate::cli::operator_client::Operator;
use crate::domain::app_server::api_key::Scope;

/// What may be said after `twostep keys`.
#[derive(Debug, Args)]
pub struct KeysArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Create an API key for an app's server and print it. It is shown only this once.
    Create {
        /// A name for people, up to 64 characters.
        #[arg(long)]
        name: String,
        /// The audience (`aud`) of this app's assertions, unique to the app. Defaults to the name.
        #[arg(long)]
        audience: Option<String>,
        /// The id of a key of the same app, whose audience it shares.
        #[arg(long, value_name = "ID")]
        same_app_as: Option<Uuid>,
        /// Limit the key to subjects that start with this. Without it the key is for all subjects.
        #[arg(long, value_name = "PREFIX")]
        subject_prefix: Option<String>,
        /// What the key may be used for; can be repeated.
        #[arg(long = "scope", required = true, value_name = "SCOPE", value_parser = scope)]
        scopes: Vec<Scope>,
    },
    /// List the keys with their scopes and last use, never the keys themselves.
    List,
    /// Create a key with the same scopes. The old one keeps working for a while.
    Rotate {
        /// Its id, as `twostep keys list` shows it.
        id: Uuid,
        /// How long the old key keeps working.
        #[arg(long, default_value_t = 86_400, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=2_592_000))]
        grace_seconds: u32,
    },
    /// Revoke a key. Every node refuses it within two seconds.
    Revoke {
        /// Its id.
        id: Uuid,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    let known = || Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|_| format!("must be one of {}", known()))
}

pub(super) async fn carry_out(operator: &Operator, command: &KeysCommand) -> Result<Answer, CommandError> {
    const KEYS: &str = "admin/api-keys";
    match command {
        KeysCommand::Create { name, audience, same_app_as, subject_prefix, scopes } => {
            let body = json!({
                "name": name, "audience": audience, "same_app_as": same_app_as, "subject_prefix": subject_prefix,
                "scopes": scopes,
            });
            Ok(made(operator.ask(Method::POST, KEYS, &[], Some(body)).await?))
        }
        KeysCommand::List => {
            let value = operator.ask(Method::GET, KEYS, &[], None).await?["keys"].take();
            Ok(Answer { text: lines(&value), value })
        }
        KeysCommand::Rotate { id, grace_seconds } => {
            let id = id.to_string();
            let body = json!({ "grace_seconds": grace_seconds });
            let path = format!("{KEYS}/{id}/rotate");
            Ok(made(operator.ask_about(("key that is good", &id), Method::POST, &path, &[], Some(body)).await?))
        }
        KeysCommand::Revoke { id, confirmation } => {
            confirmation.require("The app's server is shut out at once.")?;
            let id = id.to_string();
            operator.ask_about(("key", &id), Method::DELETE, &format!("{KEYS}/{id}"), &[], None).await?;
            Ok(Answer::done(json!({ "id": id, "done": "revoked" }), format!("{id}: revoked")))
        }
    }
}

/// The key alone on standard output, so that it can go where it belongs without passing a screen.
fn made(value: Value) -> Answer {
    let text = format!("{}\n", word(&value, "key"));
    Answer { value, text }
}

fn lines(keys: &Value) -> String {
    let keys = keys.as_array().map(Vec::as_slice).unwrap_or_default();
    if keys.is_empty() {
        return "there is no key: make one with twostep keys create\n".to_owned();
    }
    keys.iter().fold(String::new(), |mut lines, key| {
        let state = if key["is_good"] == true { "good" } else { "ended" };
        let scopes: Vec<&str> = key["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let [id, name, used] = ["id", "name", "last_used_at"].map(|name| word(key, name));
        let _ = writeln!(lines, "{id}  {state:<5}  last used {used}  {name}: {}", scopes.join(" "));
        lines
    })
}
