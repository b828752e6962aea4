//! What an operator may do with an account.

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::email::EmailAddress;
use crate::domain::device::session::SessionEnd;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, DeviceId};
use crate::service::account::last_resort::RecoveryView;
use crate::service::account::ways::WaysLeft;
use crate::service::{Operators, VerificationError};
use crate::store;
use crate::store::account::ListedAccount;
use crate::store::device::TrustedDevice;

/// What an operator sees of an account.
pub struct AccountSummary {
    /// Its id.
    pub id: AccountId,
    /// Its address, if it has one.
    pub email: Option<EmailAddress>,
    /// An app keeps it, and its password.
    pub is_of_app: bool,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// No new device may sign in.
    pub sign_ins_frozen: bool,
    /// Devices that skip the second step, most recently used first.
    pub trusted_devices: Vec<TrustedDevice>,
    /// What lets its owner in on a new device.
    pub ways: WaysLeft,
    /// The last resort that somebody asked for.
    pub recovery: Option<RecoveryView>,
}

/// Accounts on a page of their list, and accounts that are signed out at a time.
const PAGE: i64 = 100;

/// One page of the accounts.
pub struct AccountPage {
    /// By id.
    pub accounts: Vec<ListedAccount>,
    /// After which the next page begins; `None` on the last one.
    pub next: Option<AccountId>,
}

/// What came of signing many accounts out.
pub struct SignedOut {
    /// How many were.
    pub count: usize,
    /// After which to go on; `None` when nobody is left.
    pub next: Option<AccountId>,
}

impl Operators {
    /// One page of the accounts whose address or subject begins so.
    ///
    /// # Errors
    /// The database's.
    pub async fn accounts(&self, beginning: &str, after: Option<AccountId>) -> Result<AccountPage, VerificationError> {
        // One more than a page tells whether there is a next one.
        let found = self.store.run(async |db| store::account::list(db, beginning, after, PAGE + 1).await);
        let mut accounts = found.await?;
        let is_last = accounts.len() as i64 <= PAGE;
        accounts.truncate(PAGE as usize);
        let next = accounts.last().filter(|_| !is_last).map(|account| account.id);
        Ok(AccountPage { accounts, next })
    }

    /// Signs out the next accounts that have a session, each as [`sign_out_everywhere`](Self::sign_out_everywhere) does. Who signs in
    /// meanwhile may stay: an account is looked at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn sign_out_next(&self, after: Option<AccountId>) -> Result<SignedOut, VerificationError> {
        let accounts = self.store.run(async |db| store::session::accounts_signed_in(db, after, PAGE).await).await?;
        for account in &accounts {
            match self.sign_out_everywhere(*account).await {
                // One that was deleted meanwhile has no session.
                Ok(()) | Err(VerificationError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let is_last = (accounts.len() as i64) < PAGE;
        Ok(SignedOut { count: accounts.len(), next: accounts.last().filter(|_| !is_last).copied() })
    }

    /// The account of a confirmed address.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is none.
    pub async fn account_of(&self, email: &EmailAddress) -> Result<AccountId, VerificationError> {
        let found = self.store.run(async |db| store::account::by_email(db, email).await).await?;
        found.map(|account| account.id).ok_or(VerificationError::NotFound)
    }

    /// How an account stands.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is none.
    pub async fn account_summary(&self, id: AccountId) -> Result<AccountSummary, VerificationError> {
        self.store
            .run(async |db| {
                let account = store::account::by_id(db, id).await?.ok_or(VerificationError::NotFound)?;
                let trusted_devices = store::device::list_trusted(db, id).await?;
                Ok(AccountSummary {
                    ways: self.ways_left(db, id, &account, &trusted_devices, None).await?,
                    recovery: store::recovery::open(db, id).await?.map(RecoveryView::of),
                    id,
                    email: account.email,
                    is_of_app: account.is_of_app,
                    two_step_enabled: account.two_step_enabled,
                    sign_ins_frozen: account.sign_ins_frozen_at.is_some(),
                    trusted_devices,
                })
            })
            .await
    }

    /// Turns two-step verification off for an owner who has no trusted device left, and lets new devices sign in again. The
    /// owner is told.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account. It is fine when it is off already.
    pub async fn reset_two_step(&self, account: AccountId) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            store::budget::refill_all(db, account).await?;
            self.lift_freeze(db, account, None, &mut events).await?;
            // Whoever begins anew may have lost it, with all else.
            store::authenticator::forget(db, account, true).await?;
            self.turn_off(db, account, None, None, &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Ends the trust in a device, its sessions and its connection, for an owner who asks for it. The owner is told.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account does not trust such a device.
    pub async fn remove_device_for_owner(&self, account: AccountId, device: DeviceId) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            if !self.remove_trusted(db, account, device, SessionEnd::DeviceRemoved, None, &mut events).await? {
                return Err(VerificationError::NotFound);
            }
            self.alert(db, account, AlertKind::DeviceRemoved, None, &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Lets new devices sign in again, for an owner who has no trusted device left to say so.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account. It is fine when they may already.
    pub async fn unfreeze_for_owner(&self, account: AccountId) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            store::budget::refill_all(db, account).await?;
            self.lift_freeze(db, account, None, &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Ends the last resort that somebody asked for, for an owner who does not want it and has no session to say so. The owner is told.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account, or nothing to end.
    pub async fn cancel_recovery_for_owner(&self, account: AccountId) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            let open = store::recovery::open(db, account).await?.ok_or(VerificationError::NotFound)?;
            self.withdraw_recovery(db, account, open.id, None, &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Ends every session of an account and its connections. Trust in devices stays: they sign in again.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account.
    pub async fn sign_out_everywhere(&self, account: AccountId) -> Result<(), VerificationError> {
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            let ended = store::session::end_others(db, account, None, SessionEnd::EndedByOperator).await?;
            self.record_change(db, account, ActivityKind::SignOut, None).await?;
            Ok::<_, VerificationError>(ended)
        });
        let ended = transaction.await?;
        let events = ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }).collect();
        self.publish(account, events).await;
        Ok(())
    }
}
