//! Whether the node lives and is ready, and what it counts: for probes, load balancers and Prometheus.

use std::sync::atomic::Ordering;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use metrics::gauge;

use super::Operator;
use crate::bus::Health;
use crate::http::resource;
use crate::telemetry::{
    DATABASE_CONNECTIONS_IN_USE, DATABASE_CONNECTIONS_MAX, DATABASE_CONNECTIONS_OPEN, USER_ACTORS, count_dropped_lines,
};

/// Adds what `probe.address` serves too: nothing that tells an account, a device or an address.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/livez", "GET").route(web::get().to(alive)))
        .service(resource("/readyz", "GET").route(web::get().to(readiness)))
        .service(resource("/metrics", "GET").route(web::get().to(metrics)));
}

/// The process is alive.
pub(super) async fn alive() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// The node takes requests; if not, why.
async fn readiness(operator: Data<Operator>) -> impl Responder {
    if operator.draining.load(Ordering::Relaxed) {
        return HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "draining" }));
    }
    // A write, as each sign-in needs one: a database that is only read from signs nobody in.
    match operator.verification.beat().await {
        Ok(()) => match operator.verification.bus().health() {
            Health::Alone | Health::Joined => HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })),
            // It serves all the same: a load balancer that took it out would take every node out.
            Health::Degraded { reason } => {
                HttpResponse::Ok().json(serde_json::json!({ "status": "degraded", "bus": reason }))
            }
        },
        Err(error) => HttpResponse::ServiceUnavailable()
            .json(serde_json::json!({ "status": "unavailable", "database": error.to_string() })),
    }
}

async fn metrics(operator: Data<Operator>) -> impl Responder {
    let observed = operator.directory.observe().await;
    gauge!(USER_ACTORS).set(observed.users as f64);
    let usage = operator.verification.store().usage();
    gauge!(DATABASE_CONNECTIONS_OPEN).set(usage.open as f64);
    gauge!(DATABASE_CONNECTIONS_IN_USE).set(usage.in_use as f64);
    gauge!(DATABASE_CONNECTIONS_MAX).set(usage.most as f64);
    count_dropped_lines();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(operator.metrics.render())
}
