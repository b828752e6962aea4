//! How many ways in owners have left, over all accounts.

use jiff::SignedDuration;

use super::{Db, Parameters, StoreError, execute, node, one_row, optional_row, query, rows};
use crate::domain::account::ways_left::{AccountsByWays, DeviceCount, ReachFigures, ReachReport};
use crate::domain::value::id::AccountId;
use crate::store::postgres::row::{big_count, get, json, optional_id, seconds, word};

/// Some accounts, counted.
pub struct CountedAccounts {
    /// Those that have two-step verification on.
    pub accounts: AccountsByWays,
    /// The last one that was looked at; `None` when there are no more.
    pub last: Option<AccountId>,
}

/// Counts the next `limit` accounts after `after` by the ways that are left. `mailbox_counts`: codes may go to mailboxes.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_accounts(
    db: &impl Db,
    after: Option<AccountId>,
    limit: i64,
    mailbox_counts: bool,
    access_life: SignedDuration,
) -> Result<CountedAccounts, StoreError> {
    let after = after.map(AccountId::uuid);
    let parameters: Parameters<'_> =
        &[&after, &limit, &mailbox_counts, &seconds(access_life), &seconds(node::GONE_AFTER)];
    let row = one_row(db, query!("reach/count_accounts"), parameters).await?;
    let accounts = AccountsByWays {
        none: big_count(&row, "none")?,
        one: big_count(&row, "one")?,
        two: big_count(&row, "two")?,
        more: big_count(&row, "more")?,
    };
    Ok(CountedAccounts { accounts, last: optional_id(&row, "last_account", AccountId::new)? })
}

/// Counts the trusted devices of the accounts after `after` up to `last` that have two-step verification on.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_devices(
    db: &impl Db,
    after: Option<AccountId>,
    last: AccountId,
    access_life: SignedDuration,
) -> Result<Vec<DeviceCount>, StoreError> {
    let after = after.map(AccountId::uuid);
    let parameters: Parameters<'_> = &[&after, &last.uuid(), &seconds(access_life), &seconds(node::GONE_AFTER)];
    let counted = rows(db, query!("reach/count_devices"), parameters).await?;
    counted
        .iter()
        .map(|row| {
            Ok(DeviceCount {
                platform: word(row, "platform")?,
                age: word(row, "age")?,
                devices: big_count(row, "devices")?,
                reachable: big_count(row, "reachable")?,
            })
        })
        .collect()
}

/// Keeps what was counted in the place of the count before.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn keep(db: &impl Db, figures: &ReachFigures) -> Result<(), StoreError> {
    let figures = serde_json::to_value(figures).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    execute(db, query!("reach/keep"), &[&figures]).await?;
    Ok(())
}

/// The last count; `None` before the first one.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn report(db: &impl Db) -> Result<Option<ReachReport>, StoreError> {
    let found = optional_row(db, query!("reach/get"), &[]).await?;
    found
        .map(|row| Ok(ReachReport { counted_at: get(&row, "counted_at")?, figures: json(&row, "figures")? }))
        .transpose()
}
