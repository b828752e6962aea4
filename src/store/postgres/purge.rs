//! Upkeep: forgetting what is over.

use super::row::seconds;
use crate::domain::app_server::idempotency::KEPT_FOR;
use crate::store::{Db, StoreError, execute, query};

/// Days for which closed challenges, ended sessions and sent notices are kept for support.
const KEEP_DAYS: i32 = 30;

/// Forgets what is over for long, and accounts that nobody confirmed.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_what_is_over(db: &impl Db) -> Result<(), StoreError> {
    execute(db, query!("upkeep/forget_challenges"), &[&KEEP_DAYS]).await?;
    execute(db, query!("upkeep/forget_sessions"), &[&KEEP_DAYS]).await?;
    execute(db, query!("upkeep/forget_notices"), &[&KEEP_DAYS]).await?;
    execute(db, query!("upkeep/forget_password_resets"), &[&KEEP_DAYS]).await?;
    execute(db, query!("upkeep/forget_email_changes"), &[&KEEP_DAYS]).await?;
    execute(db, query!("upkeep/forget_recoveries"), &[&KEEP_DAYS]).await?;
    execute(db, query!("mailbox/forget"), &[]).await?;
    execute(db, query!("upkeep/forget_unconfirmed_accounts"), &[]).await?;
    execute(db, query!("upkeep/forget_idempotent_requests"), &[&seconds(KEPT_FOR)]).await?;
    Ok(())
}
