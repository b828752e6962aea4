//! `/v1/accounts`.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::account::password::Password;
use crate::http::middleware::security_log::about;
use crate::http::problem::{Problem, ProblemBody, ProblemCode};
use crate::http::request::dto::{ChallengeEnvelope, DeviceBody, SecretText, email};
use crate::http::request::extract::invalid;
use crate::http::request::json::{Json, object};
use crate::http::request::rate_limits::Limited;
use crate::http::site::session_cookies::{AccountTag, Caller};
use crate::http::{Api, resource, to_the_end};
use crate::service::Origin;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/accounts", "POST").route(web::post().to(create)));
}

/// What an account is made with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct CreateAccountBody {
    /// Its address.
    #[schema(max_length = 254, format = Email)]
    pub(in crate::http) email: String,
    /// 8 to 128 characters.
    #[schema(min_length = 8, max_length = 128)]
    pub(in crate::http) password: SecretText,
    #[serde(deserialize_with = "object")]
    pub(in crate::http) device: DeviceBody,
}

/// Create an account: a code goes to the address. The answer is the same when the address has an account already.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "createAccount", tag = "accounts", request_body = CreateAccountBody,
    responses(
        (status = 202, description = "A code was sent to the address", body = ChallengeEnvelope),
        (status = 400, description = "`invalid_request`, `common_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: this gateway takes no new accounts", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn create(
    api: Data<Api>,
    origin: Origin,
    caller: Caller,
    Json(body): Json<CreateAccountBody>,
) -> Result<impl Responder, Problem> {
    if !api.takes_accounts {
        let detail = "Accounts are not made here (accounts.registration). Ask whoever runs the service for one.";
        return Err(Problem::new(ProblemCode::Forbidden, detail));
    }
    api.limits.check(Limited::Accounts, origin.network())?;
    let email = email(&body.email)?;
    let tag = AccountTag::from(&email);
    let password = Password::parse_new(body.password.into()).map_err(|error| invalid("password", error))?;
    let device = body.device.checked()?;
    let challenge =
        to_the_end(async move { api.use_cases.accounts.create_account(email, password, device, &origin).await })
            .await?;
    let account = challenge.account_id;
    let answer = caller.answer(HttpResponse::Accepted(), Some(&tag), ChallengeEnvelope::from(challenge));
    Ok(about(answer, account))
}
