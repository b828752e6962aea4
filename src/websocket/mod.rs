//! The WebSocket edge: who may connect, frames, heartbeats. No logic of the product lives here.

mod connection;
mod frame_limits;
mod frames;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../../fuzz/properties/websocket.rs"]
pub mod fuzzing;
mod handshake;
mod origin;
mod transport;

pub use connection::ConnectionSettings;
pub use handshake::accept;
pub use origin::{AllowedOrigins, OwnAddress};
