//! Arrivals at a fixed rate, whatever becomes of those before (an open loop).

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

/// Tells when each arrival is meant to begin, when it is time: `rate` a second from `began` on for `span`.
///
/// A thread of its own keeps the time: timers of the runtime are exact to a millisecond only.
pub(crate) fn arrivals(rate: f64, began: Instant, span: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (tell, told) = mpsc::unbounded_channel();
    let count = (rate * span.as_secs_f64()).round() as u64;
    thread::spawn(move || {
        for number in 0..count {
            let intended = began + Duration::from_secs_f64(number as f64 / rate);
            loop {
                let left = intended.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                thread::park_timeout(left);
            }
            if tell.send(intended).is_err() {
                return;
            }
        }
    });
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn arrivals_are_meant_for_evenly_spread_times() {
        let began = Instant::now();
        let mut arrivals = arrivals(1000.0, began, Duration::from_millis(5));
        let mut offsets = Vec::new();
        while let Some(intended) = arrivals.recv().await {
            assert!(Instant::now() >= intended, "never early");
            offsets.push(intended.duration_since(began).as_millis());
        }
        assert_eq!(offsets, [0, 1, 2, 3, 4]);
    }
}
