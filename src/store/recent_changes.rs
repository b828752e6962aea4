//! What happened lately, over all accounts: for nodes that may have missed it on the bus.

use jiff::SignedDuration;

use super::{Db, StoreError, query, rows};
use crate::domain::challenge::Outcome;
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};
use crate::store::postgres::row::{id, seconds, word};

/// The sessions that ended within `within`, of every account, newest first, `limit` at most.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn ended_sessions(
    db: &impl Db,
    within: SignedDuration,
    limit: i64,
) -> Result<Vec<(AccountId, SessionId)>, StoreError> {
    let ended = rows(db, query!("session/ended_lately"), &[&seconds(within), &limit]).await?;
    ended
        .iter()
        .map(|row| Ok((id(row, "account_id", AccountId::new)?, id(row, "session_id", SessionId::new)?)))
        .collect()
}

/// The challenges whose code for trusted devices was issued within `within`, of every account, `limit` at most. `life` is
/// how long such a code is good.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn issued_codes(
    db: &impl Db,
    life: SignedDuration,
    within: SignedDuration,
    limit: i64,
) -> Result<Vec<(AccountId, ChallengeId)>, StoreError> {
    let parameters: super::Parameters<'_> = &[&seconds(life), &seconds(within), &limit];
    let issued = rows(db, query!("challenge/issued_lately"), parameters).await?;
    issued
        .iter()
        .map(|row| Ok((id(row, "account_id", AccountId::new)?, id(row, "challenge_id", ChallengeId::new)?)))
        .collect()
}

/// The challenges that closed within `within`, of every account, `limit` at most.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn closed_challenges(
    db: &impl Db,
    within: SignedDuration,
    limit: i64,
) -> Result<Vec<(AccountId, ChallengeId, Outcome)>, StoreError> {
    let closed = rows(db, query!("challenge/closed_lately"), &[&seconds(within), &limit]).await?;
    closed
        .iter()
        .map(|row| {
            Ok((
                id(row, "account_id", AccountId::new)?,
                id(row, "challenge_id", ChallengeId::new)?,
                word(row, "outcome")?,
            ))
        })
        .collect()
}
