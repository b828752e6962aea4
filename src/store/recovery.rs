//! Last resorts.

use jiff::{SignedDuration, Timestamp};

use super::{Db, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::account::last_resort::{RecoveryOutcome, RecoveryTimes, TOLD_AGAIN_AFTER, USABLE_FOR};
use crate::domain::delivery::Requester;
use crate::domain::device::token::TokenHash;
use crate::domain::event::AlertKind;
use crate::domain::value::id::{AccountId, ChallengeId, RecoveryId};
use crate::store::postgres::row::{get, id, optional_word, seconds, word};

/// A recovery as it stands.
pub struct StoredRecovery {
    /// Whose.
    pub account_id: AccountId,
    /// Its id.
    pub id: RecoveryId,
    /// Who asked.
    pub requester: Requester,
    /// When it may be used.
    pub times: RecoveryTimes,
    /// The database's clock.
    pub now: Timestamp,
}

/// A sign-in that a token is for.
pub struct AskingChallenge {
    /// Its challenge.
    pub id: ChallengeId,
    /// It is not over.
    pub is_open: bool,
}

/// Writes down that somebody asks, once [`end_open`] ended what they asked for before. In a transaction that holds the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn ask(
    db: &impl Db,
    account: AccountId,
    recovery: RecoveryId,
    requester: &Requester,
    wait: SignedDuration,
) -> Result<RecoveryTimes, StoreError> {
    let device = super::notice::device_json(requester)?;
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &recovery.uuid(),
        &device,
        &requester.ip,
        &requester.location,
        &seconds(wait),
        &seconds(USABLE_FOR),
        &seconds(TOLD_AGAIN_AFTER),
    ];
    let row = one_row(db, query!("recovery/ask"), parameters).await?;
    Ok(RecoveryTimes {
        asked_at: get(&row, "asked_at")?,
        ready_at: get(&row, "ready_at")?,
        usable_until: get(&row, "usable_until")?,
        outcome: None,
    })
}

/// The sign-in of an account that a token is for.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn asking(
    db: &impl Db,
    account: AccountId,
    token: &TokenHash,
) -> Result<Option<AskingChallenge>, StoreError> {
    let found = optional_row(db, query!("recovery/asking"), &[&account.uuid(), &token.as_bytes()]).await?;
    let read =
        |row| Ok(AskingChallenge { id: id(&row, "challenge_id", ChallengeId::new)?, is_open: get(&row, "is_open")? });
    found.map(read).transpose()
}

/// A recovery, whoever it is of.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_id(db: &impl Db, recovery: RecoveryId) -> Result<Option<StoredRecovery>, StoreError> {
    let found = optional_row(db, query!("recovery/by_id"), &[&recovery.uuid()]).await?;
    found.as_ref().map(stored).transpose()
}

/// The one that an account waits for, or may use.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn open(db: &impl Db, account: AccountId) -> Result<Option<StoredRecovery>, StoreError> {
    let found = optional_row(db, query!("recovery/open"), &[&account.uuid()]).await?;
    found.as_ref().map(stored).transpose()
}

/// Whether the wait is over, so that the mailbox counts.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn is_ready(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    get(&one_row(db, query!("recovery/is_ready"), &[&account.uuid()]).await?, "is_ready")
}

/// Ends the one that an account waits for, or may use. It is fine when there is none. In a transaction that holds the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end_open(db: &impl Db, account: AccountId, outcome: RecoveryOutcome) -> Result<(), StoreError> {
    execute(db, query!("recovery/end_open"), &[&account.uuid(), &outcome.as_str()]).await?;
    Ok(())
}

/// Ends one that somebody of the account does not want; `false` when it ended before, or is another account's.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn cancel(db: &impl Db, account: AccountId, recovery: RecoveryId) -> Result<bool, StoreError> {
    Ok(execute(db, query!("recovery/cancel"), &[&account.uuid(), &recovery.uuid()]).await? == 1)
}

/// Tells up to `limit` owners again, and ends what nobody used in time; whom, and of what.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn tell_due(db: &impl Db, limit: i64) -> Result<Vec<(AccountId, AlertKind)>, StoreError> {
    let (waits, is_ready) = (AlertKind::RecoveryPending.as_str(), AlertKind::RecoveryReady.as_str());
    let parameters: super::Parameters<'_> = &[&limit, &seconds(TOLD_AGAIN_AFTER), &waits, &is_ready];
    let told = rows(db, query!("recovery/tell_due"), parameters).await?;
    told.iter().map(|row| Ok((id(row, "account_id", AccountId::new)?, word(row, "kind")?))).collect()
}

fn stored(row: &tokio_postgres::Row) -> Result<StoredRecovery, StoreError> {
    Ok(StoredRecovery {
        account_id: id(row, "account_id", AccountId::new)?,
        id: id(row, "recovery_id", RecoveryId::new)?,
        requester: super::challenge::requester(row)?,
        times: RecoveryTimes {
            asked_at: get(row, "asked_at")?,
            ready_at: get(row, "ready_at")?,
            usable_until: get(row, "usable_until")?,
            outcome: optional_word(row, "outcome")?,
        },
        now: get(row, "now")?,
    })
}
