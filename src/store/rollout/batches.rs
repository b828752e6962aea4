//! The batches of the rollout, and what became of their accounts.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::super::{Db, Parameters, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::account::rollout::Batch;
use crate::domain::account::rollout::hold::{BatchFigures, Share};
use crate::domain::value::id::BatchId;
use crate::store::postgres::row::{as_integer, big_count, count as count_of, get, id};

/// Some of a batch's accounts, counted.
pub struct Counted {
    /// What became of them.
    pub figures: BatchFigures,
    /// Where to go on; `None` when there are no more.
    pub next: Option<(Timestamp, Uuid)>,
}

/// Brings the batches in line with what is offered: a higher share begins one, a lower share takes batches away.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn settle_batches(db: &impl Db) -> Result<(), StoreError> {
    execute(db, query!("rollout/settle_batches"), &[]).await?;
    Ok(())
}

/// The newest batch and the one before it, the newest first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn batches(db: &impl Db) -> Result<Vec<Batch>, StoreError> {
    rows(db, query!("rollout/batches"), &[]).await?.iter().map(batch).collect()
}

fn batch(row: &Row) -> Result<Batch, StoreError> {
    let is_counted = get::<Option<i32>>(row, "counted_hours")?.is_some();
    let counted = if is_counted { Some((count_of(row, "counted_hours")?, figures_of(row)?)) } else { None };
    Ok(Batch {
        id: id(row, "batch_id", BatchId::new)?,
        from: get(row, "from_percent")?,
        to: get(row, "to_percent")?,
        began_at: get(row, "began_at")?,
        hours: count_of(row, "hours")?,
        is_remembered: get(row, "is_remembered")?,
        counted,
    })
}

/// What was counted of the first hours of a batch, if it was.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn figures(db: &impl Db, batch: BatchId, hours: u32) -> Result<Option<BatchFigures>, StoreError> {
    let found = optional_row(db, query!("rollout/figures"), &[&batch.uuid(), &as_integer(hours)]).await?;
    found.as_ref().map(figures_of).transpose()
}

/// Keeps what was counted of the first hours of a batch; what another node kept stays.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn keep_figures(db: &impl Db, batch: BatchId, hours: u32, figures: &BatchFigures) -> Result<(), StoreError> {
    let parameters: Parameters<'_> = &[
        &batch.uuid(),
        &as_integer(hours),
        &as_bigint(figures.accounts),
        &as_bigint(figures.recovered),
        &as_bigint(figures.asked),
        &as_bigint(figures.unreachable),
        &as_bigint(figures.abandoned),
    ];
    execute(db, query!("rollout/keep_figures"), parameters).await?;
    Ok(())
}

/// Counts accounts of a batch by what became of them in its first hours, among the next `limit` accounts that turned two-step
/// verification on since it began.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count(
    db: &impl Db,
    batch: BatchId,
    hours: u32,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Counted, StoreError> {
    let (enabled_at, account) = after.unzip();
    let parameters: Parameters<'_> = &[&batch.uuid(), &as_integer(hours), &enabled_at, &account, &limit];
    let row = one_row(db, query!("rollout/count"), parameters).await?;
    let is_last = get::<i64>(&row, "seen")? < limit;
    let last: Option<Timestamp> = get(&row, "last_enabled_at")?;
    let next = if is_last { None } else { last.zip(get(&row, "last_account")?) };
    Ok(Counted { figures: figures_of(&row)?, next })
}

fn figures_of(row: &Row) -> Result<BatchFigures, StoreError> {
    Ok(BatchFigures {
        accounts: big_count(row, "accounts")?,
        recovered: big_count(row, "recovered")?,
        asked: big_count(row, "asked")?,
        unreachable: big_count(row, "unreachable")?,
        abandoned: big_count(row, "abandoned")?,
    })
}

pub(super) fn share(row: &Row, count: &str, of: &str) -> Result<Share, StoreError> {
    Ok(Share { count: big_count(row, count)?, of: big_count(row, of)? })
}

pub(super) fn as_bigint(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
