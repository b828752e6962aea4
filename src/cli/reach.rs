//! `twostep reach`: how many ways in the owners of accounts have left, asked of a running gateway.

use std::fmt::Write as _;
use std::io::Write;

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use crate::cli::operator_client::{ClientError, Configured, Operator, Where};

/// What may be said after `twostep reach`.
#[derive(Debug, Args)]
pub struct ReachArguments {
    #[command(flatten)]
    at: Where,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl ReachArguments {
    /// Whether the configuration is needed to find the gateway or its token.
    #[must_use]
    pub fn needs_configuration(&self) -> bool {
        self.at.needs_configuration()
    }
}

/// Why nothing was shown. Each text is one line that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The gateway did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The answer cannot be printed.
    #[error("the answer cannot be printed: {0}")]
    Output(std::io::Error),
}

/// Prints the last count. `configured` is the gateway on this machine.
///
/// # Errors
/// [`CommandError`], whose text is one line that says what to do next.
pub async fn run(arguments: &ReachArguments, configured: Option<&Configured>) -> Result<(), CommandError> {
    let operator = Operator::find(&arguments.at, configured)?;
    let report = operator.ask(Method::GET, "admin/reach", &[], None).await?;
    let text = if arguments.json { format!("{report:#}\n") } else { table(&report) };
    std::io::stdout().write_all(text.as_bytes()).map_err(CommandError::Output)
}

/// Rows of the first table: what the answer calls them, and people.
const WAYS: [(&str, &str); 4] =
    [("none", "none: locked out on a new device"), ("one", "one"), ("two", "two"), ("more", "three or more")];
const AGES: [(&str, &str); 4] =
    [("week", "under 7 days"), ("month", "under 30 days"), ("quarter", "under 90 days"), ("older", "older")];

fn table(report: &Value) -> String {
    let accounts = &report["accounts"];
    let total = number(&accounts["total"]);
    let mut text = format!("counted {}\n\n", report["counted_at"].as_str().unwrap_or("?"));
    let _ = writeln!(text, "{:<34}{:>10}{:>9}", "ways left", "accounts", "share");
    for (name, words) in WAYS {
        let count = number(&accounts[name]);
        let _ = writeln!(text, "{words:<34}{count:>10}{:>9}", share(count, total));
    }
    let _ = writeln!(text, "{:<34}{total:>10}\n", "all with two-step verification on");
    let _ = writeln!(text, "{:<10}{:<15}{:>9}{:>13}{:>9}", "platform", "registered", "devices", "get a code", "share");
    for row in report["devices"].as_array().map_or(&[][..], Vec::as_slice) {
        let word = row["age"].as_str().unwrap_or("?");
        let age = AGES.iter().find(|(name, _)| *name == word).map_or(word, |(_, words)| words);
        let (devices, reachable) = (number(&row["devices"]), number(&row["reachable"]));
        let platform = row["platform"].as_str().unwrap_or("?");
        let _ = writeln!(text, "{platform:<10}{age:<15}{devices:>9}{reachable:>13}{:>9}", share(reachable, devices));
    }
    if let drill @ Value::Object(_) = &report["drill"] {
        let (asked, answered) = (number(&drill["accounts"]), number(&drill["accounts_answered"]));
        let (devices, of) = (number(&drill["devices_answered"]), number(&drill["devices"]));
        let _ = writeln!(
            text,
            "\ndrill: {devices} of {of} sleeping devices answered within a week; {answered} of {asked} accounts ({}) could get a code",
            share(answered, asked)
        );
    }
    text
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn share(count: u64, of: u64) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", count as f64 * 100.0 / of as f64) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_read_a_table() {
        let report = json!({
            "counted_at": "2026-11-30T15:00:00Z",
            "accounts": { "total": 1000, "none": 12, "one": 300, "two": 600, "more": 88 },
            "devices": [{ "platform": "ios", "age": "month", "devices": 40, "reachable": 30 }],
            "drill": { "devices": 40, "devices_answered": 21, "accounts": 32, "accounts_answered": 20 },
        });
        let text = table(&report);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines[3].ends_with(&["12", "1.2", "%"]) && lines[6].ends_with(&["88", "8.8", "%"]), "{text}");
        assert_eq!(lines[10], ["ios", "under", "30", "days", "40", "30", "75.0", "%"], "{text}");
        assert!(lines[12].join(" ").contains("21 of 40 sleeping devices answered"), "{text}");
        assert!(lines[12].join(" ").ends_with("20 of 32 accounts (62.5 %) could get a code"), "{text}");
        assert_eq!(share(0, 0), "-");
    }
}
