//! The bus as the parts of one node see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};

use super::closed::RecentlyClosed;
use super::health::{Health, HealthCell};
use super::others::Others;
use super::watchers::{Watcher, Watchers};
use crate::domain::code::CodeKeys;
use crate::domain::event::{AccountEvent, NodeMessage};
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::telemetry::traces::Trace;

/// Facts that wait to be routed. When it is full, who publishes waits: nothing is dropped.
const INBOX_CAPACITY: usize = 4096;

/// What is heard of an account.
#[derive(Debug, Clone)]
pub enum News {
    /// A use case of this node committed it.
    Committed(AccountEvent),
    /// Another node says so, or whoever can publish on the same NATS: to be looked up in the database before it is acted on.
    FromNode(NodeMessage),
}

/// News, and whose they are.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// What happened.
    pub news: News,
    /// The trace that it happened in.
    pub trace: Trace,
}

/// The place where facts are published. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    inbox: mpsc::Sender<Envelope>,
    watchers: Watchers,
    others: Option<Others>,
    /// Another node is alive and does not hear this one: what it does is in the database only.
    other_cut_off: Arc<AtomicBool>,
    closed: Arc<RecentlyClosed>,
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
        let watchers = Watchers::default();
        let other_cut_off = Arc::default();
        let closed = Arc::default();
        (Self { inbox, watchers, others: None, other_cut_off, closed, health }, receiver)
    }

    pub(super) fn with_others(self, others: Others) -> Self {
        Self { others: Some(others), ..self }
    }

    /// Tells everybody, on every node. Call it after the commit; it waits while the directory is behind, and never for NATS.
    pub async fn publish(&self, account_id: AccountId, event: AccountEvent) {
        let message = NodeMessage::from(&event);
        self.tell_others(account_id, message);
        self.hand_on(message, Envelope { account_id, news: News::Committed(event), trace: Trace::current() }).await;
    }

    /// Wakes whoever watches a challenge, on every node: how far a delivery came was committed.
    pub fn wake(&self, account_id: AccountId, challenge_id: ChallengeId) {
        self.tell_others(account_id, NodeMessage::DeliveryChanged { challenge_id });
        self.watchers.wake(challenge_id);
    }

    /// Tells the other nodes only, if there are any. Never waits: what NATS cannot take is lost, and found in the database.
    pub fn tell_others(&self, account_id: AccountId, message: NodeMessage) {
        if let Some(others) = &self.others {
            others.tell(account_id, message);
        }
    }

    /// Hands what another node says to the parts of this one.
    pub async fn take(&self, account_id: AccountId, message: NodeMessage, trace: Trace) {
        self.hand_on(message, Envelope { account_id, news: News::FromNode(message), trace }).await;
    }

    async fn hand_on(&self, message: NodeMessage, envelope: Envelope) {
        if let NodeMessage::ChallengeClosed { challenge_id, .. } = message {
            self.closed.note(challenge_id);
        }
        if let Some(challenge) = message.changed_challenge() {
            self.watchers.wake(challenge);
        }
        // Nobody but those who watch wants to know of deliveries. At the very end of a node nobody reads the inbox, which is fine.
        if !matches!(message, NodeMessage::DeliveryChanged { .. }) {
            let _ = self.inbox.send(envelope).await;
        }
    }

    /// Whether the end of a challenge was heard of a moment ago: it may have overtaken the news that its code was issued.
    #[must_use]
    pub fn may_be_over(&self, challenge: ChallengeId) -> bool {
        self.closed.holds(challenge)
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
