//! Counting the ways in that owners have left.

use std::time::Duration;

use tracing::error;

use crate::jobs::{Every, Job};
use crate::service::UseCases;

/// How often a node asks for the last count, so that its metrics are not older, and whether it is its turn to count.
const PERIOD: Duration = Duration::from_secs(30);

/// Counts the ways in that owners have left, where it is this node's turn.
pub fn watch_reach(use_cases: UseCases) -> impl Job {
    Every::new("reach watch", PERIOD, async move || {
        if let Err(error) = use_cases.operators.watch_reach().await {
            error!(error = &error as &dyn std::error::Error, "counting the ways that are left waits for the database");
        }
    })
}
