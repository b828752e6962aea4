//! The rollout switch. It is read whenever it is asked for, so that every node obeys it at once: nothing keeps it.

mod batches;

use tokio_postgres::Row;

use super::account::email;
use super::{Db, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::account::rollout::hold::Finding;
use crate::domain::account::rollout::{Hold, Listed, ListedAccount, Rollout, RolloutMode, RolloutState};
use crate::domain::value::id::{AccountId, BatchId};
use crate::store::postgres::row::{get, id, optional_word, word};
pub use batches::{Counted, batches, count, figures, keep_figures, settle_batches};
use batches::{as_bigint, share};

/// The switch as it stands, with the counts of its lists.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn get_state(db: &impl Db) -> Result<RolloutState, StoreError> {
    let row = one_row(db, query!("rollout/state"), &[]).await?;
    Ok(RolloutState {
        percent: get(&row, "percent")?,
        mode: word(&row, "mode")?,
        allowed: get(&row, "allowed")?,
        denied: get(&row, "denied")?,
        changed_at: get(&row, "changed_at")?,
        held: hold(&row)?,
    })
}

fn hold(row: &Row) -> Result<Option<Hold>, StoreError> {
    let Some(at) = get(row, "held_at")? else { return Ok(None) };
    let finding = Finding {
        cause: word(row, "held_cause")?,
        newest: share(row, "held_newest_count", "held_newest_of")?,
        before: share(row, "held_before_count", "held_before_of")?,
    };
    Ok(Some(Hold { at, percent: get(row, "held_percent")?, finding }))
}

/// Whether two-step verification may be turned on for an account.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn offers(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    let (rollout, listed) = standing(db, account).await?;
    Ok(rollout.offers(account, listed))
}

/// Whether sign-ins of an account count as if two-step verification were on for it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn shadows(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    let (rollout, listed) = standing(db, account).await?;
    Ok(rollout.shadows(account, listed))
}

async fn standing(db: &impl Db, account: AccountId) -> Result<(Rollout, Option<Listed>), StoreError> {
    let row = one_row(db, query!("rollout/get"), &[&account.uuid()]).await?;
    Ok((switch(&row)?, optional_word(&row, "listed")?))
}

fn switch(row: &Row) -> Result<Rollout, StoreError> {
    Ok(Rollout {
        percent: get(row, "percent")?,
        held_percent: get(row, "held_percent")?,
        mode: word(row, "mode")?,
        salt: get(row, "salt")?,
    })
}

/// The switch, for a transaction that is about to move it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn lock(db: &impl Db) -> Result<Rollout, StoreError> {
    switch(&one_row(db, query!("rollout/lock"), &[]).await?)
}

/// Moves the switch: the share (0 to 100), the mode, or both; `None` leaves a value as it is.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set(db: &impl Db, percent: Option<f64>, mode: Option<RolloutMode>) -> Result<(), StoreError> {
    execute(db, query!("rollout/set"), &[&percent, &mode.map(RolloutMode::as_str)]).await?;
    Ok(())
}

/// Holds the rollout back at the batch before its newest one, `newest`; `false` when it holds already, or the share was moved since.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn hold_back(db: &impl Db, newest: BatchId, finding: &Finding) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &newest.uuid(),
        &finding.cause.as_str(),
        &as_bigint(finding.newest.count),
        &as_bigint(finding.newest.of),
        &as_bigint(finding.before.count),
        &as_bigint(finding.before.of),
    ];
    Ok(execute(db, query!("rollout/hold"), parameters).await? == 1)
}

/// Lets the rollout go on; the batch that was held back begins anew. `false` when it did not hold.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn resume(db: &impl Db) -> Result<bool, StoreError> {
    Ok(execute(db, query!("rollout/resume"), &[]).await? == 1)
}

/// At most `limit` accounts on the lists, by id, beginning after `after`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list(db: &impl Db, after: Option<AccountId>, limit: i64) -> Result<Vec<ListedAccount>, StoreError> {
    let found = rows(db, query!("rollout/list"), &[&after.map(AccountId::uuid), &limit]).await?;
    found.iter().map(listed_account).collect()
}

/// Puts an account on a list, and takes it off the other one; `None` when there is no such account.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn put_on_list(
    db: &impl Db,
    account: AccountId,
    listed: Listed,
) -> Result<Option<ListedAccount>, StoreError> {
    let put = optional_row(db, query!("rollout/put_on_list"), &[&account.uuid(), &listed.as_str()]).await?;
    put.as_ref().map(listed_account).transpose()
}

/// Takes an account off its list; `false` when it was on none.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take_off_list(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    Ok(execute(db, query!("rollout/take_off_list"), &[&account.uuid()]).await? == 1)
}

fn listed_account(row: &Row) -> Result<ListedAccount, StoreError> {
    Ok(ListedAccount {
        id: id(row, "account_id", AccountId::new)?,
        email: email(row)?,
        listed: word(row, "listed")?,
        listed_at: get(row, "listed_at")?,
    })
}
