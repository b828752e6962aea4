//! The operator's side: health, metrics, and, for who has its token, administration. It listens on an address of its own.

mod access;
mod accounts;
mod api_keys;
mod code_keys;
mod health;
mod process;
mod reach;
mod rollout;
mod state;
mod token;

#[cfg(any(test, feature = "fuzzing"))]
pub(super) use rollout::RolloutBody;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use tokio::sync::oneshot;

use self::state::NotFromAnotherPage;
pub use self::state::{Operator, ReloadWish, Reloaded};
pub use self::token::OperatorAccess;
use super::problem::{Problem, ProblemCode};
use crate::http::middleware::{head, headers, security_log};
use crate::http::request::extract;
use crate::http::{no_such_route, resource};

/// Largest request body in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

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
        .configure(reach::routes)
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
