//! Answers, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::answer::Answer;

/// One JSON value and a line feed.
pub(super) fn json(answer: &Answer) -> String {
    let value = match answer {
        Answer::State(state) => state.clone(),
        Answer::Listed(accounts) => json!(accounts),
        Answer::Unlisted(ids) => ids.iter().map(|id| json!({ "id": id, "listed": null })).collect(),
    };
    format!("{value:#}\n")
}

/// Lines for people.
pub(super) fn text(answer: &Answer) -> String {
    match answer {
        Answer::State(state) => state_lines(state),
        Answer::Listed(accounts) if accounts.is_empty() => "no account is on a list\n".to_owned(),
        Answer::Listed(accounts) => accounts.iter().fold(String::new(), |mut lines, account| {
            let [id, listed, email] = ["id", "listed", "email"].map(|name| account[name].as_str().unwrap_or("?"));
            let _ = writeln!(lines, "{listed:<5}  {id}  {email}");
            lines
        }),
        Answer::Unlisted(ids) => ids.iter().fold(String::new(), |mut lines, id| {
            let _ = writeln!(lines, "off    {id}");
            lines
        }),
    }
}

fn state_lines(state: &Value) -> String {
    let mode = match state["mode"].as_str() {
        Some("shadow") => "shadow: only counted; offered to the allow list only",
        Some("on") => "on: offered to whom the share and the lists select",
        other => other.unwrap_or("?"),
    };
    let lines = [
        ("percent", state["percent"].to_string()),
        ("mode", mode.to_owned()),
        ("allowed", state["allowed"].to_string()),
        ("denied", state["denied"].to_string()),
        ("changed", state["changed_at"].as_str().unwrap_or("?").to_owned()),
    ];
    lines.iter().map(|(name, value)| format!("{name:<9}{value}\n")).collect()
}
