//! Trust tokens.

use super::{Db, StoreError, execute, one_row, optional_row, query};
use crate::domain::account::owner::{Worth, worth};
use crate::domain::challenge::limits::ROTATION_GRACE;
use crate::domain::code::KeyId;
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, DeviceId, InstallId, SessionId};
use crate::store::postgres::row::{chain_link, get, id, optional_id, seconds, successor_key};

/// What a trust token that somebody shows is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustCheck {
    /// The device skips the second step.
    Trusted {
        /// The device.
        device: DeviceId,
        /// What came of its first use, if it was used before: the same comes of it again.
        earlier: Option<EarlierUse>,
    },
    /// Its successor was used: somebody copied it. End the trust in the device.
    Reused(DeviceId),
    /// Unknown, of another installation, or of a device that is no longer trusted.
    Unknown,
}

/// What the first use of a trust token brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierUse {
    /// The key that the token's successors were derived with.
    pub key: KeyId,
    /// The session that began; `None` when an earlier version began it.
    pub session: Option<SessionId>,
}

/// Checks a trust token and locks it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn check(
    db: &impl Db,
    account: AccountId,
    hash: &TokenHash,
    install: InstallId,
) -> Result<TrustCheck, StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &hash.as_bytes(), &install.uuid(), &seconds(ROTATION_GRACE)];
    let Some(row) = optional_row(db, query!("trust_token/find"), parameters).await? else {
        return Ok(TrustCheck::Unknown);
    };
    let device = id(&row, "device_id", DeviceId::new)?;
    Ok(match (worth(chain_link(&row)?), get(&row, "valid")?) {
        (Worth::Theft, _) => TrustCheck::Reused(device),
        (Worth::Successor, true) => {
            let session = optional_id(&row, "session_id", SessionId::new)?;
            let earlier = successor_key(&row)?.map(|key| EarlierUse { key, session });
            TrustCheck::Trusted { device, earlier }
        }
        (Worth::Successor, false) => TrustCheck::Unknown,
    })
}

/// Stores a new token of a device.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn issue(db: &impl Db, account: AccountId, device: DeviceId, hash: &TokenHash) -> Result<(), StoreError> {
    execute(db, query!("trust_token/issue"), &[&account.uuid(), &hash.as_bytes(), &device.uuid()]).await?;
    Ok(())
}

/// Whether a token is known, whatever it is worth.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn is_known(db: &impl Db, account: AccountId, hash: &TokenHash) -> Result<bool, StoreError> {
    get(&one_row(db, query!("trust_token/exists"), &[&account.uuid(), &hash.as_bytes()]).await?, "is_known")
}

/// Uses a token: from now on its successor is good, which was derived with `key`, and `session` begins. The same again changes
/// nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn rotate(
    db: &impl Db,
    account: AccountId,
    device: DeviceId,
    used: &TokenHash,
    successor: &TokenHash,
    key: &KeyId,
    session: SessionId,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &device.uuid(), &used.as_bytes(), &successor.as_bytes(), &key.as_str(), &session.uuid()];
    execute(db, query!("trust_token/rotate"), parameters).await?;
    Ok(())
}

/// Forgets every token of a device.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget(db: &impl Db, account: AccountId, device: DeviceId) -> Result<(), StoreError> {
    execute(db, query!("trust_token/forget"), &[&account.uuid(), &device.uuid()]).await?;
    Ok(())
}
