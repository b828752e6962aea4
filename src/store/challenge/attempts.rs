//! Attempts at a code, counted before anybody learns what the comparison said, and what a right one brought.

use ipnet::IpNet;

use super::{key_id, progress};
use crate::domain::challenge::Progress;
use crate::domain::challenge::guess_budget::{Budget, BudgetKind, BudgetRules};
use crate::domain::challenge::limits::{MAX_ATTEMPTS, MAX_REPEATS, REPEAT_WITHIN};
use crate::domain::code::{KeyId, MAX_DIGITS};
use crate::domain::value::id::{AccountId, ChallengeId, InstallId, SessionId};
use crate::store::postgres::row::{as_integer, count, get, optional_id, seconds};
use crate::store::{Db, StoreError, execute, one_row, optional_row, query};

/// An attempt that was counted.
pub struct CountedAttempt {
    /// The challenge with the attempt counted.
    pub progress: Progress,
    /// The key of its current code.
    pub key_id: KeyId,
    /// The guess budget with the attempt counted; `None` where none counts it.
    pub budget: Option<Budget>,
}

/// Counts one attempt, of the challenge and of the account's guess budget, committed before anything is compared. `None` when
/// no attempt is left, it is closed, or the budget allows none now.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn count_attempt(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    kind: Option<BudgetKind>,
    rules: &BudgetRules,
) -> Result<Option<CountedAttempt>, StoreError> {
    let Some(kind) = kind else { return count_attempt_alone(db, account, challenge).await };
    let parameters: crate::store::Parameters<'_> = &[
        &account.uuid(),
        &challenge.uuid(),
        &i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX),
        &kind.as_str(),
        &as_integer(kind.allowed_at_first(rules)),
        &as_integer(rules.wait_from),
        &seconds(rules.first_wait),
        &seconds(rules.longest_wait),
    ];
    let counted = optional_row(db, query!("challenge/count_attempt"), parameters).await?;
    counted
        .map(|row| {
            Ok(CountedAttempt {
                progress: progress(&row)?,
                key_id: key_id(&row)?,
                budget: Some(crate::store::budget::counts(&row)?),
            })
        })
        .transpose()
}

async fn count_attempt_alone(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<CountedAttempt>, StoreError> {
    let max = i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX);
    let parameters: crate::store::Parameters<'_> = &[&account.uuid(), &challenge.uuid(), &max];
    let counted = optional_row(db, query!("challenge/count_attempt_alone"), parameters).await?;
    let attempt = |row| Ok(CountedAttempt { progress: progress(&row)?, key_id: key_id(&row)?, budget: None });
    counted.map(attempt).transpose()
}

/// What the right code of a challenge brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The session that began, if one did.
    pub session: Option<SessionId>,
    /// The key that its tokens, and the trust token, are derived with.
    pub key: KeyId,
}

/// Writes what the right code brought, so that the same call can be answered again.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn note_grant(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    grant: &Grant,
) -> Result<(), StoreError> {
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &grant.session.map(SessionId::uuid), &grant.key.as_str()];
    execute(db, query!("challenge/note_grant"), parameters).await?;
    Ok(())
}

/// Counts one call that sends the code of a verified challenge again, committed before anything is compared. `None` when it came too
/// late or too often.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn count_repeat(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<Grant>, StoreError> {
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &MAX_REPEATS, &seconds(REPEAT_WITHIN)];
    let counted = optional_row(db, query!("challenge/count_repeat"), parameters).await?;
    counted
        .map(|row| {
            let key = KeyId::parse(get(&row, "granted_key")?);
            let key = key.ok_or_else(|| StoreError::Corrupt("granted_key is not a key id".to_owned()))?;
            Ok(Grant { session: optional_id(&row, "granted_session_id", SessionId::new)?, key })
        })
        .transpose()
}

/// How many codes of fewer digits than the longest were compared to confirm an address, those that its open challenges still allow
/// included, besides that of `install` by `asker`, which is about to end. Call it under the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_short_guesses(
    db: &impl Db,
    account: AccountId,
    install: InstallId,
    asker: Option<IpNet>,
) -> Result<u32, StoreError> {
    let attempts = i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX);
    let asker = asker.map(|network| network.to_string());
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &i16::from(MAX_DIGITS), &attempts, &install.uuid(), &asker];
    count(&one_row(db, query!("challenge/count_short_guesses"), parameters).await?, "guesses")
}
