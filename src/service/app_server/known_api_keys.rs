//! The keys of apps' servers as they were last read, and those that were used since.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::domain::app_server::api_key::ApiKey;
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::ApiKeyId;

/// That a key was used is written down so often at most.
const NOTE_PERIOD: Duration = Duration::from_secs(60);

/// The keys as they were last read, and those that were used since.
#[derive(Default)]
pub(in crate::service) struct KnownApiKeys {
    known: RwLock<Option<Arc<Known>>>,
    /// One reads them at a time, and the others wait for what it finds.
    pub(super) reading: tokio::sync::Mutex<()>,
    used: Mutex<Used>,
}

pub(super) struct Known {
    pub(super) read_at: Instant,
    pub(super) keys: HashMap<TokenHash, ApiKey>,
}

#[derive(Default)]
struct Used {
    keys: HashSet<ApiKeyId>,
    noted_at: Option<Instant>,
}

impl KnownApiKeys {
    pub(super) fn current(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, known: Option<Arc<Known>>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    pub(super) fn use_key(&self, key: ApiKeyId) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).keys.insert(key);
    }

    /// Those that were used, if it is time to write that down.
    pub(super) fn take_used(&self) -> Vec<ApiKeyId> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.keys.is_empty() || used.noted_at.is_some_and(|noted| noted.elapsed() < NOTE_PERIOD) {
            return Vec::new();
        }
        used.noted_at = Some(Instant::now());
        used.keys.drain().collect()
    }
}
