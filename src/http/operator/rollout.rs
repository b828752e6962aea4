//! `/admin/rollout`: to whom two-step verification is offered.

use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NotFromAnotherPage, Operator};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::rollout::hold::{HoldCause, Share};
use crate::domain::account::rollout::{Batch, Hold, Listed, ListedAccount, RolloutMode, RolloutState};
use crate::domain::value::id::AccountId;
use crate::domain::value::moment;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::extract::invalid;
use crate::http::request::json::Json;
use crate::http::resource;
use crate::service::VerificationError;

pub(super) fn routes(config: &mut ServiceConfig) {
    let account = resource("/rollout/accounts/{id}", "PUT, DELETE");
    config
        .service(resource("/rollout", "GET, PUT").route(web::get().to(show)).route(web::put().to(set)))
        .service(resource("/rollout/batches", "GET").route(web::get().to(batches)))
        .service(resource("/rollout/resume", "POST").route(web::post().to(resume)))
        .service(resource("/rollout/accounts", "GET").route(web::get().to(accounts)))
        .service(account.route(web::put().to(list)).route(web::delete().to(unlist)));
}

#[derive(Serialize)]
struct RolloutAnswer {
    /// Share of accounts, 0 to 100.
    percent: f64,
    mode: RolloutMode,
    /// Accounts on the allow list.
    allowed: i64,
    /// Accounts on the deny list.
    denied: i64,
    /// When the share or the mode was last set.
    #[serde(serialize_with = "moment::write")]
    changed_at: Timestamp,
    /// Why it holds; null unless it does.
    held: Option<HoldAnswer>,
}

impl From<RolloutState> for RolloutAnswer {
    fn from(state: RolloutState) -> Self {
        let RolloutState { percent, mode, allowed, denied, changed_at, held } = state;
        Self { percent, mode, allowed, denied, changed_at, held: held.map(Into::into) }
    }
}

#[derive(Serialize)]
struct HoldAnswer {
    #[serde(serialize_with = "moment::write")]
    at: Timestamp,
    /// What is offered meanwhile: the share without the newest batch.
    percent: f64,
    cause: HoldCause,
    newest: ShareAnswer,
    /// The batch before, at the same age.
    before: ShareAnswer,
}

impl From<Hold> for HoldAnswer {
    fn from(Hold { at, percent, finding }: Hold) -> Self {
        Self { at, percent, cause: finding.cause, newest: finding.newest.into(), before: finding.before.into() }
    }
}

/// So many accounts of so many.
#[derive(Serialize)]
struct ShareAnswer {
    count: u64,
    of: u64,
    /// 0 to 100, with one decimal.
    percent: f64,
}

impl From<Share> for ShareAnswer {
    fn from(share: Share) -> Self {
        Self { count: share.count, of: share.of, percent: (share.fraction() * 1000.0).round() / 10.0 }
    }
}

/// The switch as it stands.
async fn show(operator: Data<Operator>) -> Result<impl Responder, Problem> {
    Ok(HttpResponse::Ok().json(RolloutAnswer::from(operator.use_cases.operators.rollout().await?)))
}

/// What is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RolloutBody {
    percent: Option<f64>,
    mode: Option<RolloutMode>,
}

/// Moves the switch.
async fn set(
    operator: Data<Operator>,
    _: NotFromAnotherPage,
    Json(body): Json<RolloutBody>,
) -> Result<impl Responder, Problem> {
    if body.percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
        return Err(invalid("percent", "must be 0 to 100"));
    }
    if body.percent.is_none() && body.mode.is_none() {
        return Err(invalid("percent", "must be there, or `mode`"));
    }
    let state = operator.use_cases.operators.set_rollout(body.percent, body.mode).await?;
    Ok(HttpResponse::Ok().json(RolloutAnswer::from(state)))
}

#[derive(Serialize)]
struct BatchAnswer {
    /// Places from here, 0 to 100,
    from: f64,
    /// to here.
    to: f64,
    #[serde(serialize_with = "moment::write")]
    began_at: Timestamp,
    /// Null until its first hour was counted.
    counted: Option<FiguresAnswer>,
}

#[derive(Serialize)]
struct FiguresAnswer {
    /// Since it began.
    hours: u32,
    /// Accounts that turned two-step verification on.
    accounts: u64,
    /// Of these, with a sign-in that asked for a code.
    asked: u64,
    unreachable: ShareAnswer,
    abandoned: ShareAnswer,
    recovered: ShareAnswer,
}

impl From<Batch> for BatchAnswer {
    fn from(batch: Batch) -> Self {
        let counted = batch.counted.map(|(hours, figures)| FiguresAnswer {
            hours,
            accounts: figures.accounts,
            asked: figures.asked,
            unreachable: figures.share(HoldCause::Unreachable).into(),
            abandoned: figures.share(HoldCause::Abandoned).into(),
            recovered: figures.share(HoldCause::Recovered).into(),
        });
        Self { from: batch.from, to: batch.to, began_at: batch.began_at, counted }
    }
}

#[derive(Serialize)]
struct BatchesAnswer {
    /// The newest one and the one before it, the newest first.
    batches: Vec<BatchAnswer>,
}

/// What the rollout compares.
async fn batches(operator: Data<Operator>) -> Result<impl Responder, Problem> {
    let batches = operator.use_cases.operators.rollout_batches().await?;
    Ok(HttpResponse::Ok().json(BatchesAnswer { batches: batches.into_iter().map(Into::into).collect() }))
}

/// Lets a rollout go on that stopped itself.
async fn resume(operator: Data<Operator>, _: NotFromAnotherPage) -> Result<impl Responder, Problem> {
    Ok(HttpResponse::Ok().json(RolloutAnswer::from(operator.use_cases.operators.resume_rollout().await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// `next` of the page before.
    after: Option<AccountId>,
}

#[derive(Serialize)]
struct ListedAnswer {
    id: AccountId,
    /// Masked; null when it has none.
    email: Option<String>,
    listed: Listed,
    #[serde(serialize_with = "moment::write")]
    listed_at: Timestamp,
}

impl From<ListedAccount> for ListedAnswer {
    fn from(account: ListedAccount) -> Self {
        let email = account.email.as_ref().map(EmailAddress::masked);
        Self { id: account.id, email, listed: account.listed, listed_at: account.listed_at }
    }
}

#[derive(Serialize)]
struct ListedPageAnswer {
    /// By id.
    accounts: Vec<ListedAnswer>,
    /// `after` of the next page; null on the last one.
    next: Option<AccountId>,
}

/// The accounts on the lists.
async fn accounts(operator: Data<Operator>, Query(query): Query<PageQuery>) -> Result<impl Responder, Problem> {
    let page = operator.use_cases.operators.listed_accounts(query.after).await?;
    let accounts = page.accounts.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(ListedPageAnswer { accounts, next: page.next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListBody {
    listed: Listed,
}

/// Puts an account on a list.
async fn list(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
    Json(body): Json<ListBody>,
) -> Result<impl Responder, Problem> {
    let put = operator.use_cases.operators.list_account(*id, body.listed).await;
    Ok(HttpResponse::Ok().json(ListedAnswer::from(put.map_err(no_such_account)?)))
}

/// Takes an account off its list.
async fn unlist(
    operator: Data<Operator>,
    id: Path<AccountId>,
    _: NotFromAnotherPage,
) -> Result<impl Responder, Problem> {
    operator.use_cases.operators.unlist_account(*id).await.map_err(no_such_account)?;
    Ok(HttpResponse::NoContent())
}

fn no_such_account(error: VerificationError) -> Problem {
    match error {
        VerificationError::NotFound => Problem::new(
            ProblemCode::NotFound,
            "There is no account with this id. GET /admin/accounts?email= finds the id of an address.",
        ),
        other => other.into(),
    }
}
