//! Recovery codes.

use jiff::Timestamp;

use super::{Db, StoreError, execute, one_row, optional_row, query};
use crate::domain::delivery::Acting;
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId, SessionId};
use crate::store::postgres::row::{count, get};

/// What is left of the recovery codes of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodesLeft {
    /// How many are not used yet.
    pub left: u32,
    /// When they were made; `None` when there never were any.
    pub made_at: Option<Timestamp>,
}

/// Gives an account new codes in the place of all earlier ones. In a transaction that holds the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn replace(
    db: &impl Db,
    account: AccountId,
    salt: &[u8],
    hashes: &[[u8; 32]],
    by: Acting,
) -> Result<(), StoreError> {
    let hashes: Vec<&[u8]> = hashes.iter().map(<[u8; 32]>::as_slice).collect();
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &salt, &hashes, &by.device_id.uuid(), &by.session_id.uuid()];
    execute(db, query!("recovery_code/replace"), parameters).await?;
    Ok(())
}

/// Forgets the codes of an account, if a device or a session made them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_of(
    db: &impl Db,
    account: AccountId,
    device: Option<DeviceId>,
    session: Option<SessionId>,
) -> Result<(), StoreError> {
    let (device, session) = (device.map(DeviceId::uuid), session.map(SessionId::uuid));
    execute(db, query!("recovery_code/forget_of"), &[&account.uuid(), &device, &session]).await?;
    Ok(())
}

/// What the codes of an account are hashed with; `None` when it has none.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn salt(db: &impl Db, account: AccountId) -> Result<Option<Vec<u8>>, StoreError> {
    let found = optional_row(db, query!("recovery_code/salt"), &[&account.uuid()]).await?;
    found.map(|row| get(&row, "salt")).transpose()
}

/// Counts a code that was typed in a challenge, before it is compared; how many were, or `None` when the challenge is over or takes
/// no more.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn count_attempt(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    most: i16,
) -> Result<Option<i16>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &challenge.uuid(), &most];
    let counted = optional_row(db, query!("recovery_code/count_attempt"), parameters).await?;
    counted.map(|row| get(&row, "recovery_attempts")).transpose()
}

/// Uses a code up; how many are left, or `None` when the account has no such code.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take(
    db: &impl Db,
    account: AccountId,
    hash: &[u8; 32],
    challenge: ChallengeId,
) -> Result<Option<u32>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &hash.as_slice(), &challenge.uuid()];
    let taken = optional_row(db, query!("recovery_code/take"), parameters).await?;
    taken.map(|row| count(&row, "codes_left")).transpose()
}

/// Whether a code was used in a challenge.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn was_used(
    db: &impl Db,
    account: AccountId,
    hash: &[u8; 32],
    challenge: ChallengeId,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &hash.as_slice(), &challenge.uuid()];
    get(&one_row(db, query!("recovery_code/was_used"), parameters).await?, "was_used")
}

/// How many codes are left.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn left(db: &impl Db, account: AccountId) -> Result<CodesLeft, StoreError> {
    let row = one_row(db, query!("recovery_code/left"), &[&account.uuid()]).await?;
    Ok(CodesLeft { left: count(&row, "codes_left")?, made_at: get(&row, "made_at")? })
}
