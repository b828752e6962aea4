//! The guess budget: how many codes may be compared for an account between two successes, over all its challenges, new codes,
//! methods, nodes and restarts.
//!
//! NIST SP 800-63B-4 section 3.2.2: no more than 100 consecutive failed attempts on an account; waits that grow with the
//! failures are among the means that it names.

use jiff::{SignedDuration, Timestamp};

use super::challenge::Purpose;
use super::words::words;

words! {
    /// Whose guesses are counted together.
    BudgetKind("budget") {
        /// Those at codes that let somebody into an account, or change its protection.
        Account = "account",
        /// Those at codes that confirm an address, whether it is free or taken: nobody learns which, and nobody who only
        /// knows an address uses up what belongs to its owner.
        Address = "address",
    }
}

/// From this failure on each one is followed by a wait.
pub const WAIT_FROM: u32 = 10;
/// The first wait; each further one is twice as long.
pub const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// No wait is longer.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// After so many failures new-device sign-ins are frozen; when the owner lifts that, so many more are allowed.
pub const FREEZE_AFTER: u32 = 50;
/// Never more comparisons between two successes.
pub const MAX_COMPARISONS: u32 = 100;

impl BudgetKind {
    /// The budget that guesses at codes of a purpose are counted in.
    #[must_use]
    pub fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::SignIn | Purpose::EnableTwoStep | Purpose::DisableTwoStep => Self::Account,
            Purpose::CreateAccount => Self::Address,
        }
    }

    /// The purposes whose codes it is about.
    #[must_use]
    pub fn purposes(self) -> Vec<Purpose> {
        Purpose::ALL.iter().copied().filter(|purpose| Self::of(*purpose) == self).collect()
    }

    /// Comparisons allowed before anybody lifts anything.
    #[must_use]
    pub fn allowed_at_first(self) -> u32 {
        match self {
            Self::Account => FREEZE_AFTER,
            // There is no owner yet who could lift a freeze; unconfirmed accounts are forgotten within days.
            Self::Address => MAX_COMPARISONS,
        }
    }
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Comparisons since the last success.
    pub failures: u32,
    /// Comparisons allowed since the last success.
    pub allowed: u32,
    /// Nothing is compared before.
    pub wait_until: Option<Timestamp>,
}

/// Why nothing is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetRefusal {
    /// Wait this long.
    #[error("too many wrong codes for this account")]
    Wait(SignedDuration),
    /// All allowed comparisons are made.
    #[error("no more codes are compared for this account")]
    Spent,
}

impl Budget {
    /// The budget of an account nobody guessed at.
    #[must_use]
    pub fn full(kind: BudgetKind) -> Self {
        Self { failures: 0, allowed: kind.allowed_at_first(), wait_until: None }
    }

    /// Whether a code may be compared at `now`.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, now: Timestamp) -> Result<(), BudgetRefusal> {
        if self.is_spent() {
            return Err(BudgetRefusal::Spent);
        }
        match self.wait_until {
            Some(until) if until > now => Err(BudgetRefusal::Wait(until.duration_since(now))),
            _ => Ok(()),
        }
    }

    /// Counts a comparison before it is made, as a failure until it proves right.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn charge(self, now: Timestamp) -> Result<Self, BudgetRefusal> {
        self.check(now)?;
        let failures = self.failures + 1;
        Ok(Self { failures, wait_until: wait_after(failures).map(|wait| now + wait), ..self })
    }

    /// All allowed comparisons are made.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.failures >= self.allowed
    }

    /// The owner allows more, on a trusted device; `None` when only a success can.
    #[must_use]
    pub fn extend(self) -> Option<Self> {
        let allowed = (self.failures + FREEZE_AFTER).min(MAX_COMPARISONS);
        (allowed > self.failures).then_some(Self { allowed, ..self })
    }
}

/// How long nothing is compared after so many failures.
#[must_use]
pub fn wait_after(failures: u32) -> Option<SignedDuration> {
    let doublings = failures.checked_sub(WAIT_FROM)?.min(20);
    Some(FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_begin_with_the_tenth_failure_and_double_to_an_hour() {
        let seconds = |failures| wait_after(failures).map(|wait| wait.as_secs());
        let waits: Vec<_> = (9..=18).map(seconds).collect();
        let expected = [None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(960), Some(1920), Some(3600)];
        assert_eq!(waits[..9], expected);
        assert_eq!((waits[9], seconds(u32::MAX)), (Some(3600), Some(3600)));
    }

    proptest! {
        /// Whatever a guesser and an owner do, and however long they wait: between two successes at most 100.
        #[test]
        fn nobody_compares_more_than_a_hundred(acts in prop::collection::vec((any::<bool>(), 0_i64..4000), 0..2000)) {
            let mut budget = Budget::full(BudgetKind::Account);
            let (mut compared, mut now) = (0, Timestamp::UNIX_EPOCH);
            for (is_owner, seconds) in acts {
                now += SignedDuration::from_secs(seconds);
                if is_owner {
                    budget = budget.extend().unwrap_or(budget);
                } else if let Ok(charged) = budget.charge(now) {
                    budget = charged;
                    compared += 1;
                }
            }
            prop_assert!(compared <= MAX_COMPARISONS);
            prop_assert_eq!(compared, budget.failures);
        }
    }

    #[test]
    fn a_freeze_is_lifted_once() {
        let spent = Budget { failures: FREEZE_AFTER, ..Budget::full(BudgetKind::Account) };
        assert_eq!(spent.check(Timestamp::UNIX_EPOCH), Err(BudgetRefusal::Spent));
        let extended = spent.extend().expect("fifty more");
        assert_eq!(extended.allowed, MAX_COMPARISONS);
        assert_eq!(Budget { failures: MAX_COMPARISONS, ..extended }.extend(), None);
    }
}
