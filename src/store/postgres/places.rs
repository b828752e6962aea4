//! Room for connections on loan: as many as the database gives, which may be fewer than the pool would like. And how long whoever comes
//! now will wait for it, by how long loans took lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::store::StoreError;

/// A database that gives no more connections is asked again after this long.
const SHUT_FOR: Duration = Duration::from_secs(2);

/// The mean follows the last few loans: each moves it by one part of so many towards itself.
const MEAN_OF: u64 = 8;

#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// Places that are of no use for the moment: the database refused a connection for each.
    shut: Arc<AtomicUsize>,
    all: usize,
    load: Arc<Load>,
}

/// Who waits, and for how long others had what they wait for.
#[derive(Default)]
struct Load {
    waiting: AtomicUsize,
    /// Microseconds that a loan took, the mean of the last few.
    loan: AtomicU64,
}

/// A connection may be had as long as this lives.
pub(super) struct Place {
    /// `None` once it is shut: then nothing was lent.
    permit: Option<OwnedSemaphorePermit>,
    since: Instant,
    load: Arc<Load>,
}

/// Somebody waits.
struct Waiting<'a>(&'a Load);

impl Places {
    pub(super) fn new(all: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(all)), shut: Arc::default(), all, load: Arc::default() }
    }

    pub(super) async fn take(&self) -> Result<Place, StoreError> {
        let waiting = Waiting::begin(&self.load);
        let permit = Arc::clone(&self.free).acquire_owned().await;
        drop(waiting);
        let permit = permit.map_err(|closed| StoreError::Unavailable(closed.into()))?;
        Ok(Place { permit: Some(permit), since: Instant::now(), load: Arc::clone(&self.load) })
    }

    /// How long whoever comes now will wait, if loans take as long as the last ones did.
    pub(super) fn expected_wait(&self) -> Duration {
        self.load.expected_wait(self.all)
    }

    /// Shuts a place for a while; fails where it is the last one.
    pub(super) fn shut(&self, mut place: Place) -> Result<(), ()> {
        if self.shut.fetch_add(1, Ordering::Relaxed) + 1 >= self.all {
            self.shut.fetch_sub(1, Ordering::Relaxed);
            return Err(());
        }
        let shut = Arc::clone(&self.shut);
        let permit = place.permit.take();
        tokio::spawn(async move {
            sleep(SHUT_FOR).await;
            shut.fetch_sub(1, Ordering::Relaxed);
            drop(permit);
        });
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.load.note(self.since.elapsed());
        }
    }
}

impl<'a> Waiting<'a> {
    fn begin(load: &'a Load) -> Self {
        load.waiting.fetch_add(1, Ordering::Relaxed);
        Self(load)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Load {
    /// Two at once may lose one of both: it is a mean.
    fn note(&self, took: Duration) {
        let mean = self.loan.load(Ordering::Relaxed);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.loan.store(mean - mean / MEAN_OF + took / MEAN_OF, Ordering::Relaxed);
    }

    fn expected_wait(&self, places: usize) -> Duration {
        let ahead = self.waiting.load(Ordering::Relaxed) as u64;
        Duration::from_micros(self.loan.load(Ordering::Relaxed).saturating_mul(ahead) / places.max(1) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_waits_for_those_ahead() {
        let load = Load::default();
        (0..200).for_each(|_| load.note(Duration::from_millis(8)));
        assert_eq!(load.expected_wait(2), Duration::ZERO, "nobody is ahead");
        let _ahead: Vec<_> = (0..50).map(|_| Waiting::begin(&load)).collect();
        let expected = load.expected_wait(2);
        assert!((190..=200).contains(&expected.as_millis()), "{expected:?}: 50 loans of 8 ms, two at a time");
        // A few slow ones are noticed.
        (0..4).for_each(|_| load.note(Duration::from_secs(1)));
        assert!(load.expected_wait(2) > Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_place_that_comes_free_is_counted() {
        let places = Places::new(1);
        let place = places.take().await.expect("a place");
        let mut next = Box::pin(places.take());
        assert!(futures_util::FutureExt::now_or_never(next.as_mut()).is_none());
        assert_eq!(places.load.waiting.load(Ordering::Relaxed), 1);
        drop(place);
        let _next = next.await.expect("the place");
        assert_eq!(places.load.waiting.load(Ordering::Relaxed), 0);
    }
}
