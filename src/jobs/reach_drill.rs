//! The drill: sleeping devices are asked once a week, silently, whether a push reaches them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::SignedDuration;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tracing::{debug, error};

use crate::actors::Services;
use crate::clock;
use crate::domain::delivery::drill_receipt::DrillReceipt;
use crate::domain::delivery::push_address::AccountTag;
use crate::jobs::{Every, Job};
use crate::providers::push::{Push, PushContent, PushOutcome};
use crate::store::drill::Drill;
use crate::store::{self, StoreError};

/// How often a node looks whether the minute of some devices went by.
const PERIOD: Duration = Duration::from_secs(20);
/// Pushes under way at the same time: codes need the rest of what a provider takes.
const AT_ONCE: usize = 4;
/// How long a provider that puts a push off is tried again: the next devices wait, and this one is asked next week.
const PATIENCE: Duration = Duration::from_secs(30);
/// For how long a provider keeps it for a device that is off: longer says nothing about now.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Asks the devices whose time it is.
pub fn drill(services: Arc<Services>) -> impl Job {
    Every::new("reach drill", PERIOD, async move || {
        if !services.push.is_on() {
            return;
        }
        if let Err(error) = ask_due(&services).await {
            error!(error = &error as &dyn std::error::Error, "the drill waits for the database");
        }
    })
}

async fn ask_due(services: &Services) -> Result<(), StoreError> {
    let due = services.store.transaction(async |db| store::drill::begin_due(db).await).await?;
    let count = due.len();
    let asked = futures_util::stream::iter(due).map(|drill| ask(services, drill)).buffer_unordered(AT_ONCE);
    asked.collect::<()>().await;
    debug!(count, "devices were asked whether a push reaches them");
    Ok(())
}

async fn ask(services: &Services, drill: Drill) {
    let now = clock::now();
    let push = Push {
        delivery_id: drill.id.uuid(),
        account: AccountTag::of(drill.account_id),
        subject_id: drill.id.uuid(),
        generation: 1,
        expires_at: now + LIFETIME,
        language: drill.language,
        receipt: Some(DrillReceipt(drill.id).token(&services.use_cases.core.code_keys())),
        content: PushContent::Drill,
    };
    // One that is given up is as good as one that the provider did not take.
    let outcome = timeout(PATIENCE, services.push.send(&drill.address, &push, now)).await;
    if let Err(error) = record(services, &drill, outcome).await {
        error!(error = &error as &dyn std::error::Error, "what became of a drill was not written down");
    }
}

async fn record(
    services: &Services,
    drill: &Drill,
    outcome: Result<Option<PushOutcome>, Elapsed>,
) -> Result<(), StoreError> {
    let store = &services.store;
    let word = match &outcome {
        Ok(Some(outcome)) => outcome.word(),
        Ok(None) => "provider_off",
        Err(_) => "given_up",
    };
    store.run(async |db| store::drill::record_outcome(db, drill.id, word).await).await?;
    if let Ok(Some(PushOutcome::TokenDead { as_of })) = outcome {
        let (account, device, address) = (drill.account_id, drill.device_id, &drill.address);
        store.run(async |db| store::device::forget_push_address(db, account, device, address, as_of).await).await?;
    }
    Ok(())
}
