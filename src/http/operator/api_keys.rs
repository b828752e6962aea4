//! Keys of apps' servers: making, listing, rotating and revoking them.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{NotFromAnotherPage, Operator};
use crate::domain::account::subject::Subject;
use crate::domain::app_server::api_key::{ApiKey, Scope};
use crate::domain::value::id::ApiKeyId;
use crate::domain::value::moment;
use crate::domain::value::short_text::{cleaned, is_clean};
use crate::http::problem::Problem;
use crate::http::request::dto::SentToken;
use crate::http::request::extract::invalid;
use crate::http::request::json::Json;
use crate::http::{resource, to_the_end};
use crate::service::{NewApiKey, WantedApiKey};

/// Longest name of a key in characters.
const LONGEST_NAME: usize = 64;
/// Longest audience in characters.
const LONGEST_AUDIENCE: usize = 255;
/// After a rotation the old key is good for so long at most, in seconds: 30 days.
const LONGEST_GRACE: u32 = 30 * 86_400;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api-keys", "GET, POST").route(web::get().to(list)).route(web::post().to(create)))
        .service(resource("/api-keys/{id}", "DELETE").route(web::delete().to(revoke)))
        .service(resource("/api-keys/{id}/rotate", "POST").route(web::post().to(rotate)));
}

/// A key, without its secret.
#[derive(Serialize)]
struct ApiKeyAnswer {
    id: ApiKeyId,
    name: String,
    audience: String,
    scopes: Vec<Scope>,
    /// The subjects that it is for: those that begin so; null: all.
    subject_prefix: Option<String>,
    #[serde(serialize_with = "moment::write")]
    created_at: Timestamp,
    /// To the minute; null when it never was.
    #[serde(serialize_with = "moment::write_optional")]
    last_used_at: Option<Timestamp>,
    /// Null while nobody said when.
    #[serde(serialize_with = "moment::write_optional")]
    ends_at: Option<Timestamp>,
    /// It may be used now.
    is_good: bool,
}

impl From<ApiKey> for ApiKeyAnswer {
    fn from(key: ApiKey) -> Self {
        let ApiKey { id, name, audience, scopes, subject_prefix, created_at, last_used_at, ends_at, is_good } = key;
        Self { id, name, audience, scopes, subject_prefix, created_at, last_used_at, ends_at, is_good }
    }
}

#[derive(Serialize)]
struct ApiKeysAnswer {
    keys: Vec<ApiKeyAnswer>,
}

/// Every key, newest first.
async fn list(operator: Data<Operator>) -> Result<impl Responder, Problem> {
    let keys = operator.use_cases.app_servers.api_keys().await?.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(ApiKeysAnswer { keys }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKeyBody {
    name: String,
    /// Whom assertions are for; no other app's key may have it. Left out: that of `same_app_as`, or the name.
    #[serde(default)]
    audience: Option<String>,
    scopes: Vec<Scope>,
    /// The subjects that it is for: those that begin so; left out: all.
    #[serde(default)]
    subject_prefix: Option<String>,
    /// A key of the same app.
    #[serde(default)]
    same_app_as: Option<ApiKeyId>,
}

/// A key that was just made: nobody can show it again.
#[derive(Serialize)]
struct NewApiKeyAnswer {
    id: ApiKeyId,
    key: SentToken,
    audience: String,
}

impl From<NewApiKey> for NewApiKeyAnswer {
    fn from(new: NewApiKey) -> Self {
        Self { id: new.id, key: new.token.into(), audience: new.audience }
    }
}

/// Makes a key.
async fn create(
    operator: Data<Operator>,
    _: NotFromAnotherPage,
    Json(body): Json<ApiKeyBody>,
) -> Result<impl Responder, Problem> {
    let name = cleaned(&body.name, LONGEST_NAME).ok_or_else(|| invalid("name", "must have something to read"))?;
    // Apps compare it letter by letter: it is refused rather than changed.
    if body.audience.as_deref().is_some_and(|audience| !is_clean(audience, LONGEST_AUDIENCE)) {
        let rule =
            format!("must have 1 to {LONGEST_AUDIENCE} characters, all visible, with single spaces between them");
        return Err(invalid("audience", rule));
    }
    if body.scopes.is_empty() {
        return Err(invalid("scopes", "must name at least one"));
    }
    if let Some(prefix) = &body.subject_prefix {
        Subject::parse(prefix).map_err(|error| invalid("subject_prefix", error))?;
    }
    let create = async move {
        let wanted = WantedApiKey {
            name: &name,
            audience: body.audience.as_deref(),
            scopes: &body.scopes,
            subject_prefix: body.subject_prefix.as_deref(),
            same_app_as: body.same_app_as,
        };
        operator.use_cases.app_servers.create_api_key(&wanted).await
    };
    Ok(HttpResponse::Created().json(NewApiKeyAnswer::from(to_the_end(create).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    /// For how long the old key is still good.
    grace_seconds: u32,
}

/// Makes a key that may do what another may, which ends a little later.
async fn rotate(
    operator: Data<Operator>,
    id: Path<ApiKeyId>,
    _: NotFromAnotherPage,
    Json(body): Json<RotateBody>,
) -> Result<impl Responder, Problem> {
    if body.grace_seconds > LONGEST_GRACE {
        return Err(invalid("grace_seconds", format!("must be 0 to {LONGEST_GRACE}")));
    }
    let grace = SignedDuration::from_secs(body.grace_seconds.into());
    let rotate = async move { operator.use_cases.app_servers.rotate_api_key(*id, grace).await };
    Ok(HttpResponse::Created().json(NewApiKeyAnswer::from(to_the_end(rotate).await?)))
}

/// Ends a key: within two seconds no node takes it any more.
async fn revoke(
    operator: Data<Operator>,
    id: Path<ApiKeyId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { operator.use_cases.app_servers.revoke_api_key(*id).await }).await?;
    Ok(HttpResponse::NoContent())
}
