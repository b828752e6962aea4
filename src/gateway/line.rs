//! The line under a connection actor: frames in, frames out, on the worker that accepted it. An idle line has no buffers.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix::dev::ContextFut;
use actix_codec::{Decoder, Encoder};
use actix_http::ws::{Codec, Message, ProtocolError};
use actix_web::web::{Buf, BytesMut};
use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::bounds::Heads;
use super::frames::{Fragments, Received};
use super::socket::Connection;
use crate::listener;
use crate::protocol::MAX_MESSAGE_BYTES;

/// Bytes that are read at once: a device sends little, and rarely.
const READ_BYTES: usize = 4096;

/// A line, shared by the actor that writes, the stream of what it receives, and who drives both. All are one task.
pub(super) struct Line {
    stream: RefCell<listener::Stream>,
    to_send: RefCell<BytesMut>,
    codec: RefCell<Codec>,
}

impl Line {
    pub(super) fn new(stream: listener::Stream) -> Rc<Self> {
        let codec = RefCell::new(Codec::new().max_size(MAX_MESSAGE_BYTES));
        Rc::new(Self { stream: RefCell::new(stream), to_send: RefCell::default(), codec })
    }

    /// Says something; it goes out when the actor has had its turn.
    pub(super) fn send(&self, message: Message) {
        // The codec takes every message, and after a close frame none: what would follow it is not sent.
        let _ = self.codec.borrow_mut().encode(message, &mut self.to_send.borrow_mut());
    }

    /// Writes until nothing is left to send.
    fn poll_send(&self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let (mut stream, mut to_send) = (self.stream.borrow_mut(), self.to_send.borrow_mut());
        if to_send.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !to_send.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, &to_send))?;
            if written == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            to_send.advance(written);
        }
        *to_send = BytesMut::new();
        Pin::new(&mut *stream).poll_flush(context)
    }

    fn is_all_sent(&self) -> bool {
        self.to_send.borrow().is_empty()
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
    actor: Option<Box<ContextFut<Connection, actix::Context<Connection>>>>,
}

impl Driver {
    pub(super) fn new(line: Rc<Line>, connection: Connection) -> Self {
        let actor = actix::Context::new().into_future(connection);
        Self { line, actor: Some(Box::new(actor)) }
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
}

impl Future for &mut Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let sent = ready!(self.line.poll_send(context));
            let (Ok(()), Some(actor)) = (sent, &mut self.actor) else { return Poll::Ready(()) };
            match Pin::new(actor.as_mut()).poll(context) {
                Poll::Ready(()) => self.actor = None,
                Poll::Pending if self.line.is_all_sent() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}
