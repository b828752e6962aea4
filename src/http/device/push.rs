//! `/v1/push` and `/v1/receipts`: what devices need for pushes, and say about them without a session.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock;
use crate::domain::delivery::push_address::AccountTag;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::SecretText;
use crate::http::request::extract::{Session, invalid};
use crate::http::request::json::Json;
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::{Api, resource, to_the_end};
use crate::i18n::{PushText, test_push_text};
use crate::providers::push::{Push, PushContent};
use crate::service::{Origin, Said};

/// A test is waited for by its user: a provider that has not taken it by then is not tried again.
const TEST_LIFETIME: SignedDuration = SignedDuration::from_secs(15);

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/push/web", "GET").route(web::get().to(key)))
        .service(resource("/v1/push/test", "POST").route(web::post().to(test)))
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

/// What became of a test.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct PushTestAnswer {
    /// What the provider answered, in one word: `accepted`, or why not, such as `token_dead`, `unknown_service`, `given_up`; `provider_off`
    /// when the gateway has no such provider.
    outcome: String,
}

/// Send this device a test, as codes are sent: a notification of `type` `alert` and `kind` `test`. `accepted` says that its provider took
/// it; whether it is shown its user sees.
#[utoipa::path(
    post, path = "/v1/push/test", operation_id = "sendTestPush", tag = "devices", security(("session" = [])),
    responses(
        (status = 200, description = "What its provider answered", body = PushTestAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the device is not registered for push, or may not notify", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn test(api: Data<Api>, Session(session): Session) -> Result<impl Responder, Problem> {
    let (address, language) = api.use_cases.devices.own_push_address(&session).await?;
    let now = clock::now();
    let PushText { title, body } = test_push_text(language);
    let push = Push {
        delivery_id: Uuid::now_v7(),
        account: AccountTag::of(session.account_id),
        subject_id: Uuid::now_v7(),
        generation: 1,
        expires_at: now + TEST_LIFETIME,
        language,
        receipt: None,
        content: PushContent::Alert { kind: "test", title, body },
    };
    let outcome = api.push.send(&address, &push, now).await;
    let outcome = outcome.map_or("provider_off", |outcome| outcome.word()).to_owned();
    Ok(HttpResponse::Ok().json(PushTestAnswer { outcome }))
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
    if let Some(drill) = api.use_cases.devices.read_drill_receipt(&token) {
        api.limits.spend(Limited::Receipts, Spender::Drill(drill.0))?;
        to_the_end(async move { api.use_cases.devices.take_drill_receipt(drill, said).await }).await?;
        return Ok(HttpResponse::NoContent());
    }
    let receipt = api.use_cases.challenges.read_push_receipt(&token).map_err(|error| refused(error.into()))?;
    // A token that this gateway made is counted by its challenge: nobody can spend what the devices of others need.
    api.limits.spend(Limited::Receipts, Spender::Challenge(receipt.challenge))?;
    to_the_end(async move { api.use_cases.challenges.take_push_receipt(receipt, said).await }).await?;
    Ok(HttpResponse::NoContent())
}
