//! What is watched for operators: the rollout, which stops itself, and the ways in that owners have left.

use std::time::Duration;

use tracing::error;

use crate::jobs::{Every, Job};
use crate::service::UseCases;

/// How often a node asks how these stand, so that its metrics are not older, and whether it is its turn to count.
const PERIOD: Duration = Duration::from_secs(30);

/// Watches both, one after the other: what counts for operators takes one connection at most. `hold_ratio` is how many times as often
/// something must go wrong in the newest batch for the rollout to hold; `None`: it never does.
pub fn watches(use_cases: UseCases, hold_ratio: Option<f64>) -> impl Job {
    Every::new("watches", PERIOD, async move || {
        if let Err(error) = use_cases.operators.watch_rollout(hold_ratio).await {
            error!(error = &error as &dyn std::error::Error, "watching the rollout waits for the database");
        }
        if let Err(error) = use_cases.operators.watch_reach().await {
            error!(error = &error as &dyn std::error::Error, "counting the ways that are left waits for the database");
        }
    })
}
