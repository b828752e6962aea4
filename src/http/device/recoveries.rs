//! `/v1/recoveries`: the last resort.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::activity::ActivityDevice;
use crate::domain::account::last_resort::RecoveryState;
use crate::domain::device::DeviceInfo;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::RecoveryId;
use crate::domain::value::moment;
use crate::http::device::login_activity::ActivityDeviceAnswer;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::email;
use crate::http::request::extract::{Asking, Session, token};
use crate::http::request::json::Json;
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::{Api, resource, to_the_end};
use crate::service::{Origin, RecoveryView};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/recoveries", "POST").route(web::post().to(ask))).service(
        resource("/v1/recoveries/{id}", "GET, DELETE").route(web::get().to(show)).route(web::delete().to(cancel)),
    );
}

/// Whose account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RecoveryBody {
    /// The address that the sign-in was begun with.
    pub(in crate::http) email: String,
}

/// A request to come in without a device, and how it stands.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RecoveryAnswer {
    id: RecoveryId,
    state: RecoveryState,
    #[serde(serialize_with = "moment::write")]
    asked_at: Timestamp,
    /// From then on a code may go by email, once.
    #[serde(serialize_with = "moment::write")]
    ready_at: Timestamp,
    /// Until then.
    #[serde(serialize_with = "moment::write")]
    usable_until: Timestamp,
    /// The device that asked.
    device: ActivityDeviceAnswer,
    /// The address that it asked from.
    ip: String,
    /// Where that seems to be; null when nobody knows.
    location: Option<String>,
}

impl From<RecoveryView> for RecoveryAnswer {
    fn from(view: RecoveryView) -> Self {
        let RecoveryView { id, state, times, requester } = view;
        let DeviceInfo { name, model, platform, .. } = requester.device;
        let device = ActivityDevice { name, model, platform };
        Self {
            id,
            state,
            asked_at: times.asked_at,
            ready_at: times.ready_at,
            usable_until: times.usable_until,
            device: device.into(),
            ip: requester.ip,
            location: requester.location,
        }
    }
}

/// A recovery.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RecoveryEnvelope {
    recovery: RecoveryAnswer,
}

/// The token of a sign-in that waits for its code, whichever that is.
pub(in crate::http) struct SignInToken(Token);

impl FromRequest for SignInToken {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = Asking::of(request).and_then(|asking| {
            token(request, TokenKind::Challenge).map(Self).map_err(|problem| asking.refusal(problem))
        });
        std::future::ready(read)
    }
}

/// Who may see a recovery: a session of the account, or a sign-in that waits for its code.
pub(in crate::http) enum Viewer {
    Session(ActiveSession),
    SignIn(Token),
}

impl FromRequest for Viewer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if let Ok(token) = token(request, TokenKind::Challenge) {
            return Box::pin(std::future::ready(Ok(Self::SignIn(token))));
        }
        let session = Session::from_request(request, payload);
        Box::pin(async move { session.await.map(|Session(session)| Self::Session(session)) })
    }
}

/// Ask for the last resort, with a sign-in whose password was right. After a wait, of which the owner is told on every channel at once and daily,
/// a code by email is enough to sign in, once. Asking again begins the wait anew. Any session of the account can cancel it.
#[utoipa::path(
    post, path = "/v1/recoveries", operation_id = "askForRecovery", tag = "challenges", request_body = RecoveryBody,
    security(("challenge_token" = [])),
    responses(
        (status = 202, description = "The wait begins", body = RecoveryEnvelope),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: the token is of no open sign-in of that address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_frozen`; `forbidden` where there is no last resort", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn ask(
    api: Data<Api>,
    SignInToken(token): SignInToken,
    origin: Origin,
    Json(body): Json<RecoveryBody>,
) -> Result<impl Responder, Problem> {
    let email = email(&body.email)?;
    let network = origin.network();
    let accounts = api.use_cases.accounts.clone();
    let look = accounts.asking_sign_in(&email, &token);
    let asking = api.tokens.resolve(&api.limits, network, &token, look).await?;
    if network.is_some() {
        api.limits.spend(Limited::Calls, Spender::Challenge(asking.challenge))?;
    }
    let recovery = to_the_end(async move { accounts.ask_for_recovery(asking).await }).await?;
    Ok(HttpResponse::Accepted().json(RecoveryEnvelope { recovery: recovery.into() }))
}

/// How a recovery stands.
#[utoipa::path(
    get, path = "/v1/recoveries/{id}", operation_id = "getRecovery", tag = "challenges",
    params(("id" = RecoveryId, Path, description = "The recovery")), security(("session" = []), ("challenge_token" = [])),
    responses(
        (status = 200, description = "How it stands", body = RecoveryEnvelope),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn show(
    api: Data<Api>,
    id: Path<RecoveryId>,
    origin: Origin,
    viewer: Viewer,
) -> Result<impl Responder, Problem> {
    let accounts = &api.use_cases.accounts;
    let recovery = match viewer {
        Viewer::Session(session) => accounts.recovery(&session, *id).await?,
        Viewer::SignIn(token) => {
            let network = origin.network();
            let look = accounts.recovery_for_asker(&token, *id);
            let (challenge, recovery) = api.tokens.resolve(&api.limits, network, &token, look).await?;
            if network.is_some() {
                api.limits.spend(Limited::Calls, Spender::Challenge(challenge))?;
            }
            recovery
        }
    };
    Ok(HttpResponse::Ok().json(RecoveryEnvelope { recovery: recovery.into() }))
}

/// Cancel a recovery that the owner does not want. Sign-ins that wait for a code end with it.
#[utoipa::path(
    delete, path = "/v1/recoveries/{id}", operation_id = "cancelRecovery", tag = "login-security",
    params(("id" = RecoveryId, Path, description = "The recovery")), security(("session" = [])),
    responses(
        (status = 204, description = "It is over"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`, also when it ended before", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn cancel(
    api: Data<Api>,
    id: Path<RecoveryId>,
    Session(session): Session,
    origin: Origin,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.accounts.cancel_recovery(&session, *id, &origin).await }).await?;
    Ok(HttpResponse::NoContent())
}
