//! The few connections to one server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::super::{PushSetupError, setup};
use super::connection::Connection;
use super::reconnect::Reconnect;
use crate::outbound::{DialError, Dialer};

/// Waits up to this long for a connection's time to come are slept through; longer ones are reported.
const PATIENCE: Duration = Duration::from_secs(1);

/// A server and the connections to it.
pub(super) struct Pool {
    server: Server,
    places: Vec<Mutex<Place>>,
    next: AtomicUsize,
}

/// Where to connect to.
struct Server {
    origin: String,
    name: ServerName<'static>,
    dialer: Dialer,
    tls: TlsConnector,
    connect_timeout: Duration,
}

#[derive(Default)]
struct Place {
    connection: Option<Arc<Connection>>,
    reconnect: Reconnect,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The last attempts failed; the next may start in so long.
    #[error("waiting to connect again")]
    TooSoon(Duration),
    /// No connection within half the request timeout.
    #[error("connecting took too long")]
    TimedOut,
    /// The server cannot be reached.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The server is not who it should be, or speaks no TLS.
    #[error("TLS handshake failed")]
    Tls(#[source] io::Error),
    /// The server speaks TLS but not HTTP/2.
    #[error("the server does not speak HTTP/2")]
    NotHttp2,
    /// The HTTP/2 handshake failed.
    #[error("HTTP/2 handshake failed")]
    Http2(#[from] h2::Error),
}

impl Pool {
    pub(super) fn new(
        key: &'static str,
        base_url: &str,
        tls: TlsConnector,
        connections: usize,
        connect_timeout: Duration,
    ) -> Result<Self, PushSetupError> {
        let url = setup::parse_origin(key, base_url, &["https"])?;
        Ok(Self {
            server: Server::new(key, &url, tls, connect_timeout)?,
            places: (0..connections.max(1)).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
        })
    }

    /// Scheme and authority, for a request's URI.
    pub(super) fn origin(&self) -> &str {
        &self.server.origin
    }

    /// A connection that takes requests: an open one, or a new one in its place. One caller opens, others wait.
    ///
    /// # Errors
    /// When none can be opened now.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>, ConnectError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut place = self.places[turn % self.places.len()].lock().await;
        if let Some(connection) = &place.connection
            && !connection.is_retired()
        {
            return Ok(Arc::clone(connection));
        }
        place.clear(Instant::now());
        let wait = place.reconnect.wait(Instant::now());
        if wait > PATIENCE {
            return Err(ConnectError::TooSoon(wait));
        }
        tokio::time::sleep(wait).await;
        place.open(&self.server).await
    }
}

impl Place {
    /// Takes note of how the last connection ended.
    fn clear(&mut self, now: Instant) {
        match self.connection.take() {
            Some(ended) if ended.is_proven() => self.reconnect.ended_well(),
            Some(_) => self.reconnect.failed(now, rand::random()),
            None => {}
        }
    }

    async fn open(&mut self, server: &Server) -> Result<Arc<Connection>, ConnectError> {
        self.reconnect.opening(Instant::now());
        match server.connect().await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                self.connection = Some(Arc::clone(&connection));
                Ok(connection)
            }
            Err(error) => {
                self.reconnect.failed(Instant::now(), rand::random());
                Err(error)
            }
        }
    }
}

impl Server {
    fn new(key: &'static str, url: &Url, tls: TlsConnector, connect_timeout: Duration) -> Result<Self, PushSetupError> {
        let invalid = || PushSetupError::Value { key };
        let host = url.host_str().ok_or_else(invalid)?;
        let port = url.port_or_known_default().ok_or_else(invalid)?;
        let place = format!("https://{host}:{port}").parse().map_err(|_| invalid())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self {
            origin: url.as_str().trim_end_matches('/').to_owned(),
            name: ServerName::try_from(host).map_err(|_| invalid())?,
            dialer: Dialer::new(place, tls.config().as_ref().clone(), connect_timeout)?,
            tls,
            connect_timeout,
        })
    }

    async fn connect(&self) -> Result<Connection, ConnectError> {
        let connecting = tokio::time::timeout(self.connect_timeout, self.shake_hands());
        connecting.await.map_err(|_| ConnectError::TimedOut)?
    }

    async fn shake_hands(&self) -> Result<Connection, ConnectError> {
        let stream = self.dialer.connect().await?;
        let tls = self.tls.connect(self.name.clone(), stream).await.map_err(ConnectError::Tls)?;
        if tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(ConnectError::NotHttp2);
        }
        Ok(Connection::open(tls).await?)
    }
}
