//! Latencies, whole and second by second.
//!
//! Free of coordinated omission: they count from the intended start, so a server that stalls is charged for all that was
//! meant to begin meanwhile (<https://hdrhistogram.github.io/HdrHistogram/>).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::report::{Latencies, Second};

/// Longest latency told apart, in microseconds.
const LONGEST: u64 = 120_000_000;
/// Percentiles of the curve: each step halves what is left, four points a halving.
const CURVE_POINTS: u32 = 60;

/// Takes latencies in from many tasks.
pub(crate) struct Recorder {
    name: &'static str,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    all: Histogram<u64>,
    seconds: Vec<Histogram<u64>>,
}

impl Recorder {
    /// Nothing yet; seconds count from `began`.
    pub(crate) fn new(name: &'static str, began: Instant) -> Self {
        let state = State { all: histogram(3), seconds: Vec::new() };
        Self { name, began, state: Mutex::new(state) }
    }

    /// Something that was to begin at `intended` is done now. What was meant to begin before the run did is warm-up.
    pub(crate) fn done(&self, intended: Instant) {
        self.record(intended, intended.elapsed());
    }

    /// Something that was to begin at `intended` took this long.
    pub(crate) fn record(&self, intended: Instant, took: Duration) {
        let Some(offset) = intended.checked_duration_since(self.began) else { return };
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST).clamp(1, LONGEST);
        let second = usize::try_from(offset.as_secs()).unwrap_or(usize::MAX);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        record(&mut state.all, micros);
        // An hour of a run that lasts longer is drawn; the whole is counted.
        if second < 3600 {
            while state.seconds.len() <= second {
                state.seconds.push(histogram(2));
            }
            record(&mut state.seconds[second], micros);
        }
    }

    /// The latency that a share of all stays under, in milliseconds.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        milliseconds(self.state.lock().unwrap_or_else(PoisonError::into_inner).all.value_at_quantile(quantile))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).all.len()
    }

    /// All of it, for the report.
    pub(crate) fn finish(&self) -> Latencies {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let all = &state.all;
        let at = |quantile| milliseconds(all.value_at_quantile(quantile));
        let curve = (0..CURVE_POINTS)
            .map(|step| 1.0 - 0.5_f64.powf(f64::from(step) / 4.0))
            .take_while(|quantile| (1.0 - quantile) * all.len() as f64 >= 1.0)
            .map(|quantile| (quantile, at(quantile)))
            .collect();
        let second = |(number, second): (usize, &Histogram<u64>)| Second {
            second: number as u32,
            count: second.len(),
            p50_ms: milliseconds(second.value_at_quantile(0.5)),
            p99_ms: milliseconds(second.value_at_quantile(0.99)),
            max_ms: milliseconds(second.max()),
        };
        Latencies {
            name: self.name.to_owned(),
            count: all.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: milliseconds(all.max()),
            curve,
            seconds: state.seconds.iter().enumerate().map(second).collect(),
        }
    }
}

fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new(digits).expect("one to five digits are fine")
}

fn record(histogram: &mut Histogram<u64>, micros: u64) {
    histogram.record(micros).expect("it grows to whatever it must hold");
}

fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_for_its_turn_is_charged_for_the_wait() {
        let began = Instant::now();
        let recorder = Recorder::new("x", began);
        recorder.record(began, Duration::from_millis(10));
        recorder.record(began + Duration::from_secs(2), Duration::from_millis(30));
        recorder.record(began - Duration::from_secs(1), Duration::from_secs(9));
        let latencies = recorder.finish();
        assert_eq!(latencies.count, 2, "warm-up is left out");
        assert_eq!(latencies.seconds.iter().map(|second| second.count).collect::<Vec<_>>(), [1, 0, 1]);
        assert!((latencies.max_ms - 30.0).abs() < 0.1);
    }
}
