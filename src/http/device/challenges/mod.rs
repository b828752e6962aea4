//! `/v1/challenges/{id}`: state, live state, verify, resend, cancel, deny.

mod events;
mod status_answer;
mod streams;

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::{Deserialize, Serialize};
pub(in crate::http) use status_answer::ChallengeStatusAnswer;
use utoipa::ToSchema;

use crate::domain::challenge::Method;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::ChallengeId;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{ChallengeEnvelope, DeviceAnswer, SecretText, SignedInAnswer};
use crate::http::request::extract::{AcceptedLocale, ChallengeToken, OptionalBody, Session, invalid};
use crate::http::request::json::Json;
use crate::http::request::status::{EmailChangedStatus, TwoStepDisabledStatus, TwoStepEnabledStatus};
use crate::http::site::session_cookies::{Caller, HoldsTokens};
use crate::http::{Api, resource, to_the_end};
use crate::service::Verified;

pub(in crate::http) use crate::http::device::challenges::events::__path_events;
pub use streams::{StreamBounds, Streams};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/challenges/{id}", "GET").route(web::get().to(status)))
        .service(resource("/v1/challenges/{id}/events", "GET").route(web::get().to(events::events)))
        .service(resource("/v1/challenges/{id}/verify", "POST").route(web::post().to(verify)))
        .service(resource("/v1/challenges/{id}/resend", "POST").route(web::post().to(resend)))
        .service(resource("/v1/challenges/{id}/cancel", "POST").route(web::post().to(cancel)))
        .service(resource("/v1/challenges/{id}/deny", "POST").route(web::post().to(deny)));
}

/// How a challenge stands, in words a user understands.
#[utoipa::path(
    get, path = "/v1/challenges/{id}", operation_id = "getChallenge", tag = "challenges", params(("id" = ChallengeId, Path, description = "The challenge")),
    security(("challenge_token" = [])),
    responses(
        (status = 200, description = "How it stands", body = ChallengeStatusAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn status(
    api: Data<Api>,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
    accepted: AcceptedLocale,
) -> Result<impl Responder, Problem> {
    let status = api.use_cases.challenges.status(*id, &token).await?;
    Ok(HttpResponse::Ok().json(ChallengeStatusAnswer::new(status, &accepted)))
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct VerifyBody {
    /// The digits, of any script, with anything around them. This or `recovery_code`.
    #[serde(default)]
    pub(in crate::http) code: Option<SecretText>,
    /// One of the account's recovery codes, with or without hyphens (`sign_in`, `disable_two_step`).
    #[serde(default)]
    pub(in crate::http) recovery_code: Option<SecretText>,
    /// A code of the owner's authenticator app (`sign_in`, `disable_two_step`).
    #[serde(default)]
    pub(in crate::http) authenticator: Option<SecretText>,
    /// Trust this device from now on (`sign_in` only).
    #[serde(default = "yes")]
    #[schema(default = true)]
    trust_device: bool,
}

fn yes() -> bool {
    true
}

/// Two-step verification is on.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TwoStepEnabledAnswer {
    #[schema(inline)]
    status: TwoStepEnabledStatus,
    device: DeviceAnswer,
}

/// Two-step verification is off.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TwoStepDisabledAnswer {
    #[schema(inline)]
    status: TwoStepDisabledStatus,
    device: DeviceAnswer,
}

/// The account has another address.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct EmailChangedAnswer {
    #[schema(inline)]
    status: EmailChangedStatus,
    device: DeviceAnswer,
}

/// What the right code brought.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum VerifiedAnswer {
    /// `sign_in`, `create_account`.
    SignedIn(SignedInAnswer),
    /// `enable_two_step`.
    TwoStepEnabled(TwoStepEnabledAnswer),
    /// `disable_two_step`.
    TwoStepDisabled(TwoStepDisabledAnswer),
    /// `change_email`.
    EmailChanged(EmailChangedAnswer),
}

impl HoldsTokens for VerifiedAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        match self {
            Self::SignedIn(answer) => answer.take_tokens(),
            Self::TwoStepEnabled(answer) => answer.device.take_tokens(),
            Self::TwoStepDisabled(answer) => answer.device.take_tokens(),
            Self::EmailChanged(answer) => answer.device.take_tokens(),
        }
    }
}

/// Check a code, or a recovery code or one of an authenticator app in its place. If the answer gets lost, send the same again: the right code brings the same answer for 60 s, tokens included.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/verify", operation_id = "verifyChallenge", tag = "challenges", request_body = VerifyBody,
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("challenge_token" = [])),
    responses(
        (status = 200, description = "The code was right", body = VerifiedAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`two_step_unavailable`: the offer was taken back since", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_frozen`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "`challenge_closed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`wrong_code`, with `attempts_left`; with `earlier_code` it cost no attempt", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_attempts`, `too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn verify(
    api: Data<Api>,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
    caller: Caller,
    Json(body): Json<VerifyBody>,
) -> Result<impl Responder, Problem> {
    let trust = body.trust_device;
    let challenges = api.use_cases.challenges.clone();
    let verified = match (body.code, body.recovery_code, body.authenticator) {
        (Some(code), None, None) => {
            let typed = code.into();
            to_the_end(async move { challenges.verify(*id, &token, &typed, trust).await }).await?
        }
        (None, Some(code), None) => {
            let typed = code.into();
            to_the_end(async move { challenges.verify_recovery_code(*id, &token, &typed, trust).await }).await?
        }
        (None, None, Some(code)) => {
            let typed = code.into();
            to_the_end(async move { challenges.verify_authenticator(*id, &token, &typed, trust).await }).await?
        }
        _ => return Err(invalid("code", "or `recovery_code` or `authenticator` must be said, one of them")),
    };
    let answer = match verified {
        Verified::SignedIn { signed_in, assertion } => {
            VerifiedAnswer::SignedIn(SignedInAnswer::from(*signed_in).asserted(assertion))
        }
        Verified::TwoStepEnabled { device, trust_token } => VerifiedAnswer::TwoStepEnabled(TwoStepEnabledAnswer {
            status: TwoStepEnabledStatus::TwoStepEnabled,
            device: DeviceAnswer::new(device, Some(trust_token)),
        }),
        Verified::EmailChanged { device } => VerifiedAnswer::EmailChanged(EmailChangedAnswer {
            status: EmailChangedStatus::EmailChanged,
            device: DeviceAnswer::new(device, None),
        }),
        Verified::TwoStepDisabled { device } => VerifiedAnswer::TwoStepDisabled(TwoStepDisabledAnswer {
            status: TwoStepDisabledStatus::TwoStepDisabled,
            device: DeviceAnswer::new(device, None),
        }),
    };
    let mut response = HttpResponse::Ok();
    caller.forget(&mut response, &[TokenKind::Challenge]);
    Ok(caller.answer(response, caller.account(TokenKind::Challenge).as_ref(), answer))
}

/// How to send the new code.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ResendBody {
    /// One of the challenge's `methods`; as before when it is left out.
    #[serde(default)]
    method: Option<Method>,
}

/// Ask for a new code, perhaps by another method. The earlier one is then wrong.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/resend", operation_id = "resendCode", tag = "challenges", request_body = Option<ResendBody>,
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("challenge_token" = [])),
    responses(
        (status = 202, description = "A new code is on its way", body = ChallengeEnvelope),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "`challenge_closed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`resend_too_soon`, `too_many_attempts`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn resend(
    api: Data<Api>,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
    OptionalBody(body): OptionalBody<ResendBody>,
) -> Result<impl Responder, Problem> {
    let method = body.method;
    let challenge = to_the_end(async move { api.use_cases.challenges.resend(*id, &token, method).await }).await?;
    Ok(HttpResponse::Accepted().json(ChallengeEnvelope::from(challenge)))
}

/// Give up: end the challenge that this device asked for. Trusted devices stop showing its code.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/cancel", operation_id = "cancelChallenge", tag = "challenges",
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("challenge_token" = [])),
    responses(
        (status = 204, description = "It is over, or was before"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn cancel(
    api: Data<Api>,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.challenges.cancel(*id, &token).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// "This wasn't me": end the challenge of somebody else's sign-in, or of somebody else's wish to turn two-step verification off.
/// No new device can sign in then, until a trusted device allows it or the password changes.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/deny", operation_id = "denyChallenge", tag = "challenges",
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("session" = [])),
    responses(
        (status = 204, description = "It is over, and everybody was told"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "`challenge_closed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn deny(
    api: Data<Api>,
    id: Path<ChallengeId>,
    Session(session): Session,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.challenges.deny(&session, *id).await }).await?;
    Ok(HttpResponse::NoContent())
}
