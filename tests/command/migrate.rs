//! `twostep migrate`, and what else needs no gateway.

use super::say;
use crate::support::database::TestDatabase;

#[actix_web::test]
async fn a_database_is_looked_at_brought_up_to_date_and_found_so() {
    let database = TestDatabase::new().await;
    let connection = database.connect().await;
    connection.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.expect("emptied");
    let environment = [("TWOSTEP__DATABASE__URL", database.url.as_str())];
    let looked = say(&["migrate", "--check"], &environment).await;
    assert!(!looked.is_well && looked.output.contains("V1__create_accounts"), "{}", looked.output);
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(database.count(tables).await, 0, "looking changes nothing");
    let done = say(&["migrate"], &environment).await.well();
    assert!(done.starts_with("done: V1__create_accounts"), "{done}");
    let checked = say(&["migrate", "--check"], &environment).await.well();
    assert_eq!(checked, "the database is up to date\n");
}

#[actix_web::test]
async fn shells_and_manuals_know_every_command() {
    let script = say(&["completions", "bash"], &[]).await.well();
    assert!(script.contains("twostep__") && script.contains("reset-two-step"), "{}", script.len());
    let folder = tempfile::tempdir().expect("a folder");
    say(&["man", folder.path().to_str().expect("UTF-8")], &[]).await.well();
    for page in ["twostep.1", "twostep-keys-create.1", "twostep-account-delete.1"] {
        assert!(folder.path().join(page).is_file(), "{page}");
    }
}

/// Addresses of before a mailbox had one form are brought into it; where two are one mailbox an operator decides.
#[actix_web::test]
async fn mailboxes_are_brought_into_one_form_and_collisions_are_named() {
    let database = TestDatabase::new().await;
    // As an earlier program left them.
    let before = "DELETE FROM refinery_schema_history WHERE version >= 24;
        DROP FUNCTION settle_challenge, plan_deliveries, start_challenge, budget_allows, begin_sign_in, meet_device,
            create_session, verify_sign_in, record_receipts, sessions_of_tokens, open_connections, is_push;
        ALTER TABLE devices DROP COLUMN push_keys;
        DROP TABLE recovery_codes, password_resets, pending_addresses, email_changes, recoveries, authenticators;
        DROP FUNCTION rollout_place, gets_code;
        DROP INDEX accounts_two_step, login_activity_ways_back;
        DROP TABLE reach_drills, drill_clock;
        DROP INDEX devices_drill_minute;
        DROP FUNCTION drill_minute;
        DROP TABLE rollout_figures, rollout_batches, shared_tasks, reach_report;
        ALTER TABLE rollout DROP COLUMN held_at, DROP COLUMN held_batch, DROP COLUMN held_percent, DROP COLUMN held_cause,
            DROP COLUMN held_newest_count, DROP COLUMN held_newest_of, DROP COLUMN held_before_count, DROP COLUMN held_before_of;
        ALTER TABLE challenges DROP COLUMN recovery_attempts;
        ALTER TABLE accounts DROP COLUMN time_zone, DROP COLUMN two_step_required, DROP COLUMN two_step_due_at;
        ALTER TABLE refresh_tokens DROP COLUMN accepted_at, DROP COLUMN successor_hash, DROP COLUMN successor_key;
        ALTER TABLE sessions DROP COLUMN refresh_hash, DROP COLUMN access_used_at, DROP COLUMN first_used_at,
            DROP COLUMN last_used_at, DROP COLUMN last_location;
        ALTER TABLE trust_tokens DROP COLUMN session_id;
        ALTER TABLE challenges DROP COLUMN granted_session_id, DROP COLUMN granted_key, DROP COLUMN repeats,
            DROP COLUMN superseded_by, DROP COLUMN method_changes;
        INSERT INTO accounts (account_id, email, email_verified_at, password_hash) VALUES
            ('00000000-0000-7000-8000-000000000001', 'anna@bücher.example', now(), 'x'),
            ('00000000-0000-7000-8000-000000000002', 'ben@büro.example', now(), 'x'),
            ('00000000-0000-7000-8000-000000000003', 'ben@xn--bro-hoa.example', now(), 'x');";
    database.execute(before).await;
    let environment = [("TWOSTEP__DATABASE__URL", database.url.as_str())];
    let looked = say(&["migrate", "--check"], &environment).await;
    assert!(!looked.is_well && looked.output.contains("8000-000000000002 and 00000000"), "{}", looked.output);
    let migrated = say(&["migrate"], &environment).await;
    assert!(!migrated.is_well && migrated.output.contains("twostep account delete"), "{}", migrated.output);
    let settled = "SELECT count(*) FROM accounts WHERE email = 'anna@xn--bcher-kva.example'";
    assert_eq!(database.count(settled).await, 1);

    database.execute("DELETE FROM accounts WHERE email = 'ben@xn--bro-hoa.example'").await;
    let looked = say(&["migrate", "--check"], &environment).await;
    assert!(!looked.is_well && looked.output.contains("1 mailbox"), "{}", looked.output);
    say(&["migrate"], &environment).await.well();
    let settled = "SELECT count(*) FROM accounts WHERE email = 'ben@xn--bro-hoa.example'";
    assert_eq!(database.count(settled).await, 1);
    say(&["migrate", "--check"], &environment).await.well();
}
