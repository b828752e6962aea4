//! Simulators of the push providers that speak the providers' real wire, for tests and load tests.
//!
//! They follow the providers' documentation, not the gateway's code, and import nothing of it: what the gateway gets wrong
//! shows here. Each is scripted per address and as a whole, records what it receives, and lets a test wait for an event
//! instead of sleeping. They listen on loopback addresses only. Beside them: the real NATS server, started on loopback.

#[macro_use]
mod controls;

pub mod apns;
mod authority;
mod clock;
mod fault;
pub mod fcm;
mod journal;
mod listener;
mod nats;
pub mod providers;
mod script;
pub mod webpush;

pub use apns::{ApnsBehaviour, ApnsFailure, ApnsOptions, ApnsRequest, ApnsSimulator};
pub use fault::{Fault, FaultError};
pub use fcm::{FcmBehaviour, FcmFailure, FcmOptions, FcmRequest, FcmSimulator, TokenBehaviour, TokenRequest};
pub use journal::{Journal, WaitTimedOut};
pub use nats::NatsServer;
pub use providers::{ProvidersOptions, run_providers};
pub use webpush::{
    WebPushBehaviour, WebPushFailure, WebPushOptions, WebPushRequest, WebPushSimulator, WebPushSubscription,
};

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Simulators accept any push: they must not be reachable from elsewhere.
    #[error("a simulator listens on loopback addresses only, not on {0}")]
    NotLoopback(std::net::SocketAddr),
    /// The address is taken, or a file cannot be written.
    #[error("input or output failed")]
    Io(#[from] std::io::Error),
    /// No key could be generated.
    #[error("cannot generate a key")]
    Key,
    /// No certificate could be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The certificate could not be used.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}
