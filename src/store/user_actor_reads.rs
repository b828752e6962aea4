//! What user actors look up when connections open and codes are issued: many at once when much happens.

use deadpool_postgres::Object;
use futures_util::FutureExt;
use futures_util::future::try_join;
use uuid::Uuid;

pub use super::batched::{Opening, Work};
use super::{Store, StoreError, challenge, device, query, rows, session, together};
use crate::domain::delivery::CodeToDeliver;
use crate::domain::device::session::{ActiveSession, CONNECTION_EXPIRY_GRACE};
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};
use crate::store::postgres::row::{by_place, get, seconds};

/// Looks what is open for a new connection, and then whether its session goes on: a device that is removed between the two
/// looks gets none of the codes that replace them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn opening(store: &Store, account: AccountId, session: SessionId) -> Result<Opening, StoreError> {
    store.ask(|batches| &batches.openings, (account, session), |db, all| openings(db, all).boxed()).await
}

async fn openings(db: &Object, sessions: &[(AccountId, SessionId)]) -> Result<Vec<Opening>, StoreError> {
    let (accounts, ids): (Vec<_>, Vec<_>) = sessions.iter().map(|(account, id)| (account.uuid(), id.uuid())).unzip();
    let parameters: super::Parameters<'_> = &[&accounts, &ids, &seconds(CONNECTION_EXPIRY_GRACE)];
    let found = rows(db, query!("session/open_connections"), parameters).await?;
    let parts = by_place(&found, sessions.len(), |row| match get::<Option<Uuid>>(row, "session_id")? {
        Some(_) => session::active_session(row).map(Part::Session),
        None => challenge::code_to_deliver(row).map(|code| Part::Code(Box::new(code))),
    })?;
    Ok(parts.into_iter().map(Opening::from_iter).collect())
}

/// What an opening is put together from.
enum Part {
    Session(ActiveSession),
    Code(Box<CodeToDeliver>),
}

impl FromIterator<Part> for Opening {
    fn from_iter<T: IntoIterator<Item = Part>>(parts: T) -> Self {
        let mut opening = Self { codes: Vec::new(), session: None };
        for part in parts {
            match part {
                Part::Session(session) => opening.session = Some(session),
                Part::Code(code) => opening.codes.push(*code),
            }
        }
        opening
    }
}

/// What is to be done for a challenge that this node takes over; `None` when it is not open any more.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn work(store: &Store, account: AccountId, challenge: ChallengeId) -> Result<Option<Work>, StoreError> {
    store.ask(|batches| &batches.work, (account, challenge), |db, all| all_work(db, all).boxed()).await
}

async fn all_work(db: &Object, challenges: &[(AccountId, ChallengeId)]) -> Result<Vec<Option<Work>>, StoreError> {
    let accounts: Vec<AccountId> = challenges.iter().map(|(account, _)| *account).collect();
    let to_deliver = challenge::to_deliver(db, challenges);
    let (to_deliver, reach) = together(db, try_join(to_deliver, device::reach(db, &accounts))).await?;
    let all = to_deliver.into_iter().zip(reach);
    Ok(all.map(|(to_deliver, reach)| Some(Work { to_deliver: to_deliver?, reach })).collect())
}
