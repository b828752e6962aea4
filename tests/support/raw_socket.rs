//! A WebSocket by hand (RFC 6455 section 5.2), for the frames, the silences and the slowness that no well-behaved
//! client has: it answers no ping and reads only when it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::client::DEADLINE;

/// First bytes of frames: whether the frame is the last of its message, and its kind.
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const TEXT_BEGINS: u8 = 0x01;
pub const BINARY_BEGINS: u8 = 0x02;
pub const GOES_ON: u8 = 0x00;
pub const ENDS: u8 = 0x80;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;
pub const RESERVED: u8 = 0x83;

pub struct RawSocket {
    stream: TcpStream,
    received: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

/// The bytes of a frame; the masking key is zero, which RFC 6455 section 5.3 lets a test have.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()).expect("a small frame") {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend(long.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

impl RawSocket {
    /// Connects and reads the welcome.
    pub async fn connect(base: &str, access_token: &str) -> Self {
        Self::open(base, access_token, TcpSocket::new_v4().expect("a socket")).await
    }

    /// The same, with a small receive buffer: most of what is not read stays with the gateway.
    pub async fn connect_narrow(base: &str, access_token: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(32 * 1024).expect("a small buffer");
        Self::open(base, access_token, socket).await
    }

    /// Is let in and gone at once, with a reset, before it takes in the welcome.
    pub async fn knock(base: &str, access_token: &str) {
        let mut socket = Self::ask(base, access_token, TcpSocket::new_v4().expect("a socket")).await;
        assert!(socket.receive().await, "the line ended in the handshake");
        socket2::SockRef::from(&socket.stream).set_linger(Some(Duration::ZERO)).expect("set");
    }

    async fn open(base: &str, access_token: &str, socket: TcpSocket) -> Self {
        let mut socket = Self::ask(base, access_token, socket).await;
        let head = socket.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let welcome = socket.frame().await.expect("a welcome");
        assert_eq!(welcome.first, TEXT);
        assert!(welcome.payload.starts_with(br#"{"type":"welcome""#));
        socket
    }

    async fn ask(base: &str, access_token: &str, socket: TcpSocket) -> Self {
        let address: SocketAddr = base.trim_start_matches("http://").parse().expect("an address");
        let mut stream = socket.connect(address).await.expect("connected");
        let request = format!(
            "GET /v1/connect HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: twostep.v1\r\nAuthorization: Bearer {access_token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        Self { stream, received: Vec::new() }
    }

    /// Sends a frame.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        self.send_bytes(&frame(first, payload)).await;
    }

    /// Sends a frame; `false` when the line has ended.
    pub async fn try_send(&mut self, first: u8, payload: &[u8]) -> bool {
        let frame = frame(first, payload);
        let sent = self.stream.write_all(&frame);
        tokio::time::timeout(DEADLINE, sent).await.expect("taken in time").is_ok()
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Sends the head of a frame whose payload is said to have so many bytes, and nothing of it.
    pub async fn send_head(&mut self, first: u8, length: u64) {
        let head = [&[first, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat();
        self.stream.write_all(&head).await.expect("sent");
    }

    /// The next frame, pings too; `None` when the line ended.
    pub async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Some(frame);
            }
            if !self.receive().await {
                return None;
            }
        }
    }

    /// The code with which the gateway closes; frames before it are passed over.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            let frame = self.frame().await.expect("a close frame before the line ends");
            if frame.first == CLOSE {
                return u16::from_be_bytes([frame.payload[0], frame.payload[1]]);
            }
        }
    }

    /// Whether the line stays as it is for so long: nothing comes, and it does not end.
    pub async fn is_silent_for(&mut self, time: Duration) -> bool {
        self.received.is_empty() && tokio::time::timeout(time, self.stream.peek(&mut [0])).await.is_err()
    }

    /// The end of the line; frames before it are passed over.
    pub async fn end(&mut self) {
        while self.frame().await.is_some() {}
    }

    async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.received.drain(..end + 4).collect();
                return String::from_utf8(head).expect("text");
            }
            assert!(self.receive().await, "the line ended in the handshake");
        }
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let (&first, &short) = (self.received.first()?, self.received.get(1)?);
        let (start, length) = match short {
            126 => (4, usize::from(u16::from_be_bytes([*self.received.get(2)?, *self.received.get(3)?]))),
            short => (2, usize::from(short)),
        };
        if self.received.len() < start + length {
            return None;
        }
        let payload = self.received[start..start + length].to_vec();
        self.received.drain(..start + length);
        Some(Frame { first, payload })
    }

    async fn receive(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.received);
        // A reset ends the line as well.
        tokio::time::timeout(DEADLINE, read).await.expect("bytes in time").unwrap_or(0) > 0
    }
}
