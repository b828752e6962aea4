//! Waits after wrong passwords, as this node counts them.

use std::hash::RandomState;
use std::sync::Mutex;

use crate::domain::account::login_throttle::PasswordWaits;

/// The waits of this node.
#[derive(Default)]
pub(in crate::service) struct PasswordWaiting {
    /// Addresses are remembered as hashes under a key of this process.
    pub(super) hasher: RandomState,
    pub(super) waits: Mutex<PasswordWaits<u64>>,
}
