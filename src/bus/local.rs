//! The bus as the parts of one node see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};

use super::health::{Health, HealthCell};
use super::nats::Nats;
use super::watchers::{Watcher, Watchers};
use crate::domain::code::CodeKeys;
use crate::domain::event::AccountEvent;
use crate::domain::id::{AccountId, ChallengeId};
use crate::traces::Trace;

/// Facts that wait to be routed. When it is full, who publishes waits: nothing is dropped.
const INBOX_CAPACITY: usize = 4096;

/// Who says a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A use case of this node, which committed it.
    Here,
    /// Another node, or whoever can publish on the same NATS: to be looked up in the database before it is acted on.
    Elsewhere,
}

/// A fact and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// Whose.
    pub account_id: AccountId,
    /// What.
    pub event: AccountEvent,
    /// Who says so.
    pub source: Source,
    /// The trace that it happened in.
    pub trace: Trace,
}

/// The place where facts are published. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    inbox: mpsc::Sender<Envelope>,
    watchers: Watchers,
    others: Option<Nats>,
    /// Another node is alive and does not hear this one: what it does is in the database only.
    other_cut_off: Arc<AtomicBool>,
    health: HealthCell,
}

/// The end at which this node's directory reads.
pub type Inbox = mpsc::Receiver<Envelope>;

impl Bus {
    /// The bus of a node that runs alone, and the end that the directory reads.
    #[must_use]
    pub fn alone() -> (Self, Inbox) {
        Self::new(HealthCell::new(Health::Alone))
    }

    pub(super) fn new(health: HealthCell) -> (Self, Inbox) {
        let (inbox, receiver) = mpsc::channel(INBOX_CAPACITY);
        (Self { inbox, watchers: Watchers::default(), others: None, other_cut_off: Arc::default(), health }, receiver)
    }

    pub(super) fn with_others(self, others: Nats) -> Self {
        Self { others: Some(others), ..self }
    }

    /// Tells everybody, on every node. Call it after the commit; it waits while the directory is behind, and never for NATS.
    pub async fn publish(&self, account_id: AccountId, event: AccountEvent) {
        self.tell_others(account_id, event);
        self.take(Envelope { account_id, event, source: Source::Here, trace: Trace::current() }).await;
    }

    /// Tells the other nodes only, if there are any. Never waits: what NATS cannot take is lost, and found in the database.
    pub fn tell_others(&self, account_id: AccountId, event: AccountEvent) {
        if let Some(others) = &self.others {
            others.tell(account_id, event);
        }
    }

    /// Hands a fact to the parts of this node only.
    pub async fn take(&self, envelope: Envelope) {
        self.watchers.tell(&envelope.event);
        // At the very end of a node nobody reads the inbox, which is fine.
        if envelope.event.is_for_actors() {
            let _ = self.inbox.send(envelope).await;
        }
    }

    /// How the way to other nodes stands.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.get()
    }

    /// Changes of [`Self::health`].
    #[must_use]
    pub fn watch_health(&self) -> watch::Receiver<Health> {
        self.health.watch()
    }

    /// Whether other nodes hear what this one tells.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.health.is_joined()
    }

    /// What the nodes' signs of life say: whether another node is alive and cut off.
    pub fn set_other_cut_off(&self, is_cut_off: bool) {
        self.other_cut_off.store(is_cut_off, Ordering::Relaxed);
    }

    /// Whether another node is alive and cut off, so that what it does is in the database only.
    #[must_use]
    pub fn is_other_cut_off(&self) -> bool {
        self.other_cut_off.load(Ordering::Relaxed)
    }

    /// Facts between nodes carry MACs of these keys from now on.
    pub fn replace_keys(&self, keys: Arc<CodeKeys>) {
        if let Some(others) = &self.others {
            others.replace_keys(keys);
        }
    }

    /// A fact of another node could not be looked up: what it told is to be looked for.
    pub fn miss(&self) {
        if let Some(others) = &self.others {
            others.miss();
        }
    }

    /// Comes when facts of other nodes were lost because this node was too slow, or could not look them up; never while it runs
    /// alone.
    pub async fn missed(&self) {
        match &self.others {
            Some(others) => others.missed().await,
            None => std::future::pending().await,
        }
    }

    /// Sends what waits for other nodes, within `patience`, when the node goes away.
    pub async fn flush(&self, patience: std::time::Duration) {
        if let Some(others) = &self.others {
            others.flush(patience).await;
        }
    }

    /// Every change of a challenge from now on. One who watches when the node is going away is told that at once.
    #[must_use]
    pub fn watch(&self, challenge: ChallengeId) -> Watcher {
        self.watchers.watch(challenge)
    }

    /// Tells every watcher that the node is going away.
    pub fn end_watching(&self) {
        self.watchers.end();
    }
}
