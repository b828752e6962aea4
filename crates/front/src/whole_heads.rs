//! Heads come whole: HTTP gets one when all of it has come.
//!
//! A connection of actix-http 3.20 has two buffers of 32 KiB from its start. Ten thousand that never say what they want must
//! not cost that: here they cost what they sent. And what a head offers is looked at before HTTP sees it (`offers`).

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use metrics::counter;
use tokio::io::ReadBuf;
use tokio::time::timeout;

use super::offers;
use super::stream::{AHEAD_BYTES, MAX_HEAD_BYTES, Stream};
use super::turns::Turn;
use crate::metric_names::CONNECTIONS_REFUSED;

/// What a client gets that began a request and did not go on (RFC 9110 section 15.5.9).
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// How much of what came belongs to a head.
pub(super) struct Gathered {
    turn: Turn,
    looked_at: usize,
    /// Bytes of a whole head that HTTP did not get yet.
    pub(super) whole: usize,
}

impl Default for Gathered {
    fn default() -> Self {
        Self { turn: Turn::head(), looked_at: 0, whole: 0 }
    }
}

impl Stream {
    /// Waits for a head; says whether HTTP can begin.
    pub(super) async fn first_head(&mut self, patience: Duration) -> bool {
        match timeout(patience, poll_fn(|context| self.poll_head(context))).await {
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

    /// Gathers a head to its end. Something else than HTTP, and a head that is too large, are over where they are seen.
    ///
    /// # Errors
    /// When the line ends or breaks before, or there is no room.
    pub(super) fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.gathered.whole == 0 {
            if !self.may_be_http() {
                self.gathered.whole = self.ahead.len();
                break;
            }
            self.gathered.looked_at += self.gathered.turn.pass(&self.ahead[self.gathered.looked_at..]);
            if self.gathered.turn == Turn::Nothing {
                let end = self.gathered.looked_at;
                offers::ignore_others(&mut self.ahead[..end], self.websocket_path);
                self.gathered.whole = end;
                break;
            }
            let room = AHEAD_BYTES.min(MAX_HEAD_BYTES.saturating_sub(self.ahead.len()));
            if room == 0 {
                self.refuse(context);
                break;
            }
            let mut bytes = [0; AHEAD_BYTES];
            let mut part = ReadBuf::new(&mut bytes[..room]);
            ready!(self.io.poll_read(context, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
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
