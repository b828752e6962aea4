//! Changes of addresses.

use jiff::SignedDuration;
use uuid::Uuid;

use super::{Db, StoreError, execute, one_row, optional_row, query};
use crate::domain::account::email::EmailAddress;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::store::postgres::row::{get, id, seconds};

/// A change that somebody wants to undo.
pub struct EmailChange {
    /// Whose.
    pub account_id: AccountId,
    /// The address before.
    pub old_email: EmailAddress,
    /// It was undone just now.
    pub is_undone: bool,
}

/// Writes down which address the codes of a challenge go to, before the challenge begins, in its transaction.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn await_address(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    email: &EmailAddress,
) -> Result<(), StoreError> {
    execute(db, query!("email_change/await"), &[&account.uuid(), &challenge.uuid(), &email.as_str()]).await?;
    Ok(())
}

/// Which address the codes of a challenge go to.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn awaited(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<EmailAddress>, StoreError> {
    let found = optional_row(db, query!("email_change/awaited"), &[&account.uuid(), &challenge.uuid()]).await?;
    found.map(|row| Ok(EmailAddress::kept(get::<&str>(&row, "email")?))).transpose()
}

/// Whether an address is another account's.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn is_taken(db: &impl Db, email: &EmailAddress, account: AccountId) -> Result<bool, StoreError> {
    get(&one_row(db, query!("email_change/is_taken"), &[&email.as_str(), &account.uuid()]).await?, "is_taken")
}

/// Gives an account another address; `false` when that is another account's, confirmed.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set(db: &impl Db, account: AccountId, email: &EmailAddress) -> Result<bool, StoreError> {
    execute(db, query!("email_change/free"), &[&email.as_str(), &account.uuid()]).await?;
    Ok(execute(db, query!("email_change/set"), &[&account.uuid(), &email.as_str()]).await? == 1)
}

/// Writes down that an address was changed, and for how long it can be undone.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn add(
    db: &impl Db,
    account: AccountId,
    change: Uuid,
    before: &EmailAddress,
    undo_within: SignedDuration,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &change, &before.as_str(), &seconds(undo_within)];
    execute(db, query!("email_change/add"), parameters).await?;
    Ok(())
}

/// A change that can be undone, or was within `repeat`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, change: Uuid, repeat: SignedDuration) -> Result<Option<EmailChange>, StoreError> {
    let found = optional_row(db, query!("email_change/find"), &[&change, &seconds(repeat)]).await?;
    let read = |row| {
        Ok(EmailChange {
            account_id: id(&row, "account_id", AccountId::new)?,
            old_email: EmailAddress::kept(get::<&str>(&row, "old_email")?),
            is_undone: get(&row, "is_undone")?,
        })
    };
    found.map(read).transpose()
}

/// Marks a change as undone; `false` when it was, or is over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn undo(db: &impl Db, account: AccountId, change: Uuid) -> Result<bool, StoreError> {
    Ok(optional_row(db, query!("email_change/undo"), &[&account.uuid(), &change]).await?.is_some())
}
