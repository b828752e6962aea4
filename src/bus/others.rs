//! The way to other nodes, for who tells them something.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use super::seal::BusKeys;
use crate::domain::code::CodeKeys;
use crate::domain::event::NodeMessage;
use crate::domain::value::id::AccountId;
use crate::telemetry::BUS_FACTS;
use crate::telemetry::traces::Trace;

/// Messages for other nodes that wait for NATS, here and once more in its client. Each is below 300 bytes.
pub(super) const OUTWARD_CAPACITY: usize = 2048;

/// What is to be carried.
pub(super) enum Outward {
    Fact(AccountId, NodeMessage, Trace),
    Flush(oneshot::Sender<()>),
}

/// The way to other nodes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Others {
    outward: mpsc::Sender<Outward>,
    missed: Arc<Notify>,
    keys: BusKeys,
}

impl Others {
    /// What is told comes out at the other end.
    pub(super) fn new(keys: BusKeys) -> (Self, mpsc::Receiver<Outward>) {
        let (outward, to_send) = mpsc::channel(OUTWARD_CAPACITY);
        (Self { outward, missed: Arc::default(), keys }, to_send)
    }

    /// Notified when facts of other nodes were lost.
    pub(super) fn missing(&self) -> Arc<Notify> {
        Arc::clone(&self.missed)
    }

    pub(super) fn tell(&self, account: AccountId, event: NodeMessage) {
        let told = self.outward.try_send(Outward::Fact(account, event, Trace::current())).is_ok();
        count(if told { "sent" } else { "dropped" });
    }

    pub(super) fn replace_keys(&self, keys: Arc<CodeKeys>) {
        self.keys.replace(keys);
    }

    pub(super) fn miss(&self) {
        self.missed.notify_one();
    }

    pub(super) async fn missed(&self) {
        self.missed.notified().await;
    }

    pub(super) async fn flush(&self, patience: Duration) {
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if self.outward.send(Outward::Flush(done)).await.is_ok() {
                let _ = flushed.await;
            }
        };
        // What is lost is found in the database by those it concerns.
        let _ = tokio::time::timeout(patience, flush).await;
    }
}

/// Counts facts between nodes, by what became of them.
pub(super) fn count(what: &'static str) {
    metrics::counter!(BUS_FACTS, "what" => what).increment(1);
}
