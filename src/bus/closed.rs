//! Challenges that ended a moment ago.
//!
//! What one request committed may be told before what another had committed earlier, because each tells on a thread of its own. So a
//! code may be handed on after the end of its challenge; whoever takes it asks here first, and then the database.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::value::id::ChallengeId;

/// An end is remembered at least so long: far longer than a thread waits for its turn, and as long as a request may take.
const REMEMBERED: Duration = Duration::from_secs(30);
/// Ends that are remembered at most, twice: some 2 MiB each.
const CAPACITY: usize = 65_536;

/// Remembers what ended, in two halves of which the older is dropped.
pub(super) struct RecentlyClosed {
    halves: Mutex<Halves>,
}

struct Halves {
    newer: HashSet<ChallengeId>,
    older: HashSet<ChallengeId>,
    since: Instant,
}

impl Default for RecentlyClosed {
    fn default() -> Self {
        let halves = Halves { newer: HashSet::new(), older: HashSet::new(), since: Instant::now() };
        Self { halves: Mutex::new(halves) }
    }
}

impl RecentlyClosed {
    pub(super) fn note(&self, challenge: ChallengeId) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.since.elapsed() > REMEMBERED || halves.newer.len() >= CAPACITY {
            halves.older = std::mem::take(&mut halves.newer);
            halves.since = Instant::now();
        }
        halves.newer.insert(challenge);
    }

    pub(super) fn holds(&self, challenge: ChallengeId) -> bool {
        let halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.newer.contains(&challenge) || halves.older.contains(&challenge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> ChallengeId {
        ChallengeId::new(uuid::Uuid::from_u128(number as u128))
    }

    #[test]
    fn an_end_is_remembered_and_memory_is_bounded() {
        let closed = RecentlyClosed::default();
        assert!(!closed.holds(id(0)));
        for number in 0..=CAPACITY {
            closed.note(id(number));
        }
        assert!(closed.holds(id(0)) && closed.holds(id(CAPACITY)));
        for number in CAPACITY..3 * CAPACITY {
            closed.note(id(number));
        }
        assert!(!closed.holds(id(0)) && closed.holds(id(3 * CAPACITY - 1)));
        let halves = closed.halves.lock().expect("not poisoned");
        assert!(halves.newer.len() + halves.older.len() <= 2 * CAPACITY);
    }
}
