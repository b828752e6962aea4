//! How devices are reached: their push addresses and languages.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::super::{Db, StoreError, execute, one_row, query, rows};
use super::language;
use crate::domain::account::locale::Language;
use crate::domain::delivery::Reach;
use crate::domain::delivery::push_address::{ApnsEnvironment, PushAddress, PushKeys};
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::store::postgres::row::{by_place, get, id, optional_word, word};

/// Registers a device for push. Other devices that have the same address keep it: one phone may hold several accounts, and who only
/// knows an address must not take it from the device that it belongs to. Returns whether codes went to another address until now.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn register_push(
    db: &impl Db,
    account: AccountId,
    device_id: DeviceId,
    push: &PushAddress,
) -> Result<bool, StoreError> {
    let account = account.uuid();
    let device_id = device_id.uuid();
    let address = push.expose();
    let kind = push.kind().as_str();
    let environment = push.environment().map(ApnsEnvironment::as_str);
    let keys = push.keys().map(PushKeys::to_bytes);
    let parameters: crate::store::Parameters<'_> = &[&account, &device_id, &kind, &address, &environment, &keys];
    get(&one_row(db, query!("device/set_push_address"), parameters).await?, "replaces_good")
}

/// How each trusted device of some accounts can be reached besides its connections.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn reach(db: &impl Db, accounts: &[AccountId]) -> Result<Vec<Vec<(DeviceId, Reach)>>, StoreError> {
    let ids: Vec<uuid::Uuid> = accounts.iter().map(|account| account.uuid()).collect();
    let found = rows(db, query!("device/reach"), &[&ids]).await?;
    by_place(&found, accounts.len(), device_reach)
}

/// A device, and how it is reached besides its connections.
pub(in crate::store) fn device_reach(row: &Row) -> Result<(DeviceId, Reach), StoreError> {
    let reach = Reach {
        notifications_allowed: get(row, "notifications_allowed")?,
        has_push_address: get(row, "has_push_address")?,
        push_address_expired: get(row, "push_address_expired")?,
    };
    Ok((id(row, "device_id", DeviceId::new)?, reach))
}

/// The push addresses of devices that may be notified, each with the language of its device.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn push_addresses(
    db: &impl Db,
    account: AccountId,
    devices: &[DeviceId],
) -> Result<HashMap<DeviceId, (PushAddress, Language)>, StoreError> {
    let devices: Vec<uuid::Uuid> = devices.iter().map(|device| device.uuid()).collect();
    let found = rows(db, query!("device/push_addresses"), &[&account.uuid(), &devices]).await?;
    found.iter().map(|row| Ok((id(row, "device_id", DeviceId::new)?, (push_address(row)?, language(row)?)))).collect()
}

/// Forgets an address that its provider calls dead, if it still is the device's and was registered by `as_of`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_push_address(
    db: &impl Db,
    account: AccountId,
    device: DeviceId,
    address: &PushAddress,
    as_of: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[&account.uuid(), &device.uuid(), &address.expose(), &as_of];
    Ok(execute(db, query!("device/forget_push_address"), parameters).await? == 1)
}

/// Forgets how to push to the device of a session that its user ended there, unless another session of it goes on: who signs out
/// expects no more codes.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_push_of_session(db: &impl Db, account: AccountId, session: SessionId) -> Result<(), StoreError> {
    execute(db, query!("device/forget_push_of_session"), &[&account.uuid(), &session.uuid()]).await?;
    Ok(())
}

pub(in crate::store) fn push_address(row: &Row) -> Result<PushAddress, StoreError> {
    let kind = word(row, "push_kind")?;
    let environment = optional_word(row, "push_environment")?;
    let keys = get::<Option<&[u8]>>(row, "push_keys")?
        .map(|keys| PushKeys::from_bytes(keys).ok_or_else(|| StoreError::Corrupt("push_keys are none".to_owned())));
    PushAddress::parse(kind, environment, get(row, "push_address")?, keys.transpose()?)
        .map_err(|error| StoreError::Corrupt(format!("push_address {error}")))
}
