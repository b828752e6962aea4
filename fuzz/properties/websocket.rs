//! What must hold for whatever a device sends over its WebSocket.

use actix_codec::Decoder;
use actix_http::ws::Codec;
use actix_web::web::BytesMut;

use super::frames::{Fragments, Received};
use crate::websocket::frame_limits::{Heads, LONGEST_HEAD};
use crate::websocket_protocol::MAX_MESSAGE_BYTES;

/// Bytes after the handshake. The first one says into pieces of which size the rest is cut.
///
/// # Panics
/// When it matters how the bytes are cut, when a message is larger than may be, or when more is kept than one frame.
pub fn frames(bytes: &[u8]) {
    let Some((&cut, wire)) = bytes.split_first() else { return };
    let whole = received(wire, wire.len().max(1));
    let cut = received(wire, usize::from(cut) + 1);
    assert!(are_same(&whole, &cut), "it matters how the bytes are cut: {whole:?} or {cut:?}");
    for received in whole.into_iter().chain(cut) {
        match received {
            Received::Text(text) => assert!(text.len() <= MAX_MESSAGE_BYTES),
            Received::Ping(payload) => assert!(payload.len() <= 125),
            Received::Close(Some(reason)) => {
                let code = u16::from(reason.code);
                assert!(matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999), "{code} must not be sent back");
            }
            Received::Close(None) | Received::Pong | Received::Piece | Received::Refused(_) => {}
        }
    }
}

/// Reads the frames of `wire` as a connection does, in one piece, and counts them; for `benches/hot_paths`.
#[must_use]
pub fn read_frames(wire: &[u8]) -> usize {
    received(wire, wire.len().max(1)).len()
}

/// A head that is refused breaks the line at once: what came in one piece with it, before it, is not looked at.
fn are_same(whole: &[Received], cut: &[Received]) -> bool {
    match whole.split_last() {
        Some((Received::Refused(_), before)) => cut.starts_with(before) && cut.len() > before.len(),
        _ => whole == cut,
    }
}

/// What a connection receives until it closes, as the WebSocket crate reads it.
fn received(wire: &[u8], piece: usize) -> Vec<Received> {
    let mut heads = Heads::new(MAX_MESSAGE_BYTES);
    let mut codec = Codec::new().max_size(MAX_MESSAGE_BYTES);
    let mut fragments = Fragments::default();
    let mut kept = BytesMut::new();
    let mut all = Vec::new();
    for chunk in wire.chunks(piece) {
        if let Err(reason) = heads.accept(chunk) {
            all.push(Received::Refused(reason));
            return all;
        }
        kept.extend_from_slice(chunk);
        while let Some(frame) = codec.decode(&mut kept).transpose() {
            let received = fragments.receive(frame);
            let is_over = matches!(received, Received::Close(_) | Received::Refused(_));
            all.push(received);
            if is_over {
                return all;
            }
        }
        assert!(kept.len() <= MAX_MESSAGE_BYTES + LONGEST_HEAD, "{} bytes are kept", kept.len());
    }
    all
}
