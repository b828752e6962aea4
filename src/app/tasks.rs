//! What the parts of a node do by themselves, beside the jobs of [`jobs`](crate::jobs).

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::spawn_blocking;
use twostep_front::Certificate;

use super::PrivateDatabase;
use crate::actors::{Directory, Services};
use crate::geoip::{self, Places};
use crate::http::Limits;
use crate::jobs::{Every, Job, SweepSettings, Sweeper};
use crate::service::UseCases;
use crate::settings::Settings;

/// How often metrics are summed up.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// How often a private PostgreSQL is looked after.
const PRIVATE_CHECK_PERIOD: Duration = Duration::from_secs(1);
/// How often is forgotten what is over.
const FORGET_PERIOD: Duration = Duration::from_secs(60);

/// Keeps the memory of limits and of password hashes small.
pub(super) fn forget(limits: Arc<Limits>, use_cases: UseCases) -> impl Job {
    Every::new("memory", FORGET_PERIOD, async move || {
        limits.forget();
        use_cases.core.passwords().forget_unused();
    })
}

/// Sums up what histograms took in, so that nothing piles up while nobody asks.
pub(super) fn keep_metrics(metrics: PrometheusHandle) -> impl Job {
    Every::new("metrics", METRICS_UPKEEP, async move || metrics.run_upkeep())
}

/// Reads GeoIP files again when they were replaced.
pub(super) fn reload_places(places: Arc<Places>) -> impl Job {
    Every::new("geoip", geoip::RELOAD_PERIOD, async move || {
        let places = Arc::clone(&places);
        // A panic while reading leaves what was read before.
        let _ = spawn_blocking(move || places.reload()).await;
    })
}

/// Reads the certificate again when it was replaced.
pub(super) fn renew(certificate: Arc<Certificate>) -> impl Job {
    Every::new("certificate", twostep_front::RELOAD_PERIOD, async move || {
        let certificate = Arc::clone(&certificate);
        // A panic while reading leaves what was read before.
        let _ = spawn_blocking(move || certificate.reload()).await;
    })
}

/// Keeps a private PostgreSQL running.
pub(super) fn look_after(private: PrivateDatabase) -> impl Job {
    Every::new("private PostgreSQL", PRIVATE_CHECK_PERIOD, async move || private.restart_if_dead().await)
}

pub(super) fn sweeper(services: &Arc<Services>, directory: &Directory, settings: &Settings) -> Sweeper {
    let sweep = SweepSettings {
        period: Duration::from_millis(settings.delivery.sweep_period_ms),
        activity_months: settings.login_activity.keep_months,
        shorten_ip_days: settings.login_activity.shorten_ip_days,
    };
    Sweeper::new(Arc::clone(services), directory.clone(), sweep)
}
