//! Between the parts of a node, and between nodes: facts about accounts, already committed.
//!
//! A fact reaches the parts of its own node through memory, and other nodes through NATS where one is configured. NATS
//! loses what it cannot deliver, so nothing depends on it alone: the database holds every fact, and a node looks there as
//! well (docs/decisions/0012-nats-subjects.md).

mod closed;
mod health;
mod local;
mod nats;
mod others;
mod seal;
mod settings;
mod watchers;
mod wire;

pub use health::Health;
pub use local::{Bus, Envelope, Inbox, News};
pub use nats::{CannotJoin, check, join, probe};
pub use seal::CLOCKS_DIFFER;
pub use settings::{BusSettings, BusTlsSettings, JoinError};
pub use watchers::{GoesAway, Watcher};
