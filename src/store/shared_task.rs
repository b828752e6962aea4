//! Work that one node does for all, at intervals: the database says whose turn it is.

use jiff::SignedDuration;

use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::value::string_enum::words;
use crate::store::postgres::row::seconds;

words! {
    /// What one node does for all.
    SharedTask("shared task") {
        /// Comparing the batches of the rollout.
        WatchRollout = "watch_rollout",
        /// Counting the ways in that owners have left.
        CountWays = "count_ways",
    }
}

/// How long a node may take before another one begins anew: the one that claimed it may be gone.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// Claims a task, if it was last done `period` ago or earlier and no other node is at it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim(db: &impl Db, task: SharedTask, period: SignedDuration) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&task.as_str(), &seconds(period), &seconds(LEASE)];
    Ok(optional_row(db, query!("shared_task/claim"), parameters).await?.is_some())
}

/// Says that a task was done.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn finish(db: &impl Db, task: SharedTask) -> Result<(), StoreError> {
    execute(db, query!("shared_task/finish"), &[&task.as_str()]).await?;
    Ok(())
}
