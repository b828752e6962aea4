//! Before HTTP begins: a connection is handed to it when the head of its first request has come.
//!
//! A connection of actix-http 3.20 has two buffers of 32 KiB from its start. Ten thousand that never say what they want must
//! not cost that: here they cost what they sent.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use metrics::counter;
use tokio::io::ReadBuf;
use tokio::time::timeout;

use super::stream::{AHEAD_BYTES, MAX_HEAD_BYTES, Stream};
use super::turns::Turn;
use crate::telemetry::CONNECTIONS_REFUSED;

/// What a client gets that began a request and did not go on (RFC 9110 section 15.5.9).
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

impl Stream {
    /// Waits for a head, or for as much as a head may have; says whether HTTP can begin.
    pub(super) async fn first_head(&mut self, patience: Duration) -> bool {
        let mut turn = Turn::head();
        match timeout(patience, poll_fn(|context| self.poll_first_head(&mut turn, context))).await {
            Ok(read) => read.is_ok(),
            Err(_) => {
                counter!(CONNECTIONS_REFUSED, "reason" => "slow_head").increment(1);
                if !self.ahead.is_empty() {
                    poll_fn(|context| self.say(TOO_SLOW, context)).await;
                }
                false
            }
        }
    }

    fn poll_first_head(&mut self, turn: &mut Turn, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; AHEAD_BYTES];
        while *turn != Turn::Nothing && self.ahead.len() < MAX_HEAD_BYTES && self.may_be_http() {
            let room = AHEAD_BYTES.min(MAX_HEAD_BYTES - self.ahead.len());
            let mut part = ReadBuf::new(&mut bytes[..room]);
            ready!(self.io.poll_read(context, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            turn.pass(part.filled());
            self.ahead.extend_from_slice(part.filled());
            if !self.progress().hold_head(self.ahead.len()) {
                self.end_for_room(context);
                return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What begins with no method's letter, nor an empty line before it (RFC 9112 section 2.2), is refused without waiting for its end.
    fn may_be_http(&self) -> bool {
        self.ahead.first().is_none_or(|first| first.is_ascii_uppercase() || b"\r\n".contains(first))
    }
}
