//! The code keys as they were last read.

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::app_server::assertion::AssertionKeys;
use crate::domain::code::CodeKeys;

/// Keys that may be replaced while they are used.
pub(in crate::service) struct HeldKeys(RwLock<Held>);

struct Held {
    codes: Arc<CodeKeys>,
    /// Derived from these.
    assertions: Arc<AssertionKeys>,
}

impl HeldKeys {
    pub(in crate::service) fn new(keys: Arc<CodeKeys>) -> Self {
        Self(RwLock::new(Held::of(keys)))
    }

    pub(super) fn get(&self) -> Arc<CodeKeys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).codes)
    }

    /// The keys that sign assertions.
    pub(in crate::service) fn assertions(&self) -> Arc<AssertionKeys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).assertions)
    }

    pub(super) fn replace(&self, keys: Arc<CodeKeys>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Held::of(keys);
    }
}

impl Held {
    fn of(codes: Arc<CodeKeys>) -> Self {
        let assertions = Arc::new(AssertionKeys::of(&codes));
        Self { codes, assertions }
    }
}
