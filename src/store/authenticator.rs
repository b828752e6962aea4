//! Authenticator apps.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::{Db, StoreError, execute, optional_row, query, rows};
use crate::domain::account::authenticator::SealedSecret;
use crate::domain::code::KeyId;
use crate::domain::delivery::Acting;
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::store::postgres::row::{get, id, seconds};

/// The authenticator app of an account.
pub struct Authenticator {
    /// Its secret.
    pub sealed: SealedSecret,
    /// The time step of the code that was taken last.
    pub last_step: i64,
    /// When it was set up.
    pub made_at: Timestamp,
}

/// One that waits for its first code.
pub struct SetUp {
    /// Its secret.
    pub sealed: SealedSecret,
    /// Codes that were typed, this one included.
    pub attempts: i16,
    /// The database's clock.
    pub now: Timestamp,
}

/// Keeps a secret that is not confirmed yet, in the place of an earlier one of the kind.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_up(db: &impl Db, account: AccountId, sealed: &SealedSecret, by: Acting) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &sealed.key_id.as_str(), &sealed.bytes, &by.device_id.uuid(), &by.session_id.uuid()];
    execute(db, query!("authenticator/set_up"), parameters).await?;
    Ok(())
}

/// The app of an account; `None` when it has none that is confirmed.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, account: AccountId) -> Result<Option<Authenticator>, StoreError> {
    let found = optional_row(db, query!("authenticator/find"), &[&account.uuid()]).await?;
    let read = |row| {
        Ok(Authenticator { sealed: sealed(&row)?, last_step: get(&row, "last_step")?, made_at: get(&row, "made_at")? })
    };
    found.map(read).transpose()
}

/// Counts a code that is typed to confirm one, before it is compared; `None` when none waits, or for too long, or too many were typed.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn count_set_up(
    db: &impl Db,
    account: AccountId,
    most: i16,
    within: SignedDuration,
) -> Result<Option<SetUp>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &most, &seconds(within)];
    let counted = optional_row(db, query!("authenticator/count_set_up"), parameters).await?;
    let read = |row| Ok(SetUp { sealed: sealed(&row)?, attempts: get(&row, "attempts")?, now: get(&row, "now")? });
    counted.map(read).transpose()
}

/// Forgets the app of an account, or one that is not confirmed; `false` when there was none.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget(db: &impl Db, account: AccountId, is_confirmed: bool) -> Result<bool, StoreError> {
    Ok(execute(db, query!("authenticator/forget"), &[&account.uuid(), &is_confirmed]).await? == 1)
}

/// Forgets what a device or a session set up; whether it was confirmed, or `None` when it set up nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_of(
    db: &impl Db,
    account: AccountId,
    device: Option<DeviceId>,
    session: Option<SessionId>,
) -> Result<Option<bool>, StoreError> {
    let (device, session) = (device.map(DeviceId::uuid), session.map(SessionId::uuid));
    let forgotten = rows(db, query!("authenticator/forget_of"), &[&account.uuid(), &device, &session]).await?;
    let confirmed = forgotten.iter().map(|row| get::<bool>(row, "is_confirmed")).collect::<Result<Vec<_>, _>>()?;
    Ok((!confirmed.is_empty()).then(|| confirmed.contains(&true)))
}

/// The first code was right; `false` when another was set up meanwhile. Once the earlier one is forgotten.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn confirm(db: &impl Db, account: AccountId, compared: &SealedSecret, step: i64) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &compared.bytes, &step];
    Ok(execute(db, query!("authenticator/confirm"), parameters).await? == 1)
}

/// Takes the code of a time step; `false` when it, or a later one, was taken.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take_step(db: &impl Db, account: AccountId, step: i64) -> Result<bool, StoreError> {
    Ok(execute(db, query!("authenticator/take_step"), &[&account.uuid(), &step]).await? == 1)
}

/// Secrets that are sealed with one of these keys, up to `limit`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn of_other_keys(
    db: &impl Db,
    keys: &[KeyId],
    limit: i64,
) -> Result<Vec<(AccountId, SealedSecret)>, StoreError> {
    let keys: Vec<&str> = keys.iter().map(KeyId::as_str).collect();
    let found = rows(db, query!("authenticator/of_other_keys"), &[&keys, &limit]).await?;
    found.iter().map(|row| Ok((id(row, "account_id", AccountId::new)?, sealed(row)?))).collect()
}

/// Keeps a secret sealed with another key, if it is still the same.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn reseal(
    db: &impl Db,
    account: AccountId,
    before: &SealedSecret,
    now: &SealedSecret,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &before.bytes, &now.key_id.as_str(), &now.bytes];
    execute(db, query!("authenticator/reseal"), parameters).await?;
    Ok(())
}

fn sealed(row: &Row) -> Result<SealedSecret, StoreError> {
    Ok(SealedSecret { key_id: super::challenge::key_id(row)?, bytes: get(row, "sealed")? })
}
