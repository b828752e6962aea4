//! Whether the node lives and is ready, and what it counts: for probes, load balancers and Prometheus.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use metrics::gauge;

use super::{Operator, process};
use crate::bus::Health;
use crate::clock;
use crate::http::resource;
use crate::telemetry::{
    DATABASE_CONNECTIONS_IN_USE, DATABASE_CONNECTIONS_MAX, DATABASE_CONNECTIONS_OPEN, PASSWORD_HASHES_MAX,
    PASSWORD_HASHES_WAITING, READY, USER_ACTORS, count_dropped_lines,
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

/// How long a thread of the public side may be held up before the node counts as unable to serve. Nothing of ours takes it for
/// a tenth of that.
const TURN: Duration = Duration::from_secs(3);

impl Operator {
    /// Whether every thread of the public side has a turn, also as a metric.
    async fn workers_have_turns(&self) -> bool {
        let have_turns = self.workers.have_turns(TURN).await;
        gauge!(READY, "cause" => "workers").set(if have_turns { 1.0 } else { 0.0 });
        have_turns
    }
}

/// The node takes requests; if not, why.
async fn readiness(operator: Data<Operator>) -> impl Responder {
    if operator.draining.load(Ordering::Relaxed) {
        return HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "draining" }));
    }
    // A write, as each sign-in needs one: a database that is only read from signs nobody in.
    let (beat, have_turns) = tokio::join!(operator.use_cases.core.beat(), operator.workers_have_turns());
    let mut causes = serde_json::Map::new();
    if let Err(error) = beat {
        causes.insert("database".to_owned(), error.to_string().into());
    }
    if !have_turns {
        causes.insert("workers".to_owned(), "a thread that serves requests is held up".into());
    }
    if !causes.is_empty() {
        causes.insert("status".to_owned(), "unavailable".into());
        return HttpResponse::ServiceUnavailable().json(causes);
    }
    // It serves all the same: a load balancer that took it out would take every node out.
    if let Health::Degraded { reason } = operator.bus.health() {
        causes.insert("bus".to_owned(), reason.into());
    }
    let ahead = clock::ahead();
    if ahead.abs() > clock::TOLERANCE {
        let said = format!("the database's is {} s ahead of this machine's", ahead.as_secs());
        causes.insert("clock".to_owned(), said.into());
    }
    causes.insert("status".to_owned(), if causes.is_empty() { "ready" } else { "degraded" }.into());
    HttpResponse::Ok().json(causes)
}

async fn metrics(operator: Data<Operator>) -> impl Responder {
    let observed = operator.directory.observe().await;
    gauge!(USER_ACTORS).set(observed.users as f64);
    let usage = operator.store.usage();
    gauge!(DATABASE_CONNECTIONS_OPEN).set(usage.open as f64);
    gauge!(DATABASE_CONNECTIONS_IN_USE).set(usage.in_use as f64);
    gauge!(DATABASE_CONNECTIONS_MAX).set(usage.most as f64);
    let passwords = operator.use_cases.core.passwords();
    for (lane, waiting) in passwords.waiting() {
        gauge!(PASSWORD_HASHES_WAITING, "lane" => lane.word()).set(waiting as f64);
    }
    gauge!(PASSWORD_HASHES_MAX).set(passwords.places() as f64);
    operator.workers_have_turns().await;
    count_dropped_lines();
    process::measure();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(operator.metrics.render())
}
