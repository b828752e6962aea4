//! Asking for a new code, perhaps by another method.

use super::start::{issued, mail_spender, spend_mail};
use super::view::Offered;
use crate::domain::challenge::{Method, Purpose, Refusal};
use crate::domain::delivery::{DeliveryView, device_may_show};
use crate::domain::device::token::Token;
use crate::domain::value::id::ChallengeId;
use crate::service::{ChallengeView, Challenges, Core, Destination, VerificationError};
use crate::store::challenge::{NewChallenge, StoredChallenge};
use crate::store::{self, Db, StoreError};

impl Challenges {
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
}

impl Core {
    /// `None` when another call was faster.
    async fn replace_code(
        &self,
        stored: StoredChallenge,
        method: Option<Method>,
    ) -> Result<Option<ChallengeView>, VerificationError> {
        let new = &stored.challenge;
        let account = new.account_id;
        let id = new.challenge_id;
        let before = new.progress;
        let purpose = new.purpose;
        let look = self.store.run(async |db| {
            let deliveries = store::delivery::states(db, account, id, before.generation).await?;
            Ok::<_, VerificationError>(self.offered(db, &stored, &deliveries).await?)
        });
        let offered = look.await?;
        let next = before.resend(purpose, method, offered, &self.rules.lifetimes, stored.now)?;
        // Not the key of the code before: that one may have been revoked.
        let key = self.current_key();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let too_soon = |retry_after| Refusal::ResendTooSoon { retry_after };
            if purpose != Purpose::CreateAccount {
                store::challenge::count_sends(db, account).await?.check(stored.now).map_err(too_soon)?;
            }
            if let (Method::Email, Some(mailbox)) = (next.method, &stored.email) {
                let spender = mail_spender(purpose, account, &new.requester);
                spend_mail(db, mailbox, &spender, stored.now).await?.map_err(too_soon)?;
            }
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
        let new = NewChallenge { progress: next, key_id: key, ..stored.challenge };
        let count = planned.deliveries.len() as u64;
        self.publish(account, vec![issued(new.code(), planned)]).await;
        let destination = match next.method {
            Method::App => Destination::TrustedDevices(count),
            Method::Email => Destination::mailbox(stored.email.as_ref()),
        };
        // What may come next is told by the state; now a device may show it, or the mailbox was good enough.
        let device_may_show = next.method == Method::App && count > 0;
        let mailbox = self.mailbox_stands(stored.email.as_ref(), stored.mailbox_changed_at, stored.now);
        let look = async |db: &_| self.methods(db, account, purpose, device_may_show, mailbox).await;
        let methods = self.store.run(look).await?;
        let offered = Offered { methods, has_authenticator: stored.has_authenticator };
        Ok(Some(self.view(&new, None, destination, offered)))
    }

    /// The methods that a challenge offers by how far its current code came.
    pub(in crate::service) async fn offered(
        &self,
        db: &impl Db,
        stored: &StoredChallenge,
        deliveries: &[DeliveryView],
    ) -> Result<&'static [Method], StoreError> {
        let new = &stored.challenge;
        let mailbox = self.mailbox_stands(stored.email.as_ref(), stored.mailbox_changed_at, stored.now);
        self.methods(db, new.account_id, new.purpose, device_may_show(deliveries), mailbox).await
    }
}
