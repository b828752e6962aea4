//! Between the parts of a node, and later between nodes: facts about accounts, already committed.

mod local;

pub use local::{Bus, Envelope, Inbox};
