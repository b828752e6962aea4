//! `/v1/password-resets`: a new password by a link that is mailed.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::account::password::Password;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{SecretText, email};
use crate::http::request::extract::invalid;
use crate::http::request::json::Json;
use crate::http::request::rate_limits::Limited;
use crate::http::{Api, resource, to_the_end};
use crate::service::Origin;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/password-resets", "POST").route(web::post().to(begin)))
        .service(resource("/v1/password-resets/{id}", "POST").route(web::post().to(finish)));
}

/// Whose password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PasswordResetBody {
    /// The address of the account.
    pub(in crate::http) email: String,
}

/// Mail a link for a new password. The answer is the same for every address, and takes the same time.
#[utoipa::path(
    post, path = "/v1/password-resets", operation_id = "requestPasswordReset", tag = "accounts", request_body = PasswordResetBody,
    responses(
        (status = 202, description = "If the address has an account, a mail is on its way, with a link that is good once for 30 minutes"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn begin(
    api: Data<Api>,
    origin: Origin,
    Json(body): Json<PasswordResetBody>,
) -> Result<impl Responder, Problem> {
    api.limits.check(Limited::PasswordResets, origin.network())?;
    let email = email(&body.email)?;
    to_the_end(async move { api.use_cases.accounts.begin_password_reset(&email, &origin).await }).await?;
    Ok(HttpResponse::Accepted())
}

/// What the link holds, and the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewPasswordBody {
    /// Of the link.
    secret: SecretText,
    /// As it shall be, 8 to 128 characters.
    #[schema(min_length = 8, max_length = 128)]
    pub(in crate::http) password: SecretText,
}

/// Set the password with what the link holds. All sessions end; two-step verification, trusted devices and a freeze stay as they are.
#[utoipa::path(
    post, path = "/v1/password-resets/{id}", operation_id = "resetPassword", tag = "accounts", request_body = NewPasswordBody,
    params(("id" = Uuid, Path, description = "Of the link")),
    responses(
        (status = 204, description = "It is changed"),
        (status = 400, description = "`invalid_request`, `common_password`: the link stays good", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: the link is wrong, was used, or is over", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: no UUID", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn finish(
    api: Data<Api>,
    id: Path<Uuid>,
    origin: Origin,
    Json(body): Json<NewPasswordBody>,
) -> Result<impl Responder, Problem> {
    let password = Password::parse_new(body.password.into()).map_err(|error| invalid("password", error))?;
    let secret: SecretString = body.secret.into();
    let network = origin.network();
    let accounts = api.use_cases.accounts.clone();
    let finish = async move { accounts.finish_password_reset(*id, &secret, password, &origin).await };
    let done = to_the_end(finish).await;
    done.map_err(|problem| api.tokens.of_link(&api.limits, network, problem))?;
    Ok(HttpResponse::NoContent())
}
