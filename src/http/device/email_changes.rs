//! `/v1/login-security/email` and `/v1/email-changes`: another address for an account, and the way back from it.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::account::password::Password;
use crate::domain::device::token::TokenKind;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{ChallengeEnvelope, SecretText, email};
use crate::http::request::extract::Session;
use crate::http::request::json::Json;
use crate::http::site::session_cookies::Caller;
use crate::http::{Api, resource, to_the_end};
use crate::service::Origin;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/login-security/email", "POST").route(web::post().to(change)))
        .service(resource("/v1/email-changes/{id}/undo", "POST").route(web::post().to(undo)));
}

/// The new address, and the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EmailBody {
    /// The new address.
    pub(in crate::http) email: String,
    password: SecretText,
}

/// Change the account's address: a code goes to the new one, and verifying it does so. The old address is told, and can undo it for 72 hours.
#[utoipa::path(
    post, path = "/v1/login-security/email", operation_id = "changeEmail", tag = "login-security", request_body = EmailBody,
    security(("session" = [])),
    responses(
        (status = 202, description = "A code was sent to the new address", body = ChallengeEnvelope),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`, `too_many_attempts`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn change(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    caller: Caller,
    Json(body): Json<EmailBody>,
) -> Result<impl Responder, Problem> {
    let email = email(&body.email)?;
    let password = Password::typed(body.password.into());
    let begin = async move { api.use_cases.accounts.begin_email_change(&session, email, password, &origin).await };
    let challenge = to_the_end(begin).await?;
    let account = caller.account(TokenKind::Access);
    Ok(caller.answer(HttpResponse::Accepted(), account.as_ref(), ChallengeEnvelope::from(challenge)))
}

/// What the link holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct UndoBody {
    /// Of the link.
    secret: SecretText,
}

/// Undo a change of the address, with what the link holds that went to the address before. No new device can sign in then, until a
/// trusted device allows it.
#[utoipa::path(
    post, path = "/v1/email-changes/{id}/undo", operation_id = "undoEmailChange", tag = "login-security", request_body = UndoBody,
    params(("id" = Uuid, Path, description = "Of the link")),
    responses(
        (status = 204, description = "The account has its earlier address"),
        (status = 400, description = "`invalid_request`, also when the address is another account's by now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: the link is wrong, was used, or is over", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: no UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn undo(
    api: Data<Api>,
    id: Path<Uuid>,
    origin: Origin,
    Json(body): Json<UndoBody>,
) -> Result<impl Responder, Problem> {
    let secret: SecretString = body.secret.into();
    let network = origin.network();
    let accounts = api.use_cases.accounts.clone();
    let done = to_the_end(async move { accounts.undo_email_change(*id, &secret, &origin).await }).await;
    done.map_err(|problem| api.tokens.of_link(&api.limits, network, problem))?;
    Ok(HttpResponse::NoContent())
}
