//! Apple Push Notification service: HTTP/2 over TLS with an authority of its own, provider tokens, one stream until the
//! first success.
//!
//! Sources: <https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns>,
//! <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns> and
//! <https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns>.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use crate::StartError;
use crate::authority::{self, Identity};
use crate::clock::Clock;
use crate::journal::Journal;
use crate::listener::Listener;
use crate::script::Script;

mod behaviour;
mod check;
mod failure;
mod frames;
mod server;
mod shared;
mod team;

pub use behaviour::ApnsBehaviour;
pub use failure::ApnsFailure;
pub use shared::ApnsRequest;

use shared::Shared;
use team::Team;

/// The settings of an APNs simulator.
#[derive(Debug, Clone)]
pub struct ApnsOptions {
    /// The only topic it takes.
    pub topic: String,
    /// Streams that a connection may have open after its first success.
    pub most_streams: u32,
    /// Requests kept in memory.
    pub keep: usize,
    /// The name that its clients know it by, where a proxy brings them; otherwise its address.
    pub host: Option<String>,
    /// Where key and certificate go; without it, into a directory that goes away with the simulator.
    pub directory: Option<PathBuf>,
}

impl Default for ApnsOptions {
    fn default() -> Self {
        let topic = "org.example.twostep".to_owned();
        Self { topic, most_streams: 1000, keep: 20_000, host: None, directory: None }
    }
}

/// A running APNs simulator; it ends when dropped.
#[derive(Debug)]
pub struct ApnsSimulator {
    shared: Arc<Shared>,
    listener: Listener,
    host: Option<String>,
    ca_file: PathBuf,
    _directory: Option<TempDir>,
}

impl ApnsSimulator {
    /// Starts with the default options on a loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is no loopback address or is taken.
    pub async fn start(address: SocketAddr) -> Result<Self, StartError> {
        Self::start_with(address, ApnsOptions::default()).await
    }

    /// Starts with options.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when key or certificate cannot be written.
    pub async fn start_with(address: SocketAddr, options: ApnsOptions) -> Result<Self, StartError> {
        let (path, directory) = match options.directory {
            Some(path) => (path, None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let ca_file = path.join("apns-ca.pem");
        let host = options.host.as_deref();
        let identity = Identity { service: "APNs", address: address.ip(), host, protocols: &["h2"] };
        let tls = TlsAcceptor::from(Arc::new(authority::create(&ca_file, &identity)?));
        let shared = Arc::new(Shared {
            topic: options.topic,
            most_streams: options.most_streams,
            team: Team::create(&path)?,
            clock: Clock::default(),
            script: Script::new(ApnsBehaviour::Accept),
            requests: Journal::new(options.keep),
            connections: AtomicUsize::new(0),
            early_streams: AtomicUsize::new(0),
            most_open_streams: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        let serve = move |stream| server::serve(stream, tls.clone(), Arc::clone(&serving));
        let listener = Listener::start(address, serve).await?;
        Ok(Self { listener, shared, host: options.host, ca_file, _directory: directory })
    }

    /// `https://HOST:PORT`, for `TWOSTEP__APNS__BASE_URL`.
    #[must_use]
    pub fn base_url(&self) -> String {
        let address = self.listener.address();
        match &self.host {
            Some(host) => format!("https://{host}:{}", address.port()),
            None => format!("https://{address}"),
        }
    }

    /// The certificate of the only authority to trust, in PEM.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The signing key, as a `.p8` file.
    #[must_use]
    pub fn signing_key_file(&self) -> &Path {
        &self.shared.team.signing_key_file
    }

    /// The signing key's id.
    #[must_use]
    pub fn key_id(&self) -> &'static str {
        team::KEY_ID
    }

    /// The team's id.
    #[must_use]
    pub fn team_id(&self) -> &'static str {
        team::TEAM_ID
    }

    /// The topic it takes.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.shared.topic
    }

    /// Streams that were opened while only one was allowed; they were refused.
    #[must_use]
    pub fn early_streams(&self) -> usize {
        self.shared.early_streams.load(Ordering::Relaxed)
    }

    /// The most streams that one connection had open at once.
    #[must_use]
    pub fn most_open_streams(&self) -> usize {
        self.shared.most_open_streams.load(Ordering::Relaxed)
    }
}

controls!(ApnsSimulator, ApnsBehaviour, ApnsRequest);
