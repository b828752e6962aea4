//! What makes a fact of a node one: a MAC that only who holds a code key can make.
//!
//! Whoever can publish on the same NATS, but holds no key, is not heard. Who records facts can play them again for as long as clocks
//! may differ; each is looked up in the database before it does anything, so that changes nothing.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::code::CodeKeys;

/// As far as the clocks of two nodes may differ, the time on the way included. What is older, or of the future, is passed over, and
/// found in the database.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(120);

/// The code keys, from which the keys of MACs are derived. Cheap to clone; all clones see the same keys.
#[derive(Clone)]
pub(super) struct BusKeys(Arc<RwLock<Arc<CodeKeys>>>);

impl BusKeys {
    /// Takes keys.
    #[must_use]
    pub(super) fn new(keys: Arc<CodeKeys>) -> Self {
        Self(Arc::new(RwLock::new(keys)))
    }

    /// Takes these keys from now on.
    pub(super) fn replace(&self, keys: Arc<CodeKeys>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn keys(&self) -> Arc<CodeKeys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The MAC of some bytes under the current key.
    pub(super) fn mac(&self, bytes: &[u8]) -> String {
        let keys = self.keys();
        let mac = keys.fact_mac(keys.current(), bytes).expect("the current key is held");
        URL_SAFE_NO_PAD.encode(mac)
    }

    /// Whether a MAC of some bytes was made with any key that is held here: while keys are rotated nodes have different ones.
    pub(super) fn knows(&self, bytes: &[u8], mac: &str) -> bool {
        let Ok(mac) = URL_SAFE_NO_PAD.decode(mac) else { return false };
        self.keys().made_fact_mac(bytes, &mac)
    }
}
