//! What the frames of a device mean: messages, also out of fragments within a bound (RFC 6455 section 5.4), and refusals.

use actix_http::ws;
use actix_web::web::Bytes;

use crate::websocket_protocol::MAX_MESSAGE_BYTES;
use crate::websocket_protocol::close::CloseReason;

/// What a device sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// A whole text message.
    Text(String),
    /// To be answered with a pong that holds the same.
    Ping(Bytes),
    Pong,
    /// To be answered with the same.
    Close(Option<ws::CloseReason>),
    /// A piece of a message.
    Piece,
    /// To be closed for this reason.
    Refused(CloseReason),
}

/// A piece of a fragmented message.
enum Fragment<'a> {
    First(&'a [u8]),
    Next(&'a [u8]),
    Last(&'a [u8]),
}

/// Collects the fragments of a text message.
#[derive(Default)]
pub(super) struct Fragments {
    collected: Option<Vec<u8>>,
}

impl Fragments {
    /// Takes what the codec made of a frame.
    pub(super) fn receive(&mut self, frame: Result<ws::Frame, ws::ProtocolError>) -> Received {
        use ws::{Frame, Item};
        match frame {
            // A whole message must not come between fragments.
            Ok(Frame::Text(_)) if self.collected.is_some() => Received::Refused(CloseReason::ProtocolError),
            Ok(Frame::Text(text)) => match String::from_utf8(text.into()) {
                Ok(text) => Received::Text(text),
                Err(_) => Received::Refused(CloseReason::InvalidMessage),
            },
            Ok(Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_))) => Received::Refused(CloseReason::Binary),
            Ok(Frame::Continuation(Item::FirstText(bytes))) => self.piece(&Fragment::First(&bytes)),
            Ok(Frame::Continuation(Item::Continue(bytes))) => self.piece(&Fragment::Next(&bytes)),
            Ok(Frame::Continuation(Item::Last(bytes))) => self.piece(&Fragment::Last(&bytes)),
            Ok(Frame::Ping(payload)) => Received::Ping(payload),
            Ok(Frame::Pong(_)) => Received::Pong,
            Ok(Frame::Close(reason)) => Received::Close(reason),
            Err(ws::ProtocolError::Overflow) => Received::Refused(CloseReason::TooLarge),
            Err(_) => Received::Refused(CloseReason::ProtocolError),
        }
    }

    fn piece(&mut self, fragment: &Fragment<'_>) -> Received {
        match self.take(fragment) {
            Ok(None) => Received::Piece,
            Ok(Some(text)) => Received::Text(text),
            Err(reason) => Received::Refused(reason),
        }
    }

    /// Takes a fragment; returns the message when it is whole.
    fn take(&mut self, fragment: &Fragment<'_>) -> Result<Option<String>, CloseReason> {
        let bytes = match fragment {
            Fragment::First(bytes) => {
                if self.collected.is_some() {
                    return Err(CloseReason::ProtocolError);
                }
                self.collected = Some(Vec::new());
                bytes
            }
            Fragment::Next(bytes) | Fragment::Last(bytes) => bytes,
        };
        let collected = self.collected.as_mut().ok_or(CloseReason::ProtocolError)?;
        if collected.len() + bytes.len() > MAX_MESSAGE_BYTES {
            return Err(CloseReason::TooLarge);
        }
        collected.extend_from_slice(bytes);
        if !matches!(fragment, Fragment::Last(_)) {
            return Ok(None);
        }
        let whole = self.collected.take().unwrap_or_default();
        String::from_utf8(whole).map(Some).map_err(|_| CloseReason::InvalidMessage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_become_one_message() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(&Fragment::First(b"{\"a\":")), Ok(None));
        assert_eq!(fragments.take(&Fragment::Next(b"1")), Ok(None));
        assert_eq!(fragments.take(&Fragment::Last(b"}")), Ok(Some("{\"a\":1}".to_owned())));
        assert!(fragments.collected.is_none());
    }

    #[test]
    fn disorder_size_and_broken_text_are_refused() {
        assert_eq!(Fragments::default().take(&Fragment::Next(b"x")), Err(CloseReason::ProtocolError));
        let mut twice = Fragments::default();
        assert_eq!(twice.take(&Fragment::First(b"x")), Ok(None));
        assert_eq!(twice.take(&Fragment::First(b"x")), Err(CloseReason::ProtocolError));
        let mut large = Fragments::default();
        assert_eq!(large.take(&Fragment::First(&[b'x'; MAX_MESSAGE_BYTES])), Ok(None));
        assert_eq!(large.take(&Fragment::Last(b"x")), Err(CloseReason::TooLarge));
        let mut broken = Fragments::default();
        assert_eq!(broken.take(&Fragment::First(&[0xff])), Ok(None));
        assert_eq!(broken.take(&Fragment::Last(b"")), Err(CloseReason::InvalidMessage));
    }
}
