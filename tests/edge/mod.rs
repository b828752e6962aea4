//! The edge: TLS, proxies, and the bounds that hold against whoever connects.

mod body;
mod connections;
mod descriptors;
mod head_requests;
mod heads;
mod http2;
mod offers;
mod pipelining;
mod proxy;
mod tls;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use twostep::settings::Settings;

use crate::support::client::DEADLINE;
use crate::support::gateway::TestGateway;

/// What any client may ask.
const ASK: &str = "GET /v1/client-ip HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection by hand.
struct Line<S> {
    stream: S,
    received: Vec<u8>,
}

impl Line<TcpStream> {
    async fn open(gateway: &TestGateway) -> Self {
        Self::new(TcpStream::connect(gateway.app.address()).await.expect("connected"))
    }

    /// From another address of this machine.
    async fn open_from(gateway: &TestGateway, address: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(format!("{address}:0").parse().expect("an address")).expect("bound");
        Self::new(socket.connect(gateway.app.address()).await.expect("connected"))
    }

    /// Whether nothing was received so far. A request answered elsewhere in between shows that the gateway had the time.
    fn is_silent(&self) -> bool {
        self.stream.peek(&mut [0]).now_or_never().is_none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    fn new(stream: S) -> Self {
        Self { stream, received: Vec::new() }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("sent");
        self.stream.flush().await.expect("sent");
    }

    /// An answer with a `Content-Length`; `None` when the line ends before.
    async fn answer(&mut self) -> Option<String> {
        loop {
            let text = String::from_utf8_lossy(&self.received).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let whole = head.len() + 4 + length.unwrap_or(0usize);
                if self.received.len() >= whole {
                    self.received.drain(..whole);
                    return Some(text[..whole].to_owned());
                }
            }
            if !self.receive().await {
                return None;
            }
        }
    }

    /// Says no more.
    async fn finish(&mut self) {
        // The other side may have ended it already.
        let _ = self.stream.shutdown().await;
    }

    /// Asks and expects the answer.
    async fn ask(&mut self) -> String {
        self.send(ASK).await;
        let answer = self.answer().await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answer
    }

    /// Waits until the gateway ends the line; returns what came before.
    async fn end(&mut self) -> String {
        while self.receive().await {}
        String::from_utf8_lossy(&self.received).into_owned()
    }

    async fn receive(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.received);
        // A reset ends the line as well.
        tokio::time::timeout(DEADLINE, read).await.expect("something in time").unwrap_or(0) > 0
    }
}

/// Short deadlines, and room for connections that are kept.
fn hurried(settings: &mut Settings) {
    settings.http.head_timeout_ms = 300;
    settings.http.body_timeout_ms = 300;
    settings.http.idle_timeout_ms = 300;
}
