//! `/v1/login-security/recovery-codes`.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::password::Password;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::SecretText;
use crate::http::request::extract::{OptionalBody, Session};
use crate::http::{Api, resource, to_the_end};
use crate::service::Origin;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/login-security/recovery-codes", "POST").route(web::post().to(make)));
}

/// The password proves that its owner asks.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RecoveryCodesBody {
    /// Needed, but of the users of an app, who have none here: their session must have begun in the last ten minutes.
    #[serde(default)]
    password: Option<SecretText>,
}

/// What to write down: they are told this once.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RecoveryCodesAnswer {
    /// Ten, such as `7K3MD-9QXW2-0FGRT-HBN4C`. Each stands once in the place of a code.
    codes: Vec<String>,
}

/// Make recovery codes. Earlier ones are worth nothing then. Only a trusted device may.
#[utoipa::path(
    post, path = "/v1/login-security/recovery-codes", operation_id = "makeRecoveryCodes", tag = "login-security", request_body = Option<RecoveryCodesBody>,
    security(("session" = [])),
    responses(
        (status = 201, description = "The codes, told this once", body = RecoveryCodesAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`, `password_needed`; `forbidden` for a password where an app keeps it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn make(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    OptionalBody(body): OptionalBody<RecoveryCodesBody>,
) -> Result<impl Responder, Problem> {
    let password = body.password.map(|password| Password::typed(password.into()));
    let make = async move { api.use_cases.accounts.make_recovery_codes(&session, password, &origin).await };
    let codes = to_the_end(make).await?.iter().map(|code| code.expose().to_owned()).collect();
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(RecoveryCodesAnswer { codes }))
}
