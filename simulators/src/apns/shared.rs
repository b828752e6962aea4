//! What the connections of the simulator share, and the requests that it keeps.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use serde_json::Value;

use super::behaviour::ApnsBehaviour;
use super::failure::ApnsFailure;
use super::team::Team;
use crate::clock::Clock;
use crate::journal::Journal;
use crate::script::Script;

/// A request as it came.
#[derive(Debug)]
pub struct ApnsRequest {
    /// When.
    pub at: Instant,
    /// On which connection, counted from 0.
    pub connection: usize,
    /// The headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// Names of headers that APNs does not know.
    pub unknown_headers: Vec<String>,
    /// The payload; null if it was no JSON.
    pub payload: Value,
    /// The device token in the path.
    pub device_token: String,
    /// Why it was refused, if it was not in order.
    pub refusal: Option<ApnsFailure>,
}

/// What the connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) topic: String,
    pub(super) most_streams: u32,
    pub(super) team: Team,
    pub(super) clock: Clock,
    pub(super) script: Script<ApnsBehaviour>,
    pub(super) requests: Journal<ApnsRequest>,
    pub(super) connections: AtomicUsize,
    pub(super) early_streams: AtomicUsize,
    pub(super) most_open_streams: AtomicUsize,
}
