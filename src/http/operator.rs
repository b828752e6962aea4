//! The operator's side: health, metrics, administration. It listens on an address of its own.

mod accounts;
mod api_keys;
mod code_keys;
mod rollout;

#[cfg(any(test, feature = "fuzzing"))]
pub(super) use rollout::RolloutBody;

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, ORIGIN, USER_AGENT};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::{Notify, mpsc, oneshot};

use super::extract;
use super::page::is_same_origin;
use super::problem::{Problem, ProblemCode};
use super::{headers, no_such_route, resource, security_log};
use crate::actors::Directory;
use crate::bus::Health;
use crate::telemetry::{DATABASE_CONNECTIONS_IN_USE, DATABASE_CONNECTIONS_MAX, DATABASE_CONNECTIONS_OPEN, USER_ACTORS};
use crate::verification::Verification;

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
    /// Takes wishes to read the settings again.
    pub reload: mpsc::Sender<ReloadWish>,
}

/// A wish to read the settings again, and where its answer goes: what came of it, or why nothing was changed.
pub type ReloadWish = oneshot::Sender<Result<Reloaded, String>>;

/// What came of reading the settings again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// What is in force now.
    pub reloaded: Vec<&'static str>,
    /// What is followed without being asked.
    pub followed: Vec<&'static str>,
    /// What differs and takes a restart.
    pub restart_needed: Vec<String>,
}

/// Adds every route of the operator's side.
pub fn routes(config: &mut ServiceConfig, operator: Data<Operator>) {
    extract::limits(config, 16 * 1024);
    let everything = web::scope("").wrap(from_fn(security_log::note)).wrap(from_fn(headers::guard));
    config.app_data(operator).service(everything.configure(resources));
}

fn resources(config: &mut ServiceConfig) {
    config
        .configure(super::web::operator_routes)
        .service(resource("/healthz", "GET").route(web::get().to(health)))
        .service(resource("/livez", "GET").route(web::get().to(health)))
        .service(resource("/version", "GET").route(web::get().to(version)))
        .service(resource("/readyz", "GET").route(web::get().to(readiness)))
        .service(resource("/metrics", "GET").route(web::get().to(metrics)))
        .configure(rollout::routes)
        .configure(code_keys::routes)
        .configure(api_keys::routes)
        .configure(accounts::routes)
        .service(resource("/admin/drain", "POST").route(web::post().to(drain)))
        .service(resource("/admin/reload", "POST").route(web::post().to(reload)))
        .default_service(web::to(no_such_route));
}

/// The process is alive.
async fn health() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// Which version runs.
async fn version() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "name": "twostep", "version": env!("CARGO_PKG_VERSION") }))
}

/// The node takes requests; if not, why.
async fn readiness(operator: Data<Operator>) -> impl Responder {
    if operator.draining.load(Ordering::Relaxed) {
        return HttpResponse::ServiceUnavailable().json(serde_json::json!({ "status": "draining" }));
    }
    match operator.verification.rollout().await {
        Ok(_) => match operator.verification.bus().health() {
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
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(operator.metrics.render())
}

/// Begins a drain: the node stops as it does on SIGTERM.
async fn drain(operator: Data<Operator>, _: NotFromAnotherPage) -> impl Responder {
    operator.drain.notify_one();
    HttpResponse::Accepted().json(serde_json::json!({ "status": "draining" }))
}

/// Reads the settings again, as SIGHUP does. Settings that are wrong change nothing.
async fn reload(operator: Data<Operator>, _: NotFromAnotherPage) -> Result<impl Responder, Problem> {
    let (answer, answered) = oneshot::channel();
    let nobody = || Problem::new(ProblemCode::ServiceUnavailable, "This gateway cannot read its settings again now.");
    operator.reload.try_send(answer).map_err(|_| nobody())?;
    match answered.await.map_err(|_| nobody())? {
        Ok(reloaded) => Ok(HttpResponse::Ok().json(reloaded)),
        Err(why) => Err(Problem::new(
            ProblemCode::InvalidRequest,
            format!("Nothing was changed: {why}. Correct it, and ask again."),
        )),
    }
}

/// Refuses browsers that came here by a name: a page of anybody could have given its name this address (DNS rebinding), and
/// would read what only operators should. Tools may use names.
///
/// # Errors
/// `forbidden`.
pub async fn refuse_names(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let headers = request.headers();
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Every browser says so, and no page can change it.
    if agent.starts_with("Mozilla/") && !has_address_for_a_name(headers) {
        let detail = "A browser must come here by an address or as localhost, not by another name.";
        return Err(Problem::new(ProblemCode::Forbidden, detail).into());
    }
    next.call(request).await
}

/// Refuses what a page of another origin sends, also one that came to this address by a name of its own (DNS
/// rebinding): the live view says that it is itself with a header that no other page can send without a preflight (a POST without a body needs none, Fetch standard section 4.8).
struct NotFromAnotherPage;

impl FromRequest for NotFromAnotherPage {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let is_page = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
        let is_live_view =
            is_same_origin(headers) && headers.contains_key("x-twostep-page") && has_address_for_a_name(headers);
        ready(if is_page && !is_live_view {
            Err(Problem::new(ProblemCode::Forbidden, "Only the live view of this address may do this."))
        } else {
            Ok(Self)
        })
    }
}

pub(super) fn has_address_for_a_name(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}
