//! Tickets: one WebSocket each, for browsers.

use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::challenge::limits::{MAX_TICKETS_A_SESSION, TICKET_LIFETIME};
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, SessionId};
use crate::store::postgres::row::seconds;

/// Stores a ticket of a session.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn issue(db: &impl Db, account: AccountId, session: SessionId, hash: &TokenHash) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &hash.as_bytes(), &session.uuid(), &seconds(TICKET_LIFETIME), &MAX_TICKETS_A_SESSION];
    execute(db, query!("ticket/issue"), parameters).await?;
    Ok(())
}

/// Takes a ticket: the first to come gets its session, if both are in date.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take(db: &impl Db, hash: &TokenHash) -> Result<Option<ActiveSession>, StoreError> {
    let found = optional_row(db, query!("ticket/take"), &[&hash.as_bytes()]).await?;
    found.as_ref().map(super::session::active_session).transpose()
}

/// Deletes tickets that nobody used in time.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn delete_expired(db: &impl Db) -> Result<u64, StoreError> {
    execute(db, query!("ticket/delete_expired"), &[]).await
}
