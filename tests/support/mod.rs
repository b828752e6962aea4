//! What tests share: a gateway on port 0 with a database of its own, and clients that speak the public contract.

pub mod client;
pub mod database;
pub mod event_stream;
pub mod gateway;
pub mod socket;
