//! `/v1/login-security/authenticator`: the owner's authenticator app.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::password::Password;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::SecretText;
use crate::http::request::extract::{OptionalBody, Session};
use crate::http::request::json::Json;
use crate::http::{Api, resource, to_the_end};
use crate::service::Origin;

/// Sides of the picture, in pixels: it is scaled where it is shown.
const PICTURE_PIXELS: u32 = 240;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/login-security/authenticator", "POST, DELETE")
                .route(web::post().to(set_up))
                .route(web::delete().to(remove)),
        )
        .service(resource("/v1/login-security/authenticator/confirm", "POST").route(web::post().to(confirm)));
}

/// The password proves that its owner asks.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AuthenticatorBody {
    /// Needed once the session began more than ten minutes ago.
    #[serde(default)]
    password: Option<SecretText>,
}

/// What an app is set up with: told this once.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AuthenticatorAnswer {
    /// What the picture says: `otpauth://totp/…`, for a link on the same phone.
    uri: String,
    /// The secret as it is typed into an app: 32 letters and digits of base 32.
    secret: String,
    /// The picture that an app scans, an SVG document.
    qr_svg: String,
}

/// Set an authenticator app up. It is good once its first code is confirmed, within 15 minutes; until then an earlier one stays. Only a trusted
/// device may.
#[utoipa::path(
    post, path = "/v1/login-security/authenticator", operation_id = "setUpAuthenticator", tag = "login-security",
    request_body = Option<AuthenticatorBody>, security(("session" = [])),
    responses(
        (status = 201, description = "What to set the app up with, told this once", body = AuthenticatorAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`, `password_needed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn set_up(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    OptionalBody(body): OptionalBody<AuthenticatorBody>,
) -> Result<impl Responder, Problem> {
    let password = body.password.map(|password| Password::typed(password.into()));
    let make = async move { api.use_cases.accounts.set_up_authenticator(&session, password, &origin).await };
    let made = to_the_end(make).await?;
    let uri = made.uri.expose_secret().to_owned();
    let qr_svg = picture(&uri).ok_or_else(Problem::internal)?;
    let answer = AuthenticatorAnswer { uri, secret: made.secret.expose_secret().to_owned(), qr_svg };
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(answer))
}

/// Black on white, whatever the page looks like: readers want it so (ISO/IEC 18004).
fn picture(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(PICTURE_PIXELS, PICTURE_PIXELS).build();
    // Without the declaration it also stands in a page.
    Some(picture.split_once("?>").map_or(picture.clone(), |(_, svg)| svg.to_owned()))
}

/// The first code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AuthenticatorCodeBody {
    /// Six digits, of any script, with anything around them.
    pub(in crate::http) code: SecretText,
}

/// Confirm an authenticator app with its first code. From then on its codes stand in the place of codes that travel; an earlier app is forgotten.
#[utoipa::path(
    post, path = "/v1/login-security/authenticator/confirm", operation_id = "confirmAuthenticator", tag = "login-security",
    request_body = AuthenticatorCodeBody, security(("session" = [])),
    responses(
        (status = 204, description = "It is good"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: none was set up in the last 15 minutes, or too many codes were typed: set it up again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`wrong_code`: look at the newest one; the phone's clock must be right", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn confirm(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    Json(body): Json<AuthenticatorCodeBody>,
) -> Result<impl Responder, Problem> {
    let typed: SecretString = body.code.into();
    let confirm = async move { api.use_cases.accounts.confirm_authenticator(&session, &typed, &origin).await };
    to_the_end(confirm).await?;
    Ok(HttpResponse::NoContent())
}

/// Forget the authenticator app. Only a trusted device may.
#[utoipa::path(
    delete, path = "/v1/login-security/authenticator", operation_id = "removeAuthenticator", tag = "login-security", security(("session" = [])),
    responses(
        (status = 204, description = "Its codes are worth nothing"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: there is none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn remove(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.accounts.remove_authenticator(&session, &origin).await }).await?;
    Ok(HttpResponse::NoContent())
}
