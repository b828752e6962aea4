//! The WebSocket edge: who may connect, frames, heartbeats. No logic of the product lives here.

mod bounds;
mod frames;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod line;
mod origin;
mod socket;

pub use origin::{AllowedOrigins, OwnAddress};
pub use socket::{ConnectionSettings, accept};
