//! Challenges that apps' servers began, and telling them the end.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::{Db, StoreError, execute, optional_row, query, rows};
use crate::domain::account::subject::Subject;
use crate::domain::challenge::{Method, Outcome};
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId};
use crate::store::postgres::row::{get, id, optional_id, optional_word, seconds, small_count, word};

/// A node tells an end for this long before another may take it over: longer than an app's server may take to answer.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A challenge that an app's server began.
#[derive(Debug, Clone)]
pub struct AppVerification {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// The challenge.
    pub id: ChallengeId,
    /// Whom its assertion is for.
    pub audience: String,
    /// Whose, as the app calls them.
    pub subject: Subject,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// How its current code travels.
    pub method: Method,
    /// The device that asked, once it was met.
    pub device: Option<DeviceId>,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when its current code is good.
    pub expires_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
}

/// A challenge, if an app's server began it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_id(db: &impl Db, challenge: ChallengeId) -> Result<Option<AppVerification>, StoreError> {
    let found = optional_row(db, query!("verification/by_id"), &[&challenge.uuid()]).await?;
    found.as_ref().map(app_verification).transpose()
}

/// Claims up to `limit` ends for this node, each with how often it was claimed, this time included.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim_due(db: &impl Db, limit: i64) -> Result<Vec<(AppVerification, u16)>, StoreError> {
    let claimed = rows(db, query!("verification/claim_due"), &[&limit, &seconds(LEASE)]).await?;
    claimed.iter().map(|row| Ok((app_verification(row)?, small_count(row, "webhook_tries")?))).collect()
}

/// The app's server took it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mark_told(db: &impl Db, account: AccountId, challenge: ChallengeId) -> Result<(), StoreError> {
    execute(db, query!("verification/told"), &[&account.uuid(), &challenge.uuid()]).await?;
    Ok(())
}

/// Tells it again in `due_in`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn postpone(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    due_in: SignedDuration,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &challenge.uuid(), &seconds(due_in)];
    execute(db, query!("verification/postpone"), parameters).await?;
    Ok(())
}

/// Tells it no more.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn give_up(db: &impl Db, account: AccountId, challenge: ChallengeId) -> Result<(), StoreError> {
    execute(db, query!("verification/give_up"), &[&account.uuid(), &challenge.uuid()]).await?;
    Ok(())
}

fn app_verification(row: &Row) -> Result<AppVerification, StoreError> {
    let subject: &str = get(row, "subject")?;
    Ok(AppVerification {
        account_id: id(row, "account_id", AccountId::new)?,
        id: id(row, "challenge_id", ChallengeId::new)?,
        audience: get(row, "audience")?,
        subject: Subject::parse(subject).map_err(|error| StoreError::Corrupt(error.to_string()))?,
        outcome: optional_word(row, "outcome")?,
        method: word(row, "method")?,
        device: optional_id(row, "device_id", DeviceId::new)?,
        created_at: get(row, "created_at")?,
        expires_at: get(row, "expires_at")?,
        closed_at: get(row, "closed_at")?,
        now: get(row, "now")?,
    })
}
