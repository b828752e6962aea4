//! Asking for a new code, perhaps by another method.

use super::{ChallengeView, Destination, Verification, VerificationError};
use crate::domain::budget::BudgetKind;
use crate::domain::challenge::{Method, Refusal};
use crate::domain::delivery::device_may_show;
use crate::domain::event::AccountEvent;
use crate::domain::id::ChallengeId;
use crate::domain::token::Token;
use crate::store;
use crate::store::challenge::{NewChallenge, StoredChallenge};

impl Verification {
    /// Replaces the code of a challenge. The earlier one is then simply wrong; no attempt is given back.
    ///
    /// # Errors
    /// [`VerificationError::Refused`] when it comes too early, the method is not offered, or the challenge is
    /// over; otherwise as for every call on a challenge.
    pub async fn resend(
        &self,
        id: ChallengeId,
        token: &Token,
        method: Option<Method>,
    ) -> Result<ChallengeView, VerificationError> {
        // Another call may replace the code between the look and the change: then look again. That ends, because
        // each such call uses up a resend, a trusted device, or the challenge.
        loop {
            let stored = self.authorized(id, token).await?;
            if let Some(view) = self.replace_code(stored, method).await? {
                return Ok(view);
            }
        }
    }

    /// `None` when another call was faster.
    async fn replace_code(
        &self,
        stored: StoredChallenge,
        method: Option<Method>,
    ) -> Result<Option<ChallengeView>, VerificationError> {
        let mut new = stored.challenge;
        let (account, id, before, purpose) = (new.account_id, new.challenge_id, new.progress, new.purpose);
        let has_mailbox = stored.email.is_some();
        let offered = self.offered(&new, has_mailbox).await?;
        let next = before.resend(purpose, method, offered, &self.rules.lifetimes, stored.now)?;
        // Not the key of the code before: that one may have been revoked.
        let key = self.current_key();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let sent = store::challenge::count_sends(db, account, BudgetKind::of(purpose)).await?;
            let too_soon = |retry_after| Refusal::ResendTooSoon { retry_after };
            sent.check(true, next.method, stored.now).map_err(too_soon)?;
            if !store::challenge::replace_code(db, account, id, &before, &next, &key).await? {
                return Ok::<_, VerificationError>(None);
            }
            store::delivery::cancel(db, account, id, Some(before.generation)).await?;
            store::delivery::plan(db, account, id, next.generation, next.method, self.node)
                .await
                .map(Some)
                .map_err(Into::into)
        });
        let Some(planned) = transaction.await? else { return Ok(None) };
        self.publish(account, vec![AccountEvent::CodeIssued { challenge_id: id }]).await;
        new.progress = next;
        let destination = match next.method {
            Method::App => Destination::TrustedDevices(planned),
            Method::Email => Destination::mailbox(stored.email.as_ref()),
        };
        let device_may_show = next.method == Method::App && planned > 0;
        Ok(Some(self.view(&new, None, destination, device_may_show, has_mailbox)))
    }

    /// The methods that a challenge offers by how far its current code came.
    async fn offered(
        &self,
        challenge: &NewChallenge,
        has_mailbox: bool,
    ) -> Result<&'static [Method], VerificationError> {
        let (account, id, progress) = (challenge.account_id, challenge.challenge_id, challenge.progress);
        let deliveries =
            self.store.run(async |db| store::delivery::states(db, account, id, progress.generation).await).await?;
        Ok(self.methods(challenge.purpose, progress.method, device_may_show(&deliveries), has_mailbox))
    }
}
