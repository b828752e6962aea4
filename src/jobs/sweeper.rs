//! The sweeper: takes up what nobody worked in time, and writes down what time did.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

use crate::actors::{Directory, Services};
use crate::domain::delivery::Delivery;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::jobs::{Every, Job};
use crate::service::VerificationError;
use crate::store::{self, StoreError};

/// Overdue deliveries claimed at a time.
const BATCH: i64 = 200;
/// Challenges taken over at the same time, until only providers are waited for: a backlog must not keep sign-ins from
/// the database. What waits for its turn waits in the database, or as one claimed batch.
const AT_ONCE: usize = 64;
/// How often tickets that nobody used are deleted, and partitions looked after.
const UPKEEP_PERIOD: Duration = Duration::from_secs(3600);

/// How often a node says that it is alive; others believe it gone after two and a half of these.
const BEAT_PERIOD: Duration = Duration::from_secs(1);

/// How the sweeper works.
#[derive(Debug, Clone, Copy)]
pub struct SweepSettings {
    /// How often it looks.
    pub period: Duration,
    /// Months of login activity to keep.
    pub activity_months: u16,
    /// Days after which IP addresses of login activity are shortened.
    pub shorten_ip_days: u16,
}

/// Says every second that this node is alive, so that no other takes its deliveries over, and learns whether one of the others
/// is cut off.
pub fn beat(services: Arc<Services>) -> impl Job {
    Every::new("beat", BEAT_PERIOD, async move || {
        if let Err(error) = services.use_cases.core.beat().await {
            error!(error = &error as &dyn std::error::Error, "this node cannot say that it is alive");
        }
    })
}

/// Takes up what is overdue, and looks after tables.
pub struct Sweeper {
    services: Arc<Services>,
    directory: Directory,
    settings: SweepSettings,
    places: Arc<Semaphore>,
}

impl Sweeper {
    /// Hands what is overdue to the user actors of `directory`.
    #[must_use]
    pub fn new(services: Arc<Services>, directory: Directory, settings: SweepSettings) -> Self {
        Self { services, directory, settings, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Job for Sweeper {
    fn name(&self) -> &'static str {
        "sweeper"
    }

    async fn run(&mut self) {
        let mut turns = interval(self.settings.period);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut upkeep = interval(UPKEEP_PERIOD);
        loop {
            let result = tokio::select! {
                _ = turns.tick() => sweep_once(&self.services, &self.directory, &self.places).await,
                _ = upkeep.tick() => look_after_tables(&self.services, self.settings).await,
            };
            if let Err(error) = result {
                error!(error = &error as &dyn std::error::Error, "sweeping waits for the database");
            }
        }
    }
}

async fn sweep_once(
    services: &Services,
    directory: &Directory,
    places: &Arc<Semaphore>,
) -> Result<(), VerificationError> {
    while take_over_overdue(services, directory, places).await? == BATCH {}
    while services.use_cases.challenges.expire_due().await? > 0 {}
    let told = services.use_cases.core.remind_of_recoveries().await?;
    if told > 0 {
        info!(owners = told, "owners were told again of requests to sign in without a device");
    }
    Ok(())
}

/// Claims a batch of overdue deliveries and hands them to their user actors; returns how many.
async fn take_over_overdue(
    services: &Services,
    directory: &Directory,
    places: &Arc<Semaphore>,
) -> Result<i64, VerificationError> {
    let store = &services.store;
    let node = services.node;
    let overdue = store.run(async |db| store::delivery::claim_overdue(db, BATCH, node).await).await?;
    let count = i64::try_from(overdue.len()).unwrap_or(BATCH);
    let mut by_challenge: HashMap<(AccountId, ChallengeId), Vec<Delivery>> = HashMap::new();
    for claimed in overdue {
        by_challenge.entry((claimed.account_id, claimed.challenge_id)).or_default().push(claimed.delivery);
    }
    for ((account, challenge), deliveries) in by_challenge {
        info!(challenge.id = %challenge, count = deliveries.len(), "taking over overdue deliveries");
        // It is closed by nobody.
        let Ok(place) = Arc::clone(places).acquire_owned().await else { break };
        directory.deliver(account, challenge, deliveries, place).await;
    }
    Ok(count)
}

async fn look_after_tables(services: &Services, settings: SweepSettings) -> Result<(), VerificationError> {
    let store = &services.store;
    let keep_months = i32::from(settings.activity_months);
    let dropped = store.run(async |db| store::activity::maintain_partitions(db, keep_months).await).await?;
    if dropped > 0 {
        info!(partitions = dropped, "login activity beyond its retention was dropped");
    }
    let resealed = services.use_cases.core.reseal_authenticators().await?;
    if resealed > 0 {
        info!(secrets = resealed, "secrets of authenticator apps are sealed with the current code key");
    }
    let tidy = store.run(async |db| {
        store::activity::shorten_ips(db, settings.shorten_ip_days.into()).await?;
        store::postgres::purge::forget_what_is_over(db).await?;
        store::ticket::delete_expired(db).await?;
        store::node::forget_lost(db).await
    });
    tidy.await.map(|_| ()).map_err(StoreError::into)
}
