//! A warning light: a gauge, and knowing when it changed, so that the change is logged once.

use std::sync::atomic::{AtomicBool, Ordering};

/// On or off.
#[derive(Debug)]
pub(super) struct Light {
    metric: &'static str,
    on: AtomicBool,
}

impl Light {
    pub(super) fn new(metric: &'static str) -> Self {
        Self { metric, on: AtomicBool::new(false) }
    }

    /// Shows a state; gives it back if it is a new one.
    pub(super) fn show(&self, provider: &'static str, on: bool) -> Option<bool> {
        if self.on.swap(on, Ordering::AcqRel) == on {
            return None;
        }
        metrics::gauge!(self.metric, "provider" => provider).set(if on { 1.0 } else { 0.0 });
        Some(on)
    }
}
