//! The rollout is watched: its newest batch is compared with the one before, and what fares badly stops it.

use jiff::SignedDuration;
use metrics::gauge;
use tracing::{error, info};

use crate::domain::account::rollout::hold::{BatchFigures, Finding, WATCHED_FOR, finding};
use crate::domain::account::rollout::{Batch, RolloutState};
use crate::domain::value::id::BatchId;
use crate::service::{Operators, VerificationError};
use crate::store;
use crate::store::shared_task::SharedTask;
use crate::telemetry::ROLLOUT_HELD;

/// How often it is looked whether another hour of the newest batch is over.
const LOOK_PERIOD: SignedDuration = SignedDuration::from_mins(5);
/// Accounts that one statement looks at: it takes a fraction of a second, and others get their turn between two of them.
const AT_A_TIME: i64 = 5000;

impl Operators {
    /// Counts what became of the newest batch, where an hour of it is over that no node counted yet, and holds the rollout where it
    /// fares too badly. With `hold_ratio` `None` it is only counted. Says in the metrics whether it holds.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_rollout(&self, hold_ratio: Option<f64>) -> Result<(), VerificationError> {
        let task = SharedTask::WatchRollout;
        if self.store.run(async |db| store::shared_task::claim(db, task, LOOK_PERIOD).await).await? {
            self.compare_batches(hold_ratio).await?;
            self.store.run(async |db| store::shared_task::finish(db, task).await).await?;
        }
        tell(&self.rollout().await?);
        Ok(())
    }

    async fn compare_batches(&self, hold_ratio: Option<f64>) -> Result<(), VerificationError> {
        let looked = self.store.transaction(async |db| {
            let is_held = store::rollout::lock(db).await?.held_percent.is_some();
            // A program that remembers no batches may have moved the share.
            store::rollout::settle_batches(db).await?;
            Ok::<_, VerificationError>((is_held, store::rollout::batches(db).await?))
        });
        let (is_held, batches) = looked.await?;
        let mut batches = batches.into_iter();
        let Some(newest) = batches.next().filter(|newest| !is_held && is_due(newest)) else { return Ok(()) };
        let hours = newest.hours;
        let Some(figures) = self.figures(&newest, hours).await? else { return Ok(()) };
        let Some(before) = batches.next() else { return Ok(()) };
        let Some(before) = self.figures(&before, hours).await? else { return Ok(()) };
        if let Some((finding, ratio)) = hold_ratio.and_then(|ratio| Some((finding(&figures, &before, ratio)?, ratio))) {
            self.hold(newest.id, &finding, ratio).await?;
        }
        Ok(())
    }

    /// What became of a batch in its first hours, as it was counted, or counted now; `None` when it was not and cannot be any more.
    async fn figures(&self, batch: &Batch, hours: u32) -> Result<Option<BatchFigures>, VerificationError> {
        let id = batch.id;
        let known = self.store.run(async |db| store::rollout::figures(db, id, hours).await).await?;
        if known.is_some() || !batch.is_remembered {
            return Ok(known);
        }
        let (mut figures, mut after) = (BatchFigures::default(), None);
        loop {
            let counted =
                self.store.run(async |db| store::rollout::count(db, id, hours, after, AT_A_TIME).await).await?;
            figures = figures.and(counted.figures);
            after = counted.next;
            if after.is_none() {
                break;
            }
        }
        self.store.run(async |db| store::rollout::keep_figures(db, id, hours, &figures).await).await?;
        Ok(Some(figures))
    }

    async fn hold(&self, newest: BatchId, finding: &Finding, ratio: f64) -> Result<(), VerificationError> {
        if self.store.run(async |db| store::rollout::hold_back(db, newest, finding).await).await? {
            error!(
                rollout.cause = finding.cause.as_str(),
                rollout.newest_count = finding.newest.count,
                rollout.newest_of = finding.newest.of,
                rollout.before_count = finding.before.count,
                rollout.before_of = finding.before.of,
                rollout.hold_ratio = ratio,
                "the rollout holds: its newest batch fares worse than the one before did; `twostep rollout resume` lets it go on"
            );
        }
        Ok(())
    }

    /// Lets the rollout go on after it stopped itself; fine when it did not. The batch that was held back begins anew, and is
    /// watched again.
    ///
    /// # Errors
    /// The database's.
    pub async fn resume_rollout(&self) -> Result<RolloutState, VerificationError> {
        let transaction = self.store.transaction(async |db| {
            store::rollout::lock(db).await?;
            let was_held = store::rollout::resume(db).await?;
            Ok::<_, VerificationError>((was_held, store::rollout::get_state(db).await?))
        });
        let (was_held, state) = transaction.await?;
        if was_held {
            info!("the rollout goes on: an operator said so");
        }
        tell(&state);
        Ok(state)
    }
}

fn tell(state: &RolloutState) {
    gauge!(ROLLOUT_HELD).set(if state.held.is_some() { 1.0 } else { 0.0 });
}

/// Whether an hour of a batch that is watched is over.
fn is_due(batch: &Batch) -> bool {
    let watched_hours = WATCHED_FOR.as_secs() / 3600;
    batch.hours > 0
        && u64::from(batch.hours) <= watched_hours
        && batch.counted.is_none_or(|(hours, _)| hours < batch.hours)
}
