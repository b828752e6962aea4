//! What devices say about codes that they got over their connections.

use std::collections::HashSet;

use deadpool_postgres::Object;
use futures_util::FutureExt;

pub use super::batched::Receipt;
use super::{Db, Store, StoreError, execute, query, rows};
use crate::store::postgres::row::{as_integer, get, one_by_place};

/// Writes a receipt down, together with others that come now; `false` when it was known.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record(store: &Store, receipt: Receipt) -> Result<bool, StoreError> {
    let together = store.ask(|batches| &batches.receipts, receipt, |db, all| record_all(db, all).boxed()).await?;
    match together {
        Some(is_news) => Ok(is_news),
        None => store.run(async |db| record_alone(db, receipt).await).await,
    }
}

/// Writes down those that nothing stands in the way of; `None` for the others.
async fn record_all(db: &Object, receipts: &[Receipt]) -> Result<Vec<Option<bool>>, StoreError> {
    let mut seen = HashSet::new();
    // What a device says later of the same code is for later.
    let is_first = |receipt: &Receipt| seen.insert((receipt.challenge, receipt.generation, receipt.device));
    let together: Vec<bool> = receipts.iter().map(is_first).collect();
    let first = || receipts.iter().zip(&together).filter(|(_, together)| **together).map(|(receipt, _)| receipt);
    let accounts: Vec<uuid::Uuid> = first().map(|receipt| receipt.account.uuid()).collect();
    let challenges: Vec<uuid::Uuid> = first().map(|receipt| receipt.challenge.uuid()).collect();
    let generations: Vec<i32> = first().map(|receipt| as_integer(receipt.generation)).collect();
    let devices: Vec<uuid::Uuid> = first().map(|receipt| receipt.device.uuid()).collect();
    let states: Vec<&str> = first().map(Receipt::state).collect();
    let parameters: super::Parameters<'_> = &[&accounts, &challenges, &generations, &devices, &states];
    let written = rows(db, query!("delivery/record_receipts"), parameters).await?;
    let mut written = one_by_place(&written, accounts.len(), |row| get(row, "is_news"))?.into_iter();
    Ok(together.into_iter().map(|together| if together { written.next().flatten() } else { None }).collect())
}

async fn record_alone(db: &impl Db, receipt: Receipt) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &receipt.account.uuid(),
        &receipt.challenge.uuid(),
        &as_integer(receipt.generation),
        &receipt.device.uuid(),
        &receipt.state(),
    ];
    Ok(execute(db, query!("delivery/record_receipt"), parameters).await? > 0)
}
