//! Whether and when to try again: exponential backoff with full jitter, never past the push's life.
//!
//! Full jitter: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

use std::time::Duration;

use jiff::Timestamp;

use super::super::{PushOutcome, UnavailableReason};

/// How often and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Attempts per push, the first included.
    pub attempts: u32,
    /// First bound of the random wait; it doubles each time.
    pub base: Duration,
    /// Last bound of the random wait.
    pub cap: Duration,
}

/// What follows an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The push is decided.
    Done(PushOutcome),
    /// Try again after this wait.
    Again(Duration),
}

impl RetryPolicy {
    /// Decides after attempt number `made` (from 1). `dice` is in 0.0..1.0.
    ///
    /// What the provider asked for is waited in full, the random part comes on top: many pushes that were told the same
    /// time do not come back at once.
    #[must_use]
    pub fn after(&self, made: u32, outcome: PushOutcome, now: Timestamp, expires_at: Timestamp, dice: f64) -> Next {
        let PushOutcome::RetryAfter { cause, wait } = outcome else {
            return Next::Done(outcome);
        };
        let total = wait.unwrap_or(Duration::ZERO).saturating_add(self.jitter(made, dice));
        let left = Duration::try_from(expires_at.duration_since(now)).unwrap_or(Duration::ZERO);
        if made >= self.attempts || total >= left {
            return Next::Done(PushOutcome::Unavailable(UnavailableReason::GivenUp(cause)));
        }
        Next::Again(total)
    }

    fn jitter(&self, made: u32, dice: f64) -> Duration {
        let doublings = made.saturating_sub(1).min(20);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        bound.mul_f64(dice.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{MisconfiguredReason, RejectedReason, TransientCause};
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    const POLICY: RetryPolicy = RetryPolicy { attempts: 4, base: Duration::from_secs(1), cap: Duration::from_secs(30) };

    fn retry(wait: Option<u64>) -> PushOutcome {
        PushOutcome::RetryAfter { cause: TransientCause::Throttled, wait: wait.map(Duration::from_secs) }
    }

    fn given_up() -> Next {
        let reason = UnavailableReason::GivenUp(TransientCause::Throttled);
        Next::Done(PushOutcome::Unavailable(reason))
    }

    #[test]
    fn only_transient_outcomes_are_tried_again() {
        let now = Timestamp::UNIX_EPOCH;
        let later = now + SignedDuration::from_mins(5);
        for outcome in [
            PushOutcome::Accepted { provider_message_id: None },
            PushOutcome::TokenDead { as_of: None },
            PushOutcome::Rejected(RejectedReason::Malformed),
            PushOutcome::Unavailable(UnavailableReason::ServerError),
            PushOutcome::Misconfigured(MisconfiguredReason::SenderIdMismatch),
        ] {
            let next = POLICY.after(1, outcome.clone(), now, later, 0.5);
            assert_eq!(next, Next::Done(outcome));
        }
    }

    #[test]
    fn wait_of_the_provider_comes_first_and_never_past_expiry() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |made, wait, life, dice| {
            let end = now + SignedDuration::from_secs(life);
            POLICY.after(made, retry(wait), now, end, dice)
        };
        assert_eq!(after(1, None, 300, 0.5), Next::Again(Duration::from_millis(500)));
        assert_eq!(after(3, None, 300, 0.5), Next::Again(Duration::from_secs(2)));
        assert_eq!(after(1, Some(60), 300, 0.5), Next::Again(Duration::from_millis(60_500)));
        assert_eq!(after(1, Some(60), 60, 0.0), given_up());
        assert_eq!(after(4, None, 300, 0.0), given_up());
        assert_eq!(after(1, None, -5, 0.0), given_up());
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds(
            made in 1_u32..5, asked in proptest::option::of(0_u64..400), life in 0_i64..400, dice in 0.0_f64..1.0,
        ) {
            let now = Timestamp::UNIX_EPOCH;
            let end = now + SignedDuration::from_secs(life);
            match POLICY.after(made, retry(asked), now, end, dice) {
                Next::Again(wait) => {
                    prop_assert!(made < POLICY.attempts);
                    prop_assert!(wait >= Duration::from_secs(asked.unwrap_or(0)));
                    prop_assert!(wait <= Duration::from_secs(asked.unwrap_or(0)) + POLICY.cap);
                    prop_assert!(now + SignedDuration::try_from(wait).unwrap() < end);
                }
                done => prop_assert_eq!(done, given_up()),
            }
        }
    }
}
