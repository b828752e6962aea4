//! What an operator sees of an account, and does for its owner.

use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NotFromAnotherPage, Operator};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::subject::Subject;
use crate::domain::device::Platform;
use crate::domain::value::id::{AccountId, DeviceId};
use crate::domain::value::moment;
use crate::http::device::login_activity::ActivityAnswer;
use crate::http::device::login_security::WaysAnswer;
use crate::http::device::recoveries::RecoveryAnswer;
use crate::http::problem::Problem;
use crate::http::request::extract::invalid;
use crate::http::{resource, to_the_end};
use crate::store::account::ListedAccount;
use crate::store::device::TrustedDevice;

/// Entries of the login activity that are shown at most.
const MOST_ENTRIES: u16 = 500;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/accounts", "GET").route(web::get().to(find)))
        .service(resource("/sign-out-everywhere", "POST").route(web::post().to(sign_out_all)))
        .service(resource("/accounts/{id}", "GET, DELETE").route(web::get().to(show)).route(web::delete().to(delete)))
        .service(resource("/accounts/{id}/sign-out-everywhere", "POST").route(web::post().to(sign_out_everywhere)))
        .service(resource("/accounts/{id}/unfreeze", "POST").route(web::post().to(unfreeze)))
        .service(resource("/accounts/{id}/recovery", "DELETE").route(web::delete().to(cancel_recovery)))
        .service(resource("/accounts/{id}/reset-two-step", "POST").route(web::post().to(reset_two_step)))
        .service(resource("/accounts/{id}/devices/{device}", "DELETE").route(web::delete().to(remove_device)))
        .service(resource("/accounts/{id}/activity", "GET").route(web::get().to(activity)))
        .service(resource("/accounts/{id}/export", "GET").route(web::get().to(export)));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    /// How addresses or subjects of a list begin.
    #[serde(default)]
    starts_with: Option<String>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<AccountId>,
}

#[derive(Serialize)]
struct AccountsAnswer {
    accounts: Vec<ListedAnswer>,
    next: Option<AccountId>,
}

#[derive(Serialize)]
struct ListedAnswer {
    id: AccountId,
    /// Masked, as everywhere. Null when it has none.
    email: Option<String>,
    /// What the app that keeps it calls it.
    subject: Option<String>,
    two_step_enabled: bool,
    sign_ins_frozen: bool,
    trusted_devices: i64,
    #[serde(serialize_with = "moment::write")]
    created_at: Timestamp,
}

impl From<ListedAccount> for ListedAnswer {
    fn from(account: ListedAccount) -> Self {
        let ListedAccount { id, email, subject, two_step_enabled, sign_ins_frozen, trusted_devices, created_at } =
            account;
        let email = email.as_ref().map(EmailAddress::masked);
        Self { id, email, subject, two_step_enabled, sign_ins_frozen, trusted_devices, created_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AfterQuery {
    #[serde(default)]
    after: Option<AccountId>,
}

#[derive(Serialize)]
struct SignedOutAnswer {
    signed_out: usize,
    next: Option<AccountId>,
}

#[derive(Serialize)]
struct AccountAnswer {
    id: AccountId,
    /// Masked: who asks knows it, or need not. Null when it has none.
    email: Option<String>,
    /// An app keeps it, and its password.
    is_of_app: bool,
    two_step_enabled: bool,
    /// No new device may sign in: somebody said "this wasn't me", or too many wrong codes were typed.
    sign_ins_frozen: bool,
    trusted_devices: usize,
    devices: Vec<DeviceAnswer>,
    ways: WaysAnswer,
    /// The last resort that somebody asked for.
    recovery: Option<RecoveryAnswer>,
}

#[derive(Serialize)]
struct DeviceAnswer {
    id: DeviceId,
    name: String,
    model: String,
    platform: Platform,
    #[serde(serialize_with = "moment::write")]
    trusted_at: Timestamp,
    #[serde(serialize_with = "moment::write")]
    last_seen_at: Timestamp,
    location: Option<String>,
}

impl From<TrustedDevice> for DeviceAnswer {
    fn from(trusted: TrustedDevice) -> Self {
        let TrustedDevice { device, last_seen_at, trusted_at, location } = trusted;
        let info = device.info;
        let id = device.id;
        Self { id, name: info.name, model: info.model, platform: info.platform, trusted_at, last_seen_at, location }
    }
}

/// The account of an address or a subject; without either a page of all, or of those that begin so.
async fn find(operator: Data<Operator>, Query(query): Query<AccountQuery>) -> Result<HttpResponse, Problem> {
    let is_one = query.email.is_some() || query.subject.is_some();
    if is_one && (query.starts_with.is_some() || query.after.is_some()) {
        return Err(invalid("starts_with", "and `after` are for a list, not for one `email` or `subject`"));
    }
    let id = match (&query.email, &query.subject) {
        (Some(email), None) => {
            let email = EmailAddress::parse(email).map_err(|error| invalid("email", error))?;
            operator.use_cases.operators.account_of(&email).await?
        }
        (None, Some(subject)) => {
            let subject = Subject::parse(subject).map_err(|error| invalid("subject", error))?;
            operator.use_cases.app_servers.account_of_subject(&subject).await?
        }
        (None, None) => {
            let beginning = query.starts_with.unwrap_or_default();
            let page = operator.use_cases.operators.accounts(&beginning, query.after).await?;
            let accounts = page.accounts.into_iter().map(Into::into).collect();
            return Ok(HttpResponse::Ok().json(AccountsAnswer { accounts, next: page.next }));
        }
        (Some(_), Some(_)) => return Err(invalid("email", "and `subject` cannot both be there")),
    };
    answer(&operator, id).await
}

/// How an account stands.
async fn show(operator: Data<Operator>, id: Path<AccountId>) -> Result<impl Responder, Problem> {
    answer(&operator, *id).await
}

async fn answer(operator: &Operator, id: AccountId) -> Result<HttpResponse, Problem> {
    let account = operator.use_cases.operators.account_summary(id).await?;
    Ok(HttpResponse::Ok().json(AccountAnswer {
        id: account.id,
        email: account.email.as_ref().map(EmailAddress::masked),
        is_of_app: account.is_of_app,
        two_step_enabled: account.two_step_enabled,
        sign_ins_frozen: account.sign_ins_frozen,
        trusted_devices: account.trusted_devices.len(),
        devices: account.trusted_devices.into_iter().map(Into::into).collect(),
        ways: account.ways.into(),
        recovery: account.recovery.map(Into::into),
    }))
}

/// Ends every session of an account, and its connections.
async fn sign_out_everywhere(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { operator.use_cases.operators.sign_out_everywhere(*id).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// Ends the sessions of the next accounts, a hundred at a time.
async fn sign_out_all(
    operator: Data<Operator>,
    Query(query): Query<AfterQuery>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    let signed_out = to_the_end(async move { operator.use_cases.operators.sign_out_next(query.after).await }).await?;
    Ok(HttpResponse::Ok().json(SignedOutAnswer { signed_out: signed_out.count, next: signed_out.next }))
}

/// Ends the last resort that somebody asked for.
async fn cancel_recovery(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { operator.use_cases.operators.cancel_recovery_for_owner(*id).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// Lets new devices sign in to an account again.
async fn unfreeze(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { operator.use_cases.operators.unfreeze_for_owner(*id).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// Turns two-step verification off, for an owner who has no trusted device left.
async fn reset_two_step(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { operator.use_cases.operators.reset_two_step(*id).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// Removes a trusted device.
async fn remove_device(
    operator: Data<Operator>,
    path: Path<(AccountId, DeviceId)>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    let (account, device) = path.into_inner();
    to_the_end(async move { operator.use_cases.operators.remove_device_for_owner(account, device).await }).await?;
    Ok(HttpResponse::NoContent())
}

/// Deletes an account and everything about it.
async fn delete(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    to_the_end(async move { operator.use_cases.accounts.delete_account(*id).await }).await?;
    Ok(HttpResponse::NoContent())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivityQuery {
    limit: u16,
}

#[derive(Serialize)]
struct EntriesAnswer {
    /// Newest first.
    entries: Vec<ActivityAnswer>,
}

/// The newest entries of an account's login activity.
async fn activity(
    operator: Data<Operator>,
    id: Path<AccountId>,
    Query(query): Query<ActivityQuery>,
) -> Result<impl Responder, Problem> {
    if !(1..=MOST_ENTRIES).contains(&query.limit) {
        return Err(invalid("limit", format!("must be 1 to {MOST_ENTRIES}")));
    }
    operator.use_cases.operators.account_summary(*id).await?;
    let page = operator.use_cases.accounts.activity_of(*id, None, query.limit).await?;
    Ok(HttpResponse::Ok().json(EntriesAnswer { entries: page.entries.into_iter().map(Into::into).collect() }))
}

/// Everything that is kept about an account.
async fn export(operator: Data<Operator>, id: Path<AccountId>) -> Result<impl Responder, Problem> {
    Ok(HttpResponse::Ok().json(operator.use_cases.accounts.export_account(*id).await?))
}
