//! `/v1/sessions`.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Asking, OptionalBody, SIGN_OUT, Session, invalid};
use super::limits::{Limited, Spender};
use super::page::{Caller, HoldsTokens};
use super::problem::{Problem, ProblemBody};
use super::security_log::about;
use super::views::{SecretText, SessionAnswer};
use super::{Api, resource, to_the_end};
use crate::domain::token::{Token, TokenKind};
use crate::verification::{Origin, VerificationError};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/sessions/refresh", "POST").route(web::post().to(refresh)))
        .service(resource(SIGN_OUT, "DELETE").route(web::delete().to(sign_out)));
}

/// A refresh token.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshBody {
    /// As it came with the session. Our own page has it in a cookie and sends no body.
    #[serde(default)]
    #[schema(value_type = String)]
    pub(super) refresh_token: Option<SecretText>,
}

/// The next tokens of a session.
#[derive(Serialize, ToSchema)]
pub(super) struct RefreshAnswer {
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
    post, path = "/v1/sessions/refresh", tag = "sessions", request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = RefreshAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn refresh(
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
        let session = asking.resolve(&token, api.verification.session_of_refresh_token(&token)).await?;
        api.limits.spend(Limited::Refresh, Spender::Session(session))?;
    }
    let session = to_the_end(async move { api.verification.refresh(&token, &origin).await }).await?;
    let (tag, account) = (caller.account(TokenKind::Refresh), session.account_id);
    let answer = caller.answer(HttpResponse::Ok(), tag.as_ref(), RefreshAnswer { session: session.into() });
    Ok(about(answer, account))
}

/// Sign out.
#[utoipa::path(
    delete, path = "/v1/sessions/current", tag = "sessions", security(("session" = [])),
    responses(
        (status = 204, description = "The session is over"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sign_out(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    caller: Caller,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.verification.sign_out(&session, &origin).await }).await?;
    let mut response = HttpResponse::NoContent();
    caller.forget(&mut response, &[TokenKind::Access, TokenKind::Refresh, TokenKind::Challenge]);
    Ok(response.finish())
}
