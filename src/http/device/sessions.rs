//! `/v1/sessions`.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::SessionId;
use crate::domain::value::moment;
use crate::http::middleware::security_log::about;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{DeviceAnswer, SecretText, SessionAnswer};
use crate::http::request::extract::{Asking, OptionalBody, SIGN_OUT, Session, invalid};
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::site::session_cookies::{Caller, HoldsTokens};
use crate::http::{Api, resource, to_the_end};
use crate::service::{Origin, VerificationError};
use crate::store::session::GoingOn;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/sessions/refresh", "POST").route(web::post().to(refresh)))
        .service(resource(SIGN_OUT, "DELETE").route(web::delete().to(sign_out)))
        .service(
            resource("/v1/sessions", "GET, DELETE")
                .route(web::get().to(list_sessions))
                .route(web::delete().to(end_other_sessions)),
        )
        .service(resource("/v1/sessions/{id}", "DELETE").route(web::delete().to(end_session)));
}

/// A session that goes on.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct GoingOnAnswer {
    id: SessionId,
    device: DeviceAnswer,
    /// It is the session that asks.
    this_session: bool,
    #[serde(serialize_with = "moment::write")]
    created_at: Timestamp,
    /// When it was last used: exact to the life of an access token.
    #[serde(serialize_with = "moment::write")]
    last_used_at: Timestamp,
    /// Where it seemed to be then; null when nobody knows.
    location: Option<String>,
}

impl GoingOnAnswer {
    fn new(session: GoingOn, this_session: SessionId) -> Self {
        Self {
            this_session: session.id == this_session,
            id: session.id,
            device: DeviceAnswer::new(session.device, None),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            location: session.location,
        }
    }
}

/// The sessions of an account.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SessionsAnswer {
    /// Most recently used first.
    sessions: Vec<GoingOnAnswer>,
}

/// Every session of the account that goes on, of trusted devices and of others.
#[utoipa::path(
    get, path = "/v1/sessions", operation_id = "listSessions", tag = "sessions", security(("session" = [])),
    responses(
        (status = 200, description = "The sessions", body = SessionsAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn list_sessions(
    api: Data<Api>,
    Session(session): Session,
) -> Result<impl Responder, Problem> {
    let sessions = api.use_cases.devices.sessions(&session).await?;
    let answer = |going_on| GoingOnAnswer::new(going_on, session.session_id);
    Ok(HttpResponse::Ok().json(SessionsAnswer { sessions: sessions.into_iter().map(answer).collect() }))
}

/// End one session: its connection closes within a second. Others than its own only a trusted device ends, or any while two-step
/// verification is off and no device is trusted.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", operation_id = "endSession", tag = "sessions", security(("session" = [])),
    params(("id" = SessionId, Path, description = "The session")),
    responses(
        (status = 204, description = "It is over"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn end_session(
    api: Data<Api>,
    id: Path<SessionId>,
    Session(session): Session,
    origin: Origin,
    caller: Caller,
) -> Result<impl Responder, Problem> {
    let is_own = *id == session.session_id;
    to_the_end(async move { api.use_cases.devices.end_session(&session, *id, &origin).await }).await?;
    let mut response = HttpResponse::NoContent();
    if is_own {
        caller.forget(&mut response, &[TokenKind::Access, TokenKind::Refresh, TokenKind::Challenge]);
    }
    Ok(response.finish())
}

/// End every other session of the account: who may is as for one.
#[utoipa::path(
    delete, path = "/v1/sessions", operation_id = "endOtherSessions", tag = "sessions", security(("session" = [])),
    responses(
        (status = 204, description = "They are over"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn end_other_sessions(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.devices.end_other_sessions(&session, &origin).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// A refresh token.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RefreshBody {
    /// As it came with the session. Our own page has it in a cookie and sends no body.
    #[serde(default)]
    #[schema(value_type = String)]
    pub(in crate::http) refresh_token: Option<SecretText>,
}

/// The next tokens of a session.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RefreshAnswer {
    session: SessionAnswer,
}

impl HoldsTokens for RefreshAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        self.session.take_tokens()
    }
}

/// Exchange a refresh token for the next tokens. If the answer gets lost, send the same again: it brings the same tokens until one of
/// them was used, and for 30 s after that. Used later than that, it ends the session: two have it.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", operation_id = "refreshSession", tag = "sessions", request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = RefreshAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn refresh(
    api: Data<Api>,
    request: HttpRequest,
    origin: Origin,
    caller: Caller,
    OptionalBody(body): OptionalBody<RefreshBody>,
) -> Result<impl Responder, Problem> {
    let asking = Asking::of(&request)?;
    let token = match &body.refresh_token {
        Some(text) => Token::parse(TokenKind::Refresh, text.expose_secret()),
        None if caller.is_page() => caller.token(TokenKind::Refresh),
        None => return Err(asking.refusal(invalid("refresh_token", "is needed"))),
    };
    let token = token.ok_or_else(|| asking.refusal(VerificationError::Unauthorized.into()))?;
    if asking.network.is_some() {
        let session = asking.resolve(&token, api.use_cases.devices.session_of_refresh_token(&token)).await?;
        api.limits.spend(Limited::Refresh, Spender::Session(session))?;
    }
    let session = to_the_end(async move { api.use_cases.devices.refresh(&token, &origin).await }).await?;
    let tag = caller.account(TokenKind::Refresh);
    let account = session.account_id;
    let answer = caller.answer(HttpResponse::Ok(), tag.as_ref(), RefreshAnswer { session: session.into() });
    Ok(about(answer, account))
}

/// Sign out.
#[utoipa::path(
    delete, path = "/v1/sessions/current", operation_id = "signOut", tag = "sessions", security(("session" = [])),
    responses(
        (status = 204, description = "The session is over"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn sign_out(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    caller: Caller,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.devices.sign_out(&session, &origin).await }).await?;
    let mut response = HttpResponse::NoContent();
    caller.forget(&mut response, &[TokenKind::Access, TokenKind::Refresh, TokenKind::Challenge]);
    Ok(response.finish())
}
