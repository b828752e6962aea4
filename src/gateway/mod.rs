//! The WebSocket edge: who may connect, frames, heartbeats. No logic of the product lives here.

mod bounds;
mod frames;
mod origin;
mod socket;

pub use origin::AllowedOrigins;
pub use socket::{ConnectionSettings, accept};
