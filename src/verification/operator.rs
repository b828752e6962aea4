//! What an operator may do with an account.

use super::{Verification, VerificationError};
use crate::domain::activity::ActivityKind;
use crate::domain::budget::BudgetKind;
use crate::domain::email::EmailAddress;
use crate::domain::event::AccountEvent;
use crate::domain::id::AccountId;
use crate::domain::session::SessionEnd;
use crate::store;

/// What an operator sees of an account.
pub struct AccountSummary {
    /// Its id.
    pub id: AccountId,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// No new device may sign in.
    pub sign_ins_frozen: bool,
    /// Devices that skip the second step.
    pub trusted_devices: usize,
}

impl Verification {
    /// The account of a confirmed address.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is none.
    pub async fn account_of(&self, email: &EmailAddress) -> Result<AccountSummary, VerificationError> {
        self.store
            .run(async |db| {
                let account = store::account::by_email(db, email).await?.ok_or(VerificationError::NotFound)?;
                let trusted_devices = store::device::list_trusted(db, account.id).await?.len();
                Ok(AccountSummary {
                    id: account.id,
                    two_step_enabled: account.two_step_enabled,
                    sign_ins_frozen: account.sign_ins_frozen,
                    trusted_devices,
                })
            })
            .await
    }

    /// Lets new devices sign in again, for an owner who has no trusted device left to say so.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account. It is fine when they may already.
    pub async fn unfreeze_for_owner(&self, account: AccountId) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            store::budget::refill(db, account, BudgetKind::Account).await?;
            self.lift_freeze(db, account, None, &mut events).await
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
