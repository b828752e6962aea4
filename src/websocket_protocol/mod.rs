//! The WebSocket protocol `twostep.v1`: JSON text messages and close codes (docs/websocket-protocol.md).

pub mod close;
pub mod message;

/// The name that both sides agree on in `Sec-WebSocket-Protocol` (RFC 6455 section 1.9).
pub const SUBPROTOCOL: &str = "twostep.v1";
/// Largest message a device may send, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4096;
