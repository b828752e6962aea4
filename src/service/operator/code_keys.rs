//! The code keys of this node, which may be replaced while it runs.

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::code::{CodeKeys, KeyId};
use crate::service::Verification;

/// The keys as they were last read.
pub(in crate::service) struct HeldKeys(RwLock<Arc<CodeKeys>>);

impl HeldKeys {
    pub(in crate::service) fn new(keys: Arc<CodeKeys>) -> Self {
        Self(RwLock::new(keys))
    }
}

impl Verification {
    /// The keys that codes are derived with, as they are now.
    #[must_use]
    pub fn code_keys(&self) -> Arc<CodeKeys> {
        Arc::clone(&self.code_keys.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes these keys from now on.
    pub fn replace_code_keys(&self, keys: CodeKeys) {
        let keys = Arc::new(keys);
        self.bus.replace_keys(Arc::clone(&keys));
        *self.code_keys.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// The key that new codes are derived with.
    pub(in crate::service) fn current_key(&self) -> KeyId {
        self.code_keys().current().clone()
    }
}
