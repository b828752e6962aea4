//! Subjects: accounts that apps keep.

use super::{Db, StoreError, execute, one_row, optional_row, query};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::subject::Subject;
use crate::domain::value::id::AccountId;
use crate::store::postgres::row::id;

/// The account of a subject.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, subject: &Subject) -> Result<Option<AccountId>, StoreError> {
    let found = optional_row(db, query!("subject/find"), &[&subject.as_str()]).await?;
    found.map(|row| id(&row, "account_id", AccountId::new)).transpose()
}

/// The account of a subject with its mailbox; `new_id` when it is new. The mailbox of one that is there stays as it is.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find_or_add(
    db: &impl Db,
    new_id: AccountId,
    subject: &Subject,
    email: Option<&EmailAddress>,
    locale: Option<&Locale>,
) -> Result<(AccountId, Option<EmailAddress>), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&new_id.uuid(), &subject.as_str(), &email.map(EmailAddress::as_str), &locale.map(Locale::as_str)];
    let row = one_row(db, query!("subject/find_or_add"), parameters).await?;
    Ok((id(&row, "account_id", AccountId::new)?, super::account::email(&row)?))
}

/// Changes the mailbox of a subject.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_mailbox(db: &impl Db, account: AccountId, email: &EmailAddress) -> Result<(), StoreError> {
    execute(db, query!("subject/set_mailbox"), &[&account.uuid(), &email.as_str()]).await?;
    Ok(())
}

/// Says whether an app requires two-step verification of a subject.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn require_two_step(db: &impl Db, account: AccountId, required: bool) -> Result<(), StoreError> {
    execute(db, query!("subject/require_two_step"), &[&account.uuid(), &required]).await?;
    Ok(())
}
