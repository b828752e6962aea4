//! Devices: listing and removing the trusted ones, and what a device says of itself.

use super::{Origin, Verification, VerificationError};
use crate::domain::activity::ActivityKind;
use crate::domain::device::Device;
use crate::domain::event::AlertKind;
use crate::domain::id::DeviceId;
use crate::domain::push::PushAddress;
use crate::domain::session::{ActiveSession, SessionEnd};
use crate::store;
use crate::store::device::{DeviceChange, TrustedDevice};

impl Verification {
    /// The trusted devices of the session's account, most recently used first.
    ///
    /// # Errors
    /// The database's.
    pub async fn trusted_devices(&self, session: &ActiveSession) -> Result<Vec<TrustedDevice>, VerificationError> {
        Ok(self.store.run(async |db| store::device::list_trusted(db, session.account_id).await).await?)
    }

    /// Ends the trust in a device, its sessions and its connection; open codes it may have seen are replaced.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account does not trust such a device.
    pub async fn remove_device(
        &self,
        session: &ActiveSession,
        device: DeviceId,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let requester = self.requester_of(db, session, origin).await?;
            if !self.revoke_trust(db, account, device, SessionEnd::DeviceRemoved, &mut events).await? {
                return Err(VerificationError::NotFound);
            }
            self.record_change(db, account, ActivityKind::DeviceRemoved, Some(&requester)).await?;
            self.alert(db, account, AlertKind::DeviceRemoved, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Changes what the session's device says of itself.
    ///
    /// # Errors
    /// The database's.
    pub async fn update_device(
        &self,
        session: &ActiveSession,
        change: &DeviceChange,
        push: Option<&PushAddress>,
    ) -> Result<Device, VerificationError> {
        let (account, device) = (session.account_id, session.device_id);
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            if let Some(push) = push {
                store::device::register_push(db, account, device, push).await?;
            }
            Ok(store::device::update_current(db, account, device, change).await?)
        });
        transaction.await
    }
}
