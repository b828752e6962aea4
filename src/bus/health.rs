//! Whether this node hears the others.

use std::sync::Arc;

use metrics::gauge;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::telemetry::BUS_JOINED;

/// How the way to other nodes stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// There is none: this node runs alone.
    Alone,
    /// NATS carries facts to and from other nodes.
    Joined,
    /// NATS is away. Local delivery and push go on, and the database tells what other nodes did.
    Degraded {
        /// Why, in words without addresses or secrets.
        reason: String,
    },
}

/// The present [`Health`], for those who tell and those who ask. Cheap to clone.
#[derive(Clone)]
pub(super) struct HealthCell(Arc<watch::Sender<Health>>);

impl HealthCell {
    pub(super) fn new(first: Health) -> Self {
        Self(Arc::new(watch::Sender::new(first)))
    }

    pub(super) fn get(&self) -> Health {
        self.0.borrow().clone()
    }

    pub(super) fn is_joined(&self) -> bool {
        *self.0.borrow() == Health::Joined
    }

    pub(super) fn watch(&self) -> watch::Receiver<Health> {
        self.0.subscribe()
    }

    pub(super) fn joined(&self) {
        gauge!(BUS_JOINED).set(1.0);
        if self.set(Health::Joined) {
            info!("joined to other nodes over NATS");
        }
    }

    pub(super) fn degraded(&self, reason: &str) {
        gauge!(BUS_JOINED).set(0.0);
        if self.set(Health::Degraded { reason: reason.to_owned() }) {
            warn!(bus.reason = reason, "NATS is away: other nodes are reached through the database and push");
        }
    }

    /// Whether that is news.
    fn set(&self, health: Health) -> bool {
        self.0.send_if_modified(|present| {
            let is_news = *present != health;
            *present = health;
            is_news
        })
    }
}
