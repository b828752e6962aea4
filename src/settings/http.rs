//! The settings of the public side.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::SettingsError;
use super::range::within;
use crate::domain::value::origin::mend_origin;

/// The largest bodies of so many requests fit into the memory of a connection.
const REQUESTS_THAT_FIT: usize = 4;

/// The public side.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// Threads; 0: one a core.
    pub workers: usize,
    /// Pages that may open a WebSocket.
    pub allowed_origins: Vec<String>,
    /// Reverse proxies whose word about the client's address is believed: `X-Forwarded-For`, or the PROXY protocol.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether connections begin with a PROXY header.
    pub proxy_protocol: ProxyProtocol,
    /// Whether `X-Forwarded-For` counts where a PROXY header says that the proxy speaks for itself.
    pub forwarded_by_local: bool,
    /// Largest request body.
    pub max_body_bytes: usize,
    /// Connections at the same time.
    pub max_connections: usize,
    /// Connections at the same time from one network.
    pub max_connections_per_network: usize,
    /// Live states of challenges that are watched at the same time.
    pub max_event_streams: usize,
    /// Of these from one network.
    pub max_event_streams_per_network: usize,
    /// Of these of one challenge.
    pub max_event_streams_per_challenge: usize,
    /// Bytes of memory for requests under way: heads as they are kept, and announced bodies.
    pub max_request_memory: usize,
    /// Of these for one network.
    pub max_request_memory_per_network: usize,
    /// Of these for one connection.
    pub max_request_memory_per_connection: usize,
    /// How long each step until a request may take: PROXY header, TLS handshake, request head.
    pub head_timeout_ms: u64,
    /// How long a request body may take.
    pub body_timeout_ms: u64,
    /// How long a connection is kept for its next request.
    pub idle_timeout_ms: u64,
    /// The certificate.
    pub tls: TlsSettings,
}

/// The certificate of the public side; both unset: plain HTTP.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// PEM file of the certificate and those that it was issued with.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of its private key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

impl TlsSettings {
    /// Whether the public side speaks TLS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.certificate_file.is_some() || self.key_file.is_some()
    }
}

/// Whether connections begin with a PROXY header (HAProxy's `proxy-protocol.txt`, versions 1 and 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyProtocol {
    /// None does.
    Off,
    /// Every one does, and comes from a trusted proxy.
    Required,
}

impl HttpSettings {
    pub(super) fn mistakes(&self) -> Vec<SettingsError> {
        let checked = [
            within("http.max_body_bytes", self.max_body_bytes, 1024..=1_048_576),
            within("http.workers", self.workers, 0..=1024),
            within("http.max_connections", self.max_connections, 1..=1_000_000),
            within("http.max_connections_per_network", self.max_connections_per_network, 1..=1_000_000),
            within("http.max_event_streams", self.max_event_streams, 1..=1_000_000),
            within("http.max_event_streams_per_network", self.max_event_streams_per_network, 1..=1_000_000),
            within("http.max_event_streams_per_challenge", self.max_event_streams_per_challenge, 1..=100),
            within("http.max_request_memory", self.max_request_memory, 16 << 20..=1 << 40),
            within("http.max_request_memory_per_network", self.max_request_memory_per_network, 1 << 20..=1 << 40),
            within("http.max_request_memory_per_connection", self.max_request_memory_per_connection, 1 << 20..=1 << 40),
            within("http.head_timeout_ms", self.head_timeout_ms, 100..=60_000),
            within("http.body_timeout_ms", self.body_timeout_ms, 100..=60_000),
            within("http.idle_timeout_ms", self.idle_timeout_ms, 100..=300_000),
        ];
        let mut mistakes: Vec<_> = checked.into_iter().filter_map(Result::err).collect();
        if self.tls.certificate_file.is_some() != self.tls.key_file.is_some() {
            mistakes.push(SettingsError::Incomplete(
                "http.tls.certificate_file and http.tls.key_file belong together: set both, or neither for plain HTTP",
            ));
        }
        if self.max_request_memory_per_connection < REQUESTS_THAT_FIT * self.max_body_bytes {
            mistakes.push(SettingsError::Incomplete(
                "http.max_request_memory_per_connection is less than four times http.max_body_bytes: raise it, or large requests find no room",
            ));
        }
        for (entry, expected) in self.allowed_origins.iter().filter_map(|entry| Some((entry, mend_origin(entry)?))) {
            let value = format!("{entry:?} in its list");
            mistakes.push(SettingsError::OutOfRange { key: "http.allowed_origins", value, expected });
        }
        if self.proxy_protocol == ProxyProtocol::Required && self.trusted_proxies.is_empty() {
            mistakes.push(SettingsError::Incomplete(
                "http.proxy_protocol is \"required\", but http.trusted_proxies is empty: list the proxies that send it",
            ));
        }
        mistakes
    }
}
