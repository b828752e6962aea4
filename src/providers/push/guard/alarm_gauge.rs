//! A warning light: a gauge, and knowing when it changed, so that the change is logged once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// On or off; off once it is gone.
#[derive(Debug)]
pub(super) struct Light {
    metric: &'static str,
    provider: Arc<str>,
    on: AtomicBool,
}

impl Light {
    pub(super) fn new(metric: &'static str, provider: &Arc<str>) -> Self {
        Self { metric, provider: Arc::clone(provider), on: AtomicBool::new(false) }
    }

    /// Shows a state; gives it back if it is a new one.
    pub(super) fn show(&self, on: bool) -> Option<bool> {
        if self.on.swap(on, Ordering::AcqRel) == on {
            return None;
        }
        metrics::gauge!(self.metric, "provider" => Arc::clone(&self.provider)).set(if on { 1.0 } else { 0.0 });
        Some(on)
    }
}

impl Drop for Light {
    fn drop(&mut self) {
        self.show(false);
    }
}
