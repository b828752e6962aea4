//! What handlers of the public side work with.

use std::sync::Arc;

use ipnet::IpNet;

use super::device::challenges::Streams;
use super::device::tokens::Tokens;
use super::request::client_ip::Trust;
use super::request::rate_limits::Limits;
use crate::actors::Directory;
use crate::bus::Bus;
use crate::geoip::Places;
use crate::providers::mail::Outbox;
use crate::providers::push::CurrentProviders;
use crate::service::UseCases;
use crate::websocket::{AllowedOrigins, ConnectionSettings};

/// What handlers work with.
pub struct Api {
    /// The use cases.
    pub use_cases: UseCases,
    /// What changes of challenges are heard over.
    pub bus: Bus,
    /// The way to user actors, for connections.
    pub directory: Directory,
    /// Pages that may open a WebSocket.
    pub origins: AllowedOrigins,
    /// How connections are kept alive.
    pub connections: ConnectionSettings,
    /// Where addresses seem to be.
    pub places: Arc<Places>,
    /// The mail outbox, in development only.
    pub outbox: Option<Arc<Outbox>>,
    /// The push providers, for what browsers subscribe with.
    pub push: CurrentProviders,
    /// Requests a minute.
    pub limits: Arc<Limits>,
    /// Which tokens were good lately, and which networks sent bad ones.
    pub tokens: Tokens,
    /// The live states that are watched.
    pub streams: Arc<Streams>,
    /// Who is believed about addresses, and who is exempt from limits.
    pub trust: Trust,
    /// Networks whose callers may go on with a trace of theirs.
    pub traced_callers: Vec<IpNet>,
    /// Whom to tell of a weakness, a `mailto:` or `https:` URI.
    pub security_contact: Option<String>,
    /// Whoever comes may make an account.
    pub takes_accounts: bool,
    /// Largest request body in bytes.
    pub max_body_bytes: usize,
    /// The lines are secure by themselves, not by a proxy.
    pub speaks_tls: bool,
}
