//! Watching the rollout, which stops itself when its newest batch fares badly.

use std::time::Duration;

use tracing::error;

use crate::jobs::{Every, Job};
use crate::service::UseCases;

/// How often a node asks how the rollout stands, so that its metric is not older, and whether it is its turn to count.
const PERIOD: Duration = Duration::from_secs(30);

/// Watches the rollout. `hold_ratio` is how many times as often something must go wrong in the newest batch for the rollout to hold;
/// `None`: it never does.
pub fn watch_rollout(use_cases: UseCases, hold_ratio: Option<f64>) -> impl Job {
    Every::new("rollout watch", PERIOD, async move || {
        if let Err(error) = use_cases.operators.watch_rollout(hold_ratio).await {
            error!(error = &error as &dyn std::error::Error, "watching the rollout waits for the database");
        }
    })
}
