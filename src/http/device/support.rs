//! Support bundles: `/v1/support` and `/v1/challenges/{id}/support`.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::challenge::{ChallengeState, Method, Purpose};
use crate::domain::delivery::{Channel, DeliveryState, UnreachableReason};
use crate::domain::device::Platform;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::domain::value::moment;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::extract::{ChallengeToken, Session};
use crate::http::{Api, resource};
use crate::service::{SupportBundle, SupportChallenge};
use crate::store::delivery::TracedDelivery;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/support", "GET").route(web::get().to(of_session)))
        .service(resource("/v1/challenges/{id}/support", "GET").route(web::get().to(of_challenge)));
}

/// What to send to support: no code, no token, no address in full.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SupportAnswer {
    #[serde(serialize_with = "moment::write")]
    generated_at: Timestamp,
    gateway_version: &'static str,
    account: SupportAccountAnswer,
    device: SupportDeviceAnswer,
    /// The challenge, or the newest ten of the account within a day, newest first.
    challenges: Vec<SupportChallengeAnswer>,
}

/// The account, as far as the caller may see it.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SupportAccountAnswer {
    /// Masked.
    email: Option<String>,
    /// For a session only, like all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    two_step_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "moment::write_optional")]
    sign_ins_frozen_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_devices: Option<usize>,
}

/// The device that asks.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SupportDeviceAnswer {
    model: String,
    platform: Platform,
    os_version: String,
    app_version: String,
}

/// A challenge with the way of its codes.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SupportChallengeAnswer {
    id: ChallengeId,
    purpose: Purpose,
    method: Method,
    state: ChallengeState,
    #[serde(serialize_with = "moment::write")]
    started_at: Timestamp,
    #[serde(serialize_with = "moment::write")]
    expires_at: Timestamp,
    attempts_left: u16,
    resends: u16,
    /// Every delivery, of all its codes, in their order.
    deliveries: Vec<TracedDeliveryAnswer>,
}

/// A delivery.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TracedDeliveryAnswer {
    /// Of which of the challenge's codes.
    generation: u32,
    /// Which trusted device, by number; the mailbox is 1.
    destination: u16,
    /// What its owner calls the device; only for a trusted device of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    channel: Channel,
    state: DeliveryState,
    /// Why there was no way.
    reason: Option<UnreachableReason>,
    /// What the provider or the mail server answered, in one word.
    detail: Option<String>,
    /// How often it was taken up.
    tries: u16,
    #[serde(serialize_with = "moment::write")]
    created_at: Timestamp,
    /// When it was handed on.
    #[serde(serialize_with = "moment::write_optional")]
    accepted_at: Option<Timestamp>,
    /// When the device said whether it shows the code.
    #[serde(serialize_with = "moment::write_optional")]
    receipt_at: Option<Timestamp>,
}

impl From<SupportBundle> for SupportAnswer {
    fn from(bundle: SupportBundle) -> Self {
        let account = bundle.account;
        Self {
            generated_at: bundle.at,
            gateway_version: env!("CARGO_PKG_VERSION"),
            account: SupportAccountAnswer {
                email: bundle.email,
                id: account.as_ref().map(|account| account.id),
                two_step_enabled: account.as_ref().map(|account| account.two_step_enabled),
                sign_ins_frozen_at: account.as_ref().and_then(|account| account.sign_ins_frozen_at),
                trusted_devices: account.as_ref().map(|account| account.trusted_devices),
            },
            device: SupportDeviceAnswer {
                model: bundle.device.model,
                platform: bundle.device.platform,
                os_version: bundle.device.os_version,
                app_version: bundle.device.app_version,
            },
            challenges: bundle.challenges.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SupportChallenge> for SupportChallengeAnswer {
    fn from(challenge: SupportChallenge) -> Self {
        Self {
            id: challenge.id,
            purpose: challenge.purpose,
            method: challenge.method,
            state: challenge.state,
            started_at: challenge.started_at,
            expires_at: challenge.expires_at,
            attempts_left: challenge.attempts_left,
            resends: challenge.resends,
            deliveries: challenge.deliveries.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<TracedDelivery> for TracedDeliveryAnswer {
    fn from(traced: TracedDelivery) -> Self {
        let TracedDelivery { generation, device_name, tries, created_at, view } = traced;
        Self {
            generation,
            destination: view.destination,
            device_name,
            channel: view.channel,
            state: view.state,
            reason: view.reason,
            detail: view.detail,
            tries,
            created_at,
            accepted_at: view.accepted_at,
            receipt_at: view.receipt_at,
        }
    }
}

/// What a signed-in user can send to support.
#[utoipa::path(
    get, path = "/v1/support", operation_id = "getSupportDetails", tag = "support", security(("session" = [])),
    responses(
        (status = 200, description = "The bundle", body = SupportAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn of_session(api: Data<Api>, Session(session): Session) -> Result<impl Responder, Problem> {
    let bundle = api.use_cases.operators.session_support(&session).await?;
    Ok(HttpResponse::Ok().json(SupportAnswer::from(bundle)))
}

/// What somebody who waits for a code can send to support.
#[utoipa::path(
    get, path = "/v1/challenges/{id}/support", operation_id = "getChallengeSupportDetails", tag = "support",
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("challenge_token" = [])),
    responses(
        (status = 200, description = "The bundle", body = SupportAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn of_challenge(
    api: Data<Api>,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
) -> Result<impl Responder, Problem> {
    let bundle = api.use_cases.operators.challenge_support(*id, &token).await?;
    Ok(HttpResponse::Ok().json(SupportAnswer::from(bundle)))
}
