//! `/v1/verifications`: the second step for apps that keep accounts of their own. Their servers call it.

use std::net::IpAddr;
use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api_caller::ApiCaller;
use crate::domain::account::locale::Locale;
use crate::domain::app_server::api_key::Scope;
use crate::domain::challenge::ChallengeState;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::ChallengeId;
use crate::domain::value::moment;
use crate::http::app_server::idempotency::{Created, Creating};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{ChallengeAnswer, DeviceAnswer, DeviceBody, SecretText, SessionAnswer, email};
use crate::http::request::json::object;
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::request::status::{NotNeededStatus, VerificationRequiredStatus};
use crate::http::{Api, resource};
use crate::service::{
    AppSignIn, AppSignInResult, ChallengeView, NotNeeded, OnceRequest, Origin, SignedIn, VerificationError,
};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/verifications", "POST").route(web::post().to(begin)))
        .service(resource("/v1/verifications/{id}", "GET").route(web::get().to(show)));
}

/// A sign-in whose password the app has checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct VerificationBody {
    /// The app's own id of the user: letters, digits and `-_.:@+|~=`, up to 255.
    #[schema(min_length = 1, max_length = 255)]
    subject: String,
    /// Where codes by email go, of a subject that is new, or that has no address yet and the key has `subjects:write`. One that is there
    /// stays: `PUT /v1/subjects/{subject}` changes it.
    #[serde(default)]
    #[schema(format = Email)]
    email: Option<String>,
    /// The language of mails, a BCP 47 tag such as `hu-HU`. Kept; left out, it stays as it was.
    #[serde(default)]
    locale: Option<String>,
    #[serde(deserialize_with = "object")]
    device: DeviceBody,
    /// The user's address, as the app's server sees it.
    #[schema(value_type = String)]
    ip: IpAddr,
    /// The trust token of this device, if it has one.
    #[serde(default)]
    trust_token: Option<SecretText>,
}

/// How a verification stands.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct VerificationAnswer {
    id: ChallengeId,
    subject: String,
    status: ChallengeState,
    #[serde(serialize_with = "moment::write")]
    created_at: Timestamp,
    /// Until when the current code is good.
    #[serde(serialize_with = "moment::write")]
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "moment::write_optional")]
    closed_at: Option<Timestamp>,
    /// When it is verified: what says so, a JSON Web Token that is made anew each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    assertion: Option<String>,
}

/// No code is needed: let the user in.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct NotNeededAnswer {
    #[schema(inline)]
    status: NotNeededStatus,
    reason: NotNeeded,
    /// The device's session with the gateway.
    session: SessionAnswer,
    device: DeviceAnswer,
}

/// A code is asked for.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AppVerificationRequiredAnswer {
    #[schema(inline)]
    status: VerificationRequiredStatus,
    verification: VerificationAnswer,
    /// For the app's client, which makes the calls on the challenge.
    challenge: ChallengeAnswer,
}

/// What the beginning of a verification brought.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum BegunAnswer {
    /// With status 200.
    NotNeeded(NotNeededAnswer),
    /// With status 202.
    Required(AppVerificationRequiredAnswer),
}

/// Begin a verification: say who signs in on which device, and learn whether a code is needed. Scope `verifications:write`.
#[utoipa::path(
    post, path = "/v1/verifications", operation_id = "beginVerification", tag = "verifications", request_body = VerificationBody, security(("api_key" = [])),
    params(("Idempotency-Key" = String, Header, description = "A new value for each new request")),
    responses(
        (status = 200, description = "No code is needed: `not_needed`", body = BegunAnswer),
        (status = 202, description = "A code is asked for: `verification_required`", body = BegunAnswer),
        (status = 400, description = "`invalid_request`, `idempotency_key_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_frozen`, `scope_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`request_under_way`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn begin(
    api: Data<Api>,
    Creating { body, call }: Creating<VerificationBody>,
) -> Result<HttpResponse, Problem> {
    let subject = call.subject(Scope::VerificationsWrite, &body.subject)?;
    let origin = Origin::claimed(&api, body.ip);
    let request = AppSignIn {
        subject,
        email: body.email.as_deref().map(email).transpose()?,
        locale: body.locale.as_deref().and_then(Locale::read),
        device: body.device.checked()?,
        // A text that cannot be a trust token is like none: the device is verified anew.
        trust_token: body.trust_token.and_then(|text| Token::parse(TokenKind::Trust, text.expose_secret())),
        audience: call.audience().to_owned(),
        may_change_subjects: call.allows(Scope::SubjectsWrite),
    };
    spend(&api, &origin, &request).await?;
    let use_cases = api.use_cases.clone();
    let asked = Rc::new((request, origin, body.subject));
    let begin = {
        let use_cases = use_cases.clone();
        let asked = Rc::clone(&asked);
        async move |once: &OnceRequest| {
            let (request, origin, subject) = &*asked;
            let answer = |challenge: &ChallengeView, now| begun(subject.clone(), challenge.clone(), now).kept();
            use_cases.app_servers.begin_sign_in_for_app(request, origin, once, answer).await
        }
    };
    let decide = async move {
        let (request, origin, subject) = &*asked;
        let (account, result) = use_cases.app_servers.sign_in_for_app(request, origin).await?;
        Ok(match result {
            AppSignInResult::NotNeeded(reason, signed_in) => {
                let answer = BegunAnswer::NotNeeded(not_needed(reason, *signed_in));
                Created { status: StatusCode::OK, answer, account }
            }
            AppSignInResult::Required(challenge, now) => begun(subject.clone(), *challenge, now),
        })
    };
    call.at_once_or_once(api, begin, decide).await
}

fn begun(subject: String, challenge: ChallengeView, now: Timestamp) -> Created<BegunAnswer> {
    let account = challenge.account_id;
    Created { status: StatusCode::ACCEPTED, answer: BegunAnswer::Required(required(subject, challenge, now)), account }
}

/// Counts a sign-in by the network that the app's server names, as `POST /v1/sign-in` does by its own.
async fn spend(api: &Api, origin: &Origin, request: &AppSignIn) -> Result<(), Problem> {
    let network = origin.network();
    let Err(refused) = api.limits.check(Limited::SignIn, network) else { return Ok(()) };
    let Some(token) = &request.trust_token else { return Err(refused) };
    let look =
        api.use_cases.app_servers.device_of_subjects_trust_token(&request.subject, token, request.device.install_id);
    let device = api.tokens.resolve(&api.limits, network, token, look).await.map_err(|_| refused)?;
    api.limits.spend(Limited::TrustedSignIn, Spender::Device(device))
}

fn not_needed(reason: NotNeeded, signed_in: SignedIn) -> NotNeededAnswer {
    let device = DeviceAnswer::new(signed_in.device, signed_in.trust_token);
    NotNeededAnswer { status: NotNeededStatus::NotNeeded, reason, session: signed_in.session.into(), device }
}

fn required(subject: String, challenge: ChallengeView, now: Timestamp) -> AppVerificationRequiredAnswer {
    let verification = VerificationAnswer {
        id: challenge.id,
        subject,
        status: None.into(),
        created_at: now,
        expires_at: challenge.progress.expires_at,
        closed_at: None,
        assertion: None,
    };
    AppVerificationRequiredAnswer {
        status: VerificationRequiredStatus::VerificationRequired,
        verification,
        challenge: challenge.into(),
    }
}

/// How a verification stands, for 30 days after its end. Scope `verifications:read`.
#[utoipa::path(
    get, path = "/v1/verifications/{id}", operation_id = "getVerification", tag = "verifications", security(("api_key" = [])),
    params(("id" = ChallengeId, Path, description = "The verification")),
    responses(
        (status = 200, description = "How it stands", body = VerificationAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`scope_missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn show(
    api: Data<Api>,
    id: Path<ChallengeId>,
    caller: ApiCaller,
) -> Result<impl Responder, Problem> {
    caller.require(Scope::VerificationsRead)?;
    let found = api.use_cases.core.app_verification(*id).await?;
    // Another app's is none of its business: not even that there is one.
    if found.audience != caller.key.audience || !caller.key.is_for(&found.subject) {
        return Err(VerificationError::NotFound.into());
    }
    Ok(HttpResponse::Ok().json(VerificationAnswer {
        id: found.id,
        subject: found.subject.as_str().to_owned(),
        status: found.state(),
        created_at: found.created_at,
        expires_at: found.expires_at,
        closed_at: found.closed_at,
        assertion: api.use_cases.core.assertion(&found),
    }))
}
