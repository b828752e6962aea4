//! The time, as the database has it.
//!
//! Whatever runs out is judged by the database's clock (design section 4). A node reckons what is left of a life as well, of codes,
//! pushes and connections: one whose own clock goes wrong by minutes would send nothing and close everybody. So it learns with each
//! beat how far the two are apart, and goes by the database's.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Milliseconds by which the database's clock is ahead of this machine's.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);
/// A difference that an operator should hear of.
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);
/// An answer that took longer says too little of what time it was.
const LONGEST_ANSWER: SignedDuration = SignedDuration::from_secs(2);

/// The time.
#[must_use]
pub fn now() -> Timestamp {
    let own = Timestamp::now();
    own.saturating_add(ahead()).unwrap_or(own)
}

/// By how much the database's clock is ahead of this machine's, as far as is known.
#[must_use]
pub fn ahead() -> SignedDuration {
    SignedDuration::from_millis(AHEAD_MS.load(Ordering::Relaxed))
}

/// Learns from an answer that says what time the database had, somewhere between two times of this machine. Answers by how much the
/// database is ahead; `None` when that is not known from it.
pub fn learn(asked: Timestamp, said: Timestamp, answered: Timestamp) -> Option<SignedDuration> {
    let ahead = measured(asked, said, answered)?;
    AHEAD_MS.store(i64::try_from(ahead.as_millis()).unwrap_or(0), Ordering::Relaxed);
    Some(ahead)
}

fn measured(asked: Timestamp, said: Timestamp, answered: Timestamp) -> Option<SignedDuration> {
    let took = answered.duration_since(asked);
    let is_clear = took >= SignedDuration::ZERO && took <= LONGEST_ANSWER;
    is_clear.then(|| said.duration_since(asked) - took / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).expect("a time")
    }

    #[test]
    fn the_difference_is_that_in_the_middle_of_the_answer() {
        let milliseconds = |ahead: Option<SignedDuration>| ahead.map(|ahead| ahead.as_millis());
        assert_eq!(milliseconds(measured(at(0), at(5), at(10))), Some(0));
        assert_eq!(milliseconds(measured(at(0), at(1_200_005), at(10))), Some(1_200_000));
        assert_eq!(milliseconds(measured(at(0), at(-359_995), at(10))), Some(-360_000));
        assert_eq!(milliseconds(measured(at(0), at(5), at(60_000))), None, "it took a minute");
        assert_eq!(milliseconds(measured(at(10), at(5), at(0))), None, "the clock was set meanwhile");
    }
}
