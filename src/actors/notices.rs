//! Sending notices: mail to owners that is no code.

use std::time::Duration;

use tracing::{error, info};

use super::Services;
use crate::delivery::mail;
use crate::store::{self, StoreError};

/// Notices claimed at a time.
const BATCH: i64 = 50;
/// How long between two looks when nobody rings.
const PERIOD: Duration = Duration::from_secs(5);

/// Sends notices as they are written, for as long as the node runs.
pub async fn send_notices(services: std::sync::Arc<Services>) {
    let bell = services.verification.notices();
    loop {
        if let Err(error) = send_due(&services).await {
            error!(error = &error as &dyn std::error::Error, "notices wait for the database");
        }
        // Woken early by the bell or late by the clock: both are fine.
        let _ = tokio::time::timeout(PERIOD, bell.notified()).await;
    }
}

async fn send_due(services: &Services) -> Result<(), StoreError> {
    let store = services.verification.store();
    for notice in store.run(async |db| store::notice::claim_due(db, BATCH).await).await? {
        let mail = mail::notice_mail(notice.email, notice.kind, notice.requester.as_ref(), Some(notice.created_at));
        services.mail.send(mail);
        info!(notice.id = %notice.id, notice.kind = %notice.kind, "a notice was sent");
        store.run(async |db| store::notice::mark_sent(db, notice.account_id, notice.id).await).await?;
    }
    Ok(())
}
