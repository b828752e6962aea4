//! What the connections of the simulator share, and the pushes that it keeps.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::behaviour::WebPushBehaviour;
use super::subscriptions::Subscriptions;
use crate::clock::Clock;
use crate::journal::Journal;
use crate::script::Script;

/// A push as it came.
#[derive(Debug)]
pub struct WebPushRequest {
    /// When.
    pub at: Instant,
    /// The URL of the push resource.
    pub endpoint: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it was received, up to 64 KiB of it.
    pub body: Vec<u8>,
    /// The message: decrypted, without its padding. `None` when the push was refused, does not decrypt, or is for a
    /// subscription whose keys the simulator does not have.
    pub message: Option<Vec<u8>>,
    /// The application server's key that came along, in base64url.
    pub public_key: Option<String>,
    /// Why it was refused, or why it does not decrypt, if it was not in order. A push service cannot know the latter.
    pub refusal: Option<String>,
}

/// What the connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) origin: String,
    pub(super) clock: Clock,
    pub(super) subscriptions: Subscriptions,
    pub(super) script: Script<WebPushBehaviour>,
    pub(super) requests: Journal<WebPushRequest>,
    pub(super) accepted: AtomicU64,
}
