//! Trust tokens.

use tokio_postgres::Row;

use super::row::{get, id, seconds};
use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::code::KeyId;
use crate::domain::id::{AccountId, DeviceId, InstallId};
use crate::domain::limits::ROTATION_GRACE;
use crate::domain::owner::{Link, Worth, worth};
use crate::domain::token::TokenHash;

/// What a trust token that somebody shows is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustCheck {
    /// The device skips the second step.
    Trusted {
        /// The device.
        device: DeviceId,
        /// The key that the token's successor was derived with, if it was used before: it has the same one again.
        successor_key: Option<KeyId>,
    },
    /// Its successor was used: somebody copied it. End the trust in the device.
    Reused(DeviceId),
    /// Unknown, of another installation, or of a device that is no longer trusted.
    Unknown,
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
    Ok(match (worth(link(&row)?), get(&row, "valid")?) {
        (Worth::Theft, _) => TrustCheck::Reused(device),
        (Worth::Successor, true) => {
            let successor_key = get::<Option<&str>>(&row, "successor_key")?.and_then(KeyId::parse);
            TrustCheck::Trusted { device, successor_key }
        }
        (Worth::Successor, false) => TrustCheck::Unknown,
    })
}

fn link(row: &Row) -> Result<Link, StoreError> {
    Ok(match (get(row, "is_used")?, get(row, "is_successor_used")?, get(row, "is_successor_just_used")?) {
        (false, _, _) => Link::Unused,
        (true, false, _) => Link::SuccessorUnused,
        (true, true, true) => Link::SuccessorJustUsed,
        (true, true, false) => Link::SuccessorUsed,
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

/// Uses a token: from now on its successor is good, which was derived with `key`. The same again changes nothing.
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
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &device.uuid(), &used.as_bytes(), &successor.as_bytes(), &key.as_str()];
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
