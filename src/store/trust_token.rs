//! Trust tokens.

use super::row::{get, id, seconds};
use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::id::{AccountId, DeviceId, InstallId};
use crate::domain::limits::TRUST_ROTATION_GRACE;
use crate::domain::token::TokenHash;

/// What a trust token that somebody shows is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustCheck {
    /// The device skips the second step.
    Trusted(DeviceId),
    /// The token was replaced and its grace is over: somebody copied it. End the trust in the device.
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
        &[&account.uuid(), &hash.as_bytes(), &install.uuid(), &seconds(TRUST_ROTATION_GRACE)];
    let Some(row) = optional_row(db, query!("trust_token/find"), parameters).await? else {
        return Ok(TrustCheck::Unknown);
    };
    let device = id(&row, "device_id", DeviceId::new)?;
    let (reused, valid): (bool, bool) = (get(&row, "reused")?, get(&row, "valid")?);
    Ok(match (reused, valid) {
        (true, _) => TrustCheck::Reused(device),
        (false, true) => TrustCheck::Trusted(device),
        (false, false) => TrustCheck::Unknown,
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

/// Marks a used token as replaced; it works for its grace only.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn replace(db: &impl Db, account: AccountId, device: DeviceId, used: &TokenHash) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &device.uuid(), &used.as_bytes(), &seconds(TRUST_ROTATION_GRACE)];
    execute(db, query!("trust_token/replace"), parameters).await?;
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
