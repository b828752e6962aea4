//! `/v1/login-activity`.

use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::account::activity::{ActivityDevice, ActivityEntry, ActivityKind, ActivityOutcome};
use crate::domain::challenge::Method;
use crate::domain::device::Platform;
use crate::domain::value::id::ActivityId;
use crate::domain::value::moment;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::extract::{AcceptedLocale, Session, invalid};
use crate::http::{Api, resource, to_the_end};
use crate::i18n::location_note;
use crate::service::Origin;
use crate::store::activity::Cursor;

/// Entries on a page when nobody says how many.
const DEFAULT_LIMIT: u16 = 20;
/// Entries on a page at most.
const MAX_LIMIT: u16 = 100;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/login-activity", "GET").route(web::get().to(page)))
        .service(resource("/v1/login-activity/{id}/report", "POST").route(web::post().to(report)));
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PageQuery {
    /// `next_cursor` of the page before.
    pub(in crate::http) cursor: Option<String>,
    /// Entries, 1 to 100; 20 when it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// The device of an entry, as it was then.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ActivityDeviceAnswer {
    name: String,
    model: String,
    platform: Platform,
}

impl From<ActivityDevice> for ActivityDeviceAnswer {
    fn from(device: ActivityDevice) -> Self {
        Self { name: device.name, model: device.model, platform: device.platform }
    }
}

/// One entry.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ActivityAnswer {
    id: ActivityId,
    #[serde(serialize_with = "moment::write")]
    at: Timestamp,
    kind: ActivityKind,
    outcome: ActivityOutcome,
    /// How the code travelled; null where none was needed.
    method: Option<Method>,
    device: Option<ActivityDeviceAnswer>,
    ip: Option<String>,
    /// Where that address seems to be; null when nobody knows.
    location: Option<String>,
    /// When it was reported as "this wasn't me".
    #[serde(serialize_with = "moment::write_optional")]
    reported_at: Option<Timestamp>,
    /// No code was asked for, but one would be once two-step verification is on. Set only while its rollout is being tried out.
    would_need_code: bool,
    /// The session that asks did it: it need not be reported.
    by_this_session: bool,
    /// The name of the device that it is about, where another one did it: one that was removed, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// How often the same happened again within the hour: this entry stands for all of them. Left out when it did not.
    #[serde(skip_serializing_if = "is_zero")]
    repeats: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<ActivityEntry> for ActivityAnswer {
    fn from(entry: ActivityEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            kind: entry.kind,
            outcome: entry.outcome,
            method: entry.method,
            device: entry.device.map(Into::into),
            ip: entry.ip,
            location: entry.location,
            reported_at: entry.reported_at,
            would_need_code: entry.would_need_code,
            by_this_session: entry.by_this_session,
            about: entry.about,
            repeats: entry.repeats,
        }
    }
}

/// A page.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ActivityPageAnswer {
    /// Newest first.
    entries: Vec<ActivityAnswer>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
    /// What to show beside locations: why they may be far from the truth.
    location_note: String,
}

/// The login activity, newest first.
#[utoipa::path(
    get, path = "/v1/login-activity", operation_id = "listLoginActivity", tag = "login-activity", params(PageQuery), security(("session" = [])),
    responses(
        (status = 200, description = "A page", body = ActivityPageAnswer),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn page(
    api: Data<Api>,
    Session(session): Session,
    Query(query): Query<PageQuery>,
    accepted: AcceptedLocale,
) -> Result<impl Responder, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    let cursor = query.cursor.as_deref().map(read_cursor).transpose()?;
    let page = api.use_cases.accounts.login_activity(&session, cursor, limit).await?;
    Ok(HttpResponse::Ok().json(ActivityPageAnswer {
        entries: page.entries.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|cursor| write_cursor(&cursor)),
        location_note: location_note(accepted.language(session.locale.as_ref())),
    }))
}

/// "This wasn't me", after the fact. The first report of an entry denies its challenge if it is open, lets no new device sign
/// in until a trusted device allows it or the password changes, and tells the owner everywhere.
#[utoipa::path(
    post, path = "/v1/login-activity/{id}/report", operation_id = "reportLoginActivity", tag = "login-activity", security(("session" = [])),
    params(("id" = ActivityId, Path, description = "The entry")),
    responses(
        (status = 204, description = "It is marked"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn report(
    api: Data<Api>,
    id: Path<ActivityId>,
    Session(session): Session,
    origin: Origin,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { api.use_cases.accounts.report_activity(&session, *id, &origin).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// Microseconds, which is what the database keeps, and the id.
pub(in crate::http) fn write_cursor(cursor: &Cursor) -> String {
    let mut bytes = cursor.at.as_microsecond().to_be_bytes().to_vec();
    bytes.extend_from_slice(cursor.id.uuid().as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(in crate::http) fn read_cursor(text: &str) -> Result<Cursor, Problem> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_at_checked(8)?;
        let at = Timestamp::from_microsecond(i64::from_be_bytes(at.try_into().ok()?)).ok()?;
        // No entry is older, and PostgreSQL does not know every time that jiff knows.
        let at = (at >= Timestamp::UNIX_EPOCH).then_some(at)?;
        Some(Cursor { at, id: ActivityId::new(Uuid::from_slice(id).ok()?) })
    };
    read().ok_or_else(|| invalid("cursor", "must be the `next_cursor` of an earlier page"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was(micros in 0_i64..200_000_000_000_000_000, id: u128) {
            let cursor = Cursor { at: Timestamp::from_microsecond(micros).expect("in range"), id: ActivityId::new(Uuid::from_u128(id)) };
            prop_assert!(read_cursor(&write_cursor(&cursor)).is_ok_and(|read| read == cursor));
        }

        #[test]
        fn any_other_text_is_refused_without_a_panic(text: String) {
            let _ = read_cursor(&text);
        }
    }
}
