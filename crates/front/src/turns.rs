//! One request at a time: what a client sends ahead of its turn waits in the socket.
//!
//! actix-http 3.20 looks at its bound of 16 requests before it decodes what it has read, and not while it does: 128 KiB of small
//! requests became 7,000 of them, of 6 KiB each, on one connection. So it gets a head to its end, then the body that belongs to
//! it, and the next head when the answer was taken (RFC 9112 section 9.3.2 lets a server answer pipelined requests in order).
//!
//! Nothing is decided here about what a request is: where this reads a malformed one differently, its bytes wait and its
//! time runs out.

/// What of the bytes that come may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// A head, to its end.
    Head(Lines),
    /// Nothing: a head is looked at, or its request is under way and has no body, or no more of it.
    Nothing,
    /// So many bytes of a body.
    Body(u64),
    /// A chunked body, to its end (RFC 9112 section 7.1).
    Chunked(Chunks),
    /// Everything: a WebSocket, or HTTP/2.
    Everything,
}

/// Lines up to an empty one. Empty lines before the first other one do not count (RFC 9112 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lines {
    has_begun: bool,
    /// The line under way has a character.
    has_text: bool,
}

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the line that says how long the chunk is: the length so far, and whether it is said whole.
    Length(u64, bool),
    /// So many bytes before the end of the chunk.
    Data(u64),
    /// In the line end behind the chunk.
    DataEnd,
    /// In the fields behind the last chunk.
    Trailer(Lines),
}

impl Turn {
    /// The turn of the next head.
    pub(super) fn head() -> Self {
        Self::Head(Lines::default())
    }

    /// The turn of a chunked body.
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunks::Length(0, false))
    }

    /// Takes the bytes that may pass, and says how many. When what had its turn is over, the turn is nobody's.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> usize {
        let end = match self {
            Self::Nothing => return 0,
            Self::Everything => return bytes.len(),
            Self::Head(lines) => lines.end(bytes),
            Self::Body(left) => {
                let passed = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= passed as u64;
                (*left == 0).then_some(passed)
            }
            Self::Chunked(chunks) => chunks.end(bytes),
        };
        if end.is_some() {
            *self = Self::Nothing;
        }
        end.unwrap_or(bytes.len())
    }
}

impl Lines {
    fn within() -> Self {
        Self { has_begun: true, has_text: false }
    }

    /// Whether a byte ends them.
    fn ends_with(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' if self.has_begun && !self.has_text => return true,
            b'\n' => self.has_text = false,
            b'\r' => {}
            _ => *self = Self { has_begun: true, has_text: true },
        }
        false
    }

    /// How many bytes there are to their end.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| self.ends_with(*byte)).map(|last| last + 1)
    }
}

impl Chunks {
    /// How many bytes there are to the end of the body.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let Self::Data(left) = self {
                let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                *left -= skipped as u64;
                if *left == 0 {
                    *self = Self::DataEnd;
                }
                at += skipped;
                continue;
            }
            at += 1;
            if self.ends_with(*byte) {
                return Some(at);
            }
        }
        None
    }

    /// Whether a byte outside of the chunks ends the body.
    fn ends_with(&mut self, byte: u8) -> bool {
        *self = match (*self, byte) {
            (Self::Length(0, _), b'\n') => Self::Trailer(Lines::within()),
            (Self::Length(length, _), b'\n') => Self::Data(length),
            (Self::Length(length, false), digit) => match char::from(digit).to_digit(16) {
                Some(digit) => Self::Length(length.saturating_mul(16).saturating_add(digit.into()), false),
                None => Self::Length(length, true),
            },
            (Self::DataEnd, b'\n') => Self::Length(0, false),
            (Self::Trailer(mut lines), byte) => {
                if lines.ends_with(byte) {
                    return true;
                }
                Self::Trailer(lines)
            }
            (same, _) => same,
        };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes of bytes that come in pieces of a size, all of them in this turn.
    fn passed(turn: Turn, bytes: &str, size: usize) -> (usize, Turn) {
        let mut turn = turn;
        let mut passed = 0;
        for piece in bytes.as_bytes().chunks(size) {
            let part = turn.pass(piece);
            passed += part;
            if part < piece.len() {
                break;
            }
        }
        (passed, turn)
    }

    #[test]
    fn what_belongs_to_a_request_passes_and_the_next_one_waits() {
        let chunked = "5\r\nhello\r\n1A;x=1\r\nabcdefghijklmnopqrstuvwxy\n\r\n0\r\nA: b\r\n\r\n";
        for (turn, own) in [
            (Turn::head(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            (Turn::head(), "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            (Turn::head(), "GET / HTTP/1.1\nHost: x\n\n"),
            (Turn::Body(12), "{\"a\":\n\n\"b\"}\n"),
            (Turn::chunked(), "0\r\n\r\n"),
            (Turn::chunked(), chunked),
        ] {
            let all = format!("{own}GET /next HTTP/1.1\r\n\r\n");
            for size in [1, 2, 3, 7, 1000] {
                assert_eq!(passed(turn, &all, size), (own.len(), Turn::Nothing), "{own:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn what_is_not_over_goes_on() {
        for (turn, part) in [
            (Turn::head(), "GET / HTTP/1.1\r\nHost: x\r\n"),
            (Turn::Body(13), "{\"a\":\n\n\"b\"}\n"),
            (Turn::chunked(), "5\r\nhello\r\n0\r\nA: b\r\n"),
            (Turn::chunked(), "ffffffffffffffffff\r\nx\r\n0\r\n\r\n"),
            (Turn::Everything, "anything\r\n\r\nat all"),
        ] {
            let (passed, turn) = passed(turn, part, 4);
            assert_eq!(passed, part.len(), "{part:?}");
            assert_ne!(turn, Turn::Nothing, "{part:?}");
        }
        assert_eq!(passed(Turn::Nothing, "x", 1), (0, Turn::Nothing));
    }
}
