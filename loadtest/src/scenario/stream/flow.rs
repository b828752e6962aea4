//! How a stream of errands went.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Errand;
use crate::crowd::Service;
use crate::measure::Recorder;
use crate::report::Latencies;

/// How an errand ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// As it was meant to.
    Through,
    /// The same, but the answer that says so did not come.
    AnswerLost,
    /// It was refused because the gateway cannot serve now, and told when to come again.
    Refused,
}

/// How one stream went.
pub(crate) struct Flow {
    /// From when it was to begin until the gateway asked for a code.
    pub(crate) answered: Recorder,
    /// From when the code was asked for until it was on a screen.
    pub(crate) shown: Recorder,
    /// From when the code was asked for until it was on every screen.
    pub(crate) everywhere: Recorder,
    /// From when it was to begin until it was through.
    pub(crate) whole: Recorder,
    /// From when the code was asked for until its push was at FCM, and at APNs.
    pushed: [Recorder; 3],
    span: (Instant, Instant),
    /// When each came through.
    ends: Mutex<Vec<Instant>>,
    counts: Mutex<BTreeMap<String, u64>>,
    failed: AtomicU64,
    refused: AtomicU64,
}

impl Flow {
    pub(super) fn new(errand: Errand, began: Instant, span: Duration) -> Self {
        Self {
            answered: Recorder::new("sign-in answered", began),
            shown: Recorder::new("code on a screen after it", began),
            everywhere: Recorder::new("code on every screen", began),
            whole: Recorder::new(errand.name(), began),
            pushed: Service::ALL.map(|service| Recorder::new(service.latency(), began)),
            span: (began, began + span),
            ends: Mutex::default(),
            counts: Mutex::default(),
            failed: AtomicU64::default(),
            refused: AtomicU64::default(),
        }
    }

    /// An errand is over.
    pub(super) fn ended(&self, errand: Errand, intended: Instant, outcome: &anyhow::Result<Ended>) {
        let name = errand.name();
        let text = match outcome {
            Ok(Ended::Through) => {
                self.whole.done(intended);
                self.ends().push(Instant::now());
                format!("{name}: through")
            }
            Ok(Ended::AnswerLost) => format!("{name}: through, but its last answer did not come"),
            Ok(Ended::Refused) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                format!("{name}: refused, and told when to come again")
            }
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                format!("{name}: failed: {error}")
            }
        };
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(text).or_default() += 1;
    }

    fn ends(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of the errands, warm-up included.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Errands that were ended in any way.
    pub(crate) fn all(&self) -> u64 {
        self.counts().values().sum()
    }

    /// Errands that failed.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Errands that were refused while something was away.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Errands a second that came to their end while the clock ran.
    pub(crate) fn rate(&self) -> f64 {
        let (began, end) = self.span;
        let in_time = self.ends().iter().filter(|moment| (began..end).contains(*moment)).count();
        in_time as f64 / (end - began).as_secs_f64()
    }

    /// How long after `moment` the first errand came to its end; `None` when none did.
    pub(crate) fn first_through_after(&self, moment: Instant) -> Option<Duration> {
        self.ends().iter().filter_map(|end| end.checked_duration_since(moment)).min()
    }

    /// How long pushes took to this service.
    pub(crate) fn pushed(&self, service: Service) -> &Recorder {
        &self.pushed[service as usize]
    }

    /// All of them that there were, for the report.
    pub(crate) fn latencies(&self) -> Vec<Latencies> {
        let always = [&self.answered, &self.shown, &self.everywhere, &self.whole];
        let all = always.into_iter().chain(&self.pushed).filter(|recorder| recorder.count() > 0);
        all.map(Recorder::finish).collect()
    }
}
