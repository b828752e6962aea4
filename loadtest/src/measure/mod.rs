//! Measuring: latencies counted from when something was meant to begin, arrivals at a fixed rate, and what numbers say.

mod latency;
mod pace;
mod statistics;

pub(crate) use self::latency::Recorder;
pub(crate) use self::pace::arrivals;
pub(crate) use self::statistics::{bootstrap_of_medians, mann_whitney, median};
