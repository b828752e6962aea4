//! A connection as HTTP sees it: plain or TLS, counted, and bounded between requests.
//!
//! actix-http bounds the head of the first request in time and every head to 128 KiB. Here the bounds hold for every head
//! of a connection, and are smaller: ten thousand hostile connections must fit into memory.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use metrics::counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use super::open_connections::Slot;
use crate::telemetry::CONNECTIONS_REFUSED;

/// Largest head of a request in bytes: request line and fields. Browsers and apps stay below 4 KiB.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;
/// What a client that sent more gets (RFC 6585 section 5).
const HEAD_TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// Of what such a client sent already so much is thrown away before the line is closed: a line with unread bytes in it is
/// reset, and the client may never see the answer.
const DISCARDED_BYTES: usize = 256 * 1024;

/// A connection.
pub(super) struct Stream {
    io: Io,
    progress: Progress,
    timer: Option<Pin<Box<Sleep>>>,
    has_paused: bool,
    is_refused: bool,
    _slot: Slot,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Where a connection is: in a request, or before the next one. Shared with who handles its requests.
#[derive(Clone)]
pub(super) struct Progress(Rc<State>);

struct State {
    under_way: Cell<usize>,
    /// Bytes that came since no request is under way.
    head_bytes: Cell<usize>,
    /// The next request must have begun by then.
    begins_by: Cell<Instant>,
    /// How long it may take, the idle time included.
    patience: Duration,
}

/// A request that is under way until this is dropped.
pub(super) struct UnderWay(Progress);

impl Progress {
    fn new(patience: Duration) -> Self {
        let begins_by = Cell::new(Instant::now() + patience);
        Self(Rc::new(State { under_way: Cell::new(0), head_bytes: Cell::new(0), begins_by, patience }))
    }

    /// A head was read whole.
    pub(super) fn begin(&self) -> UnderWay {
        self.0.under_way.set(self.0.under_way.get() + 1);
        self.0.head_bytes.set(0);
        UnderWay(self.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let state = &*self.0.0;
        state.under_way.set(state.under_way.get() - 1);
        state.begins_by.set(Instant::now() + state.patience);
    }
}

impl Stream {
    pub(super) fn plain(stream: TcpStream, slot: Slot, patience: Duration) -> Self {
        Self::new(Io::Plain(stream), slot, patience)
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>, slot: Slot, patience: Duration) -> Self {
        Self::new(Io::Tls(Box::new(stream)), slot, patience)
    }

    fn new(io: Io, slot: Slot, patience: Duration) -> Self {
        let progress = Progress::new(patience);
        Self { io, progress, timer: None, has_paused: false, is_refused: false, _slot: slot }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Reads, within the bounds of the time between requests.
    fn read_head(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = MAX_HEAD_BYTES.saturating_sub(self.progress.0.head_bytes.get());
        if room == 0 {
            // What was read may be a whole head: it is looked at first.
            if !std::mem::replace(&mut self.has_paused, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            return self.refuse(context);
        }
        if self.is_late(context) {
            counter!(CONNECTIONS_REFUSED, "reason" => "slow_head").increment(1);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let length = room.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(length));
        ready!(self.io.poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        self.progress.0.head_bytes.set(self.progress.0.head_bytes.get() + read);
        self.has_paused = false;
        Poll::Ready(Ok(()))
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let begins_by = self.progress.0.begins_by.get();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(begins_by)));
        if timer.deadline() != begins_by {
            timer.as_mut().reset(begins_by);
        }
        timer.as_mut().poll(context).is_ready()
    }

    /// Answers once, throws away what came, and ends.
    fn refuse(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.is_refused, true) {
            counter!(CONNECTIONS_REFUSED, "reason" => "large_head").increment(1);
            // A line that takes not even this is closed without it.
            let _ = self.io.poll_write(context, HEAD_TOO_LARGE);
            let _ = self.io.poll_flush(context);
            let mut scratch = [0; 4096];
            for _ in 0..DISCARDED_BYTES / scratch.len() {
                let mut part = ReadBuf::new(&mut scratch);
                let read = self.io.poll_read(context, &mut part);
                if !matches!(read, Poll::Ready(Ok(()))) || part.filled().is_empty() {
                    break;
                }
            }
        }
        // The end of what the client says.
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.progress.0.under_way.get() > 0 {
            this.io.poll_read(context, buffer)
        } else {
            this.read_head(context, buffer)
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().io.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().io.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Io::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

impl Io {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }
}
