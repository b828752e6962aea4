//! Asking for a new code, perhaps by another method.

use super::{ChallengeView, Destination, Verification, VerificationError, challenge};
use crate::domain::challenge::Method;
use crate::domain::event::AccountEvent;
use crate::domain::id::ChallengeId;
use crate::domain::token::Token;
use crate::store;

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
        let stored = self.authorized(id, token).await?;
        let mut new = stored.challenge;
        let (account, before, purpose) = (new.account_id, new.progress, new.purpose);
        let offered = self.methods(purpose);
        let next = before.resend(purpose, method, offered, &self.rules.lifetimes, stored.now)?;
        let transaction = self.store.transaction(async |db| {
            if !store::challenge::replace_code(db, account, id, &before, &next).await? {
                return Ok::<_, VerificationError>(None);
            }
            store::delivery::cancel(db, account, id, Some(before.generation)).await?;
            store::delivery::plan(db, account, id, next.generation, next.method, self.node)
                .await
                .map(Some)
                .map_err(Into::into)
        });
        let Some(planned) = transaction.await? else {
            // Another call moved it first: judge by what it is now.
            let now = self.authorized(id, token).await?;
            let refused = now.challenge.progress.resend(purpose, method, offered, &self.rules.lifetimes, now.now);
            return Err(refused.err().map_or_else(|| challenge::refusal(&now.challenge.progress, now.now), Into::into));
        };
        self.publish(account, vec![AccountEvent::CodeIssued { challenge_id: id }]).await;
        new.progress = next;
        let destination = match next.method {
            Method::App => Destination::TrustedDevices(planned),
            Method::Email => Destination::Mailbox(stored.email.masked()),
        };
        Ok(self.view(&new, None, destination))
    }
}
