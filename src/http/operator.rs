//! The operator's side: health, metrics, administration. It listens on an address of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::extract::{self, invalid};
use super::no_such_route;
use super::problem::Problem;
use crate::actors::Directory;
use crate::store;
use crate::telemetry::{DATABASE_CONNECTIONS_IN_USE, USER_ACTORS};
use crate::verification::{Verification, VerificationError};

/// What the operator's handlers work with.
pub struct Operator {
    /// The use cases.
    pub verification: Arc<Verification>,
    /// The way to user actors, to count them.
    pub directory: Directory,
    /// Renders metrics.
    pub metrics: PrometheusHandle,
    /// Set when the node is going away.
    pub draining: Arc<AtomicBool>,
    /// Rings when an operator asks for a drain.
    pub drain: Arc<Notify>,
}

/// Adds every route of the operator's side.
pub fn routes(config: &mut ServiceConfig, operator: Data<Operator>) {
    extract::limits(config, 16 * 1024);
    config
        .app_data(operator)
        .route("/healthz", web::get().to(health))
        .route("/readyz", web::get().to(readiness))
        .route("/metrics", web::get().to(metrics))
        .route("/admin/rollout", web::get().to(show_rollout))
        .route("/admin/rollout", web::put().to(set_rollout))
        .route("/admin/drain", web::post().to(drain))
        .default_service(web::to(no_such_route));
}

/// The process is alive.
async fn health() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// The node takes requests; if not, why.
async fn readiness(operator: Data<Operator>) -> impl Responder {
    if operator.draining.load(Ordering::Relaxed) {
        return HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "draining" }));
    }
    match operator.verification.store().run(async |db| store::rollout::get_rollout(db).await).await {
        Ok(_) => HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })),
        Err(error) => HttpResponse::ServiceUnavailable()
            .json(serde_json::json!({ "status": "unavailable", "database": error.to_string() })),
    }
}

async fn metrics(operator: Data<Operator>) -> impl Responder {
    let observed = operator.directory.observe().await;
    gauge!(USER_ACTORS).set(observed.users as f64);
    let (in_use, _) = operator.verification.store().usage();
    gauge!(DATABASE_CONNECTIONS_IN_USE).set(in_use as f64);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(operator.metrics.render())
}

#[derive(Serialize)]
struct RolloutAnswer {
    /// Share of accounts, 0 to 100.
    percent: f64,
}

async fn show_rollout(operator: Data<Operator>) -> Result<impl Responder, Problem> {
    let found = operator.verification.store().run(async |db| store::rollout::get_rollout(db).await).await;
    let rollout = found.map_err(VerificationError::from)?;
    Ok(HttpResponse::Ok().json(RolloutAnswer { percent: rollout.percent }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolloutBody {
    percent: f64,
}

async fn set_rollout(operator: Data<Operator>, Json(body): Json<RolloutBody>) -> Result<impl Responder, Problem> {
    if !(0.0..=100.0).contains(&body.percent) {
        return Err(invalid("percent", "must be 0 to 100"));
    }
    let percent = body.percent;
    let set = operator.verification.store().run(async |db| store::rollout::set_percent(db, percent).await).await;
    set.map_err(VerificationError::from)?;
    Ok(HttpResponse::Ok().json(RolloutAnswer { percent }))
}

/// Begins a drain: the node stops as it does on SIGTERM.
async fn drain(operator: Data<Operator>) -> impl Responder {
    operator.drain.notify_one();
    HttpResponse::Accepted().json(serde_json::json!({ "status": "draining" }))
}
