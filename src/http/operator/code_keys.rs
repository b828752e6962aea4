//! Which code keys this node knows: never the keys themselves.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;

use super::Operator;
use crate::http::resource;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/code-keys", "GET").route(web::get().to(show)));
}

#[derive(Serialize)]
struct CodeKeysAnswer {
    keys: Vec<KeyAnswer>,
}

#[derive(Serialize)]
struct KeyAnswer {
    id: String,
    /// `current`, `accepted` or `revoked`.
    state: &'static str,
}

/// What this node makes of its file of keys: during a rotation every node must know a key before one derives codes with it.
async fn show(operator: Data<Operator>) -> impl Responder {
    let held = operator.use_cases.core.code_keys();
    let keys = held.states().map(|(id, state)| KeyAnswer { id: id.to_string(), state: state.as_str() });
    HttpResponse::Ok().json(CodeKeysAnswer { keys: keys.collect() })
}
