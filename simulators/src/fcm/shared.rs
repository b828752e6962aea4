//! What the connections of the simulator share, and the requests that it keeps.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::account::Account;
use super::behaviour::{FcmBehaviour, TokenBehaviour};
use super::workload::Workload;
use crate::clock::Clock;
use crate::journal::Journal;
use crate::script::Script;

/// A send request as it came.
#[derive(Debug)]
pub struct FcmRequest {
    /// When.
    pub at: Instant,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; null if it was no JSON.
    pub body: Value,
    /// `token` or `fid` of the message; empty if there was none.
    pub target: String,
    /// Why it was refused, if it was not in order.
    pub refusal: Option<String>,
}

/// A request for an access token as it came.
#[derive(Debug)]
pub struct TokenRequest {
    /// When.
    pub at: Instant,
    /// Why it was refused, if it was not in order.
    pub refusal: Option<&'static str>,
}

/// What the connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) project: String,
    pub(super) send_path: String,
    pub(super) token_life: Duration,
    pub(super) account: Account,
    pub(super) workload: Workload,
    pub(super) clock: Clock,
    pub(super) script: Script<FcmBehaviour>,
    pub(super) token_script: Script<TokenBehaviour>,
    pub(super) requests: Journal<FcmRequest>,
    pub(super) token_requests: Journal<TokenRequest>,
    pub(super) accepted: AtomicU64,
}
