//! The rule that stops the rollout, over drawn batches: what fails stops it, and mere chance does not.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use twostep::domain::account::rollout::hold::{BatchFigures, HoldCause, WATCHED_FOR, finding};

/// Runs of each kind.
const RUNS: u64 = 100;
/// As `rollout.hold_ratio` is by default.
const RATIO: f64 = 1.5;

/// How likely an account is to fare badly.
#[derive(Clone, Copy)]
struct Rates {
    unreachable: f64,
    abandoned: f64,
    recovered: f64,
}

/// A batch whose accounts come to their first sign-in spread over the time that it is watched for.
struct Batch {
    rates: Rates,
    accounts: u64,
    figures: BatchFigures,
}

impl Batch {
    fn new(rates: Rates, accounts: u64) -> Self {
        Self { rates, accounts, figures: BatchFigures::default() }
    }

    /// Lets an hour go by: a share of the accounts signs in.
    fn hour(&mut self, hours: u64, draw: &mut StdRng) {
        let so_far = self.accounts * hours / watched_hours();
        for _ in self.figures.asked..so_far {
            self.figures.accounts += 1;
            self.figures.asked += 1;
            self.figures.unreachable += u64::from(draw.random_bool(self.rates.unreachable));
            self.figures.abandoned += u64::from(draw.random_bool(self.rates.abandoned));
            self.figures.recovered += u64::from(draw.random_bool(self.rates.recovered));
        }
    }
}

fn watched_hours() -> u64 {
    WATCHED_FOR.as_secs() / 3600
}

/// What is usual somewhere.
fn usual(draw: &mut StdRng) -> Rates {
    Rates {
        unreachable: draw.random_range(0.005..0.05),
        abandoned: draw.random_range(0.03..0.15),
        recovered: draw.random_range(0.001..0.01),
    }
}

/// In which hour it holds, and why; `None` when it does not in all the time that a batch is watched.
fn watched(mut newest: Batch, mut before: Batch, draw: &mut StdRng) -> Option<(u64, HoldCause)> {
    (1..=watched_hours()).find_map(|hours| {
        newest.hour(hours, draw);
        before.hour(hours, draw);
        finding(&newest.figures, &before.figures, RATIO).map(|found| (hours, found.cause))
    })
}

#[test]
fn a_hundred_failures_stop_it_for_their_cause() {
    let mut slowest = 0;
    for seed in 0..RUNS {
        let mut draw = StdRng::seed_from_u64(seed);
        let usual = usual(&mut draw);
        let cause = HoldCause::ALL[usize::try_from(seed).expect("small") % HoldCause::ALL.len()];
        let mut failing = usual;
        match cause {
            HoldCause::Unreachable => failing.unreachable += draw.random_range(0.10..0.60),
            HoldCause::Abandoned => failing.abandoned += draw.random_range(0.20..0.60),
            HoldCause::Recovered => failing.recovered += draw.random_range(0.08..0.30),
        }
        let newest = Batch::new(failing, draw.random_range(400..5000));
        let before = Batch::new(usual, draw.random_range(400..5000));
        let (hours, found) =
            watched(newest, before, &mut draw).unwrap_or_else(|| panic!("{cause} of run {seed} went on"));
        assert_eq!(found, cause, "run {seed}");
        slowest = slowest.max(hours);
    }
    println!("the slowest of {RUNS} failures stopped it after {slowest} hours");
}

#[test]
fn a_hundred_runs_of_mere_chance_stop_nothing() {
    for seed in 0..RUNS {
        let mut draw = StdRng::seed_from_u64(1000 + seed);
        let usual = usual(&mut draw);
        let newest = Batch::new(usual, draw.random_range(50..20_000));
        let before = Batch::new(usual, draw.random_range(50..20_000));
        assert_eq!(watched(newest, before, &mut draw), None, "run {seed}");
    }
}
