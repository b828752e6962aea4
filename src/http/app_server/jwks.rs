//! `/.well-known/jwks.json`: the keys that assertions are checked with (RFC 7517).

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::app_server::assertion::Jwk;
use crate::http::{Api, resource};

/// A key is published long before it signs: with every node that knows it, and it signs only when it is made the current one.
const CACHE: &str = "public, max-age=300";

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/.well-known/jwks.json", "GET").route(web::get().to(show)));
}

/// Keys (RFC 7517 section 5).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct JwksAnswer {
    keys: Vec<Jwk>,
}

/// The keys that assertions are checked with. Fetch them again when an assertion names one that you do not know.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getAssertionKeys", tag = "verifications",
    responses((status = 200, description = "The keys", body = JwksAnswer))
)]
pub(in crate::http) async fn show(api: Data<Api>) -> impl Responder {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", CACHE))
        .json(JwksAnswer { keys: api.use_cases.app_servers.assertion_keys() })
}
