//! Codes as they are delivered, shown and replaced.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{challenge_id, key_id, progress, requester, salt};
use crate::domain::challenge::{Method, Progress};
use crate::domain::delivery::{CodeToDeliver, Mailbox};
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId};
use crate::store::postgres::row::{count, get, id, locale, one_by_place, optional_id, small_count, time_zone, word};
use crate::store::{Db, StoreError, optional_row, query, rows};

/// A challenge's current code with what else is needed to deliver it.
pub struct ToDeliver {
    /// The code.
    pub code: CodeToDeliver,
    /// The account's mailbox.
    pub mailbox: Mailbox,
}

/// The current codes of challenges; `None` where one is not open any more.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn to_deliver(
    db: &impl Db,
    challenges: &[(AccountId, ChallengeId)],
) -> Result<Vec<Option<ToDeliver>>, StoreError> {
    let (accounts, ids): (Vec<_>, Vec<_>) =
        challenges.iter().map(|(account, challenge)| (account.uuid(), challenge.uuid())).unzip();
    let found = rows(db, query!("challenge/to_deliver"), &[&accounts, &ids]).await?;
    one_by_place(&found, challenges.len(), |row| Ok(ToDeliver { code: code_to_deliver(row)?, mailbox: mailbox(row)? }))
}

/// The mailbox of an account, and how its owner reads it.
pub(in crate::store) fn mailbox(row: &Row) -> Result<Mailbox, StoreError> {
    Ok(Mailbox { email: crate::store::account::email(row)?, locale: locale(row)?, time_zone: time_zone(row)? })
}

/// A challenge's current code and how it travels, while the challenge is open.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn to_show(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<(CodeToDeliver, Method)>, StoreError> {
    let found = optional_row(db, query!("challenge/to_show"), &[&account.uuid(), &challenge.uuid()]).await?;
    found.map(|row| Ok((code_to_deliver(&row)?, word(&row, "method")?))).transpose()
}

pub(in crate::store) fn code_to_deliver(row: &Row) -> Result<CodeToDeliver, StoreError> {
    Ok(CodeToDeliver {
        account_id: id(row, "account_id", AccountId::new)?,
        challenge_id: challenge_id(row)?,
        purpose: word(row, "purpose")?,
        generation: count(row, "generation")?,
        key_id: key_id(row)?,
        salt: salt(row)?,
        digits: small_count(row, "digits")?,
        expires_at: get(row, "expires_at")?,
        requester: requester(row)?,
        requested_at: get(row, "created_at")?,
        activity_id: optional_id(row, "activity_id", ActivityId::new)?,
        address_taken: get(row, "address_taken")?,
    })
}

/// A challenge whose code is about to be replaced.
pub struct Replaceable {
    /// The code.
    pub code: CodeToDeliver,
    /// How the challenge stands.
    pub progress: Progress,
    /// The database's clock.
    pub now: Timestamp,
}

/// The open challenges whose code goes by email, locked for the transaction.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mailed(db: &impl Db, account: AccountId) -> Result<Vec<Replaceable>, StoreError> {
    open_by(db, account, Method::Email).await
}

/// The open challenges whose code trusted devices may have seen, locked for the transaction.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn shown_on_devices(db: &impl Db, account: AccountId) -> Result<Vec<Replaceable>, StoreError> {
    open_by(db, account, Method::App).await
}

async fn open_by(db: &impl Db, account: AccountId, method: Method) -> Result<Vec<Replaceable>, StoreError> {
    let open = rows(db, query!("challenge/open_for_reissue"), &[&account.uuid(), &method.as_str()]).await?;
    open.iter()
        .map(|row| Ok(Replaceable { code: code_to_deliver(row)?, progress: progress(row)?, now: get(row, "now")? }))
        .collect()
}
