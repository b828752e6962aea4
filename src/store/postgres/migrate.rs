//! Migrations: forward only, each one working with the code before and after it.

use std::time::{Duration, Instant};

use refinery::{Migration, Runner};
use tokio::time::sleep;
use tracing::info;

use super::pool::Lent;
use crate::store::{Store, StoreError};

/// Every migration under `sql/migrations`, in order.
pub const MIGRATIONS: &[(&str, &str)] = &[
    (
        "V1__create_accounts",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0001_create_accounts.sql")),
    ),
    (
        "V2__create_challenges",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0002_create_challenges.sql")),
    ),
    (
        "V3__create_login_activity",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0003_create_login_activity.sql")),
    ),
    (
        "V4__create_rollout",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0004_create_rollout.sql")),
    ),
    (
        "V5__add_node_leases",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0005_add_node_leases.sql")),
    ),
    (
        "V6__index_full_addresses",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0006_index_full_addresses.sql")),
    ),
    (
        "V7__index_what_is_over",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0007_index_what_is_over.sql")),
    ),
    (
        "V8__trust_runs_out",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0008_trust_runs_out.sql")),
    ),
    (
        "V9__freeze_sign_ins",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0009_freeze_sign_ins.sql")),
    ),
    (
        "V10__add_rollout_mode",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0010_add_rollout_mode.sql")),
    ),
    (
        "V11__know_devices_better",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0011_know_devices_better.sql")),
    ),
    ("V12__add_locales", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0012_add_locales.sql"))),
    (
        "V13__create_code_budgets",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0013_create_code_budgets.sql")),
    ),
    (
        "V14__name_what_changed",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0014_name_what_changed.sql")),
    ),
    (
        "V15__count_unanswered_alerts",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0015_count_unanswered_alerts.sql")),
    ),
    ("V17__add_code_salt", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0017_add_code_salt.sql"))),
    (
        "V18__say_who_is_cut_off",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0018_say_who_is_cut_off.sql")),
    ),
    (
        "V19__take_in_accounts_of_apps",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0019_take_in_accounts_of_apps.sql")),
    ),
    ("V20__say_who_acted", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0020_say_who_acted.sql"))),
    (
        "V21__count_mails_by_mailbox",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0021_count_mails_by_mailbox.sql")),
    ),
    (
        "V22__close_what_was_open",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0022_close_what_was_open.sql")),
    ),
    (
        "V23__say_which_programs_fit",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0023_say_which_programs_fit.sql")),
    ),
    (
        "V24__repeat_answers",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0024_repeat_answers.sql")),
    ),
    (
        "V25__know_zones_and_changes",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0025_know_zones_and_changes.sql")),
    ),
    (
        "V26__settle_challenges_in_one_call",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0026_settle_challenges_in_one_call.sql")),
    ),
    (
        "V27__begin_sign_ins_in_one_call",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0027_begin_sign_ins_in_one_call.sql")),
    ),
    (
        "V28__verify_sign_ins_in_one_call",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0028_verify_sign_ins_in_one_call.sql")),
    ),
    (
        "V29__plan_batches_once",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0029_plan_batches_once.sql")),
    ),
    (
        "V30__push_to_browsers",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0030_push_to_browsers.sql")),
    ),
    (
        "V31__recover_accounts",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0031_recover_accounts.sql")),
    ),
    (
        "V32__change_addresses",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0032_change_addresses.sql")),
    ),
    (
        "V33__wait_for_a_last_resort",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0033_wait_for_a_last_resort.sql")),
    ),
    (
        "V36__require_two_step",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0036_require_two_step.sql")),
    ),
    (
        "V37__know_authenticator_apps",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0037_know_authenticator_apps.sql")),
    ),
    (
        "V38__say_who_made_ways_in",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0038_say_who_made_ways_in.sql")),
    ),
    ("V39__hold_rollout", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0039_hold_rollout.sql"))),
    (
        "V40__count_ways_left",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0040_count_ways_left.sql")),
    ),
    ("V41__drill_reach", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations/0041_drill_reach.sql"))),
];

/// Held while migrating, so that nodes that start together do it one after the other: by a transaction of its own, which poolers keep
/// together and which ends with its connection. The number is arbitrary.
const MIGRATION_LOCK: &str = "SELECT pg_try_advisory_xact_lock(7239014000)";
/// Who holds it, as one line.
const LOCK_HOLDER: &str = "SELECT format('process %s of PostgreSQL (%s, from %s, since %s)', a.pid, a.application_name, \
    coalesce(host(a.client_addr), 'this machine'), to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')) \
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = (7239014000 >> 32)::oid \
        AND l.objid = (7239014000 & 4294967295)::oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// How long another node may take to migrate, and how often it is asked whether it has.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
const LOCK_PERIOD: Duration = Duration::from_secs(1);

/// What refinery keeps of migrations that were applied.
const HAS_HISTORY: &str = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
const HISTORY: &str = "SELECT version, 'V' || version || '__' || name FROM refinery_schema_history";
const OLDEST_PROGRAM: &str = "SELECT oldest_migration FROM schema_compatibility";

/// What a database has and lacks, seen from this program.
#[derive(Debug, PartialEq, Eq)]
pub enum Schema {
    /// It is what this program was made for.
    UpToDate,
    /// It lacks these migrations, by name and in order.
    Lacks(Vec<&'static str>),
    /// A newer program brought it further, in ways that this one can live with.
    Newer {
        /// The last migration.
        last: i32,
    },
}

/// Brings the schema up to date, if it is not. Nothing is locked or changed where there is nothing to do.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Settings`] when the schema is too new, a migration
/// fails, one that was applied has changed since, or somebody else migrates for too long.
pub async fn migrate(store: &Store) -> Result<(), StoreError> {
    match look(store).await? {
        Schema::UpToDate => Ok(()),
        Schema::Newer { last } => {
            info!(
                schema.last = last,
                schema.own = newest(),
                "the database was migrated by a newer program, and fits this one"
            );
            Ok(())
        }
        Schema::Lacks(_) => {
            let lock = store.connection().await?;
            lock.batch_execute("BEGIN").await?;
            let result = match wait_for_lock(&lock).await {
                Ok(()) => match run_migrations(store).await {
                    Ok(()) => crate::store::mailbox_forms::settle(store).await,
                    failed => failed,
                },
                Err(error) => Err(error),
            };
            // Why it came to nothing matters more than how the lock was given back: with its connection it is gone as well.
            result.and(lock.batch_execute("ROLLBACK").await.map_err(StoreError::from))
        }
    }
}

async fn wait_for_lock(lock: &Lent) -> Result<(), StoreError> {
    let until = Instant::now() + LOCK_PATIENCE;
    let mut said = None;
    loop {
        if lock.query_one(MIGRATION_LOCK, &[]).await?.get(0) {
            return Ok(());
        }
        let holder: Option<String> = lock.query_opt(LOCK_HOLDER, &[]).await?.map(|row| row.get(0));
        let holder = holder.unwrap_or_else(|| "a session that just went".to_owned());
        if Instant::now() >= until {
            return Err(StoreError::Settings(format!(
                "the database lacks migrations, and {holder} holds the lock for them for more than {} s: wait for it to end, or end it with pg_terminate_backend, and start again",
                LOCK_PATIENCE.as_secs()
            )));
        }
        if said.as_ref() != Some(&holder) {
            info!(holder, "waiting for somebody else to migrate the database");
            said = Some(holder);
        }
        sleep(LOCK_PERIOD).await;
    }
}

async fn run_migrations(store: &Store) -> Result<(), StoreError> {
    let mut connection = store.connection().await?;
    let client: &mut tokio_postgres::Client = &mut connection;
    let ran = runner()?.run_async(client).await;
    ran.map(|_| ()).map_err(|error| StoreError::Settings(format!("migrating the database failed: {}", chain(&error))))
}

/// What a database has and lacks. Changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Settings`] when it is too new for this program.
pub async fn look(store: &Store) -> Result<Schema, StoreError> {
    let connection = store.connection().await?;
    let has_history: bool = connection.query_one(HAS_HISTORY, &[]).await?.get(0);
    let applied = if has_history { connection.query(HISTORY, &[]).await? } else { Vec::new() };
    let applied: Vec<(i32, String)> = applied.iter().map(|row| (row.get(0), row.get(1))).collect();
    let last = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
    if last > newest() {
        let oldest: i32 = connection.query_one(OLDEST_PROGRAM, &[]).await?.get(0);
        return if oldest <= newest() {
            Ok(Schema::Newer { last })
        } else {
            Err(StoreError::Settings(format!(
                "the database was migrated to {last} by a newer program, and works with programs from migration {oldest} on; this one knows {}: start the newer program, or restore the backup from before (docs/upgrade.md)",
                newest()
            )))
        };
    }
    let is_missing = |name: &&str| !applied.iter().any(|(_, applied)| applied == name);
    let missing: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).filter(is_missing).collect();
    Ok(if missing.is_empty() { Schema::UpToDate } else { Schema::Lacks(missing) })
}

/// The number of the last migration that this program knows.
fn newest() -> i32 {
    let number = |(name, _): &(&str, &str)| name.trim_start_matches('V').split("__").next()?.parse().ok();
    MIGRATIONS.last().and_then(number).unwrap_or(0)
}

fn runner() -> Result<Runner, StoreError> {
    let migrations: Result<Vec<Migration>, _> =
        MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    migrations.map(|migrations| Runner::new(&migrations)).map_err(|error| StoreError::Settings(error.to_string()))
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_listed_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder exists")
            .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
            .collect();
        files.sort();
        let listed: Vec<String> = MIGRATIONS
            .iter()
            .map(|(name, _)| {
                let (number, words) = name.trim_start_matches('V').split_once("__").expect("V<number>__<words>");
                format!("{:04}_{words}.sql", number.parse::<u32>().expect("a number"))
            })
            .collect();
        assert_eq!(files, listed);
    }
}
