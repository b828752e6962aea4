//! Deliveries: a transactional outbox (docs/architecture.md).

mod push;

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, StoreError, execute, node, one_row, query, rows};
use crate::domain::challenge::Method;
use crate::domain::delivery::ladder::DeliveryUpdate;
use crate::domain::delivery::{
    Channel, Delivery, DeliveryState, DeliveryView, Mailbox, PlannedDeliveries, Reach, UnreachableReason,
};
use crate::domain::value::id::{AccountId, ChallengeId, DeliveryId, DeviceId, NodeId};
use crate::store::postgres::row::{as_integer, count, get, id, optional_id, optional_word, seconds, small_count, word};
pub use push::{
    PlannedPush, ReceiptedPush, escalate, of_receipt, record_push_receipt, record_replay, take_withdrawals,
};

/// Which node works a delivery, and how long before another may take over although this one lives.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// The node.
    pub node: NodeId,
    /// How long.
    pub length: SignedDuration,
}

impl Lease {
    /// From the commit of a challenge until its user actor took the deliveries up.
    const HANDOVER: SignedDuration = SignedDuration::from_secs(5);
    /// For everything that an actor does with a delivery; a provider is given up before that.
    const WORK: SignedDuration = SignedDuration::from_secs(60);

    /// The lease of a node for deliveries that it just planned.
    pub(super) fn of_new(method: Method, node: NodeId) -> Self {
        let length = match method {
            Method::App => Self::HANDOVER,
            // A mail may take longer than it takes to hand it over.
            Method::Email => Self::WORK,
        };
        Self { node, length }
    }

    /// The lease of a node for deliveries that it works.
    #[must_use]
    pub fn work(node: NodeId) -> Self {
        Self { node, length: Self::WORK }
    }
}

/// A delivery that this node claimed.
pub struct Claimed {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// Of which challenge.
    pub challenge_id: ChallengeId,
    /// The delivery.
    pub delivery: Delivery,
}

/// A delivery as support sees it.
pub struct TracedDelivery {
    /// Of which of the challenge's codes.
    pub generation: u32,
    /// What its owner calls the device.
    pub device_name: Option<String>,
    /// How often it was claimed.
    pub tries: u16,
    /// When it was planned.
    pub created_at: Timestamp,
    /// How far it came.
    pub view: DeliveryView,
}

/// Writes the deliveries of a challenge's code, in the transaction that makes the code, and says what is needed to work them.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn plan(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    generation: u32,
    method: Method,
    node: NodeId,
) -> Result<PlannedDeliveries, StoreError> {
    let lease = Lease::of_new(method, node);
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &challenge.uuid(),
        &as_integer(generation),
        &method.as_str(),
        &lease.node.uuid(),
        &seconds(lease.length),
    ];
    planned(&one_row(db, query!("delivery/plan"), parameters).await?, method, generation)
}

/// The deliveries of a new code.
pub(super) fn planned(row: &Row, method: Method, generation: u32) -> Result<PlannedDeliveries, StoreError> {
    match method {
        Method::App => planned_by_app(row, generation),
        Method::Email => {
            let ids: Vec<Uuid> = get(row, "delivery_ids")?;
            let delivery = |id| new_delivery(id, None, Channel::Email, generation);
            Ok(PlannedDeliveries {
                deliveries: ids.into_iter().map(delivery).collect(),
                reach: Vec::new(),
                mailbox: super::challenge::mailbox(row)?,
            })
        }
    }
}

/// The deliveries of a new code to the trusted devices.
pub(super) fn planned_by_app(row: &Row, generation: u32) -> Result<PlannedDeliveries, StoreError> {
    let ids: Option<Vec<Uuid>> = get(row, "delivery_ids")?;
    // No device is trusted.
    let Some(ids) = ids else { return Ok(PlannedDeliveries::default()) };
    let devices: Vec<Uuid> = get(row, "device_ids")?;
    let allowed: Vec<bool> = get(row, "are_notifications_allowed")?;
    let have_address: Vec<bool> = get(row, "have_push_address")?;
    let expired: Vec<bool> = get(row, "are_push_addresses_expired")?;
    let devices = devices.into_iter().map(DeviceId::new);
    let delivery = |(id, device)| new_delivery(id, Some(device), Channel::Websocket, generation);
    let reach = allowed.into_iter().zip(have_address).zip(expired).map(|((allowed, has_address), expired)| Reach {
        notifications_allowed: allowed,
        has_push_address: has_address,
        push_address_expired: expired,
    });
    Ok(PlannedDeliveries {
        deliveries: ids.into_iter().zip(devices.clone()).map(delivery).collect(),
        reach: devices.zip(reach).collect(),
        mailbox: Mailbox::default(),
    })
}

fn new_delivery(id: Uuid, device_id: Option<DeviceId>, channel: Channel, generation: u32) -> Delivery {
    let id = DeliveryId::new(id);
    Delivery { id, device_id, channel, already_sent: false, generation, tries: 1, silent: false }
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
    let last = last_generation.map_or(i32::MAX, as_integer);
    execute(db, query!("delivery/cancel"), &[&account.uuid(), &challenge.uuid(), &last]).await?;
    Ok(())
}

/// Claims deliveries that are due and that no living node works.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim_overdue(db: &impl Db, limit: i64, node: NodeId) -> Result<Vec<Claimed>, StoreError> {
    let lease = Lease::work(node);
    let parameters: super::Parameters<'_> =
        &[&limit, &lease.node.uuid(), &seconds(lease.length), &seconds(node::GONE_AFTER)];
    let claimed = rows(db, query!("delivery/claim_overdue"), parameters).await?;
    claimed.iter().map(claimed_row).collect()
}

/// Writes how far deliveries of one challenge came, and when they are due again; `None` when nothing is left to do.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_states(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    updates: &[DeliveryUpdate],
    due_in: Option<SignedDuration>,
) -> Result<(), StoreError> {
    let ids: Vec<uuid::Uuid> = updates.iter().map(|update| update.delivery.uuid()).collect();
    let states: Vec<&str> = updates.iter().map(|update| update.state.as_str()).collect();
    let reasons: Vec<Option<&str>> =
        updates.iter().map(|update| update.reason.map(UnreachableReason::as_str)).collect();
    let details: Vec<Option<&str>> = updates.iter().map(|update| update.detail).collect();
    let due: Vec<Option<f64>> = vec![due_in.map(seconds); updates.len()];
    let lease = seconds(Lease::WORK);
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &ids, &states, &reasons, &details, &due, &lease];
    execute(db, query!("delivery/record_states"), parameters).await?;
    Ok(())
}

/// Gives a delivery that could not be handed on back, to be taken up by whichever node looks first once `due_in` is over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn postpone(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    delivery: DeliveryId,
    detail: &str,
    due_in: SignedDuration,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &delivery.uuid(), &detail, &seconds(due_in)];
    execute(db, query!("delivery/postpone"), parameters).await?;
    Ok(())
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
        rows(db, query!("delivery/states"), &[&account.uuid(), &challenge.uuid(), &as_integer(code_generation)])
            .await?;
    found.iter().map(view).collect()
}

/// Every delivery of a challenge, of all its codes.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn trace(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Vec<TracedDelivery>, StoreError> {
    let found = rows(db, query!("delivery/trace"), &[&account.uuid(), &challenge.uuid()]).await?;
    found
        .iter()
        .map(|row| {
            Ok(TracedDelivery {
                generation: count(row, "generation")?,
                device_name: get(row, "device_name")?,
                tries: small_count(row, "tries")?,
                created_at: get(row, "created_at")?,
                view: view(row)?,
            })
        })
        .collect()
}

fn view(row: &Row) -> Result<DeliveryView, StoreError> {
    Ok(DeliveryView {
        destination: small_count(row, "destination")?,
        channel: word(row, "channel")?,
        state: word(row, "state")?,
        reason: optional_word(row, "reason")?,
        accepted_at: get(row, "accepted_at")?,
        receipt_at: get(row, "receipt_at")?,
        detail: get(row, "detail")?,
        silent: get(row, "silent")?,
    })
}

fn delivery_row(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: id(row, "delivery_id", DeliveryId::new)?,
        device_id: optional_id(row, "device_id", DeviceId::new)?,
        channel: word(row, "channel")?,
        already_sent: get::<&str>(row, "state")? != DeliveryState::Pending.as_str(),
        generation: count(row, "generation")?,
        tries: small_count(row, "tries")?,
        silent: get(row, "silent")?,
    })
}

fn claimed_row(row: &Row) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        account_id: id(row, "account_id", AccountId::new)?,
        challenge_id: id(row, "challenge_id", ChallengeId::new)?,
        delivery: delivery_row(row)?,
    })
}
