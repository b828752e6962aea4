//! Sessions.

mod end;

use deadpool_postgres::Object;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

pub use super::batched::ShownSession;
use super::{Db, Store, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::challenge::limits::MAX_SESSIONS_A_DEVICE;
use crate::domain::device::Device;
use crate::domain::device::session::{ActiveSession, CONNECTION_EXPIRY_GRACE};
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::store::postgres::row::{get, id, locale, one_by_place, seconds};
pub use end::{end, end_of_device, end_others, end_untrusted};

/// How long tokens of a session live.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetimes {
    /// Of an access token.
    pub access: SignedDuration,
    /// Of a refresh token that nobody uses.
    pub refresh: SignedDuration,
    /// Of the session, however often it is refreshed (OWASP ASVS 5.0 section 7.3.2).
    pub session: SignedDuration,
}

impl TokenLifetimes {
    /// Seconds that a new access token lives.
    pub(super) fn of_access(&self) -> f64 {
        seconds(self.access.min(self.session))
    }

    /// Seconds that a new refresh token lives.
    pub(super) fn of_refresh(&self) -> f64 {
        seconds(self.refresh.min(self.session))
    }
}

/// The hashes of the two tokens that a session has at a time.
pub struct PairHashes {
    /// Of the access token.
    pub access: TokenHash,
    /// Of the refresh token.
    pub refresh: TokenHash,
}

/// Makes a session with its refresh token; names those of the device that end because too many would go on.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn create(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    device: DeviceId,
    pair: &PairHashes,
    location: Option<&str>,
    lifetimes: TokenLifetimes,
) -> Result<Vec<SessionId>, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &session.uuid(),
        &device.uuid(),
        &pair.access.as_bytes(),
        &pair.refresh.as_bytes(),
        &lifetimes.of_access(),
        &lifetimes.of_refresh(),
        &MAX_SESSIONS_A_DEVICE,
        &location,
    ];
    ended_sessions(&one_row(db, query!("session/create"), parameters).await?)
}

/// The sessions that made room for a new one.
pub(super) fn ended_sessions(row: &Row) -> Result<Vec<SessionId>, StoreError> {
    let ended: Option<Vec<Uuid>> = get(row, "ended_sessions")?;
    Ok(ended.unwrap_or_default().into_iter().map(SessionId::new).collect())
}

/// The session of an access token, if it may make calls. Asked together with others who ask now.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_access_token(store: &Store, access: TokenHash) -> Result<Option<ShownSession>, StoreError> {
    store.ask(|batches| &batches.sessions, access, |db, hashes| by_access_tokens(db, hashes).boxed()).await
}

async fn by_access_tokens(db: &Object, hashes: &[TokenHash]) -> Result<Vec<Option<ShownSession>>, StoreError> {
    let bytes: Vec<&[u8]> = hashes.iter().map(TokenHash::as_bytes).collect();
    let found = rows(db, query!("session/by_access_hashes"), &[&bytes]).await?;
    one_by_place(&found, hashes.len(), |row| {
        Ok(ShownSession { session: active_session(row)?, is_first_use: get(row, "is_first_use")? })
    })
}

/// A session that goes on, as its account's owner sees it.
#[derive(Debug, Clone)]
pub struct GoingOn {
    /// The session.
    pub id: SessionId,
    /// On which device.
    pub device: Device,
    /// Since when.
    pub created_at: Timestamp,
    /// When its tokens were last replaced or first accepted: exact to the life of an access token.
    pub last_used_at: Timestamp,
    /// Where it seemed to be then; `None` when nobody knows.
    pub location: Option<String>,
}

/// The sessions of an account that go on, most recently used first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list(db: &impl Db, account: AccountId, lifetimes: TokenLifetimes) -> Result<Vec<GoingOn>, StoreError> {
    let found = rows(db, query!("session/list"), &[&account.uuid(), &seconds(lifetimes.session)]).await?;
    found
        .iter()
        .map(|row| {
            Ok(GoingOn {
                id: id(row, "session_id", SessionId::new)?,
                device: super::device::device(row, get(row, "trusted")?)?,
                created_at: get(row, "created_at")?,
                last_used_at: get(row, "last_used_at")?,
                location: get(row, "last_location")?,
            })
        })
        .collect()
}

/// Notes that an access token was accepted: the tokens before it are used up from now on.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn note_use(db: &impl Db, session: &ActiveSession, access: &TokenHash) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&session.account_id.uuid(), &session.session_id.uuid(), &access.as_bytes()];
    execute(db, query!("session/note_use"), parameters).await?;
    Ok(())
}

/// Hands the tokens of a session out again, whose access token has this hash: if nobody used it, its life begins anew. The session's
/// device; `None` when the session is over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn repeat(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    access: &TokenHash,
    lifetimes: TokenLifetimes,
) -> Result<Option<DeviceId>, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &session.uuid(),
        &access.as_bytes(),
        &seconds(lifetimes.access),
        &seconds(lifetimes.session),
    ];
    let found = optional_row(db, query!("session/repeat"), parameters).await?;
    found.map(|row| id(&row, "device_id", DeviceId::new)).transpose()
}

/// A session whose connection may go on: not ended, and expired for no longer than the grace of a connection.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn for_connection(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
) -> Result<Option<ActiveSession>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &session.uuid(), &seconds(CONNECTION_EXPIRY_GRACE)];
    let found = optional_row(db, query!("session/by_id"), parameters).await?;
    found.as_ref().map(active_session).transpose()
}

/// Gives a session its next tokens, none of which outlives the session's longest life; `false` when it ended or ran out.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn renew(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    pair: &PairHashes,
    location: Option<&str>,
    lifetimes: TokenLifetimes,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &session.uuid(),
        &pair.access.as_bytes(),
        &seconds(lifetimes.access),
        &seconds(lifetimes.refresh),
        &seconds(lifetimes.session),
        &pair.refresh.as_bytes(),
        &location,
    ];
    Ok(execute(db, query!("session/renew"), parameters).await? == 1)
}

/// How a session stands for a connection that it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It goes on, and its device is trusted.
    Good,
    /// It ended, or nobody knows it.
    Ended,
    /// Its device was removed or lost its trust.
    DeviceRemoved,
}

/// How a session stands, whether or not its access token is in date.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn standing(db: &impl Db, account: AccountId, session: SessionId) -> Result<Standing, StoreError> {
    let found = optional_row(db, query!("session/standing"), &[&account.uuid(), &session.uuid()]).await?;
    let Some(row) = found else { return Ok(Standing::Ended) };
    if get(&row, "ended_with_device")? {
        Ok(Standing::DeviceRemoved)
    } else if get(&row, "ended")? {
        Ok(Standing::Ended)
    } else if get(&row, "device_trusted")? {
        Ok(Standing::Good)
    } else {
        Ok(Standing::DeviceRemoved)
    }
}

pub(super) fn active_session(row: &Row) -> Result<ActiveSession, StoreError> {
    Ok(ActiveSession {
        account_id: id(row, "account_id", AccountId::new)?,
        session_id: id(row, "session_id", SessionId::new)?,
        device_id: id(row, "device_id", DeviceId::new)?,
        device_trusted: get(row, "device_trusted")?,
        access_expires_at: get(row, "access_expires_at")?,
        locale: locale(row)?,
    })
}

/// At most `limit` accounts that have a session, by id, beginning after `after`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn accounts_signed_in(
    db: &impl Db,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountId>, StoreError> {
    let found = rows(db, query!("session/accounts_signed_in"), &[&after.map(AccountId::uuid), &limit]).await?;
    found.iter().map(|row| id(row, "account_id", AccountId::new)).collect()
}

/// Whether a session began within `within`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn is_fresh(
    db: &impl Db,
    account: AccountId,
    session: SessionId,
    within: SignedDuration,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &session.uuid(), &seconds(within)];
    let found = optional_row(db, query!("session/is_fresh"), parameters).await?;
    found.map_or(Ok(false), |row| get(&row, "is_fresh"))
}
