//! Deliveries: a transactional outbox (docs/architecture.md).

use jiff::SignedDuration;
use tokio_postgres::Row;

use super::row::{generation, get, id, optional_id, optional_word, seconds, small_count, word};
use super::{Db, StoreError, execute, query, rows};
use crate::domain::challenge::Method;
use crate::domain::delivery::{Delivery, DeliveryState, DeliveryView, UnreachableReason};
use crate::domain::id::{AccountId, ChallengeId, DeliveryId, DeviceId};
use crate::domain::limits::{TRUST_AT_MOST, TRUST_IDLE};

/// A node works a delivery for this long before another may take it over.
pub const LEASE: SignedDuration = SignedDuration::from_secs(3);

/// A delivery that this node claimed.
pub struct Claimed {
    /// Whose.
    pub account_id: AccountId,
    /// Of which challenge.
    pub challenge_id: ChallengeId,
    /// The delivery.
    pub delivery: Delivery,
}

/// How far one delivery came.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryNews {
    /// Which.
    pub id: DeliveryId,
    /// How far.
    pub state: DeliveryState,
    /// Why not further.
    pub reason: Option<UnreachableReason>,
    /// When any node may work it on; `None` when nothing is left to do.
    pub due_in: Option<SignedDuration>,
}

/// Writes the deliveries of a challenge's code, in the transaction that makes the code; returns how many.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn plan(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    code_generation: u32,
    method: Method,
) -> Result<u64, StoreError> {
    let (account, challenge, code_generation, lease) =
        (account.uuid(), challenge.uuid(), generation(code_generation), seconds(LEASE));
    match method {
        Method::App => {
            let parameters: super::Parameters<'_> =
                &[&account, &challenge, &code_generation, &lease, &seconds(TRUST_IDLE), &seconds(TRUST_AT_MOST)];
            execute(db, query!("delivery/plan_app"), parameters).await
        }
        Method::Email => {
            execute(db, query!("delivery/plan_email"), &[&account, &challenge, &code_generation, &lease]).await
        }
    }
}

/// Cancels what is still to be delivered, up to a generation.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn cancel(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    last_generation: Option<u32>,
) -> Result<(), StoreError> {
    let last = last_generation.map_or(i32::MAX, generation);
    execute(db, query!("delivery/cancel"), &[&account.uuid(), &challenge.uuid(), &last]).await?;
    Ok(())
}

/// Claims the deliveries of a challenge that this node started.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim(db: &impl Db, account: AccountId, challenge: ChallengeId) -> Result<Vec<Claimed>, StoreError> {
    let claimed = rows(db, query!("delivery/claim"), &[&account.uuid(), &challenge.uuid(), &seconds(LEASE)]).await?;
    claimed.iter().map(claimed_row).collect()
}

/// Claims deliveries that nobody worked in time.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim_overdue(db: &impl Db, limit: i64) -> Result<Vec<Claimed>, StoreError> {
    let claimed = rows(db, query!("delivery/claim_overdue"), &[&limit, &seconds(LEASE)]).await?;
    claimed.iter().map(claimed_row).collect()
}

/// Writes how far deliveries of one challenge came.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_states(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    news: &[DeliveryNews],
) -> Result<(), StoreError> {
    let ids: Vec<uuid::Uuid> = news.iter().map(|news| news.id.uuid()).collect();
    let states: Vec<&str> = news.iter().map(|news| news.state.as_str()).collect();
    let reasons: Vec<Option<&str>> = news.iter().map(|news| news.reason.map(UnreachableReason::as_str)).collect();
    let due: Vec<Option<f64>> = news.iter().map(|news| news.due_in.map(seconds)).collect();
    let parameters: super::Parameters<'_> = &[&account.uuid(), &challenge.uuid(), &ids, &states, &reasons, &due];
    execute(db, query!("delivery/record_states"), parameters).await?;
    Ok(())
}

/// Writes that a device got a code because it connected.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_replay(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    code_generation: u32,
    device: DeviceId,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &generation(code_generation), &device.uuid()];
    execute(db, query!("delivery/record_replay"), parameters).await?;
    Ok(())
}

/// Writes what a device says about a code; `false` when that was known.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_receipt(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    code_generation: u32,
    device: DeviceId,
    shown: bool,
) -> Result<bool, StoreError> {
    let state = if shown { DeliveryState::Shown } else { DeliveryState::NotShown };
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &generation(code_generation), &device.uuid(), &state.as_str()];
    Ok(execute(db, query!("delivery/record_receipt"), parameters).await? > 0)
}

/// How far the deliveries of a code came.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn states(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    code_generation: u32,
) -> Result<Vec<DeliveryView>, StoreError> {
    let found =
        rows(db, query!("delivery/states"), &[&account.uuid(), &challenge.uuid(), &generation(code_generation)])
            .await?;
    found
        .iter()
        .map(|row| {
            Ok(DeliveryView {
                destination: small_count(row, "destination")?,
                channel: word(row, "channel")?,
                state: word(row, "state")?,
                reason: optional_word(row, "reason")?,
            })
        })
        .collect()
}

fn claimed_row(row: &Row) -> Result<Claimed, StoreError> {
    let delivery = Delivery {
        id: id(row, "delivery_id", DeliveryId::new)?,
        device_id: optional_id(row, "device_id", DeviceId::new)?,
        channel: word(row, "channel")?,
        already_sent: get::<&str>(row, "state")? != DeliveryState::Pending.as_str(),
    };
    Ok(Claimed {
        account_id: id(row, "account_id", AccountId::new)?,
        challenge_id: id(row, "challenge_id", ChallengeId::new)?,
        delivery,
    })
}
