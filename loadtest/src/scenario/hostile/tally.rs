//! What the attackers saw.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the attackers saw, counted.
#[derive(Default)]
pub(super) struct Tally {
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// Counts one.
    pub(super) fn add(&self, what: impl Into<String>) {
        *self.lock().entry(what.into()).or_default() += 1;
    }

    /// All that was counted so far.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
