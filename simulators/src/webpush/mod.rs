//! A Web Push push service with the user agents behind it: push resources over TLS with an authority of its own, application
//! server identification, and the decryption of messages.
//!
//! Sources: RFC 8030 (the protocol), RFC 8292 (VAPID), RFC 8291 and RFC 8188 (the encryption).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde_json::Value;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use crate::StartError;
use crate::authority::{self, Identity};
use crate::clock::Clock;
use crate::journal::Journal;
use crate::listener::{Bound, Listener};
use crate::script::Script;

mod behaviour;
mod check;
mod refusal;
mod server;
mod shared;
mod subscribe;
mod subscriptions;
mod user_agent;
mod vapid;

pub use behaviour::{WebPushBehaviour, WebPushFailure};
pub use shared::WebPushRequest;
pub use subscribe::WebPushSubscription;

use shared::Shared;
use subscriptions::Subscriptions;

/// The settings of a Web Push simulator.
#[derive(Debug, Clone)]
pub struct WebPushOptions {
    /// Where the certificate goes; without it, into a directory that goes away with the simulator.
    pub directory: Option<PathBuf>,
    /// Pushes kept in memory.
    pub keep: usize,
    /// The name that its clients know it by, where a proxy brings them; otherwise its address.
    pub host: Option<String>,
    /// Messages a minute to one subscription; more are refused with 429. Without it, any number.
    pub quota: Option<u32>,
}

impl Default for WebPushOptions {
    fn default() -> Self {
        Self { directory: None, keep: 20_000, host: None, quota: None }
    }
}

/// A running Web Push simulator; it ends when dropped.
#[derive(Debug)]
pub struct WebPushSimulator {
    shared: Arc<Shared>,
    listener: Listener,
    host: String,
    ca_file: PathBuf,
    _directory: Option<TempDir>,
}

impl WebPushSimulator {
    /// Starts with the default options on a loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is no loopback address or is taken.
    pub async fn start(address: SocketAddr) -> Result<Self, StartError> {
        Self::start_with(address, WebPushOptions::default()).await
    }

    /// Starts with options.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when the certificate cannot be made or written.
    pub async fn start_with(address: SocketAddr, options: WebPushOptions) -> Result<Self, StartError> {
        let (path, directory) = match options.directory {
            Some(path) => (path, None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let ca_file = path.join("webpush-ca.pem");
        let identity = Identity {
            service: "Web Push",
            address: address.ip(),
            host: options.host.as_deref(),
            protocols: &["h2", "http/1.1"],
        };
        let tls = TlsAcceptor::from(Arc::new(authority::create(&ca_file, &identity)?));
        let bound = Bound::new(address).await?;
        let address = bound.address();
        let host = match options.host {
            Some(host) => format!("{host}:{}", address.port()),
            None => address.to_string(),
        };
        let shared = Arc::new(Shared {
            origin: format!("https://{host}"),
            clock: Clock::default(),
            subscriptions: Subscriptions::new(options.quota),
            script: Script::new(WebPushBehaviour::Accept),
            requests: Journal::new(options.keep),
            accepted: AtomicU64::new(0),
        });
        let serving = Arc::clone(&shared);
        let listener = bound.serve(move |stream| server::serve(stream, tls.clone(), Arc::clone(&serving)));
        Ok(Self { shared, listener, host, ca_file, _directory: directory })
    }

    /// `https://HOST:PORT`: where endpoints begin, and the audience of VAPID tokens.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// `HOST:PORT`, for `TWOSTEP__WEBPUSH__SERVICES`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The certificate of the only authority to trust, in PEM.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Subscribes as a browser does. With an application server key, 65 bytes in base64url, no other key may send.
    #[must_use]
    pub fn subscribe(&self, vapid_public_key: Option<&str>) -> WebPushSubscription {
        subscribe::with_own_keys(&self.shared, vapid_public_key)
    }

    /// Ends a subscription: later pushes are answered with 410. An unknown endpoint is ignored.
    pub fn unsubscribe(&self, endpoint: &str) {
        let id = endpoint.strip_prefix(self.origin()).and_then(|path| path.strip_prefix(subscribe::PUSH_PATH));
        self.shared.subscriptions.end(id.unwrap_or_default());
    }
}

controls!(WebPushSimulator, WebPushBehaviour, WebPushRequest);

impl WebPushRequest {
    /// The message, if it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.message.as_deref()?).ok()
    }
}
