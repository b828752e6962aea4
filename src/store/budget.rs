//! Guess budgets.

use tokio_postgres::Row;

use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::challenge::guess_budget::{Budget, BudgetKind, BudgetRules};
use crate::domain::value::id::AccountId;
use crate::store::postgres::row::{count, get};

/// How a budget stands. A transaction that means to decide by it holds the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn get_budget(
    db: &impl Db,
    account: AccountId,
    kind: BudgetKind,
    rules: &BudgetRules,
) -> Result<Budget, StoreError> {
    let found = optional_row(db, query!("budget/get"), &[&account.uuid(), &kind.as_str()]).await?;
    found.map_or(Ok(Budget::full(kind, rules)), |row| {
        Ok(Budget { wait_until: get(&row, "wait_until")?, ..counts(&row)? })
    })
}

/// Makes a budget full again after a success.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn refill(db: &impl Db, account: AccountId, kind: BudgetKind) -> Result<(), StoreError> {
    execute(db, query!("budget/refill"), &[&account.uuid(), &kind.as_str()]).await?;
    Ok(())
}

/// Makes every budget of an account full again: its owner proved to be there.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn refill_all(db: &impl Db, account: AccountId) -> Result<(), StoreError> {
    execute(db, query!("budget/refill_all"), &[&account.uuid()]).await?;
    Ok(())
}

/// Writes down that more comparisons are allowed ([`Budget::lift`]).
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn extend(db: &impl Db, account: AccountId, kind: BudgetKind, budget: Budget) -> Result<(), StoreError> {
    let allowed = crate::store::postgres::row::as_integer(budget.allowed);
    execute(db, query!("budget/extend"), &[&account.uuid(), &kind.as_str(), &allowed]).await?;
    Ok(())
}

/// The counts of a row; without its wait.
pub(super) fn counts(row: &Row) -> Result<Budget, StoreError> {
    Ok(Budget { failures: count(row, "failures")?, allowed: count(row, "allowed")?, wait_until: None })
}
