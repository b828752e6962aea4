//! The public listener: who may connect, how a connection begins (PROXY header, TLS, HTTP/1.1 or 2), and its bounds.
//!
//! It knows nothing of what it serves: requests go to an actix application, and who counts as one client is a function of the address that
//! [`ListenerSettings`] carries.

mod application;
mod certificate;
mod descriptors;
#[cfg(feature = "fuzzing")]
#[path = "../../../fuzz/properties/listener.rs"]
pub mod fuzzing;
mod http2;
mod http2_heads;
mod memory;
pub mod metric_names;
mod offers;
mod open_connections;
mod peer;
mod proxy_header;
mod requests;
mod serve;
mod socket;
mod stream;
mod take_over;
mod transport;
mod turns;
mod whole_heads;
mod workers;

pub use certificate::{Certificate, CertificateError, RELOAD_PERIOD};
pub use descriptors::connections_that_fit;
pub use memory::{KeptOnce, MemoryBounds, PIECE_BYTES};
pub use peer::{Claim, Peer};
pub use requests::{RequestRules, watch};
pub use serve::{ListenerSettings, serve};
pub use socket::{given, listen};
pub use stream::{MAX_HEAD_BYTES, Stream};
pub use take_over::{MayLeaveHttp, TakeOver, end};
pub use workers::Workers;
