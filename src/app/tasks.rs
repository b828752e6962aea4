//! What runs by itself for as long as the node does.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinHandle;

use crate::actors::{Directory, Services};
use crate::geoip::{Places, RELOAD_PERIOD};
use crate::http::Limits;
use crate::jobs::{self, SweepSettings};
use crate::settings::Settings;

/// How often metrics are summed up.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Keeps the memory of limits small.
pub(super) async fn forget(limits: Arc<Limits>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    loop {
        ticks.tick().await;
        limits.forget();
    }
}

/// Sums up what histograms took in, so that nothing piles up while nobody asks.
pub(super) async fn keep_metrics(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(METRICS_UPKEEP);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

/// Reads files of places again when they were replaced.
pub(super) async fn reload_places(places: Arc<Places>) {
    let mut ticks = tokio::time::interval(RELOAD_PERIOD);
    loop {
        ticks.tick().await;
        let places = Arc::clone(&places);
        // A panic while reading leaves what was read before.
        let _ = tokio::task::spawn_blocking(move || places.reload()).await;
    }
}

pub(super) fn background_tasks(
    services: &Arc<Services>,
    directory: &Directory,
    inbox: crate::bus::Inbox,
) -> Vec<JoinHandle<()>> {
    vec![
        actix_web::rt::spawn(jobs::dispatch(inbox, Arc::clone(services), directory.clone())),
        actix_web::rt::spawn(jobs::beat(Arc::clone(services))),
        actix_web::rt::spawn(jobs::catch_up(Arc::clone(services))),
    ]
}

pub(super) fn start_sweeper(services: &Arc<Services>, directory: &Directory, settings: &Settings) -> JoinHandle<()> {
    let sweep = SweepSettings {
        period: Duration::from_millis(settings.delivery.sweep_period_ms),
        activity_months: settings.login_activity.keep_months,
        shorten_ip_days: settings.login_activity.shorten_ip_days,
    };
    actix_web::rt::spawn(jobs::sweep(Arc::clone(services), directory.clone(), sweep))
}
