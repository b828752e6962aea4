//! From the bus to the directory.

use std::sync::Arc;

use tracing::info;

use crate::actors::{Directory, Services};
use crate::bus::{Inbox, News};
use crate::domain::event::AccountEvent;
use crate::jobs::retract_pushes::Withdrawals;

/// Routes every fact of the bus until the bus is gone.
pub async fn dispatch(mut inbox: Inbox, services: Arc<Services>, directory: Directory) {
    let withdrawals = Withdrawals::new(services);
    while let Some(envelope) = inbox.recv().await {
        // Whoever closed it takes its notifications back.
        if let News::Committed(AccountEvent::ChallengeClosed { challenge_id, .. }) = &envelope.news {
            withdrawals.begin(envelope.account_id, *challenge_id);
        }
        directory.route(envelope).await;
    }
    info!("the bus is closed");
}
