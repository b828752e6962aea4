//! Migrations: forward only, each one working with the code before and after it.

use refinery::{Migration, Runner};

use super::{Store, StoreError};

/// Every migration under `sql/migrations`, in order.
pub const MIGRATIONS: &[(&str, &str)] = &[
    ("V1__create_accounts", include_str!("../../sql/migrations/0001_create_accounts.sql")),
    ("V2__create_challenges", include_str!("../../sql/migrations/0002_create_challenges.sql")),
    ("V3__create_login_activity", include_str!("../../sql/migrations/0003_create_login_activity.sql")),
    ("V4__create_rollout", include_str!("../../sql/migrations/0004_create_rollout.sql")),
    ("V5__add_node_leases", include_str!("../../sql/migrations/0005_add_node_leases.sql")),
    ("V6__index_full_addresses", include_str!("../../sql/migrations/0006_index_full_addresses.sql")),
    ("V7__index_what_is_over", include_str!("../../sql/migrations/0007_index_what_is_over.sql")),
    ("V8__trust_runs_out", include_str!("../../sql/migrations/0008_trust_runs_out.sql")),
    ("V9__freeze_sign_ins", include_str!("../../sql/migrations/0009_freeze_sign_ins.sql")),
    ("V10__add_rollout_mode", include_str!("../../sql/migrations/0010_add_rollout_mode.sql")),
    ("V11__know_devices_better", include_str!("../../sql/migrations/0011_know_devices_better.sql")),
    ("V12__add_locales", include_str!("../../sql/migrations/0012_add_locales.sql")),
    ("V13__create_code_budgets", include_str!("../../sql/migrations/0013_create_code_budgets.sql")),
    ("V14__name_what_changed", include_str!("../../sql/migrations/0014_name_what_changed.sql")),
    ("V15__count_unanswered_alerts", include_str!("../../sql/migrations/0015_count_unanswered_alerts.sql")),
    ("V17__add_code_salt", include_str!("../../sql/migrations/0017_add_code_salt.sql")),
    ("V18__say_who_is_cut_off", include_str!("../../sql/migrations/0018_say_who_is_cut_off.sql")),
    ("V19__take_in_accounts_of_apps", include_str!("../../sql/migrations/0019_take_in_accounts_of_apps.sql")),
    ("V20__say_who_acted", include_str!("../../sql/migrations/0020_say_who_acted.sql")),
    ("V21__count_mails_by_mailbox", include_str!("../../sql/migrations/0021_count_mails_by_mailbox.sql")),
    ("V22__close_what_was_open", include_str!("../../sql/migrations/0022_close_what_was_open.sql")),
];

/// Held while migrating, so that nodes that start together do it one after the other. The number is arbitrary.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7239014000)";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(7239014000)";

/// What refinery keeps of migrations that were applied.
const HAS_HISTORY: &str = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
const HISTORY: &str = "SELECT 'V' || version || '__' || name FROM refinery_schema_history";

/// Brings the schema up to date.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Settings`] when a migration
/// fails or one that was applied has changed since.
pub async fn migrate(store: &Store) -> Result<(), StoreError> {
    let mut connection = store.connection().await?;
    let client: &mut tokio_postgres::Client = &mut connection;
    client.batch_execute(MIGRATION_LOCK).await?;
    let result = runner()?
        .run_async(client)
        .await
        .map(|_| ())
        .map_err(|error| StoreError::Settings(format!("migrating the database failed: {}", chain(&error))));
    client.batch_execute(MIGRATION_UNLOCK).await?;
    result
}

/// The migrations that a database lacks, by name and in order. Changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached.
pub async fn missing_migrations(store: &Store) -> Result<Vec<&'static str>, StoreError> {
    let connection = store.connection().await?;
    let has_history: bool = connection.query_one(HAS_HISTORY, &[]).await?.get(0);
    let applied: Vec<String> = if has_history {
        connection.query(HISTORY, &[]).await?.iter().map(|row| row.get(0)).collect()
    } else {
        Vec::new()
    };
    let is_missing = |name: &&str| !applied.iter().any(|applied| applied == name);
    Ok(MIGRATIONS.iter().map(|(name, _)| *name).filter(is_missing).collect())
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
