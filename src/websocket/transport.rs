//! The line under a connection actor: frames in, frames out, on the worker that accepted it. An idle line has no buffers.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
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
use tokio::time::{Sleep, sleep, timeout};

use super::frames::{Fragments, Received};
use crate::actors::LetGo;
use crate::websocket::connection::Connection;
use crate::websocket::frame_limits::Heads;
use crate::websocket_protocol::MAX_MESSAGE_BYTES;

/// Bytes that are read at once: a device sends little, and rarely.
const READ_BYTES: usize = 4096;

/// How long a device has to answer the gateway's Close frame with its own, and bytes that it may say meanwhile (design section 5).
const CLOSING_HANDSHAKE: Duration = Duration::from_secs(2);
const LAST_BYTES: usize = 256 * 1024;

/// How long a device that reads nothing has to take the last words of a connection: a removed device is gone within a second
/// (design section 5).
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A line, shared by the actor that writes, the stream of what it receives, and who drives both. All are one task.
pub(super) struct Line {
    stream: RefCell<twostep_front::Stream>,
    to_send: RefCell<BytesMut>,
    /// TLS may hold what was written.
    is_flushed: Cell<bool>,
    codec: RefCell<Codec>,
    reading: RefCell<Reading>,
    /// The device says no more: it sent a Close frame, or its half of the line ended.
    has_heard_the_end: Cell<bool>,
}

/// Where in what a device says the next byte is.
struct Reading {
    heads: Heads,
    fragments: Fragments,
    /// What came of a frame.
    received: BytesMut,
    /// Bytes so far.
    bytes: usize,
    /// A frame was refused: where the next one begins is not known.
    is_broken: bool,
}

impl Line {
    pub(super) fn new(stream: twostep_front::Stream) -> Rc<Self> {
        let codec = RefCell::new(Codec::new().max_size(MAX_MESSAGE_BYTES));
        let reading = Reading {
            heads: Heads::new(MAX_MESSAGE_BYTES),
            fragments: Fragments::default(),
            received: BytesMut::new(),
            bytes: 0,
            is_broken: false,
        };
        Rc::new(Self {
            stream: RefCell::new(stream),
            to_send: RefCell::default(),
            is_flushed: Cell::new(true),
            codec,
            reading: RefCell::new(reading),
            has_heard_the_end: Cell::new(false),
        })
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
        let mut stream = self.stream.borrow_mut();
        let mut to_send = self.to_send.borrow_mut();
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

    /// The next frame, or `None` at the end of what the device says.
    fn poll_receive(&self, context: &mut Context<'_>) -> Poll<Option<Received>> {
        let reading = &mut *self.reading.borrow_mut();
        loop {
            match reading.next_frame(&mut self.codec.borrow_mut()) {
                Ok(None) => {}
                Ok(Some(received)) => {
                    self.has_heard_the_end.set(matches!(received, Received::Close(_)));
                    return Poll::Ready(Some(received));
                }
                Err(error) => {
                    reading.is_broken = true;
                    return Poll::Ready(Some(reading.fragments.receive(Err(error))));
                }
            }
            let mut bytes = [0; READ_BYTES];
            let mut part = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, &mut part));
            if read.is_err() || part.filled().is_empty() {
                self.has_heard_the_end.set(true);
                return Poll::Ready(None);
            }
            reading.bytes += part.filled().len();
            if let Err(reason) = reading.heads.accept(part.filled()) {
                reading.is_broken = true;
                return Poll::Ready(Some(Received::Refused(reason)));
            }
            reading.received.extend_from_slice(part.filled());
        }
    }

    /// Waits for the device's Close frame, and listens to nothing else any more (RFC 6455 section 7.1.1).
    async fn closing_handshake(&self) {
        let most = self.reading.borrow().bytes + LAST_BYTES;
        let heard = async {
            while !self.has_heard_the_end.get() && self.reading.borrow().bytes < most {
                if self.reading.borrow().is_broken {
                    return self.read_to_the_end(most).await;
                }
                let _ = poll_fn(|context| self.poll_receive(context)).await;
            }
        };
        let _ = timeout(CLOSING_HANDSHAKE, heard).await;
    }

    async fn read_to_the_end(&self, most: usize) {
        let mut bytes = [0; READ_BYTES];
        while self.reading.borrow().bytes < most {
            let mut part = ReadBuf::new(&mut bytes);
            let read = poll_fn(|context| Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, &mut part)).await;
            if read.is_err() || part.filled().is_empty() {
                return;
            }
            self.reading.borrow_mut().bytes += part.filled().len();
        }
    }
}

impl Reading {
    fn next_frame(&mut self, codec: &mut Codec) -> Result<Option<Received>, ProtocolError> {
        if self.received.is_empty() {
            return Ok(None);
        }
        let frame = codec.decode(&mut self.received)?;
        if self.received.is_empty() {
            self.received = BytesMut::new();
        }
        Ok(frame.map(|frame| self.fragments.receive(Ok(frame))))
    }
}

/// What a device says, until it says no more.
pub(super) struct Incoming(Rc<Line>);

impl Incoming {
    pub(super) fn new(line: Rc<Line>) -> Self {
        Self(line)
    }
}

impl Stream for Incoming {
    type Item = Received;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Received>> {
        self.0.poll_receive(context)
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
            // Boxed: it has buffers, and there is one line end for hours of a line.
            Box::pin(async move {
                if line.is_all_sent() {
                    line.closing_handshake().await;
                }
                twostep_front::end(line.stream.into_inner()).await;
            })
            .await;
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
