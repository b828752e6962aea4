//! What a simulator received, and waiting for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// The requests received, oldest first. Only the newest `keep` stay in memory; all are counted.
#[derive(Debug)]
pub struct Journal<R> {
    entries: Mutex<VecDeque<Arc<R>>>,
    keep: usize,
    count: watch::Sender<u64>,
}

/// What was waited for did not happen in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not seen within {within:?}; {received} requests were received so far")]
pub struct WaitTimedOut {
    /// How long was waited.
    pub within: Duration,
    /// Requests received since the start.
    pub received: u64,
}

impl<R> Journal<R> {
    pub(crate) fn new(keep: usize) -> Self {
        Self { entries: Mutex::default(), keep, count: watch::Sender::new(0) }
    }

    pub(crate) fn record(&self, entry: R) -> Arc<R> {
        let entry = Arc::new(entry);
        let mut entries = self.lock();
        entries.push_back(Arc::clone(&entry));
        if entries.len() > self.keep {
            entries.pop_front();
        }
        self.count.send_modify(|count| *count += 1);
        entry
    }

    /// The requests in memory, oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Arc<R>> {
        self.lock().iter().cloned().collect()
    }

    /// The requests after the first `seen` since the start, as far as they are in memory, oldest first.
    #[must_use]
    pub fn after(&self, seen: u64) -> Vec<Arc<R>> {
        let entries = self.lock();
        let forgotten = self.count().saturating_sub(entries.len() as u64);
        let skipped = usize::try_from(seen.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        entries.iter().skip(skipped).cloned().collect()
    }

    /// Requests received since the start.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Waits until the requests in memory satisfy `seen`, and gives them back.
    ///
    /// # Errors
    /// When that did not happen within the time.
    pub async fn wait_for(
        &self,
        within: Duration,
        seen: impl Fn(&[Arc<R>]) -> bool,
    ) -> Result<Vec<Arc<R>>, WaitTimedOut> {
        let mut count = self.count.subscribe();
        let satisfied = async {
            loop {
                let received = self.received();
                if seen(&received) {
                    return received;
                }
                if count.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let timed_out = |_| WaitTimedOut { within, received: self.count() };
        tokio::time::timeout(within, satisfied).await.map_err(timed_out)
    }

    /// Waits until so many requests were received since the start.
    ///
    /// # Errors
    /// When that did not happen within the time.
    pub async fn wait_for_count(&self, wanted: u64, within: Duration) -> Result<(), WaitTimedOut> {
        let mut count = self.count.subscribe();
        let reached = count.wait_for(|received| *received >= wanted);
        match tokio::time::timeout(within, reached).await {
            Ok(_) => Ok(()),
            Err(_) => Err(WaitTimedOut { within, received: self.count() }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<R>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
