//! The code keys of this node, which may be replaced while it runs.

use std::sync::Arc;

use crate::domain::code::{CodeKeys, KeyId};
use crate::service::{Core, Operators};

impl Operators {
    /// Takes these keys from now on.
    pub fn replace_code_keys(&self, keys: CodeKeys) {
        let keys = Arc::new(keys);
        self.bus.replace_keys(Arc::clone(&keys));
        self.code_keys.replace(keys);
    }
}

impl Core {
    /// The keys that codes are derived with, as they are now.
    #[must_use]
    pub fn code_keys(&self) -> Arc<CodeKeys> {
        self.code_keys.get()
    }

    /// The key that new codes are derived with.
    pub(in crate::service) fn current_key(&self) -> KeyId {
        self.code_keys().current().clone()
    }
}
