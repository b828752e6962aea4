//! A stream that lets the simulator say on HTTP/2 what the `h2` crate does not: fewer streams until the first success, and
//! GOAWAY with a last stream of its choice.
//!
//! It knows where frames begin and end (RFC 9113 section 4.1), sends its own frames in between, and keeps the answers to
//! its own SETTINGS from `h2`, which did not send them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const HEADER_BYTES: usize = 9;
const PREFACE_BYTES: usize = 24;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;

/// The stream.
pub(super) struct Framed<S> {
    stream: S,
    orders: Orders,
    writing: Writing,
    reading: Reading,
}

/// Where the simulator's own frames are handed in.
#[derive(Clone, Default)]
pub(super) struct Orders {
    state: Arc<Mutex<OrdersState>>,
}

#[derive(Default)]
struct OrdersState {
    frames: VecDeque<Vec<u8>>,
    foreign_acks: usize,
    waker: Option<Waker>,
}

/// How far the bytes going out are.
struct Writing {
    header: Vec<u8>,
    payload_left: usize,
    /// `h2`'s first SETTINGS, held back until it is whole and changed.
    first: Option<Vec<u8>>,
    first_limit: u32,
    own: Vec<u8>,
    own_written: usize,
}

/// How far the bytes coming in are.
struct Reading {
    preface_left: usize,
    header: Vec<u8>,
    payload_left: usize,
    acks: usize,
    ready: BytesMut,
}

impl Orders {
    /// Announces another limit of streams.
    pub(super) fn limit_streams(&self, limit: u32) {
        let mut payload = MAX_CONCURRENT_STREAMS.to_be_bytes().to_vec();
        payload.extend(limit.to_be_bytes());
        let mut state = self.lock();
        state.foreign_acks += 1;
        state.frames.push_back(frame(SETTINGS, &payload));
        state.wake();
    }

    /// Says goodbye: streams after `last_stream` were not looked at.
    pub(super) fn go_away(&self, last_stream: u32) {
        let mut payload = last_stream.to_be_bytes().to_vec();
        payload.extend(0_u32.to_be_bytes());
        let mut state = self.lock();
        state.frames.push_back(frame(GOAWAY, &payload));
        state.wake();
    }

    fn lock(&self) -> MutexGuard<'_, OrdersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, context: &Context<'_>) -> Option<Vec<u8>> {
        let mut state = self.lock();
        state.waker = Some(context.waker().clone());
        state.frames.pop_front()
    }
}

impl OrdersState {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A frame on stream 0 without flags.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, 0, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

fn payload_length(header: &[u8]) -> usize {
    usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2])
}

impl<S> Framed<S> {
    /// Wraps the server's end of a stream; `first_limit` streams are allowed at first.
    pub(super) fn new(stream: S, first_limit: u32, orders: Orders) -> Self {
        Self {
            stream,
            orders,
            writing: Writing {
                header: Vec::with_capacity(HEADER_BYTES),
                payload_left: 0,
                first: Some(Vec::new()),
                first_limit,
                own: Vec::new(),
                own_written: 0,
            },
            reading: Reading {
                preface_left: PREFACE_BYTES,
                header: Vec::with_capacity(HEADER_BYTES),
                payload_left: 0,
                acks: 0,
                ready: BytesMut::new(),
            },
        }
    }
}

impl Writing {
    fn is_between_frames(&self) -> bool {
        self.header.is_empty() && self.payload_left == 0 && self.first.is_none()
    }

    /// How many of these bytes belong to the present piece of the present frame.
    fn piece(&self, bytes: &[u8]) -> usize {
        let left = match self.payload_left {
            0 => HEADER_BYTES - self.header.len(),
            left => left,
        };
        bytes.len().min(left)
    }

    /// Takes note of bytes that went out.
    fn passed(&mut self, bytes: &[u8]) {
        if self.payload_left > 0 {
            self.payload_left -= bytes.len();
            return;
        }
        self.header.extend_from_slice(bytes);
        if self.header.len() == HEADER_BYTES {
            self.payload_left = payload_length(&self.header);
            self.header.clear();
        }
    }

    /// Holds bytes of the first frame back; whole, it becomes a frame of our own with the other limit.
    fn hold(&mut self, mut first: Vec<u8>, bytes: &[u8]) -> usize {
        let count = self.piece(bytes);
        first.extend_from_slice(&bytes[..count]);
        self.passed(&bytes[..count]);
        if self.header.is_empty() && self.payload_left == 0 && first.len() >= HEADER_BYTES {
            for setting in first[HEADER_BYTES..].chunks_exact_mut(6) {
                if setting[..2] == MAX_CONCURRENT_STREAMS.to_be_bytes() {
                    setting[2..].copy_from_slice(&self.first_limit.to_be_bytes());
                }
            }
            self.own = first;
            self.own_written = 0;
        } else {
            self.first = Some(first);
        }
        count
    }
}

impl Reading {
    /// Sorts bytes that came in; `foreign_acks` answers to our own SETTINGS do not go on.
    fn take(&mut self, mut bytes: &[u8], foreign_acks: usize) {
        while !bytes.is_empty() {
            let (passing, left) = match self.preface_left {
                0 => (self.payload_left, &mut self.payload_left),
                preface => (preface, &mut self.preface_left),
            };
            let count = match passing {
                0 => bytes.len().min(HEADER_BYTES - self.header.len()),
                passing => bytes.len().min(passing),
            };
            let (piece, rest) = bytes.split_at(count);
            bytes = rest;
            if passing > 0 {
                *left -= count;
                self.ready.extend_from_slice(piece);
                continue;
            }
            self.header.extend_from_slice(piece);
            if self.header.len() == HEADER_BYTES {
                self.end_header(foreign_acks);
            }
        }
    }

    fn end_header(&mut self, foreign_acks: usize) {
        let header = std::mem::replace(&mut self.header, Vec::with_capacity(HEADER_BYTES));
        self.payload_left = payload_length(&header);
        if header[3] == SETTINGS && header[4] & ACK == ACK {
            self.acks += 1;
            // The first answer is to `h2`'s own SETTINGS.
            if (2..2 + foreign_acks).contains(&self.acks) {
                return;
            }
        }
        self.ready.extend_from_slice(&header);
    }
}

impl<S: AsyncWrite + Unpin> Framed<S> {
    /// Sends our own frames if the stream is between two of `h2`'s.
    fn poll_own(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.writing.own_written < self.writing.own.len() {
                let rest = &self.writing.own[self.writing.own_written..];
                let written = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.writing.own_written += written;
            }
            if !self.writing.is_between_frames() {
                return Poll::Ready(Ok(()));
            }
            match self.orders.next(context) {
                Some(frame) => {
                    self.writing.own = frame;
                    self.writing.own_written = 0;
                }
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_own(context))?;
        if let Some(first) = self.writing.first.take() {
            return Poll::Ready(Ok(self.writing.hold(first, bytes)));
        }
        let count = self.writing.piece(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..count]))?;
        self.writing.passed(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // `h2` reads whenever it is woken, but flushes only what it wrote itself.
        if self.poll_own(context)?.is_ready() {
            let _ = Pin::new(&mut self.stream).poll_flush(context)?;
        }
        while self.reading.ready.is_empty() {
            let mut chunk = [0_u8; 16 * 1024];
            let mut into = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let foreign_acks = self.orders.lock().foreign_acks;
            self.reading.take(into.filled(), foreign_acks);
        }
        let count = buffer.remaining().min(self.reading.ready.len());
        buffer.put_slice(&self.reading.ready.split_to(count));
        Poll::Ready(Ok(()))
    }
}
