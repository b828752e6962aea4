//! The rollout switch.

use super::row::get;
use super::{Db, StoreError, execute, one_row, query};
use crate::domain::id::AccountId;
use crate::domain::rollout::{Listed, Rollout};

/// The switch as it stands.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn get_rollout(db: &impl Db) -> Result<Rollout, StoreError> {
    let row = one_row(db, query!("rollout/get"), &[&None::<uuid::Uuid>]).await?;
    Ok(Rollout { percent: get(&row, "percent")?, salt: get(&row, "salt")? })
}

/// Whether two-step verification is offered to an account.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn offers(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    let row = one_row(db, query!("rollout/get"), &[&Some(account.uuid())]).await?;
    let rollout = Rollout { percent: get(&row, "percent")?, salt: get(&row, "salt")? };
    let listed = match get::<Option<&str>>(&row, "listed")? {
        Some("allow") => Some(Listed::Allow),
        Some(_) => Some(Listed::Deny),
        None => None,
    };
    Ok(rollout.offers(account, listed))
}

/// Moves the switch to `percent` (0 to 100).
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_percent(db: &impl Db, percent: f64) -> Result<(), StoreError> {
    execute(db, query!("rollout/set"), &[&percent]).await?;
    Ok(())
}
