//! `/v1/client-ip`: which address the gateway sees, for operators who set up reverse proxies.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use twostep_front::Peer;
use utoipa::ToSchema;

use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::rate_limits::Limited;
use crate::http::{Api, resource};
use crate::service::Origin;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/client-ip", "GET").route(web::get().to(show)));
}

/// Where this request seems to come from.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ClientIpAnswer {
    /// What limits and the login activity go by; `0.0.0.0` where a trusted proxy passed on something unreadable.
    ip: String,
    /// Who opened the connection: the same, or the last proxy. With the PROXY protocol whom the proxy named.
    peer: String,
    /// Whether the peer is a trusted proxy, so that its `X-Forwarded-For` is believed.
    trusted_proxy: bool,
}

/// The address that the gateway sees this request come from: behind a reverse proxy it must be the client's own.
#[utoipa::path(
    get, path = "/v1/client-ip", operation_id = "getClientAddress", tag = "connect",
    responses(
        (status = 200, description = "The address", body = ClientIpAnswer),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn show(
    api: Data<Api>,
    origin: Origin,
    request: HttpRequest,
) -> Result<impl Responder, Problem> {
    api.limits.check(Limited::Open, origin.network())?;
    let peer = Peer::of(&request).ok_or_else(Problem::internal)?;
    let answer = ClientIpAnswer {
        ip: origin.ip.to_string(),
        peer: peer.address().ip().to_canonical().to_string(),
        trusted_proxy: api.trust.believes(&peer),
    };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(answer))
}
