//! When the rollout stops itself: the accounts of its newest batch fare worse than those of the batch before did at the same age.
//!
//! An account's batch is a hash, so the people of two batches differ by chance only. What differs is time: something broke since
//! the batch before was as old as the newest one is now. That is why equal ages are compared and not equal days, in which all batches
//! would fare equally badly.

use std::time::Duration;

use crate::domain::value::string_enum::words;

/// For how long after its beginning a batch is watched: as long as people take to meet the second step. Challenges are kept for 30 days,
/// so that twice as much, the batch before and the newest one, can still be counted.
pub const WATCHED_FOR: Duration = Duration::from_hours(14 * 24);

/// How likely mere chance may be at one look, at most. A batch is looked at each hour for two weeks, for three causes, and repeated looks
/// make a false alarm likelier (Armitage, McPherson and Rowe, Repeated Significance Tests on Accumulating Data, Journal of the Royal
/// Statistical Society A 132, 1969). Together these thousand looks come to one in a thousand at most, however they depend on each other
/// (Bonferroni's inequality).
const CHANCE: f64 = 1e-6;

/// Accounts of the newest batch that must have fared badly: fewer can be one family, one office, one tester.
const LEAST_ACCOUNTS: u64 = 10;

/// By how much the share must be higher, whatever the ratio: one account in two hundred is worth a look at the figures, not a stop.
const LEAST_EXCESS: f64 = 0.005;

words! {
    /// What the accounts of the newest batch meet more often.
    HoldCause("cause of a hold") {
        /// A sign-in whose code reached no trusted device.
        Unreachable = "unreachable",
        /// A sign-in that was begun and not finished.
        Abandoned = "abandoned",
        /// A way back: a recovery code, a new password by mail, or the last resort.
        Recovered = "recovered",
    }
}

/// What became of the accounts of a batch since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchFigures {
    /// Accounts that turned two-step verification on.
    pub accounts: u64,
    /// Of these, accounts that used a way back.
    pub recovered: u64,
    /// Accounts with a sign-in that asked for a code and came to an end. The last one of each counts.
    pub asked: u64,
    /// Of these, accounts whose code reached no trusted device.
    pub unreachable: u64,
    /// Of these, accounts that did not finish: the code ran out, was typed wrong too often, or the sign-in was given up.
    pub abandoned: u64,
}

/// So many accounts of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many; never fewer.
    pub of: u64,
}

/// Why the rollout is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What happens too often.
    pub cause: HoldCause,
    /// How often in the newest batch.
    pub newest: Share,
    /// How often in the batch before, at the same age.
    pub before: Share,
}

impl Share {
    /// As a fraction, 0 to 1; 0 of nothing.
    #[must_use]
    pub fn fraction(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.count as f64 / self.of as f64 }
    }
}

impl BatchFigures {
    /// The share that a cause is judged by.
    #[must_use]
    pub fn share(&self, cause: HoldCause) -> Share {
        match cause {
            HoldCause::Unreachable => Share { count: self.unreachable, of: self.asked },
            HoldCause::Abandoned => Share { count: self.abandoned, of: self.asked },
            HoldCause::Recovered => Share { count: self.recovered, of: self.accounts },
        }
    }

    /// With the accounts of another count added.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            accounts: self.accounts + other.accounts,
            recovered: self.recovered + other.recovered,
            asked: self.asked + other.asked,
            unreachable: self.unreachable + other.unreachable,
            abandoned: self.abandoned + other.abandoned,
        }
    }
}

/// Whether the newest batch fares so much worse than the one before did at the same age that the rollout must hold, and why: the first
/// cause that does. `ratio` is how many times as often something must happen, above 1.
#[must_use]
pub fn finding(newest: &BatchFigures, before: &BatchFigures, ratio: f64) -> Option<Finding> {
    HoldCause::ALL.iter().find_map(|cause| {
        let finding = Finding { cause: *cause, newest: newest.share(*cause), before: before.share(*cause) };
        is_worse(finding.newest, finding.before, ratio).then_some(finding)
    })
}

fn is_worse(newest: Share, before: Share, ratio: f64) -> bool {
    let (now, then) = (newest.fraction(), before.fraction());
    before.of > 0
        && newest.count >= LEAST_ACCOUNTS
        && now >= then * ratio
        && now - then >= LEAST_EXCESS
        && chance(newest, before) <= CHANCE
}

/// How likely it is that chance alone gives the newest batch as many or more of the accounts that fared badly: Fisher's exact test, one
/// side. Exact, because the counts are small where it matters, and a normal approximation is wrong there. 1 unless the newest batch
/// fares worse: only then is the first term of the sum the largest one.
fn chance(newest: Share, before: Share) -> f64 {
    if newest.fraction() <= before.fraction() {
        return 1.0;
    }
    let all = newest.of + before.of;
    let bad = newest.count + before.count;
    let ways = |of: u64, count: u64| ln_factorial(of) - ln_factorial(count) - ln_factorial(of - count);
    let first = ways(newest.of, newest.count) + ways(before.of, before.count) - ways(all, bad);
    let (mut term, mut total) = (first.exp(), 0.0);
    let mut count = newest.count;
    // Each further term has one more in the newest batch, and one fewer in the batch before.
    while term > 0.0 && total + term > total {
        total += term;
        if count == newest.of.min(bad) {
            break;
        }
        let more = (bad - count) as f64 * (newest.of - count) as f64;
        let fewer = (count + 1) as f64 * (before.of + count + 1 - bad) as f64;
        term *= more / fewer;
        count += 1;
    }
    total.min(1.0)
}

/// ln n!: a sum while that is short, then Stirling's series (NIST Digital Library of Mathematical Functions 5.11.1), whose first term
/// that is left out is below 1e-12 here.
fn ln_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let n = n as f64;
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3))
        + 1.0 / (1260.0 * n.powi(5))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(count: u64, of: u64) -> Share {
        Share { count, of }
    }

    #[test]
    fn the_chance_is_fishers() {
        // By exact fractions: of 8 cups 4 hold milk first, and 3 or more of these are found (17/70).
        assert!((chance(share(3, 4), share(1, 4)) - 17.0 / 70.0).abs() < 1e-12);
        assert!((chance(share(4, 4), share(0, 4)) - 1.0 / 70.0).abs() < 1e-12);
        assert!((chance(share(0, 5), share(3, 5)) - 1.0).abs() < 1e-12);
        // 10 of 10 against 0 of 10: one in 184,756 ways to choose 10 of 20.
        assert!((chance(share(10, 10), share(0, 10)) * 184_756.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn factorials_are_exact_where_the_series_takes_over() {
        for n in [30, 31, 32, 33, 60, 1000] {
            let summed: f64 = (2..=n).map(|factor| (factor as f64).ln()).sum();
            assert!((ln_factorial(n) - summed).abs() < 1e-9, "{n}");
        }
    }

    #[test]
    fn a_handful_of_accounts_stops_nothing_and_a_batch_that_fails_does() {
        let figures =
            |unreachable, asked| BatchFigures { accounts: asked, asked, unreachable, ..BatchFigures::default() };
        assert_eq!(finding(&figures(9, 9), &figures(0, 100_000), 1.5), None, "nine accounts");
        assert_eq!(finding(&figures(30, 30), &figures(0, 0), 1.5), None, "nothing to compare with");
        let found = finding(&figures(20, 30), &figures(2, 40), 1.5).expect("it holds");
        assert_eq!((found.cause, found.newest, found.before), (HoldCause::Unreachable, share(20, 30), share(2, 40)));
        assert_eq!(finding(&figures(1_300_000, 10_000_000), &figures(1_000_000, 10_000_000), 1.5), None, "the ratio");
        assert_eq!(finding(&figures(4000, 1_000_000), &figures(1000, 1_000_000), 1.5), None, "three in a thousand");
    }

    fn any_figures() -> impl Strategy<Value = BatchFigures> {
        (0..100_000_u64, 0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64).prop_map(
            |(accounts, asked, unreachable, abandoned, recovered)| {
                let part = |of: u64, share: f64| (of as f64 * share) as u64;
                let asked = part(accounts, asked);
                BatchFigures {
                    accounts,
                    recovered: part(accounts, recovered),
                    asked,
                    unreachable: part(asked, unreachable),
                    abandoned: part(asked, abandoned),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn equal_batches_never_stop_it(figures in any_figures()) {
            prop_assert_eq!(finding(&figures, &figures, 1.1), None);
        }

        #[test]
        fn a_finding_is_worse_by_the_ratio_and_never_both_ways(one in any_figures(), other in any_figures(), ratio in 1.1..5.0_f64) {
            if let Some(found) = finding(&one, &other, ratio) {
                prop_assert!(found.newest.fraction() >= found.before.fraction() * ratio);
                prop_assert!(found.newest.count >= LEAST_ACCOUNTS);
                let back = is_worse(found.before, found.newest, ratio);
                prop_assert!(!back);
            }
        }

        #[test]
        fn a_chance_is_one_and_falls_as_more_fare_badly(of in 1..2000_u64, before in 1..2000_u64, count in 0..2000_u64, then in 0..2000_u64) {
            let (count, then) = (count % of, then % before);
            let (less, more) = (chance(share(count, of), share(then, before)), chance(share(count + 1, of), share(then, before)));
            prop_assert!((0.0..=1.0).contains(&less) && more <= less + 1e-9, "{less} {more}");
        }
    }
}
