//! What devices say of codes that were pushed to them, without a session at hand.

use secrecy::SecretString;

use crate::domain::challenge::Refusal;
use crate::domain::delivery::DeliveryState;
use crate::domain::delivery::push_receipt::{Allows, PushReceipt};
use crate::service::challenge::deny::Denier;
use crate::service::{Challenges, VerificationError};
use crate::store;
use crate::telemetry::DELIVERIES;

/// What a device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The code is on the screen.
    Shown,
    /// It came, and is not on the screen.
    NotShown,
    /// "This wasn't me".
    Denied,
}

impl Challenges {
    /// What a token stands for, which a push brought.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when this gateway did not make it.
    pub fn read_push_receipt(&self, token: &SecretString) -> Result<PushReceipt, VerificationError> {
        PushReceipt::read(token, &self.code_keys()).ok_or(VerificationError::Unauthorized)
    }

    /// Takes what the holder of a receipt says: it reaches whoever waits for the code, or ends the challenge as a trusted device does.
    /// The same twice is fine.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when there is no such push to a device that is still trusted, or the token allows no
    /// denial; [`VerificationError::Refused`] when the challenge is over.
    pub async fn take_push_receipt(&self, receipt: PushReceipt, said: Said) -> Result<(), VerificationError> {
        let state = match said {
            Said::Shown => DeliveryState::Shown,
            Said::NotShown => DeliveryState::NotShown,
            Said::Denied => return self.deny_by_push(receipt).await,
        };
        let id = receipt.challenge;
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let stored = found.ok_or(VerificationError::Unauthorized)?;
        let account = stored.challenge.account_id;
        let push = self.store.run(async |db| store::delivery::of_receipt(db, account, receipt).await).await?;
        let push = push.ok_or(VerificationError::Unauthorized)?;
        if let Some(outcome) = stored.challenge.progress.outcome_at(stored.now) {
            return Err(Refusal::Closed(outcome).into());
        }
        let recorded =
            self.store.run(async |db| store::delivery::record_push_receipt(db, account, receipt, state).await).await?;
        if recorded {
            metrics::counter!(DELIVERIES, "channel" => push.channel.as_str(), "outcome" => state.as_str()).increment(1);
            self.bus.wake(account, id);
        }
        Ok(())
    }

    async fn deny_by_push(&self, receipt: PushReceipt) -> Result<(), VerificationError> {
        if receipt.allows != Allows::ReceiptAndDenial {
            return Err(VerificationError::Unauthorized);
        }
        let new = self.deniable(receipt.challenge).await?.ok_or(VerificationError::Unauthorized)?;
        self.deny_as(&new, Denier::Push(receipt)).await
    }
}
