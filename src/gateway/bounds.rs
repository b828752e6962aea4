//! Frames are bounded before they are collected: the WebSocket crate waits for a whole frame, however long its head says
//! that it is, and keeps what came of it.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// Longest head: two bytes, eight of an extended length, four of the mask (RFC 6455 section 5.2).
const LONGEST_HEAD: usize = 14;

/// A stream of frames that breaks at the head of one that is too long.
pub(super) struct BoundedFrames<S> {
    stream: S,
    heads: Heads,
    is_too_large: Rc<Cell<bool>>,
}

impl<S> BoundedFrames<S> {
    /// Frames with payloads of `max_bytes` at most; `is_too_large` is set when one is longer.
    pub(super) fn new(stream: S, max_bytes: usize, is_too_large: Rc<Cell<bool>>) -> Self {
        Self { stream, heads: Heads::new(max_bytes), is_too_large }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for BoundedFrames<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.stream).poll_next(context));
        Poll::Ready(match next {
            Some(Ok(bytes)) if !self.heads.accept(&bytes) => {
                self.is_too_large.set(true);
                Some(Err(PayloadError::Overflow))
            }
            next => next,
        })
    }
}

/// Finds the heads of frames in bytes that come in any pieces.
struct Heads {
    max_bytes: u64,
    head: [u8; LONGEST_HEAD],
    collected: usize,
    payload_left: u64,
}

impl Heads {
    fn new(max_bytes: usize) -> Self {
        let max_bytes = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        Self { max_bytes, head: [0; LONGEST_HEAD], collected: 0, payload_left: 0 }
    }

    /// Whether no frame that begins in these bytes is too long.
    fn accept(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.payload_left > 0 {
                let skipped = usize::try_from(self.payload_left).unwrap_or(usize::MAX).min(bytes.len());
                self.payload_left -= u64::try_from(skipped).unwrap_or(u64::MAX);
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.collected] = bytes[0];
            self.collected += 1;
            bytes = &bytes[1..];
            if self.collected == self.head_length() {
                self.payload_left = self.payload_length();
                self.collected = 0;
                if self.payload_left > self.max_bytes {
                    return false;
                }
            }
        }
        true
    }

    /// How long the head is, as far as it is known.
    fn head_length(&self) -> usize {
        if self.collected < 2 {
            return 2;
        }
        let extended = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        2 + extended + mask
    }

    fn payload_length(&self) -> u64 {
        let extended = |bytes: &[u8]| bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
        match self.head[1] & 0x7f {
            126 => extended(&self.head[2..4]),
            127 => extended(&self.head[2..10]),
            short => u64::from(short),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match length {
            0..126 => frame.push(0x80 | u8::try_from(length).expect("short")),
            126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).expect("medium").to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend(u64::try_from(length).expect("long").to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.resize(frame.len() + length, 0xff);
        frame
    }

    #[test]
    fn frames_up_to_the_bound_pass_in_any_pieces() {
        let frames = [frame(0), frame(125), frame(126), frame(4096), frame(1)].concat();
        for size in [1, 2, 3, 7, 100, frames.len()] {
            let mut heads = Heads::new(4096);
            assert!(frames.chunks(size).all(|piece| heads.accept(piece)), "pieces of {size}");
            assert_eq!((heads.collected, heads.payload_left), (0, 0));
        }
    }

    #[test]
    fn a_longer_one_is_found_by_its_head_alone() {
        for head in [
            &frame(4097)[..8],
            &frame(70_000)[..14],
            &[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ] {
            let mut heads = Heads::new(4096);
            assert!(heads.accept(&frame(4096)));
            assert!(!head.iter().all(|byte| heads.accept(&[*byte])), "{head:?}");
        }
    }
}
