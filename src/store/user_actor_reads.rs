//! What user actors look up when connections open and codes are issued: many at once when much happens.

use deadpool_postgres::Object;
use futures_util::FutureExt;
use futures_util::future::try_join;

pub use super::batched::{Opening, Work};
use super::{Store, StoreError, challenge, device, session, together};
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};

/// Looks what is open for a new connection, and then whether its session goes on: a device that is removed between the two
/// looks gets none of the codes that replace them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn opening(store: &Store, account: AccountId, session: SessionId) -> Result<Opening, StoreError> {
    store.ask(|batches| &batches.openings, (account, session), |db, all| openings(db, all).boxed()).await
}

async fn openings(db: &Object, sessions: &[(AccountId, SessionId)]) -> Result<Vec<Opening>, StoreError> {
    let accounts: Vec<AccountId> = sessions.iter().map(|(account, _)| *account).collect();
    let codes = challenge::open_for_apps(db, &accounts);
    let (codes, sessions) = together(db, try_join(codes, session::for_connections(db, sessions))).await?;
    Ok(codes.into_iter().zip(sessions).map(|(codes, session)| Opening { codes, session }).collect())
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
