//! The drill: which sleeping devices are asked whether a push reaches them, and what became of that.

use super::device::{language, push_address};
use super::{Db, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::account::locale::Language;
use crate::domain::account::ways_left::DrillCount;
use crate::domain::delivery::push_address::PushAddress;
use crate::domain::value::id::{AccountId, DeviceId, DrillId};
use crate::store::postgres::row::{big_count, get, id};

/// Minutes of a week: every device is asked in one of them.
const MINUTES_OF_A_WEEK: i64 = 7 * 24 * 60;

/// A device that is asked.
pub struct Drill {
    /// This time.
    pub id: DrillId,
    /// Whose device.
    pub account_id: AccountId,
    /// Which device.
    pub device_id: DeviceId,
    /// Where it is pushed to.
    pub address: PushAddress,
    /// Which language its user reads.
    pub language: Language,
}

/// Begins to ask the devices whose minute of the week went by since anybody did.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn begin_due(db: &impl Db) -> Result<Vec<Drill>, StoreError> {
    let Some(claimed) = optional_row(db, query!("drill/claim_minutes"), &[]).await? else { return Ok(Vec::new()) };
    let (first, last): (i64, i64) = (get(&claimed, "first_minute")?, get(&claimed, "last_minute")?);
    let minutes: Vec<i32> =
        (first..=last).filter_map(|minute| i32::try_from(minute.rem_euclid(MINUTES_OF_A_WEEK)).ok()).collect();
    let begun = rows(db, query!("drill/begin"), &[&minutes]).await?;
    begun
        .iter()
        .map(|row| {
            Ok(Drill {
                id: id(row, "drill_id", DrillId::new)?,
                account_id: id(row, "account_id", AccountId::new)?,
                device_id: id(row, "device_id", DeviceId::new)?,
                address: push_address(row)?,
                language: language(row)?,
            })
        })
        .collect()
}

/// Writes what a provider answered to a drill, in one word.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn record_outcome(db: &impl Db, drill: DrillId, outcome: &str) -> Result<(), StoreError> {
    execute(db, query!("drill/record_outcome"), &[&drill.uuid(), &outcome]).await?;
    Ok(())
}

/// Writes that a device answered; `false` when the drill is not the last one of a device that is still trusted.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn answer(db: &impl Db, drill: DrillId) -> Result<bool, StoreError> {
    Ok(optional_row(db, query!("drill/answer"), &[&drill.uuid()]).await?.is_some())
}

/// Counts the drills of the last week over the accounts after `after` up to `last`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count(db: &impl Db, after: Option<AccountId>, last: AccountId) -> Result<DrillCount, StoreError> {
    let row = one_row(db, query!("drill/count"), &[&after.map(AccountId::uuid), &last.uuid()]).await?;
    Ok(DrillCount {
        devices: big_count(&row, "devices")?,
        devices_answered: big_count(&row, "devices_answered")?,
        accounts: big_count(&row, "accounts")?,
        accounts_answered: big_count(&row, "accounts_answered")?,
    })
}
