//! `/v1/password-strength`.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::locale::Language;
use crate::domain::account::password::Password;
use crate::domain::account::password_strength::{PasswordSuggestion, PasswordWarning, Strength};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::dto::{SecretText, email};
use crate::http::request::json::Json;
use crate::http::request::rate_limits::Limited;
use crate::http::{Api, resource};
use crate::i18n::{password_suggestion_text, password_warning_text};
use crate::service::Origin;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/password-strength", "POST").route(web::post().to(judge)));
}

/// A password that somebody thinks of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PasswordStrengthBody {
    /// It is neither kept nor logged. What is longer than 32 characters is judged by its beginning.
    pub(in crate::http) password: SecretText,
    /// The account's address: its parts make bad passwords.
    #[serde(default)]
    #[schema(max_length = 254)]
    pub(in crate::http) email: Option<String>,
}

/// What makes it easy to guess.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct WarningAnswer {
    code: PasswordWarning,
    /// What a user reads.
    text: String,
}

/// What would make it better.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SuggestionAnswer {
    code: PasswordSuggestion,
    /// What a user reads.
    text: String,
}

/// How strong it is.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct PasswordStrengthAnswer {
    /// From 0 (found at once) to 4 (very hard to find).
    #[schema(minimum = 0, maximum = 4)]
    score: u8,
    /// It is one of those that are tried first, and would be refused.
    is_common: bool,
    warning: Option<WarningAnswer>,
    suggestions: Vec<SuggestionAnswer>,
}

impl PasswordStrengthAnswer {
    fn new(strength: Strength, language: Language) -> Self {
        let warning = |code| WarningAnswer { code, text: password_warning_text(language, code) };
        let suggestion = |code| SuggestionAnswer { code, text: password_suggestion_text(language, code) };
        Self {
            score: strength.score,
            is_common: strength.is_common,
            warning: strength.warning.map(warning),
            suggestions: strength.suggestions.into_iter().map(suggestion).collect(),
        }
    }
}

/// How strong a password would be, in the language that `Accept-Language` likes best.
#[utoipa::path(
    post, path = "/v1/password-strength", operation_id = "judgePassword", tag = "accounts", request_body = PasswordStrengthBody,
    responses(
        (status = 200, description = "The estimate", body = PasswordStrengthAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn judge(
    api: Data<Api>,
    origin: Origin,
    Json(body): Json<PasswordStrengthBody>,
) -> Result<impl Responder, Problem> {
    api.limits.check(Limited::PasswordStrength, origin.network())?;
    let email = body.email.as_deref().map(email).transpose()?;
    let password = Password::typed(body.password.into());
    let strength = api.use_cases.sign_ins.password_strength(password, email).await?;
    Ok(HttpResponse::Ok().json(PasswordStrengthAnswer::new(strength, Language::of(origin.locale.as_ref()))))
}
