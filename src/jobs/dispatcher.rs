//! From the bus to the directory.

use std::sync::Arc;

use tracing::info;

use crate::actors::{Directory, Services};
use crate::bus::{Inbox, News};
use crate::domain::event::AccountEvent;
use crate::jobs::Job;
use crate::jobs::retract_pushes::Withdrawals;

/// Routes what the bus brings, until the bus is gone.
pub struct Dispatcher {
    inbox: Inbox,
    directory: Directory,
    withdrawals: Withdrawals,
}

impl Dispatcher {
    /// Takes what comes to this node over the bus.
    #[must_use]
    pub fn new(inbox: Inbox, services: Arc<Services>, directory: Directory) -> Self {
        Self { inbox, directory, withdrawals: Withdrawals::new(services) }
    }
}

impl Job for Dispatcher {
    fn name(&self) -> &'static str {
        "dispatcher"
    }

    async fn run(&mut self) {
        while let Some(envelope) = self.inbox.recv().await {
            // The node that closed a challenge takes its notifications back; the others only hear of it.
            if let News::Committed(AccountEvent::ChallengeClosed { challenge_id, .. }) = &envelope.news {
                self.withdrawals.begin(envelope.account_id, *challenge_id);
            }
            self.directory.route(envelope).await;
        }
        info!("the bus is closed");
    }
}
