//! Connections to one place, through a proxy where the environment names one for it.

use std::error::Error;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Proxies, WrongProxy};

/// Bytes to and from the place.
pub type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The place does not answer.
    #[error("cannot connect")]
    Direct(#[source] Box<dyn Error + Send + Sync>),
    /// The proxy does not answer, or does not pass this on.
    #[error("no way through the proxy {proxy}")]
    Proxy {
        /// The proxy.
        proxy: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Opens connections to one place. What is spoken over them, TLS included, is the caller's.
pub struct Dialer {
    place: Uri,
    proxy: Option<Intercept>,
    /// Speaks TLS to a proxy that asks for it; never to the place.
    connector: HttpsConnector<HttpConnector>,
}

impl Dialer {
    /// For the place of an `https` URL with host and port. The addresses that its name has share `patience`. `tls` is for a proxy that
    /// is itself reached over TLS.
    ///
    /// # Errors
    /// [`WrongProxy`].
    pub fn new(place: Uri, mut tls: ClientConfig, patience: Duration) -> Result<Self, WrongProxy> {
        // A proxy is spoken to in HTTP/1.1, whatever the place speaks.
        tls.alpn_protocols.clear();
        let proxy = Proxies::from_environment()?.to(&place);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(patience));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        Ok(Self { place, proxy, connector })
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`DialError`].
    pub async fn connect(&self) -> Result<Stream, DialError> {
        match &self.proxy {
            None => self.directly().await,
            Some(proxy) => self.through(proxy).await,
        }
    }

    async fn directly(&self) -> Result<Stream, DialError> {
        // Named as plain HTTP, so that the connector leaves TLS to the caller.
        let mut parts = self.place.clone().into_parts();
        parts.scheme = Some(http::uri::Scheme::HTTP);
        let place = Uri::from_parts(parts).map_err(|error| DialError::Direct(error.into()))?;
        self.connector.clone().call(place).await.map(TokioIo::new).map_err(DialError::Direct)
    }

    async fn through(&self, proxy: &Intercept) -> Result<Stream, DialError> {
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.connector.clone());
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        let stream = tunnel.call(self.place.clone()).await;
        let lost =
            |error: Box<dyn Error + Send + Sync>| DialError::Proxy { proxy: proxy.uri().to_string(), source: error };
        stream.map(TokioIo::new).map_err(|error| lost(error.into()))
    }
}
