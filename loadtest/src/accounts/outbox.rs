//! Codes that came by mail, from `/dev/outbox.json`.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use http::StatusCode;
use serde::Deserialize;

use crate::client::Http;

/// A mail comes within this time.
const MAILED_WITHIN: Duration = Duration::from_secs(60);
/// Pause between two looks: the outbox is answered whole.
const LOOK_AGAIN: Duration = Duration::from_millis(30);

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    to: String,
    text: String,
}

/// The outbox of a gateway, and what was taken from it.
#[derive(Default)]
pub(super) struct Outbox {
    taken: HashSet<String>,
}

impl Outbox {
    /// The newest codes that were mailed to these addresses and not taken yet; waits for them.
    pub(super) async fn take(&mut self, http: &Http, addresses: &[&str]) -> anyhow::Result<HashMap<String, String>> {
        let until = Instant::now() + MAILED_WITHIN;
        loop {
            let answer = http.get("/dev/outbox.json", None).await?;
            let messages: Messages = answer
                .expect(StatusCode::OK)
                .context("accounts are made with the mail outbox: the gateway must run in development mode")?;
            let found = self.look(&messages, addresses);
            if found.len() == addresses.len() {
                for (id, _) in found.values() {
                    self.taken.insert(id.clone());
                }
                return Ok(found.into_iter().map(|(to, (_, code))| (to, code)).collect());
            }
            if Instant::now() >= until {
                bail!("{} of {} codes were mailed within {MAILED_WITHIN:?}", found.len(), addresses.len());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn look(&self, messages: &Messages, addresses: &[&str]) -> HashMap<String, (String, String)> {
        let wanted: HashSet<&str> = addresses.iter().copied().collect();
        let mut found = HashMap::new();
        for message in &messages.messages {
            if !wanted.contains(&*message.to) || self.taken.contains(&message.id) {
                continue;
            }
            if let Some(code) = code_in(&message.text) {
                found.entry(message.to.clone()).or_insert_with(|| (message.id.clone(), code));
            }
        }
        found
    }
}

/// A line of six to ten digits in groups.
fn code_in(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let digits: String = line.split(' ').collect();
        let is_code = (6..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(digits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_line_of_its_own() {
        assert_eq!(code_in("Your code, good until 10:30:\n\n123 456\n\nBye 2026").as_deref(), Some("123456"));
        assert_eq!(code_in("no code here, 123 456"), None);
    }
}
