//! `/admin/reach`: how many ways in the owners of accounts have left.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Operator;
use crate::domain::account::ways_left::{AccountsByWays, DeviceCount, DrillCount, RegistrationAge};
use crate::domain::device::Platform;
use crate::domain::value::moment;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::resource;

/// When there may be a count.
const SOON: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/reach", "GET").route(web::get().to(show)));
}

#[derive(Serialize)]
struct ReachAnswer {
    #[serde(serialize_with = "moment::write")]
    counted_at: Timestamp,
    accounts: AccountsAnswer,
    /// Trusted devices, by platform and age.
    devices: Vec<DevicesAnswer>,
    /// What came of the drill within a week; null where nobody was asked.
    drill: Option<DrillCount>,
}

/// Accounts that have two-step verification on.
#[derive(Serialize)]
struct AccountsAnswer {
    /// All of them.
    total: u64,
    /// Those whose owner has so many ways left.
    #[serde(flatten)]
    by_ways: AccountsByWays,
}

#[derive(Serialize)]
struct DevicesAnswer {
    platform: Platform,
    /// How long ago they registered for push, or were met where they did not.
    age: RegistrationAge,
    devices: u64,
    /// Those that a code reaches now.
    reachable: u64,
}

impl From<DeviceCount> for DevicesAnswer {
    fn from(DeviceCount { platform, age, devices, reachable }: DeviceCount) -> Self {
        Self { platform, age, devices, reachable }
    }
}

/// The last count.
async fn show(operator: Data<Operator>) -> Result<impl Responder, Problem> {
    let report = operator.use_cases.operators.reach_report().await?.ok_or_else(|| {
        let detail = "Nothing was counted yet: a node does that soon after it starts.";
        Problem::new(ProblemCode::ServiceUnavailable, detail).retry_after(SOON)
    })?;
    let by_ways = report.figures.accounts;
    let accounts = AccountsAnswer { total: by_ways.total(), by_ways };
    let devices = report.figures.devices.into_iter().map(Into::into).collect();
    let drill = Some(report.figures.drill).filter(|drill| drill.devices > 0);
    Ok(HttpResponse::Ok().json(ReachAnswer { counted_at: report.counted_at, accounts, devices, drill }))
}
