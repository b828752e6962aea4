//! Frame bombs of devices that are signed in.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::frames::{PART, PING, RESERVED, TEXT, TEXT_BEGIN, close_code, frame, head};
use super::origin::Origin;
use super::tally::Tally;

/// A bomb whose connection is not closed.
pub(super) const NOT_CLOSED: &str = "frame bomb: not closed";
/// The gateway must have closed by then: no bomber answers pings, which is noticed after 33 s (design section 5).
const CLOSED_WITHIN: Duration = Duration::from_secs(45);
/// Between two bombs of one device.
const AGAIN: Duration = Duration::from_secs(10);
/// Bytes of a part, and parts and pings that are sent at most.
const PART_BYTES: usize = 1024;
const MOST: usize = 20_000;

const KINDS: [&str; 6] = [
    "a length of 2^62",
    "parts without end",
    "pings without end",
    "a text of 64 KiB",
    "messages without end",
    "reserved bits",
];

/// Connects and bombs, again and again.
pub(super) async fn bomber(number: u32, from: Origin, wait: Duration, token: &str, tally: &Tally) {
    tokio::time::sleep(wait).await;
    let mut kind = number as usize;
    loop {
        kind = (kind + 1) % KINDS.len();
        match bomb(kind, &from, token).await {
            Ok(Some(code)) => tally.add(format!("frame bomb, {}: closed with {code}", KINDS[kind])),
            Ok(None) => tally.add(format!("frame bomb, {}: ended", KINDS[kind])),
            Err(error) if error.is::<NotClosed>() => {
                tally.add(NOT_CLOSED);
                tally.add(format!("frame bomb, {}: not closed", KINDS[kind]));
            }
            Err(error) => tally.add(format!("frame bomb, {error}")),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[derive(Debug)]
struct NotClosed;

impl std::fmt::Display for NotClosed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "not closed within {CLOSED_WITHIN:?}")
    }
}

impl std::error::Error for NotClosed {}

/// The close code that the gateway gives; `None` when it just ends the connection.
async fn bomb(kind: usize, from: &Origin, token: &str) -> anyhow::Result<Option<u16>> {
    let mut stream = handshake(from, token).await?;
    let (mut read, mut write) = stream.split();
    let send = async {
        // The gateway ends the connection in the middle of it.
        let _ = throw(kind, &mut write).await;
        std::future::pending::<()>().await;
    };
    let closed = async {
        let mut answer = Vec::new();
        let _ = read.read_to_end(&mut answer).await;
        close_code(&answer)
    };
    let bombed = async {
        tokio::select! {
            code = closed => code,
            () = send => None,
        }
    };
    tokio::time::timeout(CLOSED_WITHIN, bombed).await.map_err(|_| NotClosed.into())
}

async fn throw(kind: usize, write: &mut (impl AsyncWriteExt + Unpin)) -> std::io::Result<()> {
    match kind {
        0 => {
            write.write_all(&head(TEXT, 1 << 62)).await?;
            for _ in 0..MOST {
                write.write_all(&[b'x'; PART_BYTES]).await?;
            }
        }
        1 => {
            write.write_all(&frame(TEXT_BEGIN, &[b'x'; PART_BYTES])).await?;
            for _ in 0..MOST {
                write.write_all(&frame(PART, &[b'x'; PART_BYTES])).await?;
            }
        }
        2 => repeat(write, &frame(PING, &[0; 125])).await?,
        3 => write.write_all(&frame(TEXT, &[b'x'; 65_535])).await?,
        4 => repeat(write, &frame(TEXT, br#"{"type":"ping"}"#)).await?,
        _ => write.write_all(&frame(RESERVED, b"x")).await?,
    }
    Ok(())
}

async fn repeat(write: &mut (impl AsyncWriteExt + Unpin), frame: &[u8]) -> std::io::Result<()> {
    let some = frame.repeat(16);
    for _ in 0..MOST / 16 {
        write.write_all(&some).await?;
    }
    Ok(())
}

async fn handshake(from: &Origin, token: &str) -> anyhow::Result<TcpStream> {
    let mut stream = from.connect().await.context("no connection")?;
    let request = format!(
        "GET /v1/connect HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: twostep.v1\r\nAuthorization: Bearer {token}\r\n\r\n",
        from.target.host
    );
    stream.write_all(request.as_bytes()).await.context("no connection")?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.context("no handshake")? == 0 || head.len() > 4096 {
            bail!("no handshake");
        }
        head.push(byte[0]);
    }
    let status = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    if status != "101" {
        bail!("handshake: {status}");
    }
    Ok(stream)
}
