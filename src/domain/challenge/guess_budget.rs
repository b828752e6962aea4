//! The guess budget: how many codes may be compared for an account between two successes, over all its challenges, new codes,
//! methods, nodes and restarts.
//!
//! NIST SP 800-63B-4 section 3.2.2: no more than 100 consecutive failed attempts on an account; waits that grow with the
//! failures are among the means that it names.

use jiff::{SignedDuration, Timestamp};

use crate::domain::challenge::Purpose;
use crate::domain::value::string_enum::words;

words! {
    /// Whose guesses are counted together.
    BudgetKind("budget") {
        /// Those at codes that let somebody into an account, or end its protection.
        Account = "account",
        /// Those at the code that turns two-step verification on. Apart, so that who guesses there freezes nobody out, and who
        /// guesses at sign-ins keeps nobody from turning it on.
        Enabling = "enabling",
    }
}

/// The numbers of a guess budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetRules {
    /// From this failure on each one is followed by a wait; at least 2.
    pub wait_from: u32,
    /// The first wait; each further one is twice as long.
    pub first_wait: SignedDuration,
    /// No wait is longer.
    pub longest_wait: SignedDuration,
    /// After so many failures new-device sign-ins are frozen; when the owner lifts that, so many more are allowed.
    pub freeze_after: u32,
    /// Never more comparisons between two successes.
    pub max_comparisons: u32,
}

/// The numbers in force (design section 9; NIST SP 800-63B-4 section 3.2.2). Tests explore the same rules with smaller ones.
pub const BUDGET_RULES: BudgetRules = BudgetRules {
    wait_from: 10,
    first_wait: SignedDuration::from_secs(30),
    longest_wait: SignedDuration::from_hours(1),
    freeze_after: 50,
    max_comparisons: 100,
};

impl BudgetKind {
    /// The budget that guesses at codes of a purpose are counted in. `None` for a code that confirms an address: strangers may
    /// guess at it in as many challenges as they like, so it becomes too long for that ([`crate::domain::code::confirmation_digits`]), and a
    /// budget would let them keep the owner of the address out.
    #[must_use]
    pub fn of(purpose: Purpose) -> Option<Self> {
        match purpose {
            Purpose::SignIn | Purpose::DisableTwoStep => Some(Self::Account),
            // Both come from a session of the account.
            Purpose::EnableTwoStep | Purpose::ChangeEmail => Some(Self::Enabling),
            Purpose::CreateAccount => None,
        }
    }

    /// Comparisons allowed before anybody lifts anything.
    #[must_use]
    pub fn allowed_at_first(self, rules: &BudgetRules) -> u32 {
        match self {
            Self::Account => rules.freeze_after,
            // Nothing is frozen that a trusted device could lift: waits, until the owner proves the password anew.
            Self::Enabling => rules.max_comparisons,
        }
    }
}

impl BudgetRules {
    /// How long nothing is compared after so many failures.
    #[must_use]
    pub fn wait_after(&self, failures: u32) -> Option<SignedDuration> {
        let doublings = failures.checked_sub(self.wait_from)?.min(20);
        Some(self.first_wait.saturating_mul(1 << doublings).min(self.longest_wait))
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
    pub fn full(kind: BudgetKind, rules: &BudgetRules) -> Self {
        Self { failures: 0, allowed: kind.allowed_at_first(rules), wait_until: None }
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

    /// Counts a comparison before anybody learns its result, as a failure until it proves right. In SQL
    /// `sql/queries/challenge/count_attempt.sql` does the same, and `verify_sign_in` for a right code
    /// (`sql/migrations/0028_verify_sign_ins_in_one_call.sql`); tests hold them together.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn charge(self, rules: &BudgetRules, now: Timestamp) -> Result<Self, BudgetRefusal> {
        self.check(now)?;
        let failures = self.failures + 1;
        Ok(Self { failures, wait_until: rules.wait_after(failures).map(|wait| now + wait), ..self })
    }

    /// All allowed comparisons are made.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.failures >= self.allowed
    }

    /// The owner lets new devices sign in again, on a trusted device: a spent budget gets more, without a wait before the
    /// first of them; any other stays as it is. `None` when only a success can.
    #[must_use]
    pub fn lift(self, rules: &BudgetRules) -> Option<Self> {
        if !self.is_spent() {
            return Some(self);
        }
        let allowed = (self.failures + rules.freeze_after).min(rules.max_comparisons);
        (allowed > self.failures).then_some(Self { allowed, wait_until: None, ..self })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_begin_with_the_tenth_failure_and_double_to_an_hour() {
        let seconds = |failures| BUDGET_RULES.wait_after(failures).map(|wait| wait.as_secs());
        let waits: Vec<_> = (9..=18).map(seconds).collect();
        let expected = [None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(960), Some(1920), Some(3600)];
        assert_eq!(waits[..9], expected);
        assert_eq!((waits[9], seconds(u32::MAX)), (Some(3600), Some(3600)));
    }

    proptest! {
        /// Whatever a guesser and an owner do, and however long they wait: between two successes at most 100.
        #[test]
        fn nobody_compares_more_than_a_hundred(acts in prop::collection::vec((any::<bool>(), 0_i64..4000), 0..2000)) {
            let mut budget = Budget::full(BudgetKind::Account, &BUDGET_RULES);
            let mut compared = 0;
            let mut now = Timestamp::UNIX_EPOCH;
            for (is_owner, seconds) in acts {
                now += SignedDuration::from_secs(seconds);
                if is_owner {
                    budget = budget.lift(&BUDGET_RULES).unwrap_or(budget);
                } else if let Ok(charged) = budget.charge(&BUDGET_RULES, now) {
                    budget = charged;
                    compared += 1;
                }
            }
            prop_assert!(compared <= BUDGET_RULES.max_comparisons);
            prop_assert_eq!(compared, budget.failures);
        }
    }

    #[test]
    fn a_freeze_is_lifted_once_and_what_is_not_spent_stays() {
        let full = Budget::full(BudgetKind::Account, &BUDGET_RULES);
        let now = Timestamp::UNIX_EPOCH;
        let waiting = Budget { failures: 10, wait_until: Some(now + SignedDuration::from_secs(30)), ..full };
        assert_eq!(waiting.lift(&BUDGET_RULES), Some(waiting));
        let spent = Budget { failures: 50, ..waiting };
        assert_eq!(spent.check(now), Err(BudgetRefusal::Spent));
        let lifted = spent.lift(&BUDGET_RULES).expect("fifty more");
        assert_eq!((lifted.allowed, lifted.check(now)), (100, Ok(())));
        assert_eq!(Budget { failures: 100, ..lifted }.lift(&BUDGET_RULES), None);
    }
}
