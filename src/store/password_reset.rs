//! New passwords by mail.

use jiff::SignedDuration;
use secrecy::SecretString;
use uuid::Uuid;

use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::account::email::EmailAddress;
use crate::domain::value::id::AccountId;
use crate::store::postgres::row::{get, id, seconds};

/// A wish for a new password.
pub struct PasswordReset {
    /// Whose.
    pub account_id: AccountId,
    /// The address that the link went to.
    pub email: EmailAddress,
    /// The password as it is: argon2id in PHC format.
    pub password_hash: SecretString,
    /// It was carried out just now.
    pub is_used: bool,
}

/// Writes down that a new password was asked for.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn add(db: &impl Db, account: AccountId, reset: Uuid, lifetime: SignedDuration) -> Result<(), StoreError> {
    execute(db, query!("password_reset/add"), &[&account.uuid(), &reset, &seconds(lifetime)]).await?;
    Ok(())
}

/// A wish that is open, or was carried out within `repeat`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, reset: Uuid, repeat: SignedDuration) -> Result<Option<PasswordReset>, StoreError> {
    let found = optional_row(db, query!("password_reset/find"), &[&reset, &seconds(repeat)]).await?;
    let read = |row| {
        Ok(PasswordReset {
            account_id: id(&row, "account_id", AccountId::new)?,
            email: super::account::email(&row)?
                .ok_or_else(|| StoreError::Corrupt("an account without email".to_owned()))?,
            password_hash: get::<String>(&row, "password_hash")?.into(),
            is_used: get(&row, "is_used")?,
        })
    };
    found.map(read).transpose()
}

/// Uses a link up; `false` when it was used or is over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take(db: &impl Db, account: AccountId, reset: Uuid) -> Result<bool, StoreError> {
    Ok(execute(db, query!("password_reset/take"), &[&account.uuid(), &reset]).await? == 1)
}

/// Ends the links that are open: the password is another, or the mailbox that they went to is not the account's any more. In a
/// transaction that holds the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end_open(db: &impl Db, account: AccountId) -> Result<(), StoreError> {
    execute(db, query!("password_reset/end_open"), &[&account.uuid()]).await?;
    Ok(())
}
