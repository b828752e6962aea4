//! What tests share: a gateway on port 0 with a database of its own, and clients that speak the public contract.

pub mod authenticator_app;
pub mod chaos_proxy;
pub mod child;
pub mod client;
pub mod database;
pub mod event_stream;
pub mod forward_proxy;
pub mod gateway;
pub mod http_receiver;
pub mod lift;
pub mod process;
pub mod python;
pub mod raw_socket;
pub mod socket;
