//! More than one node: real NATS, one database, several gateways.

mod degraded;
mod delivering;
mod partition;
mod revoking;
mod stage;
mod trusting;
