//! HTTP: a handler parses, makes one call, maps the answer.

mod api;
mod app_server;
mod device;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../../fuzz/properties/http.rs"]
pub mod fuzzing;
mod middleware;
pub mod operator;
pub mod problem;
mod request;
mod routing;
mod site;

use actix_web::middleware::from_fn;
use actix_web::web::{self as actix, Data, ServiceConfig};

pub use api::Api;
pub use device::challenges::{StreamBounds, Streams};
pub use device::connect::WEBSOCKET_PATH;
pub use device::tokens::Tokens;
pub use middleware::encoding::refuse_encoded;
pub use middleware::measured::measure;
pub use request::client_ip::Trust;
pub use request::rate_limits::{LimitSettings, Limits};
pub use routing::no_room;
pub(crate) use routing::{no_such_route, resource, to_the_end};
pub use site::openapi::text as openapi_text;

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
        .configure(device::recovery_codes::routes)
        .configure(device::password_resets::routes)
        .configure(device::email_changes::routes)
        .configure(device::recoveries::routes)
        .configure(device::authenticator::routes)
        .configure(device::devices::routes)
        .configure(device::push::routes)
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
        .configure(site::well_known::routes)
        .configure(site::assets::routes)
        .default_service(actix::to(no_such_route));
    if has_outbox {
        site::dev_outbox::routes(config);
    }
}
