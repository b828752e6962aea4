//! The operator's side: health, metrics, and, for who has its token, administration. It listens on an address of its own.

mod access;
mod accounts;
mod api_keys;
mod code_keys;
mod health;
mod process;
mod rollout;

#[cfg(any(test, feature = "fuzzing"))]
pub(super) use rollout::RolloutBody;

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::dev::Payload;
use actix_web::http::header::ORIGIN;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::{Notify, mpsc, oneshot};

pub use self::access::OperatorAccess;
use super::problem::{Problem, ProblemCode};
use crate::actors::Directory;
use crate::http::middleware::{head, headers, security_log};
use crate::http::request::extract;
use crate::http::site::session_cookies::is_same_origin;
use crate::http::{no_such_route, resource};
use crate::listener::Workers;
use crate::service::Verification;

/// Largest request body in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

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
    /// Who may call `/admin`.
    pub access: Arc<OperatorAccess>,
    /// Names that this side may be called by, besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// The threads of the public side.
    pub workers: Workers,
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
    extract::limits(config, MAX_BODY_BYTES);
    let everything = web::scope("")
        .wrap(from_fn(head::answer))
        .wrap(from_fn(access::require_known_host))
        .wrap(from_fn(security_log::note))
        .wrap(from_fn(headers::guard));
    config.app_data(operator).service(everything.configure(resources));
}

/// Adds every route of `probe.address`: health and metrics, for whoever asks by whatever name.
pub fn probe_routes(config: &mut ServiceConfig, operator: Data<Operator>) {
    extract::limits(config, MAX_BODY_BYTES);
    let everything = web::scope("").wrap(from_fn(head::answer)).wrap(from_fn(headers::guard)).configure(health::routes);
    config.app_data(operator).service(everything.default_service(web::to(no_such_route)));
}

fn resources(config: &mut ServiceConfig) {
    // What is below `/admin` is inside this scope, however its address is spelled, and also what is not there.
    let admin = web::scope("/admin").wrap(from_fn(access::require_token));
    config
        .configure(crate::http::site::assets::operator_routes)
        .service(resource("/healthz", "GET").route(web::get().to(health::alive)))
        .service(resource("/version", "GET").route(web::get().to(version)))
        .configure(health::routes)
        .service(admin.configure(administration))
        .default_service(web::to(no_such_route));
}

fn administration(config: &mut ServiceConfig) {
    config
        .configure(rollout::routes)
        .configure(code_keys::routes)
        .configure(api_keys::routes)
        .configure(accounts::routes)
        .service(resource("/drain", "POST").route(web::post().to(drain)))
        .service(resource("/reload", "POST").route(web::post().to(reload)))
        .default_service(web::to(no_such_route));
}

/// Which version runs.
async fn version() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "name": "twostep", "version": env!("CARGO_PKG_VERSION") }))
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

/// Refuses what a page of another origin sends, though it has no token: the live view says that it is itself with a header that no
/// other page can send without a preflight, which is refused here (a POST without a body needs none, Fetch standard section 4.8).
struct NotFromAnotherPage;

impl FromRequest for NotFromAnotherPage {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let is_page = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
        let is_live_view = is_same_origin(headers) && headers.contains_key("x-twostep-page");
        ready(if is_page && !is_live_view {
            Err(Problem::new(ProblemCode::Forbidden, "Only the live view of this address may do this."))
        } else {
            Ok(Self)
        })
    }
}
