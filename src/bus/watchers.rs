//! Who watches a challenge on this node, by challenge: a fact wakes those whom it concerns, and nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::value::id::ChallengeId;

/// Everybody who watches a challenge. Cheap to clone. Its memory is bounded by those who watch.
#[derive(Clone)]
pub(super) struct Watchers {
    /// `None` once the node is going away.
    watched: Arc<Mutex<Option<Watched>>>,
}

/// What those who watch a challenge wait at.
type Watched = HashMap<ChallengeId, watch::Sender<()>>;

/// Somebody who watches a challenge.
pub struct Watcher {
    id: ChallengeId,
    /// `None` when the node was going away already.
    changes: Option<watch::Receiver<()>>,
    watchers: Watchers,
}

/// The node is going away: whoever watches comes back to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoesAway;

impl Default for Watchers {
    fn default() -> Self {
        Self { watched: Arc::new(Mutex::new(Some(Watched::default()))) }
    }
}

impl Watchers {
    /// Watches a challenge from now on.
    pub(super) fn watch(&self, id: ChallengeId) -> Watcher {
        let mut watched = self.watched();
        let changes = watched.as_mut().map(|watched| watched.entry(id).or_default().subscribe());
        drop(watched);
        Watcher { id, changes, watchers: self.clone() }
    }

    /// Wakes those who watch a challenge. Several changes before one looks are one.
    pub(super) fn wake(&self, id: ChallengeId) {
        if let Some(sender) = self.watched().as_ref().and_then(|watched| watched.get(&id)) {
            sender.send_replace(());
        }
    }

    /// Tells everybody that the node is going away.
    pub(super) fn end(&self) {
        self.watched().take();
    }

    fn watched(&self) -> MutexGuard<'_, Option<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Waits until the challenge changes. What changed since the last call counts.
    ///
    /// # Errors
    /// [`GoesAway`].
    pub async fn changed(&mut self) -> Result<(), GoesAway> {
        match &mut self.changes {
            Some(changes) => changes.changed().await.map_err(|_| GoesAway),
            None => Err(GoesAway),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.changes = None;
        let mut watched = self.watchers.watched();
        let Some(watched) = watched.as_mut() else { return };
        if watched.get(&self.id).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&self.id);
        }
        // A table that an attack made large does not stay so.
        if watched.len() < watched.capacity() / 4 {
            watched.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> ChallengeId {
        ChallengeId::new(Uuid::from_u128(number))
    }

    #[test]
    fn a_fact_wakes_those_whom_it_concerns_and_nobody_else() {
        let watchers = Watchers::default();
        let mut concerned = [watchers.watch(id(1)), watchers.watch(id(1))];
        let mut other = watchers.watch(id(2));
        watchers.wake(id(1));
        watchers.wake(id(1));
        watchers.wake(id(3));
        for watcher in &mut concerned {
            assert_eq!(watcher.changed().now_or_never(), Some(Ok(())));
            assert_eq!(watcher.changed().now_or_never(), None, "two facts before a look are one change");
        }
        assert_eq!(other.changed().now_or_never(), None);
    }

    #[test]
    fn nothing_is_remembered_of_those_who_went() {
        let watchers = Watchers::default();
        let all: Vec<_> =
            (0..1000).flat_map(|number| [watchers.watch(id(number)), watchers.watch(id(number))]).collect();
        assert_eq!(watchers.watched().as_ref().map(HashMap::len), Some(1000));
        drop(all);
        assert_eq!(watchers.watched().as_ref().map(HashMap::len), Some(0));
        assert!(watchers.watched().as_ref().is_some_and(|watched| watched.capacity() < 16));
    }

    #[test]
    fn who_watches_is_told_that_the_node_goes_away() {
        let watchers = Watchers::default();
        let mut before = watchers.watch(id(1));
        watchers.end();
        let mut after = watchers.watch(id(1));
        for watcher in [&mut before, &mut after] {
            assert_eq!(watcher.changed().now_or_never(), Some(Err(GoesAway)));
        }
        watchers.wake(id(1));
    }
}
