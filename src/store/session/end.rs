//! Ends of sessions.

use super::super::{Db, StoreError, optional_row, query, rows};
use crate::domain::device::session::SessionEnd;
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::store::postgres::row::id;

/// Ends a session; `false` when it had ended.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end(db: &impl Db, account: AccountId, session: SessionId, why: SessionEnd) -> Result<bool, StoreError> {
    Ok(optional_row(db, query!("session/end"), &[&account.uuid(), &session.uuid(), &why.as_str()]).await?.is_some())
}

/// Ends every session of a device but perhaps one, and names them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end_of_device(
    db: &impl Db,
    account: AccountId,
    device: DeviceId,
    keep: Option<SessionId>,
    why: SessionEnd,
) -> Result<Vec<SessionId>, StoreError> {
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &device.uuid(), &why.as_str(), &keep.map(SessionId::uuid)];
    ended(db, query!("session/end_of_device"), parameters).await
}

/// Ends every session of an account but one and names them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end_others(
    db: &impl Db,
    account: AccountId,
    keep: Option<SessionId>,
    why: SessionEnd,
) -> Result<Vec<SessionId>, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[&account.uuid(), &keep.map(SessionId::uuid), &why.as_str()];
    ended(db, query!("session/end_others"), parameters).await
}

/// Ends every session of an account whose device is not trusted, but perhaps one, and names them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end_untrusted(
    db: &impl Db,
    account: AccountId,
    keep: Option<SessionId>,
    why: SessionEnd,
) -> Result<Vec<SessionId>, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[&account.uuid(), &keep.map(SessionId::uuid), &why.as_str()];
    ended(db, query!("session/end_untrusted"), parameters).await
}

/// Runs a statement that ends sessions and returns their ids.
pub(super) async fn ended(
    db: &impl Db,
    sql: &str,
    parameters: crate::store::Parameters<'_>,
) -> Result<Vec<SessionId>, StoreError> {
    rows(db, sql, parameters).await?.iter().map(|row| id(row, "session_id", SessionId::new)).collect()
}
