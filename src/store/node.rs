//! Nodes: which are alive.

use super::{Db, StoreError, execute, query};
use crate::domain::id::NodeId;

/// Says that a node is alive.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn beat(db: &impl Db, node: NodeId) -> Result<(), StoreError> {
    execute(db, query!("node/beat"), &[&node.uuid()]).await?;
    Ok(())
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
