//! What an account may ask for about itself: everything that is kept, and that nothing is kept any more.

use crate::domain::challenge::SupersededBy;
use crate::domain::device::session::SessionEnd;
use crate::domain::event::AccountEvent;
use crate::domain::value::id::AccountId;
use crate::service::challenge::view;
use crate::service::{Accounts, VerificationError};
use crate::store;

impl Accounts {
    /// Everything that is kept about an account, as JSON: an object with a list for each kind of thing. Without what would let
    /// anybody in: hashes, salts, tokens, push addresses.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account.
    pub async fn export_account(&self, account: AccountId) -> Result<serde_json::Value, VerificationError> {
        let found = self.store.run(async |db| store::account::export(db, account).await).await?;
        found.ok_or(VerificationError::NotFound)
    }

    /// Deletes an account and everything about it. Its connections end, and its open challenges close on every screen.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account.
    pub async fn delete_account(&self, account: AccountId) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            view::supersede_all(db, account, SupersededBy::AccountDeleted, &mut events).await?;
            let ended = store::session::end_others(db, account, None, SessionEnd::AccountDeleted).await?;
            events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
            store::idempotent_request::erase(db, account).await?;
            store::account::delete(db, account).await?;
            Ok::<_, VerificationError>(())
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }
}
