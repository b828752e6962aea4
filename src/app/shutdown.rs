//! The end of a node, in order.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{info, warn};

use super::App;
use super::serve::SHUTDOWN_SECONDS;
use crate::store;

/// How long after that it waits for the mail server to take what it was given.
const MAIL_PATIENCE: Duration = Duration::from_secs(6);
/// How long what other nodes should know may take to leave at the end.
const BUS_FLUSH: Duration = Duration::from_secs(1);

impl App {
    /// Stops in order: not ready any more, goodbye to every connection, requests under way finish, the database last.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Relaxed);
        info!("draining");
        // What waits is for nodes that stay: what this one took up now, another would take over, and send as well.
        self.takers.end();
        self.bus.end_watching();
        // Asked for first: a device that comes back at once must find another node.
        let stopped = self.public.stop(true);
        self.directory.drain(self.reconnect_spread).await;
        let graceful = tokio::time::timeout(Duration::from_secs(SHUTDOWN_SECONDS), stopped);
        if graceful.await.is_err() {
            warn!("some requests did not finish in time");
        }
        let mails = self.mails_under_way.end(MAIL_PATIENCE).await;
        if mails > 0 {
            warn!(mails, "mails are under way still: another node sends them once more");
        }
        for server in &self.private {
            server.stop(false).await;
        }
        self.bus.flush(BUS_FLUSH).await;
        self.supervisor.end();
        let node = self.node;
        if self.store.run(async |db| store::node::leave(db, node).await).await.is_err() {
            warn!("this node could not say that it is gone: others find out in a moment");
        }
        self.store.close();
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
        info!("stopped");
    }
}
