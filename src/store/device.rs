//! Devices.

mod push;

use futures_util::future::try_join;

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::{Db, StoreError, execute, node, one_row, optional_row, query, rows};
use crate::domain::account::locale::{Language, Locale};
use crate::domain::account::zone::ZoneName;
use crate::domain::challenge::limits::MAX_TRUSTED_DEVICES;
use crate::domain::device::{Device, DeviceInfo};
use crate::domain::value::id::{AccountId, ConnectionId, DeviceId, InstallId, NodeId};
use crate::store::postgres::row::{get, id, locale, seconds, word};
pub(super) use push::push_address;
pub use push::{forget_push_address, forget_push_of_session, push_addresses, reach, register_push};

/// A trusted device as its owner sees it.
pub struct TrustedDevice {
    /// The device.
    pub device: Device,
    /// When it last signed in, refreshed its session or changed something about itself.
    pub last_seen_at: Timestamp,
    /// Since when it is trusted.
    pub trusted_at: Timestamp,
    /// Where it seemed to be when it was last seen.
    pub location: Option<String>,
}

/// What a device changes about itself; `None` leaves a value as it is.
#[derive(Debug, Default, Clone)]
pub struct DeviceChange {
    /// As its owner calls it.
    pub name: Option<String>,
    /// Version of the app.
    pub app_version: Option<String>,
    /// Version of the operating system or browser.
    pub os_version: Option<String>,
    /// Whether its user lets the app notify.
    pub notifications_allowed: Option<bool>,
    /// Where it seems to be.
    pub location: Option<String>,
    /// Which language its user reads.
    pub locale: Option<Locale>,
    /// Which clock its user reads: kept for the account.
    pub time_zone: Option<ZoneName>,
}

/// Makes or refreshes the device of an installation that signed in.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn meet(
    db: &impl Db,
    account: AccountId,
    new_id: DeviceId,
    info: DeviceInfo,
    location: Option<&str>,
) -> Result<Device, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &new_id.uuid(),
        &info.install_id.uuid(),
        &info.name,
        &info.model,
        &info.platform.as_str(),
        &info.os_version,
        &info.app_version,
        &location,
        &info.locale.as_ref().map(Locale::as_str),
    ];
    let row = one_row(db, query!("device/meet"), parameters).await?;
    let info = DeviceInfo { name: get(&row, "name")?, locale: locale(&row)?, ..info };
    Ok(Device { id: id(&row, "device_id", DeviceId::new)?, info, trusted: get(&row, "trusted")? })
}

/// Trusts a device; returns the devices that lose their trust because the account has too many.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn trust(db: &impl Db, account: AccountId, device: DeviceId) -> Result<Vec<DeviceId>, StoreError> {
    let account = account.uuid();
    let device = device.uuid();
    let trusted: super::Parameters<'_> = &[&account, &device];
    let others: super::Parameters<'_> = &[&account, &MAX_TRUSTED_DEVICES, &device];
    let trust = execute(db, query!("device/trust"), trusted);
    let (_, beyond) = try_join(trust, rows(db, query!("device/trusted_beyond"), others)).await?;
    beyond.iter().map(|row| id(row, "device_id", DeviceId::new)).collect()
}

/// Ends the trust in a device; `false` when it was not trusted.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn untrust(db: &impl Db, account: AccountId, device: DeviceId) -> Result<bool, StoreError> {
    Ok(execute(db, query!("device/untrust"), &[&account.uuid(), &device.uuid()]).await? == 1)
}

/// Whether a device besides installation `signing_in` could have shown a code, were two-step verification on.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn could_show_code(db: &impl Db, account: AccountId, signing_in: InstallId) -> Result<bool, StoreError> {
    let row = one_row(db, query!("device/could_show_code"), &[&account.uuid(), &signing_in.uuid()]).await?;
    get(&row, "could")
}

/// The trusted devices of an account, most recently used first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list_trusted(db: &impl Db, account: AccountId) -> Result<Vec<TrustedDevice>, StoreError> {
    let found = rows(db, query!("device/list_trusted"), &[&account.uuid()]).await?;
    found
        .iter()
        .map(|row| {
            Ok(TrustedDevice {
                device: device(row, true)?,
                last_seen_at: get(row, "last_seen_at")?,
                trusted_at: get(row, "trusted_at")?,
                location: get(row, "last_location")?,
            })
        })
        .collect()
}

/// Whether an account trusts any device.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn has_trusted(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    get(&one_row(db, query!("device/has_trusted"), &[&account.uuid()]).await?, "has_trusted")
}

/// When a trusted device of an account was last known to be reachable; `None` when none ever was. With the database's clock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn last_present(
    db: &impl Db,
    account: AccountId,
    access_life: SignedDuration,
) -> Result<(Option<Timestamp>, Timestamp), StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &seconds(access_life), &seconds(node::GONE_AFTER)];
    let row = one_row(db, query!("device/last_present"), parameters).await?;
    Ok((get(&row, "last_present")?, get(&row, "now")?))
}

/// Notes that a device connected to a node.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn note_connected(
    db: &impl Db,
    account: AccountId,
    device: DeviceId,
    holder: NodeId,
    connection: ConnectionId,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &device.uuid(), &holder.uuid(), &connection.uuid()];
    execute(db, query!("device/note_connected"), parameters).await?;
    Ok(())
}

/// Notes that a connection of a device ended, unless it has a newer one.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn note_gone(
    db: &impl Db,
    account: AccountId,
    device: DeviceId,
    connection: ConnectionId,
) -> Result<(), StoreError> {
    execute(db, query!("device/note_gone"), &[&account.uuid(), &device.uuid(), &connection.uuid()]).await?;
    Ok(())
}

/// One device.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_id(db: &impl Db, account: AccountId, device_id: DeviceId) -> Result<Option<Device>, StoreError> {
    let found = optional_row(db, query!("device/by_id"), &[&account.uuid(), &device_id.uuid()]).await?;
    found.map(|row| device(&row, get(&row, "trusted")?)).transpose()
}

/// The device of an installation.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_install(db: &impl Db, account: AccountId, install: InstallId) -> Result<Option<DeviceId>, StoreError> {
    let found = optional_row(db, query!("device/by_install"), &[&account.uuid(), &install.uuid()]).await?;
    found.map(|row| id(&row, "device_id", DeviceId::new)).transpose()
}

/// Changes what a device says of itself.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn update_current(
    db: &impl Db,
    account: AccountId,
    device_id: DeviceId,
    change: &DeviceChange,
) -> Result<Device, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &device_id.uuid(),
        &change.name,
        &change.app_version,
        &change.os_version,
        &change.notifications_allowed,
        &change.location,
        &change.locale.as_ref().map(Locale::as_str),
    ];
    let row = one_row(db, query!("device/update_current"), parameters).await?;
    device(&row, get(&row, "trusted")?)
}

/// Gives a trusted device another name; `None` when the account trusts no such device.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn rename(
    db: &impl Db,
    account: AccountId,
    device_id: DeviceId,
    name: &str,
) -> Result<Option<Device>, StoreError> {
    let found = optional_row(db, query!("device/rename"), &[&account.uuid(), &device_id.uuid(), &name]).await?;
    found.map(|row| device(&row, true)).transpose()
}

/// The language of a device's texts.
pub(super) fn language(row: &Row) -> Result<Language, StoreError> {
    Ok(Language::of(locale(row)?.as_ref()))
}

pub(super) fn device(row: &Row, trusted: bool) -> Result<Device, StoreError> {
    let info = DeviceInfo {
        install_id: id(row, "install_id", InstallId::new)?,
        name: get(row, "name")?,
        model: get(row, "model")?,
        platform: word(row, "platform")?,
        os_version: get(row, "os_version")?,
        app_version: get(row, "app_version")?,
        locale: locale(row)?,
        // Kept for the account as a whole.
        time_zone: None,
    };
    Ok(Device { id: id(row, "device_id", DeviceId::new)?, info, trusted })
}
