//! Changing the password.

use secrecy::SecretString;

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::password::Password;
use crate::domain::challenge::SupersededBy;
use crate::domain::challenge::limits::REPEAT_WITHIN;
use crate::domain::device::session::{ActiveSession, FRESH_FOR, SessionEnd};
use crate::domain::event::{AccountEvent, AlertKind};
use crate::service::challenge::view;
use crate::service::device::session::speaks_for_owner;
use crate::service::sign_in::password_hashing::Lane;
use crate::service::{Accounts, Core, Origin, VerificationError};
use crate::store::account::Account;
use crate::store::device::TrustedDevice;
use crate::store::{self, StoreError};

impl Accounts {
    /// Changes the password, and ends every other session and every sign-in that the old one began; with `forget_devices` only this device stays trusted.
    /// The same again within a minute, from the session that did it, is answered alike.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`] when the current password is wrong or was changed meanwhile;
    /// [`VerificationError::CommonPassword`]; [`VerificationError::KeptByApp`]; [`VerificationError::DeviceNotTrusted`] from a device that is not trusted,
    /// while two-step verification is on: who was let in once with a code must not lock the owner out, nor lift a freeze.
    pub async fn change_password(
        &self,
        session: &ActiveSession,
        current: Password,
        new: Password,
        forget_devices: bool,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let account = session.account_id;
        if self.has_changed_to(session, &new, forget_devices).await? {
            return Ok(());
        }
        let (owner, old_hash) = self.check_own_password(session, current, origin).await?;
        let email = owner.email.ok_or(VerificationError::KeptByApp)?;
        let new_hash = self.passwords.hash_new(new, email, lane_of(session)).await?;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            if locked.two_step_enabled && !session.device_trusted {
                return Err(VerificationError::DeviceNotTrusted);
            }
            if !store::account::set_password(db, account, &new_hash, &old_hash).await? {
                return Err(VerificationError::InvalidCredentials);
            }
            store::password_reset::end_open(db, account).await?;
            let requester = self.requester_of(db, session, origin).await?;
            if speaks_for_owner(db, session, locked.two_step_enabled).await? {
                store::budget::refill_all(db, account).await?;
            }
            self.lift_freeze(db, account, Some(&requester), &mut events).await?;
            let why = SessionEnd::PasswordChanged;
            if forget_devices {
                for trusted in store::device::list_trusted(db, account).await? {
                    let other = trusted.device.id;
                    if other != session.device_id {
                        self.remove_trusted(db, account, other, why, Some(&requester), &mut events).await?;
                    }
                }
            }
            let ended = store::session::end_others(db, account, Some(session.session_id), why).await?;
            events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
            view::supersede_all(db, account, SupersededBy::PasswordChanged, &mut events).await?;
            self.record_change(db, account, ActivityKind::PasswordChanged, Some(&requester)).await?;
            self.alert(db, account, AlertKind::PasswordChanged, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }
}

impl Core {
    /// Whether this session changed the password to `new` just now: the answer was lost, and the request is sent again. Nothing is
    /// counted: who made the change knows the password.
    async fn has_changed_to(
        &self,
        session: &ActiveSession,
        new: &Password,
        forget_devices: bool,
    ) -> Result<bool, VerificationError> {
        let account = session.account_id;
        let id = session.session_id;
        let look = self.store.run(async |db| {
            if !store::activity::has_changed_password(db, account, id, REPEAT_WITHIN).await? {
                return Ok(None);
            }
            let is_other = |trusted: &TrustedDevice| trusted.device.id != session.device_id;
            if forget_devices && store::device::list_trusted(db, account).await?.iter().any(is_other) {
                return Ok(None);
            }
            Ok::<_, StoreError>(store::account::by_id(db, account).await?.and_then(|owner| owner.password_hash))
        });
        match look.await? {
            Some(hash) => self.passwords.verify(new.clone(), Some(hash), lane_of(session)).await,
            None => Ok(false),
        }
    }

    /// Checks the password of a session's own account; returns the account and the hash.
    pub(in crate::service) async fn check_own_password(
        &self,
        session: &ActiveSession,
        password: Password,
        origin: &Origin,
    ) -> Result<(Account, SecretString), VerificationError> {
        let id = session.account_id;
        let account = self.store.run(async |db| store::account::by_id(db, id).await).await?;
        let account = account.ok_or(VerificationError::Unauthorized)?;
        let email = account.email.as_ref().filter(|_| !account.is_of_app).ok_or(VerificationError::KeptByApp)?;
        let stored = account.password_hash.clone();
        let device = session.device_trusted.then_some(session.device_id);
        self.check_password(email, password, stored.clone(), device, origin).await?;
        Ok((account, stored.ok_or(VerificationError::InvalidCredentials)?))
    }
}

impl Core {
    /// Makes sure that it is the owner who adds a way in: by the password, or by a session that began with it a moment ago.
    ///
    /// # Errors
    /// [`VerificationError::PasswordNeeded`]; those of a password.
    pub(in crate::service) async fn check_is_owner(
        &self,
        session: &ActiveSession,
        password: Option<Password>,
        origin: &Origin,
    ) -> Result<Account, VerificationError> {
        if let Some(password) = password {
            return Ok(self.check_own_password(session, password, origin).await?.0);
        }
        let id = session.account_id;
        let look = self.store.run(async |db| {
            if !store::session::is_fresh(db, id, session.session_id, FRESH_FOR).await? {
                return Err(VerificationError::PasswordNeeded);
            }
            store::account::by_id(db, id).await?.ok_or(VerificationError::Unauthorized)
        });
        look.await
    }
}

/// Where a session waits for a hash.
fn lane_of(session: &ActiveSession) -> Lane {
    if session.device_trusted { Lane::Owners } else { Lane::Strangers }
}
