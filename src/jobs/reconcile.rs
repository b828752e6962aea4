//! What other nodes did and the bus may not have told: read from the database.
//!
//! The bus makes it fast, the database makes it sure. A node looks every second for sessions that ended, so that a device
//! that was removed never stays connected because a message was lost. While it, or another node, is cut off from NATS it looks
//! more often, and for codes and closed challenges as well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tracing::{error, info};

use crate::actors::Services;
use crate::bus::{Bus, Health};
use crate::domain::event::NodeMessage;
use crate::domain::value::id::AccountId;
use crate::jobs::Job;
use crate::store::{self, StoreError};
use crate::telemetry::traces::Trace;

/// Time between two looks while the bus works.
const PERIOD: Duration = Duration::from_secs(1);
/// While it does not: with the look itself well within the second in which a removal takes effect (design section 5).
const DEGRADED_PERIOD: Duration = Duration::from_millis(400);
/// How much further back each look goes than the one before: what is written is dated by the start of its transaction,
/// and seen after its end.
const OVERLAP: SignedDuration = SignedDuration::from_secs(10);
/// How far back a look goes at most; who could not ask for longer finds the rest when the access token runs out.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// What is read at a time. More than that is ended by the bus only, or when the access token runs out.
const BATCH: i64 = 10_000;

/// Looks again and again; not at all on a node that runs alone.
pub struct Reconcile {
    services: Arc<Services>,
}

impl Reconcile {
    /// Looks into the database of `services`.
    #[must_use]
    pub fn new(services: Arc<Services>) -> Self {
        Self { services }
    }
}

impl Job for Reconcile {
    fn name(&self) -> &'static str {
        "reconcile"
    }

    async fn run(&mut self) {
        let services = &self.services;
        let bus = services.bus.clone();
        if bus.health() == Health::Alone {
            return;
        }
        let mut health = bus.watch_health();
        let mut seen_until = Instant::now();
        let mut failed = false;
        loop {
            let all_joined = *health.borrow_and_update() == Health::Joined && !bus.is_other_cut_off();
            let period = if all_joined { PERIOD } else { DEGRADED_PERIOD };
            let missed = tokio::select! {
                () = tokio::time::sleep(period) => !all_joined,
                // Joined again, or away: what was said in between went nowhere.
                _ = health.changed() => true,
                () = bus.missed() => {
                    info!("facts of other nodes were lost here, or could not be looked up: looking for what they told");
                    true
                }
            };
            let now = Instant::now();
            let since = SignedDuration::try_from(now - seen_until).unwrap_or(LONGEST).min(LONGEST);
            match look(services, &bus, since + OVERLAP, missed || failed).await {
                Ok(()) => (seen_until, failed) = (now, false),
                Err(error) => {
                    // Facts that came meanwhile could not be looked up either.
                    failed = true;
                    error!(error = &error as &dyn std::error::Error, "what other nodes did cannot be looked up");
                }
            }
        }
    }
}

async fn look(services: &Services, bus: &Bus, within: SignedDuration, missed: bool) -> Result<(), StoreError> {
    let store = &services.store;
    for (account, session_id) in
        store.run(async |db| store::recent_changes::ended_sessions(db, within, BATCH).await).await?
    {
        take(bus, account, NodeMessage::SessionEnded { session_id }).await;
    }
    if !missed {
        return Ok(());
    }
    let life = services.use_cases.core.app_code_lifetime();
    let challenges = store.run(async |db| {
        let issued = store::recent_changes::issued_codes(db, life, within, BATCH).await?;
        Ok::<_, StoreError>((issued, store::recent_changes::closed_challenges(db, within, BATCH).await?))
    });
    let (issued, closed) = challenges.await?;
    for (account, challenge_id) in issued {
        take(bus, account, NodeMessage::CodeIssued { challenge_id }).await;
    }
    for (account, challenge_id, outcome) in closed {
        take(bus, account, NodeMessage::ChallengeClosed { challenge_id, outcome }).await;
    }
    Ok(())
}

async fn take(bus: &Bus, account_id: AccountId, message: NodeMessage) {
    bus.take(account_id, message, Trace::NONE).await;
}
