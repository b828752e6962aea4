//! A connection as HTTP sees it: plain or TLS, counted, and bounded between requests.
//!
//! actix-http bounds the head of the first request in time and every head to 128 KiB. Here the bounds hold for every head
//! of a connection, and are smaller: ten thousand hostile connections must fit into memory. So is what a client sends ahead:
//! see [`Turn`].

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use metrics::counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};

use super::memory::{ConnectionMemory, Holding};
use super::open_connections::Slot;
use super::peer::Peer;
use super::transport::Transport;
use super::turns::Turn;
use super::whole_heads::Gathered;
use crate::metric_names::CONNECTIONS_REFUSED;

/// Largest head of a request in bytes: request line and fields; of HTTP/2 as RFC 9113 section 6.5.2 counts them. Browsers and apps
/// stay below 4 KiB.
pub const MAX_HEAD_BYTES: usize = 8 * 1024;
/// What a client that sent more gets (RFC 6585 section 5).
const HEAD_TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// What a client gets whose head finds no room (RFC 9110 section 15.6.4).
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// Of what a client sent that nobody reads so much is thrown away before the line is closed: a line with unread bytes in it is
/// reset, and the client may never see the answer.
const DISCARDED_BYTES: usize = 256 * 1024;
/// Bytes that are read at once while no request is under way, and at most so many wait for their turn.
pub(super) const AHEAD_BYTES: usize = 4096;

/// The places that a connection takes.
pub(super) struct Room {
    pub(super) slot: Slot,
    pub(super) memory: Rc<ConnectionMemory>,
}

/// What holds for a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamRules {
    /// How long may pass until the end of the next head.
    pub(super) patience: Duration,
    /// The one address whose offers to leave HTTP are looked at.
    pub(super) websocket_path: &'static str,
}

/// A connection.
pub struct Stream {
    pub(super) io: Transport,
    peer: Peer,
    progress: Progress,
    timer: Option<Pin<Box<Sleep>>>,
    /// What came before its turn.
    pub(super) ahead: Vec<u8>,
    /// Of the head that comes next.
    pub(super) gathered: Gathered,
    /// The one address whose offers to leave HTTP are looked at.
    pub(super) websocket_path: &'static str,
    is_refused: bool,
    _slot: Slot,
}

/// Where a connection is: in a request, or before the next one. Shared with who handles its requests.
#[derive(Clone)]
pub(super) struct Progress(Rc<State>);

struct State {
    under_way: Cell<usize>,
    turn: Cell<Turn>,
    /// Waits for its turn.
    reader: Cell<Option<Waker>>,
    /// Bytes of a body that came after its request was answered.
    unread_bytes: Cell<usize>,
    /// The next request must have begun by then.
    begins_by: Cell<Instant>,
    /// How long it may take, the idle time included.
    patience: Duration,
    /// What goes on with the connection after HTTP.
    next: Cell<Option<LocalBoxFuture<'static, ()>>>,
    /// What requests of this connection may hold.
    memory: Rc<ConnectionMemory>,
    /// Holds the bytes that came since no request is under way.
    head: Cell<Option<Holding>>,
    /// Notified when the connection must end to make room for others.
    gives_way: Arc<Notify>,
}

/// A request that is under way until this is dropped.
pub(super) struct UnderWay(Progress);

impl Progress {
    fn new(memory: Rc<ConnectionMemory>, patience: Duration) -> Self {
        let begins_by = Cell::new(Instant::now() + patience);
        Self(Rc::new(State {
            under_way: Cell::new(0),
            turn: Cell::new(Turn::head()),
            reader: Cell::new(None),
            unread_bytes: Cell::new(0),
            begins_by,
            patience,
            next: Cell::default(),
            memory,
            head: Cell::default(),
            gives_way: Arc::default(),
        }))
    }

    /// A head was read whole; what comes next is for its request.
    pub(super) fn begin(&self, next: Turn) -> UnderWay {
        self.0.under_way.set(self.0.under_way.get() + 1);
        self.0.unread_bytes.set(0);
        self.0.head.take();
        self.give_turn(next);
        UnderWay(self.clone())
    }

    /// What requests of this connection may hold.
    pub(super) fn memory(&self) -> &Rc<ConnectionMemory> {
        &self.0.memory
    }

    /// Notified when the connection must end to make room for others.
    pub(super) fn gives_way(&self) -> &Arc<Notify> {
        &self.0.gives_way
    }

    /// Holds so many bytes of a head that is coming in; `false` when there is no room.
    pub(super) fn hold_head(&self, bytes: usize) -> bool {
        let mut head = self.0.head.take();
        let fits = match &head {
            Some(held) => held.resize(bytes),
            None => {
                head = self.0.memory.hold(bytes, &self.0.gives_way);
                head.is_some()
            }
        };
        if let Some(head) = &head {
            head.waits_for_client();
        }
        self.0.head.set(head);
        fits
    }

    fn give_turn(&self, turn: Turn) {
        self.0.turn.set(turn);
        if let Some(reader) = self.0.reader.take() {
            reader.wake();
        }
    }

    /// Says what goes on with the connection when HTTP is over.
    pub(super) fn go_on(&self, next: LocalBoxFuture<'static, ()>) {
        self.0.next.set(Some(next));
    }

    /// What goes on with the connection now that HTTP is over.
    pub(super) fn next(&self) -> Option<LocalBoxFuture<'static, ()>> {
        self.0.next.take()
    }

    /// Takes what may pass of bytes that came, and says how many that are.
    fn pass(&self, bytes: &[u8]) -> usize {
        let mut turn = self.0.turn.get();
        let was_body = !matches!(turn, Turn::Head(_));
        let passed = turn.pass(bytes);
        // The rest of a body whose request was answered before it came.
        let is_next = turn == Turn::Nothing && was_body && self.0.under_way.get() == 0;
        self.0.turn.set(if is_next { Turn::head() } else { turn });
        passed
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let state = &*self.0.0;
        state.under_way.set(state.under_way.get() - 1);
        state.begins_by.set(Instant::now() + state.patience);
        if state.under_way.get() == 0 && state.turn.get() == Turn::Nothing {
            self.0.give_turn(Turn::head());
        }
    }
}

impl Stream {
    pub(super) fn new(io: Transport, peer: Peer, room: Room, rules: StreamRules) -> Self {
        let Room { slot, memory } = room;
        let progress = Progress::new(memory, rules.patience);
        Self {
            io,
            peer,
            progress,
            timer: None,
            ahead: Vec::new(),
            gathered: Gathered::default(),
            websocket_path: rules.websocket_path,
            is_refused: false,
            _slot: slot,
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// From now on everything passes, and first what HTTP had read already.
    pub(super) fn leave_http(&mut self, read: &[u8]) {
        self.ahead.splice(..0, read.iter().copied());
        self.timer = None;
        self.progress.give_turn(Turn::Everything);
    }

    /// Reads a head, within the bounds of the time between requests.
    fn read_head(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_late(context) {
            counter!(CONNECTIONS_REFUSED, "reason" => "slow_head").increment(1);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.progress.0.turn.get() == Turn::Nothing {
            return self.wait_for_turn(context).map_ok(|_| ());
        }
        match ready!(self.poll_head(context)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Poll::Ready(Ok(())),
            Err(error) => return Poll::Ready(Err(error)),
            // The end of what the client says.
            Ok(()) if self.is_refused => return Poll::Ready(Ok(())),
            Ok(()) => {}
        }
        let passed = self.pass_ahead(self.gathered.whole, buffer);
        self.gathered.whole -= passed;
        if self.gathered.whole == 0 || self.progress.0.turn.get() == Turn::Nothing {
            self.gathered = Gathered::default();
        }
        Poll::Ready(Ok(()))
    }

    /// Reads the rest of a body whose request was answered before it came: nobody looks at it, and there is an end to it.
    fn read_rest(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let unread = self.progress.0.unread_bytes.get();
        if self.is_late(context) || unread > DISCARDED_BYTES {
            counter!(CONNECTIONS_REFUSED, "reason" => "unread_body").increment(1);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let read = ready!(self.read_turn(AHEAD_BYTES, context, buffer))?;
        self.progress.0.unread_bytes.set(unread + read);
        Poll::Ready(Ok(()))
    }

    /// Passes what came ahead and has its turn, at most `most` bytes, and says how many.
    fn pass_ahead(&mut self, most: usize, buffer: &mut ReadBuf<'_>) -> usize {
        let length = most.min(buffer.remaining()).min(self.ahead.len());
        let passed = self.progress.pass(&self.ahead[..length]);
        buffer.put_slice(&self.ahead[..passed]);
        self.ahead.drain(..passed);
        if self.ahead.is_empty() {
            self.ahead = Vec::new();
        }
        passed
    }

    /// Reads what has its turn; what came after it is kept.
    fn read_turn(
        &mut self,
        most: usize,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.progress.0.turn.get() == Turn::Nothing {
            return self.wait_for_turn(context);
        }
        if !self.ahead.is_empty() {
            return Poll::Ready(Ok(self.pass_ahead(most, buffer)));
        }
        let length = most.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(length));
        ready!(self.io.poll_read(context, &mut part))?;
        let passed = self.progress.pass(part.filled());
        self.ahead.extend_from_slice(&part.filled()[passed..]);
        buffer.advance(passed);
        Poll::Ready(Ok(passed))
    }

    /// Waits for a turn, or for the end of the connection.
    fn wait_for_turn(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.progress.0.reader.set(Some(context.waker().clone()));
        if self.ahead.is_empty() {
            let mut bytes = [0; AHEAD_BYTES];
            let mut part = ReadBuf::new(&mut bytes);
            ready!(self.io.poll_read(context, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Ok(0));
            }
            self.ahead.extend_from_slice(part.filled());
        }
        Poll::Pending
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let begins_by = self.progress.0.begins_by.get();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(begins_by)));
        if timer.deadline() != begins_by {
            timer.as_mut().reset(begins_by);
        }
        timer.as_mut().poll(context).is_ready()
    }

    /// Says something short, without HTTP. A line that takes not even this stays without it.
    pub(super) fn say(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Poll<()> {
        let _ = self.io.poll_write(context, bytes);
        let _ = self.io.poll_flush(context);
        Poll::Ready(())
    }

    /// Says that there is no room for another head.
    pub(super) fn end_for_room(&mut self, context: &mut Context<'_>) {
        counter!(CONNECTIONS_REFUSED, "reason" => "memory").increment(1);
        let _ = self.say(NO_ROOM, context);
    }

    /// Answers once that a head is too large, and throws away what came.
    pub(super) fn refuse(&mut self, context: &mut Context<'_>) {
        if !std::mem::replace(&mut self.is_refused, true) {
            counter!(CONNECTIONS_REFUSED, "reason" => "large_head").increment(1);
            let _ = self.say(HEAD_TOO_LARGE, context);
            let mut scratch = [0; 4096];
            for _ in 0..DISCARDED_BYTES / scratch.len() {
                let mut part = ReadBuf::new(&mut scratch);
                let read = self.io.poll_read(context, &mut part);
                if !matches!(read, Poll::Ready(Ok(()))) || part.filled().is_empty() {
                    break;
                }
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let is_idle = this.progress.0.under_way.get() == 0;
        if is_idle && matches!(this.progress.0.turn.get(), Turn::Body(_) | Turn::Chunked(_)) {
            this.read_rest(context, buffer)
        } else if is_idle {
            this.read_head(context, buffer)
        } else if this.progress.0.turn.get() == Turn::Everything && this.ahead.is_empty() {
            this.io.poll_read(context, buffer)
        } else {
            this.read_turn(AHEAD_BYTES, context, buffer).map_ok(|_| ())
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
        self.get_mut().io.poll_shutdown(context)
    }
}
