//! One HTTP/2 connection to APNs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{PingPong, Reason as H2Reason, RecvStream};
use http::{HeaderMap, Request};
use tokio::sync::{Mutex, MutexGuard};
use tokio_rustls::client::TlsStream;

use crate::outbound::Stream;

/// Longest answer that is read; APNs' are under 100 bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// A quiet connection is asked this often whether it lives (Apple recommends PING frames for that).
const PING_EVERY: Duration = Duration::from_secs(60);
/// The answer to a ping must come within this time.
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExchangeError {
    /// APNs did not look at the request and says so, or never got it: another connection may carry it.
    NotProcessed,
    /// Nobody knows what became of it.
    Lost,
}

/// A connection and what was learned about it.
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    /// APNs allows one stream until it has accepted a request with a valid provider token.
    proven: AtomicBool,
    first_turn: Mutex<()>,
    retired: AtomicBool,
    answers: AtomicU64,
}

/// Retires the connection when a request was abandoned (timed out) and nothing at all was heard meanwhile.
struct Vigil<'a> {
    connection: &'a Connection,
    answers_before: u64,
}

impl Connection {
    /// Speaks HTTP/2 over an established TLS stream.
    ///
    /// # Errors
    /// When the handshake fails.
    pub(super) async fn open(stream: TlsStream<Stream>) -> Result<Self, h2::Error> {
        let (sender, mut connection) = h2::client::Builder::new().enable_push(false).handshake(stream).await?;
        let ping_pong = connection.ping_pong();
        // Ends when the peer closes, when all streams are done and the sender is gone, or when a ping stays unanswered.
        tokio::spawn(async move {
            tokio::select! {
                _ = connection => {}
                () = keep_alive(ping_pong) => {}
            }
        });
        Ok(Self {
            sender,
            proven: AtomicBool::new(false),
            first_turn: Mutex::new(()),
            retired: AtomicBool::new(false),
            answers: AtomicU64::new(0),
        })
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When the connection ends first; it is retired then.
    pub(super) async fn exchange(&self, head: Request<()>, payload: Bytes) -> Result<Answer, ExchangeError> {
        let _turn = self.turn().await;
        if self.is_retired() {
            return Err(ExchangeError::NotProcessed);
        }
        let _vigil = Vigil { connection: self, answers_before: self.answers.load(Ordering::Relaxed) };
        let answer = self.round_trip(head, payload).await;
        match &answer {
            Ok(answer) => {
                self.answers.fetch_add(1, Ordering::Relaxed);
                if answer.status == 200 {
                    self.proven.store(true, Ordering::Release);
                }
            }
            Err(_) => self.retired.store(true, Ordering::Release),
        }
        answer
    }

    /// Whether new requests must go elsewhere.
    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// Sends new requests elsewhere from now on.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// Whether APNs has accepted a request on it.
    pub(super) fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Acquire)
    }

    /// Waits for the only stream there may be, as long as that is so.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_proven() {
            return None;
        }
        let turn = self.first_turn.lock().await;
        (!self.is_proven()).then_some(turn)
    }

    async fn round_trip(&self, head: Request<()>, payload: Bytes) -> Result<Answer, ExchangeError> {
        let unsent = |_| ExchangeError::NotProcessed;
        let mut sender = self.sender.clone().ready().await.map_err(unsent)?;
        let (response, mut body) = sender.send_request(head, false).map_err(unsent)?;
        body.send_data(payload, true).map_err(|error| fate(&error))?;
        let response = response.await.map_err(|error| fate(&error))?;
        let (parts, mut body) = response.into_parts();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: read_body(&mut body).await? })
    }
}

impl Drop for Vigil<'_> {
    fn drop(&mut self) {
        if self.connection.answers.load(Ordering::Relaxed) == self.answers_before {
            self.connection.retired.store(true, Ordering::Release);
        }
    }
}

/// A GOAWAY with a lower last stream, or a refused stream, means that the request was not looked at
/// (RFC 9113 sections 6.8 and 8.7).
fn fate(error: &h2::Error) -> ExchangeError {
    let beyond_last_stream = error.is_go_away() && error.is_remote();
    if beyond_last_stream || error.reason() == Some(H2Reason::REFUSED_STREAM) {
        ExchangeError::NotProcessed
    } else {
        ExchangeError::Lost
    }
}

async fn read_body(body: &mut RecvStream) -> Result<Vec<u8>, ExchangeError> {
    let mut read = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(|error| fate(&error))?;
        // Giving back window cannot fail while the stream is open; if it is not, the next read says so.
        let _ = body.flow_control().release_capacity(chunk.len());
        if read.len() + chunk.len() > MAX_ANSWER_BYTES {
            break;
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

async fn keep_alive(ping_pong: Option<PingPong>) {
    let Some(mut ping_pong) = ping_pong else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(PING_EVERY).await;
        let pong = ping_pong.ping(h2::Ping::opaque());
        if !matches!(tokio::time::timeout(PONG_WITHIN, pong).await, Ok(Ok(_))) {
            return;
        }
    }
}
