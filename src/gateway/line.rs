//! The line under a connection actor: frames in, frames out, on the worker that accepted it. An idle line has no buffers.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix::dev::ContextFut;
use actix_codec::{Decoder, Encoder};
use actix_http::ws::{Codec, Message, ProtocolError};
use actix_web::web::{Buf, BytesMut};
use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::bounds::Heads;
use super::frames::{Fragments, Received};
use super::socket::Connection;
use crate::actors::LetGo;
use crate::listener;
use crate::protocol::MAX_MESSAGE_BYTES;

/// Bytes that are read at once: a device sends little, and rarely.
const READ_BYTES: usize = 4096;

/// How long a device that reads nothing has to take the last words of a connection: a removed device is gone within a second
/// (design section 5).
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A line, shared by the actor that writes, the stream of what it receives, and who drives both. All are one task.
pub(super) struct Line {
    stream: RefCell<listener::Stream>,
    to_send: RefCell<BytesMut>,
    /// TLS may hold what was written.
    is_flushed: Cell<bool>,
    codec: RefCell<Codec>,
}

impl Line {
    pub(super) fn new(stream: listener::Stream) -> Rc<Self> {
        let codec = RefCell::new(Codec::new().max_size(MAX_MESSAGE_BYTES));
        let stream = RefCell::new(stream);
        Rc::new(Self { stream, to_send: RefCell::default(), is_flushed: Cell::new(true), codec })
    }

    /// Says something; it goes out when the actor has had its turn.
    pub(super) fn send(&self, message: Message) {
        // The codec takes every message, and after a close frame none: what would follow it is not sent.
        let _ = self.codec.borrow_mut().encode(message, &mut self.to_send.borrow_mut());
    }

    /// Writes until nothing is left to send.
    fn poll_send(&self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.is_all_sent() {
            return Poll::Ready(Ok(()));
        }
        let (mut stream, mut to_send) = (self.stream.borrow_mut(), self.to_send.borrow_mut());
        while !to_send.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, &to_send))?;
            if written == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.is_flushed.set(false);
            to_send.advance(written);
        }
        *to_send = BytesMut::new();
        ready!(Pin::new(&mut *stream).poll_flush(context))?;
        self.is_flushed.set(true);
        Poll::Ready(Ok(()))
    }

    fn is_all_sent(&self) -> bool {
        self.is_flushed.get() && self.to_send.borrow().is_empty()
    }
}

/// What a device says, until it says no more.
pub(super) struct Incoming {
    line: Rc<Line>,
    heads: Heads,
    fragments: Fragments,
    /// What came of a frame.
    received: BytesMut,
}

impl Incoming {
    pub(super) fn new(line: Rc<Line>) -> Self {
        Self { line, heads: Heads::new(MAX_MESSAGE_BYTES), fragments: Fragments::default(), received: BytesMut::new() }
    }

    fn next_frame(&mut self) -> Result<Option<Received>, ProtocolError> {
        if self.received.is_empty() {
            return Ok(None);
        }
        let frame = self.line.codec.borrow_mut().decode(&mut self.received)?;
        if self.received.is_empty() {
            self.received = BytesMut::new();
        }
        Ok(frame.map(|frame| self.fragments.receive(Ok(frame))))
    }
}

impl Stream for Incoming {
    type Item = Received;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Received>> {
        loop {
            match self.next_frame() {
                Ok(None) => {}
                Ok(received) => return Poll::Ready(received),
                Err(error) => return Poll::Ready(Some(self.fragments.receive(Err(error)))),
            }
            let mut bytes = [0; READ_BYTES];
            let mut part = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut *self.line.stream.borrow_mut()).poll_read(context, &mut part));
            if read.is_err() || part.filled().is_empty() {
                return Poll::Ready(None);
            }
            if let Err(reason) = self.heads.accept(part.filled()) {
                return Poll::Ready(Some(Received::Refused(reason)));
            }
            self.received.extend_from_slice(part.filled());
        }
    }
}

/// Runs a connection actor on its line. The actor runs only while the line can be written.
pub(super) struct Driver {
    line: Rc<Line>,
    let_go: Arc<LetGo>,
    actor: Option<Box<ContextFut<Connection, actix::Context<Connection>>>>,
    last_words: Option<Pin<Box<Sleep>>>,
}

impl Driver {
    pub(super) fn new(line: Rc<Line>, connection: Connection) -> Self {
        let let_go = connection.let_go();
        let actor = actix::Context::new().into_future(connection);
        Self { line, let_go, actor: Some(Box::new(actor)), last_words: None }
    }

    /// To the end of the connection.
    pub(super) async fn run(mut self) {
        (&mut self).await;
        // With the actor its half of the line is gone.
        self.actor = None;
        if let Some(line) = Rc::into_inner(self.line) {
            // Boxed: it has a buffer, and there is one line end for hours of a line.
            Box::pin(listener::end(line.stream.into_inner())).await;
        }
    }

    /// The line cannot be written: waits for that, but not for long once the connection is to end.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.actor.is_some() {
            ready!(self.let_go.poll_over(context));
        }
        self.last_words.get_or_insert_with(|| Box::pin(sleep(LAST_WORDS))).as_mut().poll(context)
    }
}

impl Future for &mut Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Poll::Ready(sent) = self.line.poll_send(context) else { return self.poll_patience(context) };
            let (Ok(()), Some(actor)) = (sent, &mut self.actor) else { return Poll::Ready(()) };
            match Pin::new(actor.as_mut()).poll(context) {
                Poll::Ready(()) => self.actor = None,
                Poll::Pending if self.line.is_all_sent() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}
