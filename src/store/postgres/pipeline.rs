//! Statements that travel together: begun at the same time on one connection they cost one round trip, and the database runs
//! them one after the other in the order in which they were begun.
//!
//! That holds for statements that the connection has prepared: another one is sent after its preparation, behind those that
//! were begun after it. So each statement of a pipeline is named here, and prepared before a connection is lent.

use deadpool_postgres::Object;
use futures_util::future::try_join_all;

use crate::store::{Db, StoreError, query};

/// The statements of pipelines.
const STATEMENTS: [&str; 14] = [
    query!("account/lock"),
    query!("budget/get"),
    query!("budget/refill"),
    query!("challenge/close"),
    query!("challenge/count_open"),
    query!("challenge/settle"),
    query!("challenge/to_deliver"),
    query!("device/meet"),
    query!("device/reach"),
    query!("device/trust"),
    query!("device/trusted_beyond"),
    query!("notice/add"),
    query!("notice/drop_unfinished"),
    query!("trust_token/forget"),
];

/// Prepares the statements of pipelines, in one round trip, on a connection that has not got them.
///
/// # Errors
/// [`StoreError`] when the database does not answer. A database without our tables refuses these as it will refuse to run them.
pub(in crate::store) async fn prepare(connection: &Object) -> Result<(), StoreError> {
    if connection.statement_cache.size() >= STATEMENTS.len() {
        return Ok(());
    }
    let prepared = try_join_all(STATEMENTS.map(|sql| connection.prepare_cached(sql))).await;
    match prepared.map_err(StoreError::from) {
        Ok(_) | Err(StoreError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Waits for statements that were begun together; in debug builds makes sure that all of them were prepared before.
///
/// # Errors
/// The first that one of them has.
pub(crate) async fn together<T, E>(db: &impl Db, statements: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let prepared = db.statements_prepared();
    let result = statements.await;
    debug_assert_eq!(db.statements_prepared(), prepared, "a statement of a pipeline is not named in store/pipeline.rs");
    result
}
