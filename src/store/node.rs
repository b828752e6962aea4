//! Nodes: which are alive.

use jiff::{SignedDuration, Timestamp};

use super::{Db, StoreError, execute, one_row, query};
use crate::domain::value::id::NodeId;
use crate::store::postgres::row::seconds;

/// A node that was not seen for this long is gone.
pub(super) const GONE_AFTER: SignedDuration = SignedDuration::from_millis(2500);

/// What is answered to a beat.
pub struct Beat {
    /// Another node that is alive is cut off from the others.
    pub other_cut_off: bool,
    /// The database's clock.
    pub now: Timestamp,
}

/// Says that a node is alive, and whether it is cut off from the others.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn beat(db: &impl Db, node: NodeId, is_cut_off: bool) -> Result<Beat, StoreError> {
    let row = one_row(db, query!("node/beat"), &[&node.uuid(), &is_cut_off, &seconds(GONE_AFTER)]).await?;
    Ok(Beat { other_cut_off: row.try_get("other_cut_off")?, now: row.try_get("now")? })
}

/// Says that a node is gone, so that others take its deliveries over at once.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn leave(db: &impl Db, node: NodeId) -> Result<(), StoreError> {
    execute(db, query!("node/leave"), &[&node.uuid()]).await?;
    Ok(())
}

/// Forgets nodes that were not seen for a day.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_lost(db: &impl Db) -> Result<u64, StoreError> {
    execute(db, query!("node/forget_lost"), &[]).await
}
