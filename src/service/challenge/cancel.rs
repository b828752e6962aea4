//! Giving up: whoever asked for a challenge ends it.

use crate::domain::device::token::Token;
use crate::domain::value::id::ChallengeId;
use crate::service::challenge::view;
use crate::service::{Challenges, VerificationError};
use crate::store;

impl Challenges {
    /// Ends a challenge for whoever asked for it: its code is good for nothing from here on, and trusted devices stop showing it. It
    /// is no answer: what was guessed and what went unanswered stays counted, the sign-in stays in the activity, and the owner
    /// is still told of one that was not finished. Ending one that is over is fine.
    ///
    /// # Errors
    /// As for every call on a challenge.
    pub async fn cancel(&self, id: ChallengeId, token: &Token) -> Result<(), VerificationError> {
        let account = self.authorized(id, token).await?.challenge.account_id;
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let Some(closed) = store::challenge::cancel(db, account, id).await? else { return Ok(None) };
            Ok::<_, VerificationError>(Some(view::settle(db, &closed, None).await?))
        });
        if let Some(event) = transaction.await? {
            self.publish(account, vec![event]).await;
        }
        Ok(())
    }
}
