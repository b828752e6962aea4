//! TLS on the public side.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use twostep::settings::Settings;

use super::{Line, hurried};
use crate::support::client::{Client, DEADLINE};
use crate::support::gateway::TestGateway;
use crate::support::process::{data_folder, refuse};

/// A certificate for this machine, and its key, in files.
pub(super) struct Files {
    folder: TempDir,
    pub(super) pem: String,
}

impl Files {
    pub(super) fn new() -> Self {
        let mut files = Self { folder: tempfile::tempdir().expect("a folder"), pem: String::new() };
        files.renew();
        files
    }

    /// Puts others in their place.
    fn renew(&mut self) {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let pair = rcgen::generate_simple_self_signed(names).expect("a certificate");
        self.pem = pair.cert.pem();
        for (path, text) in [(self.certificate(), self.pem.clone()), (self.key(), pair.signing_key.serialize_pem())] {
            std::fs::write(path, text).expect("written");
        }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    pub(super) fn set(&self, settings: &mut Settings) {
        settings.http.tls.certificate_file = Some(self.certificate());
        settings.http.tls.key_file = Some(self.key());
    }

    /// A TLS connection that trusts the present certificate only.
    pub(super) async fn connect(&self, stream: TcpStream, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("a certificate");
        roots.add(certificate).expect("trusted");
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    pub(super) async fn open(&self, gateway: &TestGateway, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(gateway.app.address()).await.expect("connected");
        self.connect(stream, protocol).await
    }
}

#[actix_web::test]
async fn calls_and_live_connections_go_over_tls() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    assert!(gateway.url().starts_with("https://"));
    let client = Client::trusting(&gateway.url(), &files.pem);
    let first = client.new_protected_account("anna@example.com").await;
    let answer = client.get("/v1/login-security", &first.access_token).await;
    assert_eq!(answer.headers["strict-transport-security"], "max-age=31536000; includeSubDomains");

    let stream = files.open(&gateway, b"http/1.1").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3), "the latest comes first");
    let address = format!("wss://{}/v1/connect", gateway.app.address());
    let mut request = address.into_client_request().expect("an address");
    let bearer = format!("Bearer {}", first.access_token).parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("let in");
    use futures_util::{SinkExt, StreamExt};
    let welcome = socket.next().await.expect("a message").expect("a message").into_text().expect("text");
    assert!(welcome.starts_with(r#"{"type":"welcome""#), "{welcome}");
    socket.send(Message::text(json!({ "type": "ping" }).to_string())).await.expect("sent");
    assert_eq!(socket.next().await.expect("a message").expect("a message"), Message::text(r#"{"type":"pong"}"#));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_replaced_certificate_serves_new_connections_and_old_ones_go_on() {
    let mut files = Files::new();
    let gateway = TestGateway::start_with(|settings| {
        files.set(settings);
        settings.http.idle_timeout_ms = 60_000;
    })
    .await;
    let mut old = Line::new(files.open(&gateway, b"http/1.1").await.expect("a handshake"));
    old.ask().await;
    files.renew();
    let deadline = Instant::now() + DEADLINE;
    let new = loop {
        match files.open(&gateway, b"http/1.1").await {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "the new certificate is not served: {error}"),
        }
    };
    Line::new(new).ask().await;
    old.ask().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_handshake_that_does_not_come_or_is_none_is_ended() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| {
        files.set(settings);
        hurried(settings);
    })
    .await;
    // Nothing, the first bytes of a handshake, and HTTP without TLS.
    for beginning in [b"".as_slice(), b"\x16\x03\x01\x02\x00\x01\x00", super::ASK.as_bytes()] {
        let mut line = Line::open(&gateway).await;
        line.send(beginning).await;
        let said = line.end().await;
        assert!(!said.contains("HTTP/"), "{said}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_certificate_that_cannot_be_used_refuses_to_start() {
    let (files, others) = (Files::new(), Files::new());
    let path = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
    let cases = [
        (path(files.certificate()), path(others.key()), "http.tls.key_file"),
        ("/nowhere.pem".to_owned(), path(files.key()), "http.tls.certificate_file /nowhere.pem"),
    ];
    for (certificate, key, named) in cases {
        let settings = [("HTTP__TLS__CERTIFICATE_FILE", certificate.as_str()), ("HTTP__TLS__KEY_FILE", key.as_str())];
        let (status, output) = refuse(data_folder().path(), &settings).await;
        let reasons: Vec<_> = output.lines().filter(|line| line.starts_with("twostep: ")).collect();
        assert!(!status.success() && reasons.len() == 1 && reasons[0].contains(named), "{output}");
    }
}

#[actix_web::test]
async fn a_proxy_header_comes_before_the_handshake() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| {
        files.set(settings);
        super::proxy::with_proxy_header(settings);
    })
    .await;
    let mut line = Line::open(&gateway).await;
    line.send("PROXY TCP4 192.0.2.7 127.0.0.1 4096 443\r\n").await;
    let mut line = Line::new(files.connect(line.stream, b"http/1.1").await.expect("a handshake"));
    assert!(line.ask().await.contains(r#""ip":"192.0.2.7""#));
    gateway.stop().await;
}

/// OWASP ASVS 5.0 section 12.1.2; the listener takes the suites of the provider as they are.
#[test]
fn every_cipher_suite_has_forward_secrecy_and_authenticated_encryption() {
    for suite in rustls::crypto::ring::default_provider().cipher_suites {
        let name = format!("{:?}", suite.suite());
        assert!(name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_"), "{name}");
        assert!(["_GCM_", "_CHACHA20_POLY1305_"].iter().any(|mode| name.contains(mode)), "{name}");
    }
}
