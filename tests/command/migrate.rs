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
