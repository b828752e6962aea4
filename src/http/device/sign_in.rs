//! `/v1/sign-in`.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::password::Password;
use crate::domain::device::token::{Token, TokenKind};
use crate::http::middleware::security_log::about;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{ChallengeAnswer, DeviceBody, SecretText, SignedInAnswer, email};
use crate::http::request::json::{Json, object};
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::request::status::VerificationRequiredStatus;
use crate::http::site::session_cookies::{AccountTag, Caller, HoldsTokens};
use crate::http::{Api, resource, to_the_end};
use crate::service::{Origin, SignInRequest, SignInResult};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/sign-in", "POST").route(web::post().to(sign_in)));
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SignInBody {
    /// The address.
    #[schema(format = Email)]
    pub(in crate::http) email: String,
    /// The password.
    pub(in crate::http) password: SecretText,
    #[serde(deserialize_with = "object")]
    pub(in crate::http) device: DeviceBody,
    /// The trust token of this device, if it has one. Our own page has it in a cookie.
    #[serde(default)]
    pub(in crate::http) trust_token: Option<SecretText>,
}

/// A code is asked for.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct VerificationRequiredAnswer {
    #[schema(inline)]
    status: VerificationRequiredStatus,
    challenge: ChallengeAnswer,
}

impl HoldsTokens for VerificationRequiredAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        self.challenge.take_tokens()
    }
}

/// What a sign-in brought.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum SignInAnswer {
    /// With status 200.
    SignedIn(SignedInAnswer),
    /// With status 202.
    VerificationRequired(VerificationRequiredAnswer),
}

impl HoldsTokens for SignInAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        match self {
            Self::SignedIn(answer) => answer.take_tokens(),
            Self::VerificationRequired(answer) => answer.take_tokens(),
        }
    }
}

/// Sign in. A trusted device, or one of an account with two-step verification off, gets a session; any other one a
/// challenge.
#[utoipa::path(
    post, path = "/v1/sign-in", operation_id = "signIn", tag = "sign-in", request_body = SignInBody,
    responses(
        (status = 200, description = "Signed in: `signed_in`", body = SignInAnswer),
        (status = 202, description = "A code is asked for: `verification_required`", body = SignInAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_frozen`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn sign_in(
    api: Data<Api>,
    origin: Origin,
    caller: Caller,
    Json(body): Json<SignInBody>,
) -> Result<HttpResponse, Problem> {
    let email = email(&body.email)?;
    let tag = AccountTag::from(&email);
    let request = SignInRequest {
        email,
        password: Password::typed(body.password.into()),
        device: body.device.checked()?,
        // A text that cannot be a trust token is like none: the device is verified anew.
        trust_token: match &body.trust_token {
            Some(text) => Token::parse(TokenKind::Trust, text.expose_secret()),
            None => caller.trust_token(&tag),
        },
    };
    spend(&api, &origin, &request).await?;
    let result = to_the_end(async move { api.use_cases.sign_ins.sign_in(request, &origin).await }).await?;
    let (account, response, answer) = match result {
        SignInResult::SignedIn(signed_in) => {
            let account = signed_in.session.account_id;
            (account, HttpResponse::Ok(), SignInAnswer::SignedIn((*signed_in).into()))
        }
        SignInResult::VerificationRequired(challenge) => {
            let status = VerificationRequiredStatus::VerificationRequired;
            let account = challenge.account_id;
            let answer = VerificationRequiredAnswer { status, challenge: (*challenge).into() };
            (account, HttpResponse::Accepted(), SignInAnswer::VerificationRequired(answer))
        }
    };
    Ok(about(caller.answer(response, Some(&tag), answer), account))
}

/// Counts a sign-in by network. When strangers spent what its network may, a trusted device has some of its own.
async fn spend(api: &Api, origin: &Origin, request: &SignInRequest) -> Result<(), Problem> {
    let network = origin.network();
    let Err(refused) = api.limits.check(Limited::SignIn, network) else { return Ok(()) };
    let Some(token) = &request.trust_token else { return Err(refused) };
    let look = api.use_cases.devices.device_of_trust_token(&request.email, token, request.device.install_id);
    // Whatever is wrong with the token, the truth is that too many sign-ins came.
    let device = api.tokens.resolve(&api.limits, network, token, look).await.map_err(|_| refused)?;
    api.limits.spend(Limited::TrustedSignIn, Spender::Device(device))
}
