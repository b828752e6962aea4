//! The circuit breaker: a provider that fails is left alone for a while, then tried with one push.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Pure: the time is an argument.
#[derive(Debug)]
pub struct Breaker {
    failures_to_open: u32,
    open_for: SignedDuration,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Timestamp },
    HalfOpen,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// All is well.
    Go,
    /// This attempt decides whether the breaker closes. It must be reported, or abandoned.
    Probe,
    /// Not now; worth asking again after this time (none while a probe is under way).
    Refused(Duration),
}

/// What an attempt says about the provider's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered, whatever the answer.
    Well,
    /// It failed: timeout, lost connection, 5xx, nonsense.
    Ill,
    /// The attempt was given up before an answer: nothing was learned.
    Unknown,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(failures_to_open: u32, open_for: Duration) -> Self {
        Self {
            failures_to_open: failures_to_open.max(1),
            open_for: SignedDuration::try_from(open_for).unwrap_or(SignedDuration::MAX),
            state: State::Closed { failures: 0 },
        }
    }

    /// Asks for an attempt.
    pub fn admit(&mut self, now: Timestamp) -> Admission {
        match self.state {
            State::Closed { .. } => Admission::Go,
            State::Open { until } if now >= until => {
                self.state = State::HalfOpen;
                Admission::Probe
            }
            State::Open { until } => Admission::Refused(time_to(until, now)),
            State::HalfOpen => Admission::Refused(Duration::ZERO),
        }
    }

    /// Reports how an admitted attempt went.
    ///
    /// Attempts admitted before the breaker opened may end long after; they change an open or half-open breaker no more.
    pub fn report(&mut self, admission: Admission, health: Health, now: Timestamp) {
        self.state = match (self.state, admission, health) {
            (State::Closed { .. }, Admission::Go, Health::Well) => State::Closed { failures: 0 },
            (State::Closed { failures }, Admission::Go, Health::Ill) => self.after_failure(failures, now),
            (State::HalfOpen, Admission::Probe, Health::Well) => State::Closed { failures: 0 },
            (State::HalfOpen, Admission::Probe, Health::Ill) => self.open(now),
            // The next push probes at once.
            (State::HalfOpen, Admission::Probe, Health::Unknown) => State::Open { until: now },
            (state, _, _) => state,
        };
    }

    /// Whether pushes are turned away.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }

    fn after_failure(&self, failures: u32, now: Timestamp) -> State {
        let failures = failures.saturating_add(1);
        if failures >= self.failures_to_open { self.open(now) } else { State::Closed { failures } }
    }

    fn open(&self, now: Timestamp) -> State {
        State::Open { until: now.saturating_add(self.open_for).unwrap_or(Timestamp::MAX) }
    }
}

fn time_to(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn refused(seconds: u64) -> Admission {
        Admission::Refused(Duration::from_secs(seconds))
    }

    fn opened_at(second: i64) -> Breaker {
        let mut breaker = Breaker::new(3, Duration::from_secs(10));
        for _ in 0..3 {
            assert_eq!(breaker.admit(at(second)), Admission::Go);
            breaker.report(Admission::Go, Health::Ill, at(second));
        }
        assert!(breaker.is_open());
        breaker
    }

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let mut breaker = Breaker::new(3, Duration::from_secs(10));
        for health in [Health::Ill, Health::Ill, Health::Well, Health::Ill, Health::Ill] {
            breaker.report(Admission::Go, health, at(0));
        }
        assert!(!breaker.is_open());
        breaker.report(Admission::Go, Health::Ill, at(0));
        assert!(breaker.is_open());
    }

    #[test]
    fn one_probe_decides() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.admit(at(9)), refused(1));
        assert_eq!(breaker.admit(at(10)), Admission::Probe);
        assert_eq!(breaker.admit(at(10)), refused(0));
        breaker.report(Admission::Probe, Health::Ill, at(11));
        assert_eq!(breaker.admit(at(20)), refused(1));
        assert_eq!(breaker.admit(at(21)), Admission::Probe);
        breaker.report(Admission::Probe, Health::Well, at(21));
        assert_eq!(breaker.admit(at(21)), Admission::Go);
    }

    #[test]
    fn stragglers_do_not_close_an_open_breaker() {
        let mut breaker = opened_at(0);
        breaker.report(Admission::Go, Health::Well, at(1));
        assert_eq!(breaker.admit(at(2)), refused(8));
    }

    #[test]
    fn abandoned_probe_leaves_room_for_another() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.admit(at(10)), Admission::Probe);
        breaker.report(Admission::Probe, Health::Unknown, at(10));
        assert_eq!(breaker.admit(at(10)), Admission::Probe);
    }

    proptest! {
        /// However attempts go, an open breaker lets a probe through once its time is over, and never two at once.
        #[test]
        fn never_stuck(steps in proptest::collection::vec((0_i64..20, 0_u8..3), 1..200)) {
            let mut breaker = Breaker::new(3, Duration::from_secs(10));
            let mut now = 0;
            for (pause, health) in steps {
                now += pause;
                let admission = breaker.admit(at(now));
                if matches!(admission, Admission::Refused(_)) {
                    prop_assert_ne!(breaker.admit(at(now + 10)), Admission::Go);
                    now += 10;
                    breaker.report(Admission::Probe, Health::Unknown, at(now));
                    continue;
                }
                if admission == Admission::Probe {
                    prop_assert_eq!(breaker.admit(at(now)), refused(0));
                }
                let health = [Health::Well, Health::Ill, Health::Unknown][usize::from(health)];
                breaker.report(admission, health, at(now));
            }
            let end = at(now + 10);
            prop_assert!(!matches!(breaker.admit(end), Admission::Refused(_)));
        }
    }
}
