//! Telling apps' servers how the verifications ended that they began.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;
use tracing::{error, info, warn};

use crate::clock;
use crate::domain::app_server::webhook::wait_after;
use crate::domain::challenge::ChallengeState;
use crate::domain::value::id::ChallengeId;
use crate::domain::value::moment;
use crate::jobs::Job;
use crate::providers::webhook::{WebhookOutcome, Webhooks};
use crate::service::UseCases;
use crate::store::verification::AppVerification;
use crate::store::{self, Store, StoreError};
use crate::telemetry::WEBHOOKS;

/// Ends claimed at a time, which is also how many are told at the same time.
const BATCH: i64 = 16;
/// How long between two looks when nobody wakes it.
const PERIOD: Duration = Duration::from_secs(1);

/// A message, as its receiver reads it.
#[derive(Serialize)]
struct Message<'a> {
    r#type: String,
    #[serde(serialize_with = "moment::write")]
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: ChallengeId,
    subject: &'a str,
    status: ChallengeState,
    #[serde(skip_serializing_if = "Option::is_none")]
    assertion: Option<String>,
}

/// Sends the end of each verification to the app's server, as verifications end.
pub struct WebhookSender {
    use_cases: UseCases,
    store: Store,
    webhooks: Webhooks,
}

impl WebhookSender {
    /// Sends to the address of `webhooks`.
    #[must_use]
    pub fn new(use_cases: UseCases, store: Store, webhooks: Webhooks) -> Self {
        Self { use_cases, store, webhooks }
    }
}

impl Job for WebhookSender {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    async fn run(&mut self) {
        let wake_up = self.use_cases.core.webhooks();
        loop {
            match send_due(&self.use_cases, &self.store, &self.webhooks).await {
                Ok(sent) if sent == BATCH as usize => continue,
                Ok(_) => {}
                Err(error) => error!(error = &error as &dyn std::error::Error, "webhooks wait for the database"),
            }
            // Woken early by what ended, or late by the clock: both are fine.
            let _ = tokio::time::timeout(PERIOD, wake_up.notified()).await;
        }
    }
}

async fn send_due(use_cases: &UseCases, store: &Store, webhooks: &Webhooks) -> Result<usize, StoreError> {
    let claimed = store.run(async |db| store::verification::claim_due(db, BATCH).await).await?;
    let count = claimed.len();
    let send = |(ended, tries)| async move { send(use_cases, store, webhooks, &ended, tries).await };
    stream::iter(claimed).for_each_concurrent(count.max(1), send).await;
    Ok(count)
}

async fn send(use_cases: &UseCases, store: &Store, webhooks: &Webhooks, ended: &AppVerification, tries: u16) {
    let account = ended.account_id;
    let id = ended.id;
    let state = ended.state();
    let message = Message {
        r#type: format!("verification.{state}"),
        timestamp: ended.closed_at.unwrap_or(ended.now),
        data: Data { id, subject: ended.subject.as_str(), status: state, assertion: use_cases.core.assertion(ended) },
    };
    let body = serde_json::to_vec(&message).expect("texts and times are JSON");
    let outcome = webhooks.send(&id.to_string(), body, clock::now()).await;
    let word = match outcome {
        WebhookOutcome::Accepted => "accepted",
        WebhookOutcome::Gone => "gone",
        WebhookOutcome::RetryLater(_) => "failed",
    };
    metrics::counter!(WEBHOOKS, "outcome" => word).increment(1);
    let recorded = match (outcome, wait_after(tries)) {
        (WebhookOutcome::Accepted, _) => {
            info!(challenge.id = %id, "the app's server was told of an end");
            store.run(async |db| store::verification::mark_told(db, account, id).await).await
        }
        (WebhookOutcome::RetryLater(why), Some(wait)) => {
            info!(challenge.id = %id, webhook.failure = %why, webhook.tries = tries, "the app's server is told later");
            store.run(async |db| store::verification::postpone(db, account, id, wait).await).await
        }
        (WebhookOutcome::RetryLater(_) | WebhookOutcome::Gone, _) => {
            warn!(challenge.id = %id, webhook.tries = tries, "the app's server does not take the message: it is given up");
            store.run(async |db| store::verification::give_up(db, account, id).await).await
        }
    };
    if let Err(error) = recorded {
        // Told once more when its lease is over, under the same id.
        error!(challenge.id = %id, error = &error as &dyn std::error::Error, "what became of a webhook was not recorded");
    }
}
