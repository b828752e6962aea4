//! `/v1/accounts`.

use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::invalid;
use super::limits::Limited;
use super::page::{AccountTag, Caller};
use super::problem::{Problem, ProblemBody};
use super::security_log::about;
use super::views::{ChallengeEnvelope, DeviceBody, SecretText, email};
use super::{Api, no_such_method, to_the_end};
use crate::domain::password::Password;
use crate::verification::Origin;

pub(super) fn routes(config: &mut ServiceConfig) {
    let resource = web::resource("/v1/accounts");
    config.service(resource.route(web::post().to(create)).default_service(web::to(no_such_method)));
}

/// What an account is made with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateAccountBody {
    /// Its address.
    #[schema(max_length = 254)]
    email: String,
    /// 8 to 128 characters.
    password: SecretText,
    device: DeviceBody,
}

/// Create an account: a code goes to the address. The answer is the same when the address has an account already.
#[utoipa::path(
    post, path = "/v1/accounts", tag = "accounts", request_body = CreateAccountBody,
    responses(
        (status = 202, description = "A code was sent to the address", body = ChallengeEnvelope),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    api: Data<Api>,
    origin: Origin,
    caller: Caller,
    Json(body): Json<CreateAccountBody>,
) -> Result<impl Responder, Problem> {
    api.limits.check(Limited::Accounts, &origin)?;
    let email = email(&body.email)?;
    let tag = AccountTag::from(&email);
    let password = Password::parse_new(body.password.into()).map_err(|error| invalid("password", error))?;
    let device = body.device.checked()?;
    let challenge =
        to_the_end(async move { api.verification.create_account(email, password, device, &origin).await }).await?;
    let account = challenge.account_id;
    let answer = caller.answer(HttpResponse::Accepted(), Some(&tag), ChallengeEnvelope::from(challenge));
    Ok(about(answer, account))
}
