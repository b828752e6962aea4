//! A backup by `pg_dump`, restored into a new database under a new node with the same code keys (docs/operations.md).

use std::process::{Command, Stdio};

use crate::support::client::{Client, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;
use twostep::settings;

const ANNA: &str = "anna@example.com";

/// Copies a database as an operator does: dumped to a file, and read into an empty one.
fn dump_and_restore(from: &str, to: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backup.sql");
    let dump = Command::new("pg_dump").args(["--no-owner", "--dbname", from, "--file"]).arg(&file).status();
    assert!(dump.expect("pg_dump is there").success());
    let restore = Command::new("psql")
        .args(["--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", to, "--file"])
        .arg(&file)
        .stdout(Stdio::null())
        .status();
    assert!(restore.expect("psql is there").success());
}

#[actix_web::test]
async fn after_a_restore_open_challenges_verify_and_no_session_is_lost() {
    let keys = settings::random_line("k1").to_string();
    let with_keys = |settings: &mut settings::Settings| settings.codes.keys = Some(keys.clone().into());
    let before = TestGateway::start_with(with_keys).await;
    let client = before.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let install = Install::new("Second");
    let challenge = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&challenge.id).await;

    let restored = TestDatabase::new().await;
    restored.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    dump_and_restore(&before.database.url, &restored.url);
    before.stop().await;

    let after = TestGateway::on(restored, with_keys).await;
    let client = Client::new(&after.url());
    client.get("/v1/login-security", &first.access_token).await.expect(200);
    let mut screen = Socket::connect(&after.url(), &first.access_token).await;
    assert_eq!(screen.code_of(&challenge.id).await, code, "the same code is shown again");
    let second = client.sign_in_with_code(&challenge, &code, &install, true).await;
    assert!(second.trust_token.is_some());
    let trusted = client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    assert_eq!(trusted["device"]["trusted"], true);
    assert_eq!(client.activity(&second).await.iter().filter(|entry| entry["kind"] == "sign_in").count(), 2);
    after.stop().await;
}
