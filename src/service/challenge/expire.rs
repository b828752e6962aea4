//! Writing down that challenges ran out.

use crate::service::challenge::view;
use crate::service::{Challenges, VerificationError};
use crate::store;

/// Challenges closed in one transaction.
const BATCH: i64 = 100;

impl Challenges {
    /// Closes challenges whose time is over; returns how many. Call it again at once while it returns a full batch.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire_due(&self) -> Result<usize, VerificationError> {
        let transaction = self.store.transaction(async |db| {
            let mut events = Vec::new();
            for closed in store::challenge::expire_due(db, BATCH).await? {
                events.push((closed.account_id, view::settle(db, &closed, None).await?));
            }
            Ok::<_, VerificationError>(events)
        });
        let events = transaction.await?;
        let count = events.len();
        for (account, event) in events {
            self.publish(account, vec![event]).await;
        }
        Ok(count)
    }
}
