//! The heads of frames are judged before their frames are collected: the WebSocket crate waits for a whole frame, however
//! long its head says that it is, and keeps what came of it. And it passes over rules of RFC 6455 section 5.2.

use crate::websocket_protocol::close::CloseReason;

/// Longest head: two bytes, eight of an extended length, four of the mask (RFC 6455 section 5.2).
pub(super) const LONGEST_HEAD: usize = 14;
/// Bits of the first byte that only extensions use, and no extension is ever agreed on.
const RESERVED_BITS: u8 = 0x70;

/// Frames that control the connection, and which may be cut into pieces or carry more than so many bytes by no means (RFC 6455
/// section 5.5).
const CONTROL: u8 = 0x08;
const FINAL: u8 = 0x80;
const LONGEST_CONTROL: u64 = 125;

/// Finds the heads of frames in bytes that come in any pieces.
pub(super) struct Heads {
    max_bytes: u64,
    head: [u8; LONGEST_HEAD],
    collected: usize,
    payload_left: u64,
}

impl Heads {
    pub(super) fn new(max_bytes: usize) -> Self {
        let max_bytes = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        Self { max_bytes, head: [0; LONGEST_HEAD], collected: 0, payload_left: 0 }
    }

    /// Takes what came next.
    ///
    /// # Errors
    /// Why the connection must be closed: a frame that begins in these bytes is too long or has no right head.
    pub(super) fn accept(&mut self, mut bytes: &[u8]) -> Result<(), CloseReason> {
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
            if self.collected == 1 && !is_first_byte_right(self.head[0]) {
                return Err(CloseReason::ProtocolError);
            }
            if self.collected == self.head_length() {
                self.begin_payload()?;
            }
        }
        Ok(())
    }

    fn begin_payload(&mut self) -> Result<(), CloseReason> {
        let (length, shortest) = self.payload_length();
        if length >= 1 << 63 {
            return Err(CloseReason::ProtocolError);
        }
        if length > self.max_bytes {
            return Err(CloseReason::TooLarge);
        }
        let is_long_control = self.head[0] & CONTROL != 0 && length > LONGEST_CONTROL;
        if length < shortest || is_long_control {
            return Err(CloseReason::ProtocolError);
        }
        self.payload_left = length;
        self.collected = 0;
        Ok(())
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

    /// How long the payload is, and the shortest one whose length may be written in so many bytes.
    fn payload_length(&self) -> (u64, u64) {
        let extended = |bytes: &[u8]| bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
        match self.head[1] & 0x7f {
            126 => (extended(&self.head[2..4]), 126),
            127 => (extended(&self.head[2..10]), 65_536),
            short => (u64::from(short), 0),
        }
    }
}

/// No reserved bit is set, and a control frame is in one piece.
fn is_first_byte_right(byte: u8) -> bool {
    byte & RESERVED_BITS == 0 && (byte & CONTROL == 0 || byte & FINAL != 0)
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
            assert!(frames.chunks(size).all(|piece| heads.accept(piece).is_ok()), "pieces of {size}");
            assert_eq!((heads.collected, heads.payload_left), (0, 0));
        }
    }

    /// What a connection is closed for when these bytes follow a good frame, one by one.
    fn refusal(bytes: &[u8]) -> Option<CloseReason> {
        let mut heads = Heads::new(4096);
        assert_eq!(heads.accept(&frame(4096)), Ok(()));
        bytes.iter().find_map(|byte| heads.accept(&[*byte]).err())
    }

    #[test]
    fn a_longer_one_is_found_by_its_head_alone() {
        let longest = [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        for head in [&frame(4097)[..8], &frame(70_000)[..14], &longest] {
            assert_eq!(refusal(head), Some(CloseReason::TooLarge), "{head:?}");
        }
    }

    #[test]
    fn heads_that_break_the_rules_are_refused() {
        for head in [
            &[0xc1][..],                                          // a reserved bit
            &[0x09],                                              // a ping in pieces
            &[0x89, 0xfe, 0, 126, 0, 0, 0, 0],                    // a ping with more than 125 bytes
            &[0x81, 0xfe, 0, 125, 0, 0, 0, 0],                    // a length that fits into one byte
            &[0x81, 0xff, 0, 0, 0, 0, 0, 0, 1, 0x2c, 0, 0, 0, 0], // a length that fits into two
            &[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // more than 63 bits
        ] {
            assert_eq!(refusal(head), Some(CloseReason::ProtocolError), "{head:x?}");
        }
    }
}
