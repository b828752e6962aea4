//! `/v1/login-security`.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::domain::delivery::push_address::AccountTag;
use crate::domain::device::token::TokenKind;
use crate::domain::value::moment;
use crate::http::device::recoveries::RecoveryAnswer;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{ChallengeEnvelope, SecretText, TrustedDeviceAnswer};
use crate::http::request::extract::{Session, invalid};
use crate::http::request::json::Json;
use crate::http::site::session_cookies::Caller;
use crate::http::{Api, resource, to_the_end};
use crate::service::{Disabling, Origin, WaysLeft};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/login-security", "GET").route(web::get().to(show)))
        .service(resource("/v1/login-security/two-step", "POST").route(web::post().to(switch)))
        .service(resource("/v1/login-security/unfreeze", "POST").route(web::post().to(unfreeze)))
        .service(resource("/v1/login-security/password", "POST").route(web::post().to(change_password)));
}

/// Two-step verification of an account.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TwoStepAnswer {
    /// It is offered to this account.
    available: bool,
    /// It is on.
    enabled: bool,
    /// It must be: it cannot be turned off. Left out where its owner decides.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    required: bool,
    /// From then on a sign-in turns it on, with a code to the mailbox. Left out where it is on, or nothing is asked.
    #[serde(serialize_with = "moment::write_optional", skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
}

/// How the security of an account stands.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct LoginSecurityAnswer {
    two_step: TwoStepAnswer,
    /// Since when no new device may sign in, because of a "this wasn't me" or too many wrong codes; null when new devices may.
    #[serde(serialize_with = "moment::write_optional")]
    sign_ins_frozen_at: Option<Timestamp>,
    /// What names the account in pushes, for an app with several accounts on one phone.
    account_tag: String,
    /// The account's address, masked; null when an app keeps the account and gave none.
    email: Option<String>,
    /// The same in full, for the owner who asks whether it is right.
    full_email: Option<String>,
    /// Most recently used first.
    trusted_devices: Vec<TrustedDeviceAnswer>,
    ways: WaysAnswer,
    /// That somebody with the right password asked to come in without a device, and what became of it. Left out when nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<RecoveryAnswer>,
}

/// What the owner can still come in by on a new device, besides this one.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct WaysAnswer {
    trusted_devices: DevicesWay,
    recovery_codes: RecoveryCodesWay,
    /// The owner's authenticator app; null when there is none.
    authenticator: Option<AuthenticatorWay>,
    /// A code may go to the mailbox, as the gateway's settings say.
    email: bool,
    /// When somebody last showed that they read it: it was confirmed, or a code that went there was right. Null when nobody did.
    #[serde(serialize_with = "moment::write_optional")]
    email_proven_at: Option<Timestamp>,
}

impl From<WaysLeft> for WaysAnswer {
    fn from(ways: WaysLeft) -> Self {
        let WaysLeft { devices, reachable_devices, device_seen_at, recovery_codes, email, email_proven_at, .. } = ways;
        Self {
            trusted_devices: DevicesWay { count: devices, reachable: reachable_devices, last_seen_at: device_seen_at },
            recovery_codes: RecoveryCodesWay { left: recovery_codes.left, made_at: recovery_codes.made_at },
            authenticator: ways.authenticator_made_at.map(|made_at| AuthenticatorWay { made_at }),
            email,
            email_proven_at,
        }
    }
}

/// Other trusted devices.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct DevicesWay {
    /// How many there are.
    count: usize,
    /// How many of them a code reaches while they are not connected.
    reachable: usize,
    /// When one of them was last seen; null when there is none.
    #[serde(serialize_with = "moment::write_optional")]
    last_seen_at: Option<Timestamp>,
}

/// An authenticator app.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AuthenticatorWay {
    /// When it was set up.
    #[serde(serialize_with = "moment::write")]
    made_at: Timestamp,
}

/// Recovery codes.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RecoveryCodesWay {
    /// How many are not used yet.
    left: u32,
    /// When they were made; null when there never were any.
    #[serde(serialize_with = "moment::write_optional")]
    made_at: Option<Timestamp>,
}

/// How the security of the account stands.
#[utoipa::path(
    get, path = "/v1/login-security", operation_id = "getLoginSecurity", tag = "login-security", security(("session" = [])),
    responses(
        (status = 200, description = "How it stands", body = LoginSecurityAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn show(api: Data<Api>, Session(session): Session) -> Result<HttpResponse, Problem> {
    let security = api.use_cases.accounts.login_security(&session).await?;
    Ok(HttpResponse::Ok().json(LoginSecurityAnswer {
        two_step: TwoStepAnswer {
            available: security.available,
            enabled: security.enabled,
            required: security.required,
            due_at: security.due_at,
        },
        sign_ins_frozen_at: security.sign_ins_frozen_at,
        account_tag: AccountTag::of(security.account_id).as_str().to_owned(),
        email: security.email.as_ref().map(EmailAddress::masked),
        full_email: security.email.as_ref().map(|email| email.as_str().to_owned()),
        trusted_devices: TrustedDeviceAnswer::list(security.trusted_devices, security.this_device),
        ways: security.ways.into(),
        recovery: security.recovery.map(RecoveryAnswer::from),
    }))
}

/// On, or off with the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct TwoStepBody {
    /// What it shall be.
    enabled: bool,
    /// Needed to turn it off.
    #[serde(default)]
    pub(in crate::http) password: Option<SecretText>,
}

/// Turn two-step verification on (a code goes to the mailbox) or off (the password is asked for, and on a device that is not
/// trusted a code as well).
#[utoipa::path(
    post, path = "/v1/login-security/two-step", operation_id = "switchTwoStep", tag = "login-security", request_body = TwoStepBody,
    security(("session" = [])),
    responses(
        (status = 202, description = "A code was sent: to the address to turn it on, to the trusted devices to turn it off; verifying it does so", body = ChallengeEnvelope),
        (status = 204, description = "Off"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`two_step_unavailable`, `two_step_required`, `account_frozen`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn switch(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    caller: Caller,
    Json(body): Json<TwoStepBody>,
) -> Result<HttpResponse, Problem> {
    match (body.enabled, body.password) {
        (true, None) => {
            let begin = async move { api.use_cases.accounts.begin_enabling(&session, &origin).await };
            let challenge = to_the_end(begin).await?;
            let account = caller.account(TokenKind::Access);
            Ok(caller.answer(HttpResponse::Accepted(), account.as_ref(), ChallengeEnvelope::from(challenge)))
        }
        (false, Some(password)) => {
            let password = Password::typed(password.into());
            let disable = async move { api.use_cases.accounts.disable_two_step(&session, password, &origin).await };
            Ok(match to_the_end(disable).await? {
                Disabling::Done => HttpResponse::NoContent().finish(),
                Disabling::VerificationRequired(challenge) => {
                    let account = caller.account(TokenKind::Access);
                    caller.answer(HttpResponse::Accepted(), account.as_ref(), ChallengeEnvelope::from(*challenge))
                }
            })
        }
        (true, Some(_)) => Err(invalid("password", "is only needed to turn it off")),
        (false, None) => Err(invalid("password", "is needed to turn it off")),
    }
}

/// Let new devices sign in again, after a "this wasn't me" or too many wrong codes. Changing the password does it too.
#[utoipa::path(
    post, path = "/v1/login-security/unfreeze", operation_id = "unfreezeSignIns", tag = "login-security", security(("session" = [])),
    responses(
        (status = 204, description = "They may"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`, `account_frozen` when only a new password helps", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn unfreeze(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
) -> Result<HttpResponse, Problem> {
    to_the_end(async move { api.use_cases.accounts.unfreeze(&session, &origin).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The passwords.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PasswordBody {
    /// As it is.
    pub(in crate::http) current: SecretText,
    /// As it shall be, 8 to 128 characters.
    #[schema(min_length = 8, max_length = 128)]
    pub(in crate::http) new: SecretText,
    /// Trust no device but this one any longer.
    #[serde(default)]
    #[schema(default = false)]
    forget_devices: bool,
}

/// Change the password. Every other session ends. While two-step verification is on, only a trusted device may.
#[utoipa::path(
    post, path = "/v1/login-security/password", operation_id = "changePassword", tag = "login-security", request_body = PasswordBody,
    security(("session" = [])),
    responses(
        (status = 204, description = "It is changed"),
        (status = 400, description = "`invalid_request`, `common_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`, while two-step verification is on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn change_password(
    api: Data<Api>,
    Session(session): Session,
    origin: Origin,
    Json(body): Json<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let new = Password::parse_new(body.new.into()).map_err(|error| invalid("new", error))?;
    let current = Password::typed(body.current.into());
    let forget = body.forget_devices;
    let change = async move { api.use_cases.accounts.change_password(&session, current, new, forget, &origin).await };
    to_the_end(change).await?;
    Ok(HttpResponse::NoContent().finish())
}
