//! The code keys as they were last read.

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::code::CodeKeys;

/// Keys that may be replaced while they are used.
pub(in crate::service) struct HeldKeys(RwLock<Arc<CodeKeys>>);

impl HeldKeys {
    pub(in crate::service) fn new(keys: Arc<CodeKeys>) -> Self {
        Self(RwLock::new(keys))
    }

    pub(super) fn get(&self) -> Arc<CodeKeys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace(&self, keys: Arc<CodeKeys>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}
