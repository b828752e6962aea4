//! `/v1/push/web` and `/v1/receipts`: what devices need for pushes, and say about them, without a session.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::SecretText;
use crate::http::request::extract::invalid;
use crate::http::request::json::Json;
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::{Api, resource, to_the_end};
use crate::service::{Origin, Said};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/push/web", "GET").route(web::get().to(key)))
        .service(resource("/v1/receipts", "POST").route(web::post().to(receive)));
}

/// By which keys browsers know this gateway.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct WebPushAnswer {
    /// What a browser subscribes with (`applicationServerKey`, RFC 8292): base64url of an uncompressed point on P-256; null while Web Push
    /// is off.
    public_key: Option<String>,
    /// All keys that are good: a browser that subscribed with one of these need not subscribe again.
    accepted_keys: Vec<String>,
}

/// The key that a browser subscribes with.
#[utoipa::path(
    get, path = "/v1/push/web", operation_id = "getWebPushKey", tag = "devices",
    responses((status = 200, description = "The key", body = WebPushAnswer))
)]
pub(in crate::http) async fn key(api: Data<Api>) -> impl Responder {
    let accepted_keys = api.push.web_push_keys();
    HttpResponse::Ok().json(WebPushAnswer { public_key: accepted_keys.first().cloned(), accepted_keys })
}

/// What became of a push: either `shown` or `deny`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ReceiptBody {
    /// The token that came with the push.
    receipt: SecretText,
    /// Whether the code is on the screen.
    #[serde(default)]
    shown: Option<bool>,
    /// "This wasn't me": ends the challenge as `POST /v1/challenges/{id}/deny` does. Only with the token of a sealed push.
    #[serde(default)]
    deny: Option<bool>,
}

impl ReceiptBody {
    fn said(&self) -> Result<Said, Problem> {
        match (self.shown, self.deny) {
            (None | Some(_), Some(true)) => Ok(Said::Denied),
            (Some(true), None | Some(false)) => Ok(Said::Shown),
            (Some(false), None | Some(false)) => Ok(Said::NotShown),
            (None, None | Some(false)) => Err(invalid("shown", "or `deny` must be said")),
        }
    }
}

/// Say that a pushed code is on the screen, or that nobody here asked for it, without a session: from the worker of a closed page, an
/// extension for notifications, a background receiver.
#[utoipa::path(
    post, path = "/v1/receipts", operation_id = "sendReceipt", tag = "devices", request_body = ReceiptBody,
    responses(
        (status = 204, description = "It is written down"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: the token is none, its device is no longer trusted, or it allows no denial", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "`challenge_closed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn receive(
    api: Data<Api>,
    origin: Origin,
    Json(body): Json<ReceiptBody>,
) -> Result<impl Responder, Problem> {
    let said = body.said()?;
    let token: SecretString = body.receipt.into();
    let refused = |problem| api.tokens.refusal(&api.limits, origin.network(), problem);
    let receipt = api.use_cases.challenges.read_push_receipt(&token).map_err(|error| refused(error.into()))?;
    // A token that this gateway made is counted by its challenge: nobody can spend what the devices of others need.
    api.limits.spend(Limited::Receipts, Spender::Challenge(receipt.challenge))?;
    to_the_end(async move { api.use_cases.challenges.take_push_receipt(receipt, said).await }).await?;
    Ok(HttpResponse::NoContent())
}
