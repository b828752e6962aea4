//! What operators see and do: lists, exports and deletions of accounts.

use jiff::Timestamp;

use super::super::{Db, StoreError, execute, optional_row, query, rows};
use super::email;
use crate::domain::account::email::EmailAddress;
use crate::domain::value::id::AccountId;
use crate::store::postgres::row::{get, id};

/// An account on a list of them.
pub struct ListedAccount {
    /// Its id.
    pub id: AccountId,
    /// Its address, if it has one.
    pub email: Option<EmailAddress>,
    /// What the app that keeps it calls it, if one does.
    pub subject: Option<String>,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// No new device may sign in.
    pub sign_ins_frozen: bool,
    /// Devices that skip the second step.
    pub trusted_devices: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// At most `limit` accounts whose address or subject begins so, by id, beginning after `after`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list(
    db: &impl Db,
    beginning: &str,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<ListedAccount>, StoreError> {
    let found = rows(db, query!("account/list"), &[&beginning, &after.map(AccountId::uuid), &limit]).await?;
    found
        .iter()
        .map(|row| {
            Ok(ListedAccount {
                id: id(row, "account_id", AccountId::new)?,
                email: email(row)?,
                subject: get(row, "subject")?,
                two_step_enabled: get(row, "two_step_enabled")?,
                sign_ins_frozen: get(row, "sign_ins_frozen")?,
                trusted_devices: get(row, "trusted_devices")?,
                created_at: get(row, "created_at")?,
            })
        })
        .collect()
}

/// Everything that is kept about an account, without what would let anybody in.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn export(db: &impl Db, account: AccountId) -> Result<Option<serde_json::Value>, StoreError> {
    let found = optional_row(db, query!("account/export"), &[&account.uuid()]).await?;
    found.map(|row| get(&row, "export")).transpose()
}

/// Deletes an account with everything about it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn delete(db: &impl Db, account: AccountId) -> Result<(), StoreError> {
    execute(db, query!("account/delete"), &[&account.uuid()]).await?;
    Ok(())
}
