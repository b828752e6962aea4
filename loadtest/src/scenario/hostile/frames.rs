//! Frames by hand (RFC 6455 section 5.2), as no client library makes them.

/// First byte of a frame: a whole text, a text that goes on, a part that goes on, a ping, and one with reserved bits set.
pub(super) const TEXT: u8 = 0x81;
pub(super) const TEXT_BEGIN: u8 = 0x01;
pub(super) const PART: u8 = 0x00;
pub(super) const PING: u8 = 0x89;
pub(super) const RESERVED: u8 = 0xF1;
const CLOSE: u8 = 0x88;

/// A frame of a client: masked, with zeros.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, payload.len() as u64);
    frame.extend_from_slice(payload);
    frame
}

/// The beginning of a frame that says that so many bytes follow.
pub(super) fn head(first: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..126 => head.push(0x80 | length as u8),
        126..=0xFFFF => {
            head.push(0x80 | 126);
            head.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            head.push(0x80 | 127);
            head.extend_from_slice(&length.to_be_bytes());
        }
    }
    head.extend_from_slice(&[0; 4]);
    head
}

/// The code of the close frame among frames of a server.
pub(super) fn close_code(mut bytes: &[u8]) -> Option<u16> {
    while let [first, length, rest @ ..] = bytes {
        let (length, rest) = match (length, rest) {
            (126, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
            (126.., _) => return None,
            (length, rest) => (usize::from(*length), rest),
        };
        if *first == CLOSE {
            let [a, b, ..] = rest else { return None };
            return Some(u16::from_be_bytes([*a, *b]));
        }
        bytes = rest.get(length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_one_three_or_nine_bytes() {
        assert_eq!(head(TEXT, 5), [0x81, 0x85, 0, 0, 0, 0]);
        assert_eq!(head(TEXT, 300)[..4], [0x81, 0xFE, 1, 44]);
        assert_eq!(head(TEXT, 1 << 62)[..3], [0x81, 0xFF, 0x40]);
    }

    #[test]
    fn a_close_frame_is_found_after_others() {
        assert_eq!(close_code(&[0x81, 2, b'h', b'i', 0x88, 2, 0x03, 0xF1]), Some(1009));
        assert_eq!(close_code(&[0x81, 2, b'h']), None);
        assert_eq!(close_code(&[]), None);
    }
}
