//! The end of challenges.

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::challenge_id;
use crate::domain::account::activity::ActivityOutcome;
use crate::domain::challenge::{Method, Outcome, Purpose, SupersededBy};
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, InstallId};
use crate::store::postgres::row::{get, id, optional_id, optional_word, seconds, word};
use crate::store::{Db, StoreError, one_row, optional_row, query, rows};

/// A challenge that was closed.
#[derive(Debug, Clone, Copy)]
pub struct ClosedChallenge {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// The sign-in attempt in the login activity.
    pub activity_id: Option<ActivityId>,
    /// When it began.
    pub created_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

/// Closes a challenge; the first to do so gets it. With `generation`, only while that code is the current one.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn close(
    db: &impl Db,
    account_id: AccountId,
    challenge_id: ChallengeId,
    outcome: Outcome,
    generation: Option<u32>,
) -> Result<Option<ClosedChallenge>, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[
        &account_id.uuid(),
        &challenge_id.uuid(),
        &outcome.as_str(),
        &generation.map(crate::store::postgres::row::as_integer),
        &outcome.is_answer(),
    ];
    let closed = optional_row(db, query!("challenge/close"), parameters).await?;
    closed
        .map(|row| {
            Ok(ClosedChallenge {
                account_id,
                challenge_id,
                activity_id: optional_id(&row, "activity_id", ActivityId::new)?,
                created_at: get(&row, "created_at")?,
                outcome,
            })
        })
        .transpose()
}

/// Closes the open challenge of a purpose that began first, of those of other installations; with `asker` the first that this
/// network asked for.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn supersede_oldest(
    db: &impl Db,
    account_id: AccountId,
    purpose: Purpose,
    asker: Option<IpNet>,
    besides: InstallId,
) -> Result<Option<ClosedChallenge>, StoreError> {
    let asker = asker.map(|network| network.to_string());
    let parameters: crate::store::Parameters<'_> = &[&account_id.uuid(), &purpose.as_str(), &asker, &besides.uuid()];
    let closed = optional_row(db, query!("challenge/supersede_oldest"), parameters).await?;
    closed.map(|row| closed_challenge(&row, account_id)).transpose()
}

/// Closes every open challenge of a purpose, because what began it holds no longer.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn supersede_all(
    db: &impl Db,
    account_id: AccountId,
    purpose: Purpose,
    cause: SupersededBy,
) -> Result<Vec<ClosedChallenge>, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[&account_id.uuid(), &purpose.as_str(), &cause.as_str()];
    let closed = rows(db, query!("challenge/supersede_all"), parameters).await?;
    closed.iter().map(|row| closed_challenge(row, account_id)).collect()
}

/// Closes a challenge that its holder gave up; `None` when it was over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn cancel(
    db: &impl Db,
    account_id: AccountId,
    challenge_id: ChallengeId,
) -> Result<Option<ClosedChallenge>, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[&account_id.uuid(), &challenge_id.uuid()];
    let closed = optional_row(db, query!("challenge/cancel"), parameters).await?;
    closed.map(|row| closed_challenge(&row, account_id)).transpose()
}

fn closed_challenge(row: &Row, account_id: AccountId) -> Result<ClosedChallenge, StoreError> {
    Ok(ClosedChallenge {
        account_id,
        challenge_id: challenge_id(row)?,
        activity_id: optional_id(row, "activity_id", ActivityId::new)?,
        created_at: get(row, "created_at")?,
        outcome: word(row, "outcome")?,
    })
}

/// Writes down everywhere that a challenge is over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn settle(db: &impl Db, closed: &ClosedChallenge, method: Option<Method>) -> Result<(), StoreError> {
    let parameters: crate::store::Parameters<'_> = &[
        &closed.account_id.uuid(),
        &closed.challenge_id.uuid(),
        &closed.activity_id.map(ActivityId::uuid),
        &closed.created_at,
        &ActivityOutcome::from(closed.outcome).as_str(),
        &method.map(Method::as_str),
    ];
    one_row(db, query!("challenge/settle"), parameters).await?;
    Ok(())
}

/// How a challenge of an account ended; `None` while it is open and when there is no such challenge.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn outcome(db: &impl Db, account: AccountId, challenge: ChallengeId) -> Result<Option<Outcome>, StoreError> {
    let found = optional_row(db, query!("challenge/outcome"), &[&account.uuid(), &challenge.uuid()]).await?;
    found.map_or(Ok(None), |row| optional_word(&row, "outcome"))
}

/// Whether a sign-in of an installation was verified within `within`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn was_verified(
    db: &impl Db,
    account: AccountId,
    install: InstallId,
    within: SignedDuration,
) -> Result<bool, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[&account.uuid(), &install.uuid(), &seconds(within)];
    get(&one_row(db, query!("challenge/was_verified"), parameters).await?, "was_verified")
}

/// Writes down that challenges ran out, `limit` at a time.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn expire_due(db: &impl Db, limit: i64) -> Result<Vec<ClosedChallenge>, StoreError> {
    let expired = rows(db, query!("challenge/expire_due"), &[&limit]).await?;
    expired
        .iter()
        .map(|row| {
            Ok(ClosedChallenge {
                account_id: id(row, "account_id", AccountId::new)?,
                challenge_id: challenge_id(row)?,
                activity_id: optional_id(row, "activity_id", ActivityId::new)?,
                created_at: get(row, "created_at")?,
                outcome: Outcome::Expired,
            })
        })
        .collect()
}
