//! Devices: listing and removing the trusted ones, and what a device says of itself.

use super::session::{require_trusted, speaks_for_owner};
use crate::domain::account::activity::ActivityKind;
use crate::domain::account::locale::Language;
use crate::domain::delivery::push_address::PushAddress;
use crate::domain::device::Device;
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::DeviceId;
use crate::service::{Devices, Origin, VerificationError};
use crate::store;
use crate::store::device::{DeviceChange, TrustedDevice};

impl Devices {
    /// The trusted devices of the session's account, most recently used first.
    ///
    /// # Errors
    /// The database's.
    pub async fn trusted_devices(&self, session: &ActiveSession) -> Result<Vec<TrustedDevice>, VerificationError> {
        Ok(self.store.run(async |db| store::device::list_trusted(db, session.account_id).await).await?)
    }

    /// Where codes for the session's device are pushed to, and its language.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::NotFound`] when it is not registered, or may not notify.
    pub async fn own_push_address(
        &self,
        session: &ActiveSession,
    ) -> Result<(PushAddress, Language), VerificationError> {
        require_trusted(session)?;
        let of = [session.device_id];
        let found = self.store.run(async |db| store::device::push_addresses(db, session.account_id, &of).await).await?;
        found.into_values().next().ok_or(VerificationError::NotFound)
    }

    /// Ends the trust in a device, its sessions and its connection; open codes it may have seen are replaced.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account does not trust such a device;
    /// [`VerificationError::DeviceNotTrusted`] from one that is not trusted itself, while two-step verification is on: an
    /// intruder must not lock the others out.
    pub async fn remove_device(
        &self,
        session: &ActiveSession,
        device: DeviceId,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            let is_owner = speaks_for_owner(db, session, locked.two_step_enabled).await?;
            if !is_owner && device != session.device_id {
                return Err(VerificationError::DeviceNotTrusted);
            }
            let requester = self.requester_of(db, session, origin).await?;
            let why = SessionEnd::DeviceRemoved;
            if !self.remove_trusted(db, account, device, why, Some(&requester), &mut events).await? {
                return Err(VerificationError::NotFound);
            }
            self.alert(db, account, AlertKind::DeviceRemoved, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Ends the trust in every device but the session's own, and every other session of the account; returns how many devices lost it.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]: who could not be told from an intruder must not lock the others out.
    pub async fn remove_other_devices(
        &self,
        session: &ActiveSession,
        origin: &Origin,
    ) -> Result<usize, VerificationError> {
        require_trusted(session)?;
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let requester = self.requester_of(db, session, origin).await?;
            let mut removed = 0;
            for trusted in store::device::list_trusted(db, account).await? {
                let id = trusted.device.id;
                let is_other = id != session.device_id;
                let why = SessionEnd::DeviceRemoved;
                if is_other && self.remove_trusted(db, account, id, why, Some(&requester), &mut events).await? {
                    removed += 1;
                }
            }
            // Also those of devices that are in no list of trusted ones.
            self.end_for_owner(db, session, None, origin, &mut events).await?;
            if removed > 0 {
                self.alert(db, account, AlertKind::DeviceRemoved, Some(&requester), &mut events).await?;
            }
            Ok::<_, VerificationError>(removed)
        });
        let removed = transaction.await?;
        self.publish(account, events).await;
        Ok(removed)
    }

    /// Gives a trusted device another name.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`] from one that is not trusted itself; [`VerificationError::NotFound`] when the
    /// account does not trust such a device.
    pub async fn rename_device(
        &self,
        session: &ActiveSession,
        device: DeviceId,
        name: &str,
        origin: &Origin,
    ) -> Result<Device, VerificationError> {
        require_trusted(session)?;
        let account = session.account_id;
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let requester = self.requester_of(db, session, origin).await?;
            let renamed = store::device::rename(db, account, device, name).await?.ok_or(VerificationError::NotFound)?;
            self.record_device_change(db, account, ActivityKind::DeviceRenamed, Some(&requester), name).await?;
            Ok(renamed)
        });
        transaction.await
    }

    /// Changes what the session's device says of itself. The language of a trusted device becomes that of the account's mails. Another
    /// push address of a trusted device is another place where codes go: open ones are replaced, it is written down, and the owner is
    /// told.
    ///
    /// # Errors
    /// The database's.
    pub async fn update_device(
        &self,
        session: &ActiveSession,
        change: &DeviceChange,
        push: Option<&PushAddress>,
        origin: &Origin,
    ) -> Result<Device, VerificationError> {
        let account = session.account_id;
        let device = session.device_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let replaces_good = match push {
                Some(push) => store::device::register_push(db, account, device, push).await?,
                None => false,
            };
            let changed = store::device::update_current(db, account, device, change).await?;
            if let Some(zone) = change.time_zone.as_ref().filter(|_| changed.trusted) {
                store::account::set_time_zone(db, account, zone).await?;
            }
            if let Some(locale) = change.locale.as_ref().filter(|_| changed.trusted) {
                store::account::set_locale(db, account, locale).await?;
            }
            if replaces_good && changed.trusted {
                let requester = self.requester_of(db, session, origin).await?;
                let seen = store::challenge::shown_on_devices(db, account).await?;
                self.replace_codes(db, account, seen, None, &mut events).await?;
                self.record_change(db, account, ActivityKind::PushAddressChanged, Some(&requester)).await?;
                self.alert(db, account, AlertKind::PushAddressChanged, Some(&requester), &mut events).await?;
            }
            Ok::<_, VerificationError>(changed)
        });
        let changed = transaction.await?;
        self.publish(account, events).await;
        if let Some(locale) = &change.locale {
            let event = AccountEvent::LanguageChanged { device_id: device, language: locale.language() };
            self.publish(account, vec![event]).await;
        }
        Ok(changed)
    }
}
