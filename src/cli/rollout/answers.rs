//! Answers, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::answer::Answer;

/// One JSON value and a line feed.
pub(super) fn json(answer: &Answer) -> String {
    let value = match answer {
        Answer::State(state) => state.clone(),
        Answer::Batches(batches) => batches["batches"].clone(),
        Answer::Listed(accounts) => json!(accounts),
        Answer::Unlisted(ids) => ids.iter().map(|id| json!({ "id": id, "listed": null })).collect(),
    };
    format!("{value:#}\n")
}

/// Lines for people.
pub(super) fn text(answer: &Answer) -> String {
    match answer {
        Answer::State(state) => state_lines(state),
        Answer::Batches(batches) => batch_lines(batches["batches"].as_array().map_or(&[], Vec::as_slice)),
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
    let mut lines = vec![
        ("percent", state["percent"].to_string()),
        ("mode", mode.to_owned()),
        ("allowed", state["allowed"].to_string()),
        ("denied", state["denied"].to_string()),
        ("changed", state["changed_at"].as_str().unwrap_or("?").to_owned()),
    ];
    if let held @ Value::Object(_) = &state["held"] {
        let at = held["at"].as_str().unwrap_or("?");
        lines.push(("held", format!("since {at}, at {} %: nobody new is offered it", held["percent"])));
        lines.push(("because", format!("{} in the newest batch", happened(held, "newest"))));
        lines.push(("before", format!("{} in the batch before, at the same age", happened(held, "before"))));
        lines.push(("next", "find out why, then: twostep rollout resume".to_owned()));
    }
    lines.iter().map(|(name, value)| format!("{name:<9}{value}\n")).collect()
}

/// How often what it holds for happened in a batch.
fn happened(held: &Value, batch: &str) -> String {
    let what = match held["cause"].as_str() {
        Some("unreachable") => "had a sign-in whose code reached no trusted device",
        Some("abandoned") => "did not finish their sign-in",
        Some("recovered") => "used a way back",
        other => other.unwrap_or("?"),
    };
    let share = &held[batch];
    format!("{} of {} accounts ({} %) {what}", share["count"], share["of"], share["percent"])
}

fn batch_lines(batches: &[Value]) -> String {
    if batches.is_empty() {
        return "there is no batch: nothing is offered by the share\n".to_owned();
    }
    let mut text = format!(
        "{:<14}{:<22}{:>6}{:>10}{:>8}{:>13}{:>11}{:>11}\n",
        "batch", "began", "hours", "accounts", "asked", "unreachable", "abandoned", "recovered"
    );
    for batch in batches {
        let counted = &batch["counted"];
        let percent = |name: &str| match &counted[name]["percent"] {
            Value::Null => "-".to_owned(),
            percent => format!("{percent} %"),
        };
        let number = |name: &str| if counted[name].is_null() { "-".to_owned() } else { counted[name].to_string() };
        let _ = writeln!(
            text,
            "{:<14}{:<22}{:>6}{:>10}{:>8}{:>13}{:>11}{:>11}",
            format!("{} to {} %", batch["from"], batch["to"]),
            batch["began_at"].as_str().unwrap_or("?"),
            number("hours"),
            number("accounts"),
            number("asked"),
            percent("unreachable"),
            percent("abandoned"),
            percent("recovered"),
        );
    }
    text
}
