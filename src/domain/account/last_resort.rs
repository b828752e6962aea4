//! The last resort of an owner who has the password and the mailbox, and no device and no code any more: a request, a wait in which
//! everybody hears of it who may stop it, and then a code by email, once (design section 15).

use jiff::{SignedDuration, Timestamp};

use crate::domain::value::string_enum::words;

/// Shortest and longest wait that can be set, in hours. A day is the least in which an owner who sleeps or travels sees a notice.
pub const WAIT_HOURS: std::ops::RangeInclusive<u16> = 24..=720;
/// The wait where none is set, in hours (design section 15).
pub const DEFAULT_WAIT_HOURS: u16 = 72;
/// How long the mailbox counts after the wait: a request that was forgotten must not leave it good for ever.
pub const USABLE_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often the owner is told again (design section 15).
pub const TOLD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Requests that come within this time begin the wait anew, and ring no bell: whoever knows the password must not wear the owner out.
pub const ALERT_PAUSE: SignedDuration = SignedDuration::from_hours(1);

words! {
    /// How a recovery ended.
    RecoveryOutcome("recovery outcome") {
        /// A code by email was right: the owner is back.
        Used = "used",
        /// Somebody with a session of the account did not want it.
        Cancelled = "cancelled",
        /// Somebody asked anew.
        Restarted = "restarted",
        /// Somebody came in otherwise, or what it rested on changed: password, mailbox, a freeze.
        Superseded = "superseded",
        /// Nobody used it in time.
        Expired = "expired",
    }
}

words! {
    /// How a recovery stands.
    RecoveryState("recovery state") {
        /// Its wait is not over.
        Waiting = "waiting",
        /// A code may go by email.
        Ready = "ready",
        /// A code by email was right: the owner is back.
        Used = "used",
        /// Somebody with a session of the account did not want it.
        Cancelled = "cancelled",
        /// Somebody asked anew, came in otherwise, or what it rested on changed: password, mailbox, a freeze.
        Superseded = "superseded",
        /// Nobody used it in time.
        Expired = "expired",
    }
}

/// When a recovery may be used, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryTimes {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// From when on it may be used.
    pub ready_at: Timestamp,
    /// Until when.
    pub usable_until: Timestamp,
    /// How it ended, if it did.
    pub outcome: Option<RecoveryOutcome>,
}

impl RecoveryTimes {
    /// How it stands.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> RecoveryState {
        match self.outcome {
            Some(RecoveryOutcome::Used) => RecoveryState::Used,
            Some(RecoveryOutcome::Cancelled) => RecoveryState::Cancelled,
            Some(RecoveryOutcome::Restarted | RecoveryOutcome::Superseded) => RecoveryState::Superseded,
            Some(RecoveryOutcome::Expired) => RecoveryState::Expired,
            None if now < self.ready_at => RecoveryState::Waiting,
            None if now < self.usable_until => RecoveryState::Ready,
            None => RecoveryState::Expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mailbox_counts_from_the_end_of_the_wait_until_it_was_used_or_forgotten() {
        let asked_at = Timestamp::UNIX_EPOCH;
        let at = |hours| asked_at + SignedDuration::from_hours(hours);
        let open = RecoveryTimes { asked_at, ready_at: at(72), usable_until: at(72 + 168), outcome: None };
        let just = SignedDuration::from_millis(1);
        for (now, state) in [
            (at(0), RecoveryState::Waiting),
            (at(72) - just, RecoveryState::Waiting),
            (at(72), RecoveryState::Ready),
            (at(240) - just, RecoveryState::Ready),
            (at(240), RecoveryState::Expired),
        ] {
            assert_eq!(open.state_at(now), state, "{now}");
        }
        for (outcome, state) in [
            (RecoveryOutcome::Used, RecoveryState::Used),
            (RecoveryOutcome::Cancelled, RecoveryState::Cancelled),
            (RecoveryOutcome::Restarted, RecoveryState::Superseded),
            (RecoveryOutcome::Superseded, RecoveryState::Superseded),
            (RecoveryOutcome::Expired, RecoveryState::Expired),
        ] {
            for now in [at(0), at(72), at(300)] {
                assert_eq!(RecoveryTimes { outcome: Some(outcome), ..open }.state_at(now), state, "{outcome}");
            }
        }
    }
}
