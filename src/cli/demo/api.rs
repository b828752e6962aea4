//! The public HTTP contract, as the demo uses it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::outbound;

/// How long the demo waits for a mail.
const MAIL_PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const MAIL_PERIOD: Duration = Duration::from_millis(20);

pub(super) struct Api {
    base: String,
    http: reqwest::Client,
    /// The ids of the mails whose code was taken.
    read_mails: Mutex<HashSet<String>>,
}

/// An installation of the app in the story.
pub(super) struct Install {
    id: Uuid,
    pub(super) name: &'static str,
    model: &'static str,
    platform: &'static str,
}

impl Install {
    pub(super) fn new(name: &'static str, model: &'static str, platform: &'static str) -> Self {
        Self { id: Uuid::now_v7(), name, model, platform }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "install_id": self.id, "name": self.name, "model": self.model, "platform": self.platform,
            "os_version": "1", "app_version": "1.0.0",
        })
    }
}

impl Api {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = outbound::http_client()?.timeout(Duration::from_secs(10)).build()?;
        Ok(Self { base: url.trim_end_matches('/').to_owned(), http, read_mails: Mutex::default() })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// A call that must be answered with `status`.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
        status: u16,
    ) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| format!("{} does not answer", self.base))?;
        let got = response.status().as_u16();
        let text = response.text().await?;
        ensure!(got == status, "{path} answered {got} instead of {status}: {text}");
        if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: Value, status: u16) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(token), Some(body), status).await
    }

    /// The code in the first mail to an address whose code was not taken before, from the development outbox.
    pub(super) async fn mailed_code(&self, email: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + MAIL_PATIENCE;
        while Instant::now() < deadline {
            let outbox = self.call(Method::GET, "/dev/outbox.json", None, None, 200).await;
            let outbox = outbox.context("the demo reads mail in the development outbox")?;
            let messages = outbox["messages"].as_array().context("no list of messages")?;
            if let Some(code) = messages.iter().filter(|mail| mail["to"] == email).find_map(|mail| self.take_code(mail))
            {
                return Ok(code);
            }
            tokio::time::sleep(MAIL_PERIOD).await;
        }
        bail!("no mail with a code came")
    }

    /// The code in a mail, if it was not taken before.
    fn take_code(&self, mail: &Value) -> Option<String> {
        let id = mail["id"].as_str()?;
        let code = grouped_code(mail["text"].as_str()?)?;
        let mut read = self.read_mails.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(id.to_owned()).then_some(code)
    }
}

/// The line of a mail that is digits in two groups.
fn grouped_code(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let digits: String = line.split(' ').collect();
        let is_code = line.contains(' ') && digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(digits)
    })
}

/// A text in an answer.
pub(super) fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(str::to_owned).context("an answer lacks a text")
}
