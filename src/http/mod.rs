//! HTTP: a handler parses, makes one call, maps the answer.

mod app_server;
mod device;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod middleware;
pub mod operator;
pub mod problem;
mod request;
mod site;

use std::future::ready;
use std::sync::Arc;

use actix_web::http::header::ALLOW;
use actix_web::middleware::from_fn;
use actix_web::web::{self as actix, Data, ServiceConfig};
use actix_web::{HttpResponse, Resource, Responder, ResponseError};
use ipnet::IpNet;
use jiff::SignedDuration;

use crate::actors::Directory;
use crate::geoip::Places;
use crate::providers::mail::Outbox;
use crate::service::{Verification, VerificationError};
use crate::telemetry::count_refusal;
use crate::telemetry::traces;
use crate::websocket::{AllowedOrigins, ConnectionSettings};

use self::problem::{Problem, ProblemCode};
pub use device::challenges::{StreamBounds, Streams};
pub use device::connect::WEBSOCKET_PATH;
pub use device::tokens::Tokens;
pub use middleware::encoding::refuse_encoded;
pub use middleware::measured::measure;
pub use request::client_ip::Trust;
pub use request::rate_limits::{LimitSettings, Limits};
pub use site::openapi::text as openapi_text;

/// How soon a request that there was no memory for may come again.
const NO_ROOM_RETRY: SignedDuration = SignedDuration::from_secs(1);

/// What handlers work with.
pub struct Api {
    /// The use cases.
    pub verification: Arc<Verification>,
    /// The way to user actors, for connections.
    pub directory: Directory,
    /// Pages that may open a WebSocket.
    pub origins: AllowedOrigins,
    /// How connections are kept alive.
    pub connections: ConnectionSettings,
    /// Where addresses seem to be.
    pub places: Arc<Places>,
    /// The mail outbox, in development only.
    pub outbox: Option<Arc<Outbox>>,
    /// Requests a minute.
    pub limits: Arc<Limits>,
    /// Which tokens were good lately, and which networks sent bad ones.
    pub tokens: Tokens,
    /// The live states that are watched.
    pub streams: Arc<Streams>,
    /// Who is believed about addresses, and who is exempt from limits.
    pub trust: Trust,
    /// Networks whose callers may go on with a trace of theirs.
    pub traced_callers: Vec<IpNet>,
    /// Whoever comes may make an account.
    pub takes_accounts: bool,
    /// Largest request body in bytes.
    pub max_body_bytes: usize,
    /// The lines are secure by themselves, not by a proxy.
    pub speaks_tls: bool,
}

/// Adds every public route.
pub fn routes(config: &mut ServiceConfig, api: Data<Api>) {
    let has_outbox = api.outbox.is_some();
    request::extract::limits(config, api.max_body_bytes);
    let everything = actix::scope("")
        .wrap(from_fn(middleware::head::answer))
        .wrap(from_fn(site::session_cookies::clear_doubled))
        .wrap(from_fn(middleware::security_log::note))
        .wrap(from_fn(middleware::headers::guard))
        .wrap(from_fn(middleware::cors::share))
        .wrap(from_fn(middleware::trace_context::trace));
    config.app_data(api).service(everything.configure(|config| resources(config, has_outbox)));
}

fn resources(config: &mut ServiceConfig, has_outbox: bool) {
    config
        .configure(device::accounts::routes)
        .configure(device::sign_in::routes)
        .configure(device::challenges::routes)
        .configure(device::sessions::routes)
        .configure(device::login_security::routes)
        .configure(device::devices::routes)
        .configure(device::login_activity::routes)
        .configure(device::connect::routes)
        .configure(device::client_address::routes)
        .configure(device::support::routes)
        .configure(app_server::verifications::routes)
        .configure(app_server::subjects::routes)
        .configure(app_server::jwks::routes)
        .configure(device::password_strength::routes)
        .configure(site::openapi::routes)
        .configure(site::docs::routes)
        .configure(site::assets::routes)
        .default_service(actix::to(no_such_route));
    if has_outbox {
        site::dev_outbox::routes(config);
    }
}

async fn no_such_route() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is nothing at this address. See /docs.")
}

/// An address that takes these methods, and `HEAD` with `GET`: the answer to others names them, as RFC 9110 section 15.5.6 asks.
fn resource(path: &str, methods: &'static str) -> Resource {
    actix::resource(path).default_service(actix::to(move || {
        let detail = "This address does not take this method. See /docs.";
        let methods = methods.replace("GET", "GET, HEAD");
        ready(Problem::new(ProblemCode::MethodNotAllowed, detail).customize().insert_header((ALLOW, methods)))
    }))
}

/// The answer to a request that there is no memory for at the moment.
#[must_use]
pub fn no_room() -> HttpResponse {
    let detail = "More requests are under way than there is room for. Send it again in a moment.";
    let problem = Problem::new(ProblemCode::ServiceUnavailable, detail).retry_after(NO_ROOM_RETRY);
    count_refusal("request_memory");
    problem.error_response()
}

/// Runs a use case to its end even if the client goes away: what was committed is also published.
fn to_the_end<T: 'static>(
    use_case: impl Future<Output = Result<T, VerificationError>> + 'static,
) -> impl Future<Output = Result<T, Problem>> {
    let task = actix_web::rt::spawn(traces::carry(use_case));
    async move {
        match task.await {
            Ok(result) => result.map_err(Problem::from),
            Err(_) => Err(Problem::internal()),
        }
    }
}
