//! Messages out of fragments, within a bound (RFC 6455 section 5.4).

use crate::protocol::MAX_MESSAGE_BYTES;
use crate::protocol::close::CloseReason;

/// A piece of a fragmented message.
pub(super) enum Fragment<'a> {
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
    /// Takes a fragment; returns the message when it is whole.
    pub(super) fn take(&mut self, fragment: &Fragment<'_>) -> Result<Option<String>, CloseReason> {
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

    /// A whole message must not come between fragments.
    pub(super) fn is_collecting(&self) -> bool {
        self.collected.is_some()
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
        assert!(!fragments.is_collecting());
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
