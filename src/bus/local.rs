//! The bus of a node that runs alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, mpsc};

use crate::domain::event::AccountEvent;
use crate::domain::id::AccountId;

/// Facts that wait to be routed. When it is full, who publishes waits: nothing is dropped.
const INBOX_CAPACITY: usize = 4096;
/// Facts that a watcher may lag behind before it is told to look at the database again.
const WATCHER_CAPACITY: usize = 1024;

/// A fact and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// Whose.
    pub account_id: AccountId,
    /// What.
    pub event: AccountEvent,
}

/// The place where facts are published. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    inbox: mpsc::Sender<Envelope>,
    /// `None` once the node is going away.
    watchers: Arc<Mutex<Option<broadcast::Sender<Envelope>>>>,
}

/// The end at which this node's directory reads.
pub type Inbox = mpsc::Receiver<Envelope>;

impl Bus {
    /// A bus and the end that the directory reads.
    #[must_use]
    pub fn new() -> (Self, Inbox) {
        let (inbox, receiver) = mpsc::channel(INBOX_CAPACITY);
        let (watchers, _) = broadcast::channel(WATCHER_CAPACITY);
        (Self { inbox, watchers: Arc::new(Mutex::new(Some(watchers))) }, receiver)
    }

    /// Tells everybody. Call it after the commit; it waits while the directory is behind.
    pub async fn publish(&self, account_id: AccountId, event: AccountEvent) {
        let envelope = Envelope { account_id, event };
        // Nobody may be watching, and at the very end of a node nobody reads: both are fine.
        if let Some(watchers) = self.watchers().as_ref() {
            let _ = watchers.send(envelope);
        }
        let _ = self.inbox.send(envelope).await;
    }

    /// Every fact from now on. A watcher that lags is told so and must look at the database again; one that watches
    /// when the node is going away is told that at once.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Envelope> {
        let watchers = self.watchers();
        watchers.as_ref().map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe)
    }

    /// Tells every watcher that the node is going away.
    pub fn end_watching(&self) {
        self.watchers().take();
    }

    fn watchers(&self) -> MutexGuard<'_, Option<broadcast::Sender<Envelope>>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
