//! When a lost connection may be opened anew: Apple takes fast reconnecting for an attack.

use std::time::Duration;

use tokio::time::Instant;

/// Between two openings there is at least this time.
const GAP: Duration = Duration::from_millis(500);
/// First bound of the random wait after a failure; it doubles each time.
const BASE: Duration = Duration::from_secs(1);
/// Last bound of that wait.
const CAP: Duration = Duration::from_secs(30);

/// The openings of one connection's place. Pure: the time and the dice are arguments.
#[derive(Debug, Default)]
pub(super) struct Reconnect {
    failures: u32,
    not_before: Option<Instant>,
}

impl Reconnect {
    /// How long to wait before opening.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// A connection is being opened.
    pub(super) fn opening(&mut self, now: Instant) {
        self.not_before = Some(now + GAP);
    }

    /// The last connection ended after it had been of use.
    pub(super) fn ended_well(&mut self) {
        self.failures = 0;
    }

    /// The last connection could not be opened or ended before it was of use. `dice` is in 0.0..1.0.
    pub(super) fn failed(&mut self, now: Instant, dice: f64) {
        self.failures = self.failures.saturating_add(1);
        let bound = BASE.saturating_mul(1 << (self.failures - 1).min(10)).min(CAP);
        self.not_before = Some(now + GAP.max(bound.mul_f64(dice)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_grows_with_failures_and_ends_with_use() {
        let now = Instant::now();
        let mut reconnect = Reconnect::default();
        assert_eq!(reconnect.wait(now), Duration::ZERO);
        reconnect.opening(now);
        assert_eq!(reconnect.wait(now), GAP);
        let waits = [1, 2, 4, 8, 16, 30, 30].map(|_| {
            reconnect.failed(now, 1.0);
            reconnect.wait(now).as_secs()
        });
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        reconnect.ended_well();
        reconnect.failed(now, 0.0);
        assert_eq!(reconnect.wait(now), GAP);
        assert_eq!(reconnect.wait(now + GAP), Duration::ZERO);
    }
}
