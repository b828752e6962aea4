//! `/v1/subjects`: what an app's server says of its users, and does with them.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api_caller::ApiCaller;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::app_server::api_key::Scope;
use crate::domain::value::id::DeviceId;
use crate::http::app_server::idempotency::{Created, Creating};
use crate::http::middleware::security_log::about;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{DeviceAnswer, DeviceBody, SessionAnswer, email};
use crate::http::request::json::{Json, object};
use crate::http::{Api, resource, to_the_end};
use crate::service::{Origin, SubjectChange, SubjectView};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/subjects/{subject}", "GET, PUT, DELETE")
                .route(web::get().to(show))
                .route(web::put().to(change))
                .route(web::delete().to(delete)),
        )
        .service(resource("/v1/subjects/{subject}/export", "GET").route(web::get().to(export)))
        .service(resource("/v1/subjects/{subject}/devices", "POST").route(web::post().to(vouch)))
        .service(resource("/v1/subjects/{subject}/devices/{device}", "DELETE").route(web::delete().to(remove)));
}

/// How a subject stands.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SubjectAnswer {
    subject: String,
    /// Where codes by email go, masked; null when nowhere.
    email: Option<String>,
    two_step_enabled: bool,
    /// The app requires it. Left out where it does not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    two_step_required: bool,
    /// No new device may sign in: somebody said "this wasn't me", or too many wrong codes were typed.
    sign_ins_frozen: bool,
    /// Devices that skip the second step.
    trusted_devices: usize,
}

impl SubjectAnswer {
    fn new(subject: String, view: &SubjectView) -> Self {
        Self {
            subject,
            email: view.email.as_ref().map(EmailAddress::masked),
            two_step_enabled: view.two_step_enabled,
            two_step_required: view.two_step_required,
            sign_ins_frozen: view.sign_ins_frozen,
            trusted_devices: view.trusted_devices,
        }
    }
}

/// How a subject stands. Scope `subjects:read`.
#[utoipa::path(
    get, path = "/v1/subjects/{subject}", operation_id = "getSubject", tag = "subjects", security(("api_key" = [])),
    params(("subject" = String, Path, description = "The app's own id of the user")),
    responses(
        (status = 200, description = "How it stands", body = SubjectAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn show(
    api: Data<Api>,
    name: Path<String>,
    caller: ApiCaller,
) -> Result<impl Responder, Problem> {
    let subject = caller.subject(Scope::SubjectsRead, &name)?;
    let view = api.use_cases.app_servers.subject(&subject).await?;
    Ok(HttpResponse::Ok().json(SubjectAnswer::new(name.into_inner(), &view)))
}

/// What is changed of a subject; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SubjectBody {
    /// Where codes by email go.
    #[serde(default)]
    #[schema(format = Email)]
    email: Option<String>,
    /// The language of mails, a BCP 47 tag.
    #[serde(default)]
    locale: Option<String>,
    /// Turn two-step verification on or off. Its owner is told when it is turned off.
    #[serde(default)]
    two_step_enabled: Option<bool>,
    /// Require it, or do so no more. A verification of a subject that has not turned it on in time (`accounts.two_step_grace_days` after
    /// its next one) does so, with a code to its mailbox; without a mailbox nothing is asked.
    #[serde(default)]
    two_step_required: Option<bool>,
}

/// Make or change a subject. Scope `subjects:write`.
#[utoipa::path(
    put, path = "/v1/subjects/{subject}", operation_id = "changeSubject", tag = "subjects", request_body = SubjectBody, security(("api_key" = [])),
    params(("subject" = String, Path, description = "The app's own id of the user")),
    responses(
        (status = 200, description = "How it stands now", body = SubjectAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`, `two_step_unavailable`, `two_step_required`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn change(
    api: Data<Api>,
    name: Path<String>,
    caller: ApiCaller,
    Json(body): Json<SubjectBody>,
) -> Result<HttpResponse, Problem> {
    let subject = caller.subject(Scope::SubjectsWrite, &name)?;
    let change = SubjectChange {
        email: body.email.as_deref().map(email).transpose()?,
        locale: body.locale.as_deref().and_then(Locale::read),
        two_step_enabled: body.two_step_enabled,
        two_step_required: body.two_step_required,
    };
    let view = to_the_end(async move { api.use_cases.app_servers.change_subject(&subject, &change).await }).await?;
    let answer = HttpResponse::Ok().json(SubjectAnswer::new(name.into_inner(), &view));
    Ok(about(answer, view.account_id))
}

/// A device that the app vouches for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct VouchedDeviceBody {
    #[serde(deserialize_with = "object")]
    device: DeviceBody,
    /// The user's address, as the app's server sees it.
    #[schema(value_type = String)]
    ip: IpAddr,
    /// Vouch although no code was typed on this device. It is in the security log, and its owner is told.
    #[serde(default, rename = "override")]
    #[schema(default = false)]
    overrides: bool,
}

/// A device that is trusted from now on.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct VouchedDeviceAnswer {
    session: SessionAnswer,
    device: DeviceAnswer,
}

/// Vouch for a device, for instance the one on which a user turns two-step verification on: it is trusted, and shows codes.
/// Scope `subjects:write`.
#[utoipa::path(
    post, path = "/v1/subjects/{subject}/devices", operation_id = "vouchForDevice", tag = "subjects", request_body = VouchedDeviceBody,
    security(("api_key" = [])),
    params(
        ("subject" = String, Path, description = "The app's own id of the user"),
        ("Idempotency-Key" = String, Header, description = "A new value for each new request")
    ),
    responses(
        (status = 201, description = "It is trusted", body = VouchedDeviceAnswer),
        (status = 400, description = "`invalid_request`, `idempotency_key_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`, `verification_needed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`request_under_way`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn vouch(
    api: Data<Api>,
    name: Path<String>,
    Creating { body, call }: Creating<VouchedDeviceBody>,
) -> Result<HttpResponse, Problem> {
    let subject = call.subject(Scope::SubjectsWrite, &name)?;
    let device = body.device.checked()?;
    let origin = Origin::claimed(&api, body.ip);
    let use_cases = api.use_cases.clone();
    let vouch = async move {
        let (account, signed_in) =
            use_cases.app_servers.vouch_for_device(&subject, device, body.overrides, &origin).await?;
        let device = DeviceAnswer::new(signed_in.device, signed_in.trust_token);
        let answer = VouchedDeviceAnswer { session: signed_in.session.into(), device };
        Ok(Created { status: StatusCode::CREATED, answer, account })
    };
    call.once(api, vouch).await
}

/// Remove a device: it is not trusted any more, and its sessions and connection end at once. Scope `subjects:write`.
#[utoipa::path(
    delete, path = "/v1/subjects/{subject}/devices/{device}", operation_id = "removeSubjectDevice", tag = "subjects", security(("api_key" = [])),
    params(
        ("subject" = String, Path, description = "The app's own id of the user"),
        ("device" = DeviceId, Path, description = "The device")
    ),
    responses(
        (status = 204, description = "It is out"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn remove(
    api: Data<Api>,
    path: Path<(String, DeviceId)>,
    caller: ApiCaller,
) -> Result<HttpResponse, Problem> {
    let (name, device) = path.into_inner();
    let account = api.use_cases.app_servers.account_of_subject(&caller.subject(Scope::SubjectsWrite, &name)?).await?;
    to_the_end(async move { api.use_cases.operators.remove_device_for_owner(account, device).await }).await?;
    Ok(about(HttpResponse::NoContent().finish(), account))
}

/// Everything that is kept about a subject, without what would let anybody in. Scope `subjects:read`.
#[utoipa::path(
    get, path = "/v1/subjects/{subject}/export", operation_id = "exportSubject", tag = "subjects", security(("api_key" = [])),
    params(("subject" = String, Path, description = "The app's own id of the user")),
    responses(
        (status = 200, description = "An object with a list for each kind of thing", body = serde_json::Value),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn export(
    api: Data<Api>,
    name: Path<String>,
    caller: ApiCaller,
) -> Result<impl Responder, Problem> {
    let account = api.use_cases.app_servers.account_of_subject(&caller.subject(Scope::SubjectsRead, &name)?).await?;
    Ok(HttpResponse::Ok().json(api.use_cases.accounts.export_account(account).await?))
}

/// Delete a subject and everything about it; its connections end. Scope `subjects:write`.
#[utoipa::path(
    delete, path = "/v1/subjects/{subject}", operation_id = "deleteSubject", tag = "subjects", security(("api_key" = [])),
    params(("subject" = String, Path, description = "The app's own id of the user")),
    responses(
        (status = 204, description = "Nothing is kept about it"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn delete(
    api: Data<Api>,
    name: Path<String>,
    caller: ApiCaller,
) -> Result<HttpResponse, Problem> {
    let account = api.use_cases.app_servers.account_of_subject(&caller.subject(Scope::SubjectsWrite, &name)?).await?;
    to_the_end(async move { api.use_cases.accounts.delete_account(account).await }).await?;
    Ok(about(HttpResponse::NoContent().finish(), account))
}
