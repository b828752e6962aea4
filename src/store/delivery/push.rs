//! Pushes: planned from silence, taken back, and moved to another connection.

use tokio_postgres::Row;

use super::super::{Db, StoreError, execute, optional_row, query, rows};
use super::Lease;
use crate::domain::account::locale::Language;
use crate::domain::challenge::limits::MAX_UNANSWERED_ALERTS;
use crate::domain::delivery::push_address::PushAddress;
use crate::domain::delivery::push_receipt::PushReceipt;
use crate::domain::delivery::{Channel, DeliveryState};
use crate::domain::value::id::{AccountId, ChallengeId, DeliveryId, DeviceId, NodeId};
use crate::store::postgres::row::{as_integer, count, get, id, optional_id, seconds, word};

/// A push to be made.
pub struct PlannedPush {
    /// Its delivery.
    pub delivery_id: DeliveryId,
    /// To which device.
    pub device_id: DeviceId,
    /// By which way.
    pub channel: Channel,
    /// To which address.
    pub address: PushAddress,
    /// In which language.
    pub language: Language,
    /// It must not ring: too many codes rang without an answer.
    pub silent: bool,
}

/// Goes on from the socket to push for those of `devices` that a provider can reach; the others are not in the answer. `None` when the
/// code is not the current one of an open challenge. A code that rings is counted until somebody answers, and after
/// [`MAX_UNANSWERED_ALERTS`] the pushes are silent.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn escalate(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    code_generation: u32,
    devices: &[DeviceId],
    node: NodeId,
) -> Result<Option<Vec<PlannedPush>>, StoreError> {
    let lease = Lease::work(node);
    let devices: Vec<uuid::Uuid> = devices.iter().map(|device| device.uuid()).collect();
    let parameters: crate::store::Parameters<'_> = &[
        &account.uuid(),
        &challenge.uuid(),
        &as_integer(code_generation),
        &devices,
        &lease.node.uuid(),
        &seconds(lease.length),
        &MAX_UNANSWERED_ALERTS,
    ];
    let found = rows(db, query!("delivery/escalate"), parameters).await?;
    // One row for an open code without pushes.
    let mut pushes = Vec::new();
    for row in &found {
        if optional_id(row, "delivery_id", DeliveryId::new)?.is_some() {
            pushes.push(planned_push(row)?);
        }
    }
    Ok((!found.is_empty()).then_some(pushes))
}

/// Takes the pushes of a closed challenge whose notification may be on a screen, each with the generation it showed.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take_withdrawals(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Vec<(PlannedPush, u32)>, StoreError> {
    let taken = rows(db, query!("delivery/take_withdrawals"), &[&account.uuid(), &challenge.uuid()]).await?;
    taken.iter().map(|row| Ok((planned_push(row)?, count(row, "generation")?))).collect()
}

fn planned_push(row: &Row) -> Result<PlannedPush, StoreError> {
    Ok(PlannedPush {
        delivery_id: id(row, "delivery_id", DeliveryId::new)?,
        device_id: id(row, "device_id", DeviceId::new)?,
        channel: word(row, "channel")?,
        address: crate::store::device::push_address(row)?,
        language: crate::store::device::language(row)?,
        silent: get(row, "silent")?,
    })
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
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &as_integer(code_generation), &device.uuid()];
    execute(db, query!("delivery/record_replay"), parameters).await?;
    Ok(())
}

/// A push that a device speaks of, although it has no session at hand.
pub struct ReceiptedPush {
    /// The device, which is trusted.
    pub device_id: DeviceId,
    /// The code that it carried.
    pub generation: u32,
    /// By which way.
    pub channel: Channel,
}

/// The push of a receipt; `None` when there is none, or its device is no longer trusted.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn of_receipt(
    db: &impl Db,
    account: AccountId,
    receipt: PushReceipt,
) -> Result<Option<ReceiptedPush>, StoreError> {
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &receipt.challenge.uuid(), &receipt.delivery.uuid()];
    let found = optional_row(db, query!("delivery/of_receipt"), parameters).await?;
    let push = |row: Row| {
        Ok(ReceiptedPush {
            device_id: id(&row, "device_id", DeviceId::new)?,
            generation: count(&row, "generation")?,
            channel: word(&row, "channel")?,
        })
    };
    found.map(push).transpose()
}

/// Writes down what a device says about a code that was pushed to it; `false` when that was known, or the code has another since.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_push_receipt(
    db: &impl Db,
    account: AccountId,
    receipt: PushReceipt,
    state: DeliveryState,
) -> Result<bool, StoreError> {
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &receipt.challenge.uuid(), &receipt.delivery.uuid(), &state.as_str()];
    Ok(execute(db, query!("delivery/record_push_receipt"), parameters).await? == 1)
}
