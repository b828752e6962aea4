//! Login activity.

use jiff::{SignedDuration, Timestamp};

use super::{Db, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::account::activity::{ActivityDevice, ActivityEntry, ActivityKind, ActivityOutcome};
use crate::domain::account::rollout::ShadowReach;
use crate::domain::challenge::Method;
use crate::domain::challenge::limits::FOLD_WITHIN;
use crate::domain::delivery::{Acting, Requester};
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, DeviceId, SessionId};
use crate::store::postgres::row::{count, get, id, optional_id, optional_word, seconds, word};

/// What is written when something happens.
pub struct NewEntry<'a> {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// Its id.
    pub id: ActivityId,
    /// What happened.
    pub kind: ActivityKind,
    /// How it ended, or that a code is asked for.
    pub outcome: ActivityOutcome,
    /// How the code travels, where one is needed.
    pub method: Option<Method>,
    /// On which device and from where; `None` for what an operator did.
    pub requester: Option<&'a Requester>,
    /// The challenge it belongs to.
    pub challenge_id: Option<ChallengeId>,
    /// In shadow mode, a sign-in that would have been challenged: whether a device could have shown the code.
    pub shadow: Option<ShadowReach>,
    /// The name of the device that it is about, where another one did it.
    pub about: Option<&'a str>,
}

impl<'a> NewEntry<'a> {
    /// An entry of what happened without a code, and of nothing else.
    #[must_use]
    pub fn plain(
        account_id: AccountId,
        id: ActivityId,
        kind: ActivityKind,
        outcome: ActivityOutcome,
        requester: Option<&'a Requester>,
    ) -> Self {
        Self { account_id, id, kind, outcome, requester, method: None, challenge_id: None, shadow: None, about: None }
    }
}

/// Where a page ends: the next one begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the last entry.
    pub at: Timestamp,
    /// Its id.
    pub id: ActivityId,
}

/// Writes an entry.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record(db: &impl Db, entry: &NewEntry<'_>) -> Result<(), StoreError> {
    let device = entry.requester.map(|requester| {
        serde_json::json!({
            "name": requester.device.name,
            "model": requester.device.model,
            "platform": requester.device.platform,
        })
    });
    let acting = entry.requester.and_then(|requester| requester.acting);
    let parameters: super::Parameters<'_> = &[
        &entry.account_id.uuid(),
        &entry.id.uuid(),
        &entry.kind.as_str(),
        &entry.outcome.as_str(),
        &entry.method.map(Method::as_str),
        &device,
        &entry.requester.map(|requester| &requester.ip),
        &entry.requester.and_then(|requester| requester.location.as_ref()),
        &entry.challenge_id.map(ChallengeId::uuid),
        &entry.shadow.map(ShadowReach::as_str),
        &entry.about,
        &acting.map(|acting| acting.device_id.uuid()),
        &acting.map(|acting| acting.session_id.uuid()),
    ];
    execute(db, query!("activity/record"), parameters).await?;
    Ok(())
}

/// Writes an entry that may happen again and again: within [`FOLD_WITHIN`] it counts up the one that is there, so that who repeats
/// something does not bury what else happened.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_folded(db: &impl Db, entry: &NewEntry<'_>) -> Result<(), StoreError> {
    let acting = entry.requester.and_then(|requester| requester.acting);
    let parameters: super::Parameters<'_> = &[
        &entry.account_id.uuid(),
        &entry.kind.as_str(),
        &entry.outcome.as_str(),
        &acting.map(|acting| acting.device_id.uuid()),
        &acting.map(|acting| acting.session_id.uuid()),
        &entry.requester.map(|requester| &requester.ip),
        &seconds(FOLD_WITHIN),
        &entry.about,
    ];
    match execute(db, query!("activity/fold"), parameters).await? {
        0 => record(db, entry).await,
        _ => Ok(()),
    }
}

/// Writes whom a sign-in attempt let in.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn name_session(
    db: &impl Db,
    account: AccountId,
    entry: ActivityId,
    let_in: Acting,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &entry.uuid(), &let_in.device_id.uuid(), &let_in.session_id.uuid()];
    execute(db, query!("activity/name_session"), parameters).await?;
    Ok(())
}

/// Who reads the activity.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Speaks for the owner, and sees what the owner reported.
    pub is_owner: bool,
    /// The session; `None` for an operator.
    pub session_id: Option<SessionId>,
}

/// One page, newest first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn page(
    db: &impl Db,
    account: AccountId,
    after: Option<Cursor>,
    limit: i64,
    reader: Reader,
) -> Result<Vec<ActivityEntry>, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &after.map(|cursor| cursor.at),
        &after.map(|cursor| cursor.id.uuid()),
        &limit,
        &reader.is_owner,
        &reader.session_id.map(SessionId::uuid),
    ];
    let found = rows(db, query!("activity/page"), parameters).await?;
    found
        .iter()
        .map(|row| {
            let device = get::<Option<serde_json::Value>>(row, "device")?
                .map(serde_json::from_value::<ActivityDevice>)
                .transpose()
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            Ok(ActivityEntry {
                id: id(row, "activity_id", ActivityId::new)?,
                at: get(row, "at")?,
                kind: word(row, "kind")?,
                outcome: word(row, "outcome")?,
                method: optional_word(row, "method")?,
                device,
                ip: get(row, "ip")?,
                location: get(row, "location")?,
                reported_at: get(row, "reported_at")?,
                would_need_code: get(row, "would_need_code")?,
                about: get(row, "about")?,
                repeats: count(row, "repeats")?,
                by_this_session: get(row, "by_this_session")?,
            })
        })
        .collect()
}

/// Whether a session changed its account's password within `lately`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn has_changed_password(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    lately: SignedDuration,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &session.uuid(), &lately.as_secs_f64()];
    get(&one_row(db, query!("activity/changed_password"), parameters).await?, "has_changed")
}

/// An entry that was marked as "this wasn't me".
pub struct ReportedEntry {
    /// The challenge it belongs to.
    pub challenge_id: Option<ChallengeId>,
    /// The device that did it; `None` where that was not written down.
    pub device_id: Option<DeviceId>,
    /// Its session.
    pub session_id: Option<SessionId>,
    /// It was not marked before by anybody whose report has as much effect.
    pub is_first: bool,
}

/// Marks an entry as "this wasn't me", said by somebody who speaks for the owner or not; `None` when the account has no such entry.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn report(
    db: &impl Db,
    account: AccountId,
    entry: ActivityId,
    is_owner: bool,
) -> Result<Option<ReportedEntry>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &entry.uuid(), &is_owner];
    let found = optional_row(db, query!("activity/report"), parameters).await?;
    found
        .map(|row| {
            Ok(ReportedEntry {
                challenge_id: optional_id(&row, "challenge_id", ChallengeId::new)?,
                device_id: optional_id(&row, "device_id", DeviceId::new)?,
                session_id: optional_id(&row, "session_id", SessionId::new)?,
                is_first: get(&row, "is_first")?,
            })
        })
        .transpose()
}

/// Makes the partitions of the coming months and drops those older than the retention; returns how many went.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn maintain_partitions(db: &impl Db, keep_months: i32) -> Result<i32, StoreError> {
    one_row(db, query!("activity/create_partitions"), &[]).await?;
    get(&one_row(db, query!("activity/drop_partitions"), &[&keep_months]).await?, "dropped")
}

/// Shortens the IP addresses of entries older than `days` to their network; returns how many.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn shorten_ips(db: &impl Db, days: i32) -> Result<u64, StoreError> {
    execute(db, query!("activity/shorten_ips"), &[&days]).await
}
