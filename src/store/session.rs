//! Sessions.

use jiff::SignedDuration;
use tokio_postgres::Row;

use super::row::{get, id, locale, seconds};
use super::{Db, StoreError, execute, optional_row, query, rows};
use crate::domain::id::{AccountId, DeviceId, SessionId};
use crate::domain::session::{ActiveSession, CONNECTION_EXPIRY_GRACE, SessionEnd};
use crate::domain::token::TokenHash;

/// How long tokens of a session live.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetimes {
    /// Of an access token.
    pub access: SignedDuration,
    /// Of a refresh token that nobody uses.
    pub refresh: SignedDuration,
    /// Of the session, however often it is refreshed (OWASP ASVS 5.0 section 7.3.2).
    pub session: SignedDuration,
}

/// Makes a session.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn create(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    device: DeviceId,
    access: &TokenHash,
    lifetimes: TokenLifetimes,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &session.uuid(),
        &device.uuid(),
        &access.as_bytes(),
        &seconds(lifetimes.access.min(lifetimes.session)),
        &seconds(lifetimes.refresh.min(lifetimes.session)),
    ];
    execute(db, query!("session/create"), parameters).await?;
    Ok(())
}

/// The session of an access token, if it may make calls.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_access_token(db: &impl Db, access: &TokenHash) -> Result<Option<ActiveSession>, StoreError> {
    let found = optional_row(db, query!("session/by_access_hash"), &[&access.as_bytes()]).await?;
    found.as_ref().map(active_session).transpose()
}

/// A session whose connection may go on: not ended, and expired for no longer than the grace of a connection.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn for_connection(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
) -> Result<Option<ActiveSession>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &session.uuid(), &seconds(CONNECTION_EXPIRY_GRACE)];
    let found = optional_row(db, query!("session/by_id"), parameters).await?;
    found.as_ref().map(active_session).transpose()
}

/// Gives a session its next tokens, none of which outlives the session's longest life; `false` when it ended or ran out.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn renew(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    access: &TokenHash,
    lifetimes: TokenLifetimes,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &session.uuid(),
        &access.as_bytes(),
        &seconds(lifetimes.access),
        &seconds(lifetimes.refresh),
        &seconds(lifetimes.session),
    ];
    Ok(execute(db, query!("session/renew"), parameters).await? == 1)
}

/// Ends a session; `false` when it had ended.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end(db: &impl Db, account: AccountId, session: SessionId, why: SessionEnd) -> Result<bool, StoreError> {
    Ok(optional_row(db, query!("session/end"), &[&account.uuid(), &session.uuid(), &why.as_str()]).await?.is_some())
}

/// Ends every session of a device and names them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end_of_device(
    db: &impl Db,
    account: AccountId,
    device: DeviceId,
    why: SessionEnd,
) -> Result<Vec<SessionId>, StoreError> {
    let ended = rows(db, query!("session/end_of_device"), &[&account.uuid(), &device.uuid(), &why.as_str()]).await?;
    ended.iter().map(|row| id(row, "session_id", SessionId::new)).collect()
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
    let parameters: super::Parameters<'_> = &[&account.uuid(), &keep.map(SessionId::uuid), &why.as_str()];
    let ended = rows(db, query!("session/end_others"), parameters).await?;
    ended.iter().map(|row| id(row, "session_id", SessionId::new)).collect()
}

/// How a session stands for a connection that it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It goes on, and its device is trusted.
    Good,
    /// It ended, or nobody knows it.
    Ended,
    /// Its device was removed or lost its trust.
    DeviceRemoved,
}

/// How a session stands, whether or not its access token is in date.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn standing(db: &impl Db, account: AccountId, session: SessionId) -> Result<Standing, StoreError> {
    let found = optional_row(db, query!("session/standing"), &[&account.uuid(), &session.uuid()]).await?;
    let Some(row) = found else { return Ok(Standing::Ended) };
    if get(&row, "ended_with_device")? {
        Ok(Standing::DeviceRemoved)
    } else if get(&row, "ended")? {
        Ok(Standing::Ended)
    } else if get(&row, "device_trusted")? {
        Ok(Standing::Good)
    } else {
        Ok(Standing::DeviceRemoved)
    }
}

pub(super) fn active_session(row: &Row) -> Result<ActiveSession, StoreError> {
    Ok(ActiveSession {
        account_id: id(row, "account_id", AccountId::new)?,
        session_id: id(row, "session_id", SessionId::new)?,
        device_id: id(row, "device_id", DeviceId::new)?,
        device_trusted: get(row, "device_trusted")?,
        access_expires_at: get(row, "access_expires_at")?,
        locale: locale(row)?,
    })
}
