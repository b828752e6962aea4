//! Answers that must not tell by their time what they do not tell by their text.
//!
//! Whether an address has an account shows in microseconds: a row that is found, an index that is written. The work is kept the
//! same as far as it can be; the rest is hidden by answering at the next tick only. A difference of microseconds then moves one
//! answer in thousands by a whole tick, and is lost in what the place between two ticks adds at random.

use std::time::{Duration, Instant};

/// Between two ticks: a thousand times what the work differs by, and too short for a person to notice.
const TICK: Duration = Duration::from_millis(10);

/// Waits for the next tick after the work that began at `begun`, counted from there.
pub(super) async fn next_tick(begun: Instant) {
    let wait = TICK - Duration::from_nanos(until_last(begun.elapsed()));
    tokio::time::sleep(wait).await;
}

/// How far a time is past the last tick, in nanoseconds.
fn until_last(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos() % TICK.as_nanos()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_past_its_last_tick_by_less_than_one() {
        let past = |nanos| until_last(Duration::from_nanos(nanos));
        assert_eq!([past(0), past(9_999_999), past(10_000_000), past(123_456_789)], [0, 9_999_999, 0, 3_456_789]);
    }
}
