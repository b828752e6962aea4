//! Refresh tokens: each buys one renewal of its session.

use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::account::owner::{Worth, worth};
use crate::domain::challenge::limits::ROTATION_GRACE;
use crate::domain::code::KeyId;
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::store::postgres::row::{chain_link, id, seconds, successor_key};

/// A refresh token that the gateway issued, now or earlier.
#[derive(Debug, Clone)]
pub struct KnownRefreshToken {
    /// Of which session.
    pub session_id: SessionId,
    /// On which device.
    pub device_id: DeviceId,
    /// What it is worth.
    pub worth: Worth,
    /// The key that its successor was derived with, if it was used before: it has the same one again.
    pub successor_key: Option<KeyId>,
}

/// Whose a refresh token is, and of which session, whatever it is worth.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn owner(db: &impl Db, hash: &TokenHash) -> Result<Option<(AccountId, SessionId)>, StoreError> {
    let found = optional_row(db, query!("refresh_token/owner"), &[&hash.as_bytes()]).await?;
    found.map(|row| Ok((id(&row, "account_id", AccountId::new)?, id(&row, "session_id", SessionId::new)?))).transpose()
}

/// How a refresh token stands. Ask under the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, account: AccountId, hash: &TokenHash) -> Result<Option<KnownRefreshToken>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &hash.as_bytes(), &seconds(ROTATION_GRACE)];
    let found = optional_row(db, query!("refresh_token/find"), parameters).await?;
    found
        .map(|row| {
            Ok(KnownRefreshToken {
                session_id: id(&row, "session_id", SessionId::new)?,
                device_id: id(&row, "device_id", DeviceId::new)?,
                worth: worth(chain_link(&row)?),
                successor_key: successor_key(&row)?,
            })
        })
        .transpose()
}

/// Uses a token: from now on its successor is good, which was derived with `key`. Call it before the session is renewed.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn rotate(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    used: &TokenHash,
    successor: &TokenHash,
    key: &KeyId,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &session.uuid(), &used.as_bytes(), &successor.as_bytes(), &key.as_str()];
    execute(db, query!("refresh_token/rotate"), parameters).await?;
    Ok(())
}
