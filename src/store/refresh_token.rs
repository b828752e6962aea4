//! Refresh tokens: each buys one renewal of its session.

use super::row::{get, id};
use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::id::{AccountId, DeviceId, SessionId};
use crate::domain::token::TokenHash;

/// A refresh token that the gateway issued, now or earlier.
#[derive(Debug, Clone, Copy)]
pub struct KnownRefreshToken {
    /// Whose.
    pub account_id: AccountId,
    /// Of which session.
    pub session_id: SessionId,
    /// On which device.
    pub device_id: DeviceId,
    /// It was exchanged before.
    pub used: bool,
}

/// Finds a refresh token and locks it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, hash: &TokenHash) -> Result<Option<KnownRefreshToken>, StoreError> {
    let found = optional_row(db, query!("refresh_token/find"), &[&hash.as_bytes()]).await?;
    found
        .map(|row| {
            Ok(KnownRefreshToken {
                account_id: id(&row, "account_id", AccountId::new)?,
                session_id: id(&row, "session_id", SessionId::new)?,
                device_id: id(&row, "device_id", DeviceId::new)?,
                used: get(&row, "used")?,
            })
        })
        .transpose()
}

/// Stores a new refresh token of a session.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn issue(db: &impl Db, account: AccountId, session: SessionId, hash: &TokenHash) -> Result<(), StoreError> {
    execute(db, query!("refresh_token/issue"), &[&account.uuid(), &hash.as_bytes(), &session.uuid()]).await?;
    Ok(())
}

/// Marks a refresh token as exchanged; `false` when it was before.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mark_used(db: &impl Db, account: AccountId, hash: &TokenHash) -> Result<bool, StoreError> {
    Ok(execute(db, query!("refresh_token/use"), &[&account.uuid(), &hash.as_bytes()]).await? == 1)
}
