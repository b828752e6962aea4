//! TLS for people whose clients speak none: each connection to the tunnel becomes one to the gateway, from the same address.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The name in the certificate.
const NAME: &str = "localhost";

/// A certificate of this run, as files for a gateway.
pub(super) struct Certificate {
    folder: TempDir,
    der: CertificateDer<'static>,
}

/// A tunnel, which ends with this.
pub(super) struct Tunnel {
    /// Where it begins.
    pub(super) url: String,
    accepts: AbortHandle,
}

impl Certificate {
    /// Makes one.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub(super) fn new() -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let folder = tempfile::tempdir()?;
        let certificate = CertificateParams::new(vec![NAME.to_owned()])?.self_signed(&key)?;
        std::fs::write(folder.path().join("certificate.pem"), certificate.pem())?;
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem())?;
        Ok(Self { der: certificate.der().clone(), folder })
    }

    /// What makes a gateway speak TLS with it.
    pub(super) fn settings(&self) -> [(String, String); 2] {
        let file = |name: &str| -> PathBuf { self.folder.path().join(name) };
        [("HTTP__TLS__CERTIFICATE_FILE", "certificate.pem"), ("HTTP__TLS__KEY_FILE", "key.pem")]
            .map(|(key, name)| (key.to_owned(), file(name).display().to_string()))
    }

    /// A client that trusts it and offers one protocol.
    ///
    /// # Errors
    /// When the certificate is none.
    pub(super) fn connector(&self, protocol: &[u8]) -> anyhow::Result<TlsConnector> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// A connection by TLS from an address of this machine.
///
/// # Errors
/// The system's, and the gateway's.
pub(super) async fn connect(
    connector: &TlsConnector,
    gateway: SocketAddr,
    from: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.ip(), 0))?;
    let stream = socket.connect(gateway).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(NAME).map_err(std::io::Error::other)?;
    connector.connect(name, stream).await
}

impl Tunnel {
    /// Starts one to a gateway at `https://HOST:PORT`.
    ///
    /// # Errors
    /// When the address is none, or the system has no port.
    pub(super) async fn start(url: &str, certificate: &Certificate) -> anyhow::Result<Self> {
        let gateway = address(url)?;
        let connector = certificate.connector(b"http/1.1")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let accepts = tokio::spawn(async move {
            while let Ok((mut near, from)) = listener.accept().await {
                let connector = connector.clone();
                tokio::spawn(async move {
                    let _ = near.set_nodelay(true);
                    // Whatever goes wrong ends the connection, which its client notices.
                    if let Ok(mut far) = connect(&connector, gateway, from).await {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Ok(Self { url, accepts: accepts.abort_handle() })
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

/// The address in `https://HOST:PORT`.
///
/// # Errors
/// When it is something else.
pub(super) fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let host = url.trim_end_matches('/').strip_prefix("https://").context("the gateway speaks no TLS")?;
    host.parse().with_context(|| format!("{host} is no address"))
}
