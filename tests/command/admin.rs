//! What operators do with accounts, devices and keys of a running gateway.

use serde_json::{Value, json};

use super::{Said, say};
use crate::support::client::{Install, PASSWORD};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";

/// Runs a command to this gateway.
async fn tell(gateway: &TestGateway, arguments: &[&str]) -> Said {
    let url = gateway.operator_url();
    say(&[arguments, &["--url", &url]].concat(), &[]).await
}

/// The same, answered in JSON.
async fn ask(gateway: &TestGateway, arguments: &[&str]) -> Value {
    serde_json::from_str(&tell(gateway, &[arguments, &["--json"]].concat()).await.well()).expect("JSON")
}

#[actix_web::test]
async fn an_account_is_shown_signed_out_and_its_device_removed() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let device = client.new_protected_account(ANNA).await;
    let shown = tell(&gateway, &["account", "show", ANNA]).await.well();
    for line in ["a•••@example.com", "two-step         on", "trusted devices  1", "First"] {
        assert!(shown.contains(line), "{line} is missing:\n{shown}");
    }
    assert!(!shown.contains(ANNA));
    let value = ask(&gateway, &["account", "show", ANNA]).await;
    let id = value["id"].as_str().expect("an id");
    assert_eq!(ask(&gateway, &["account", "show", id]).await, value);

    let mut socket = client.connect(&device).await;
    tell(&gateway, &["account", "sign-out", ANNA]).await.well();
    assert_eq!(socket.close_code().await, 4401);
    client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");

    let device = client.sign_in(ANNA, PASSWORD, &device.install, device.trust_token.as_deref()).await.expect(200);
    let device_id = device["device"]["id"].as_str().expect("an id").to_owned();
    let mut socket = crate::support::socket::Socket::connect(
        &gateway.url(),
        device["session"]["access_token"].as_str().expect("a token"),
    )
    .await;
    let listed = ask(&gateway, &["device", "list", ANNA]).await;
    assert_eq!((&listed[0]["id"], listed.as_array().map(Vec::len)), (&json!(device_id), Some(1)));
    let refused = tell(&gateway, &["device", "remove", ANNA, &device_id]).await.failure();
    assert!(refused.contains("--yes"), "{refused}");
    tell(&gateway, &["device", "remove", ANNA, &device_id, "--yes"]).await.well();
    assert_eq!(socket.close_code().await, 4403);
    let again = tell(&gateway, &["device", "remove", ANNA, &device_id, "--yes"]).await.failure();
    assert!(again.contains("no trusted device"), "{again}");
    gateway.stop().await;
}

#[actix_web::test]
async fn accounts_are_listed_by_how_they_begin_and_all_are_signed_out() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let device = client.new_protected_account(ANNA).await;
    let mut socket = client.connect(&device).await;
    let other = client.new_account("anton@example.com").await;
    client.new_account("berta@example.com").await;
    // Nobody confirmed it yet: it is no account.
    client.create_account("annegret@example.com", &Install::new("First")).await.expect(202);
    // More than a page, of which each has a session that nobody uses.
    gateway
        .database
        .execute(
            "INSERT INTO accounts (account_id, subject) SELECT gen_random_uuid(), 'shop:' || n FROM generate_series(1, 230) n;
            INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version)
                SELECT account_id, gen_random_uuid(), gen_random_uuid(), 'n', 'm', 'ios', '1', '1' FROM accounts
                WHERE subject IS NOT NULL;
            INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at)
                SELECT account_id, gen_random_uuid(), device_id, sha256(device_id::text::bytea), now() + interval '1 hour',
                    now() + interval '1 day'
                FROM devices JOIN accounts USING (account_id) WHERE subject IS NOT NULL",
        )
        .await;
    let listed = ask(&gateway, &["account", "list", "--starts-with", "AN"]).await;
    let emails: Vec<&Value> = listed.as_array().expect("a list").iter().map(|account| &account["email"]).collect();
    assert_eq!(emails, ["a•••@example.com", "a•••@example.com"]);
    assert_eq!((&listed[0]["two_step_enabled"], &listed[0]["trusted_devices"]), (&json!(true), &json!(1)));
    assert_eq!(
        ask(&gateway, &["account", "list", "--starts-with", "shop:22"]).await.as_array().map(Vec::len),
        Some(11)
    );
    assert_eq!(ask(&gateway, &["account", "list", "--limit", "1000"]).await.as_array().map(Vec::len), Some(233));
    let lines = tell(&gateway, &["account", "list", "--limit", "150"]).await.well();
    assert_eq!(lines.lines().count(), 150);
    assert!(tell(&gateway, &["account", "list", "--starts-with", "%"]).await.well().starts_with("no account"));

    let refused = tell(&gateway, &["account", "sign-out", "--all"]).await.failure();
    assert!(refused.contains("--yes"), "{refused}");
    client.get("/v1/login-security", &other.access_token).await.expect(200);
    let done = tell(&gateway, &["account", "sign-out", "--all", "--yes"]).await;
    assert!(done.errors.contains("200 accounts signed out so far"), "{}", done.errors);
    assert_eq!(done.well(), "233 accounts signed out\n");
    assert_eq!(socket.close_code().await, 4401);
    client.get("/v1/login-security", &other.access_token).await.expect_problem(401, "unauthorized");
    assert_eq!(gateway.database.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await, 0);
    // Trust in devices stays.
    client.sign_in(ANNA, PASSWORD, &device.install, device.trust_token.as_deref()).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn who_has_no_trusted_device_left_gets_in_with_the_password_after_a_reset() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let install = Install::new("New");
    let begun = client.sign_in(ANNA, PASSWORD, &install, None).await.expect(202);
    let token = begun["challenge"]["token"].as_str().expect("a token");
    client.post("/v1/recoveries", token, json!({ "email": ANNA })).await.expect(202);
    let shown = tell(&gateway, &["account", "show", ANNA]).await.well();
    for said in ["1 devices (0 reached while asleep), 0 recovery codes, email, last proven", "waiting: asked"] {
        assert!(shown.contains(said), "{shown}");
    }
    tell(&gateway, &["account", "cancel-recovery", ANNA]).await.well();
    let shown = tell(&gateway, &["account", "show", ANNA]).await.well();
    assert!(shown.contains("not asked for"), "{shown}");
    tell(&gateway, &["account", "reset-two-step", ANNA, "--yes"]).await.well();
    client.sign_in(ANNA, PASSWORD, &install, None).await.expect(200);
    client.await_mail(ANNA, "turned off", 1).await;
    let activity = ask(&gateway, &["activity", ANNA, "--limit", "2"]).await;
    assert_eq!(activity.as_array().map(Vec::len), Some(2));
    assert_eq!(activity[1]["kind"], "two_step_disabled");
    let lines = tell(&gateway, &["activity", ANNA]).await.well();
    assert!(lines.contains("two_step_disabled") && lines.contains("account_created"), "{lines}");
    gateway.stop().await;
}

/// Nothing is left of a deleted account, in any table.
#[actix_web::test]
async fn a_deleted_account_is_gone_from_every_table() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let device = client.new_protected_account(ANNA).await;
    let mut socket = client.connect(&device).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    socket.code_of(&challenge.id).await;
    let id = ask(&gateway, &["account", "show", ANNA]).await["id"].as_str().expect("an id").to_owned();

    let exported = ask(&gateway, &["export", &id]).await;
    assert_eq!(exported["account"]["email"], ANNA);
    assert_eq!(exported["challenges"].as_array().map(Vec::len), Some(3));
    assert_eq!(exported["devices"][0]["name"], "First");
    assert!(exported["login_activity"].as_array().is_some_and(|entries| entries.len() >= 3));

    tell(&gateway, &["account", "delete", ANNA]).await.failure();
    tell(&gateway, &["account", "delete", ANNA, "--yes"]).await.well();
    assert_eq!(socket.close_code().await, 4401);
    let tables = "SELECT table_name::text FROM information_schema.columns WHERE column_name = 'account_id'
        AND table_schema = 'public'";
    let connection = gateway.database.connect().await;
    let tables = connection.query(tables, &[]).await.expect("tables");
    assert!(tables.len() > 12, "{}", tables.len());
    for table in tables {
        let table: String = table.get(0);
        let left = gateway.database.count(&format!("SELECT count(*) FROM {table} WHERE account_id = '{id}'")).await;
        assert_eq!(left, 0, "{table}");
    }
    let unknown = tell(&gateway, &["account", "show", ANNA]).await.failure();
    assert!(unknown.contains("no account has the address"), "{unknown}");
    let unknown = tell(&gateway, &["account", "show", &id]).await.failure();
    assert!(unknown.contains("no account with the id"), "{unknown}");
    gateway.stop().await;
}

/// What is exported lets nobody in, and leaves out no kind of thing.
#[actix_web::test]
async fn an_export_holds_everything_but_secrets() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("anna.json");
    let path = file.to_str().expect("UTF-8");
    tell(&gateway, &["export", ANNA, "--output", path]).await.well();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    tell(&gateway, &["export", ANNA, "--output", path]).await.failure();
    let text = std::fs::read_to_string(&file).expect("a file");
    for secret in ["_hash", "salt", "push_address\"", "push_keys\"", "argon2"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let exported: Value = serde_json::from_str(&text).expect("JSON");
    // These hold hashes of tokens and nothing else, or parts of another table.
    let secrets = ["refresh_tokens", "trust_tokens", "connect_tickets", "idempotent_requests"];
    let tables = "SELECT DISTINCT table_name::text FROM information_schema.columns JOIN information_schema.tables
        USING (table_schema, table_name) WHERE column_name = 'account_id' AND table_schema = 'public'
        AND table_name NOT LIKE 'login_activity\\_%' AND table_name <> 'accounts'";
    for table in gateway.database.connect().await.query(tables, &[]).await.expect("tables") {
        let table: String = table.get(0);
        assert!(exported.get(&table).is_some() || secrets.contains(&table.as_str()), "{table} is not exported");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_key_is_made_shown_once_rotated_and_revoked() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let arguments = ["keys", "create", "--name", "shop", "--scope", "subjects:read", "--scope", "subjects:write"];
    let key = tell(&gateway, &arguments).await.well();
    let key = key.trim();
    assert!(key.starts_with("ts_ak_") && !key.contains(char::is_whitespace), "the key alone");
    let path = "/v1/subjects/ann";
    client.send(reqwest::Method::PUT, path, Some(key), Some(json!({}))).await.expect(200);
    let listed = ask(&gateway, &["keys", "list"]).await;
    let id = listed[0]["id"].as_str().expect("an id");
    let lines = tell(&gateway, &["keys", "list"]).await.well();
    assert!(lines.contains("shop: subjects:read subjects:write") && !lines.contains(key), "{lines}");
    let newer = ask(&gateway, &["keys", "rotate", id, "--grace-seconds", "0"]).await;
    client.get(path, key).await.expect_problem(401, "unauthorized");
    let newer_key = newer["key"].as_str().expect("a key");
    client.get(path, newer_key).await.expect(200);
    let newer_id = newer["id"].as_str().expect("an id");
    tell(&gateway, &["keys", "revoke", newer_id]).await.failure();
    tell(&gateway, &["keys", "revoke", newer_id, "--yes"]).await.well();
    client.get(path, newer_key).await.expect_problem(401, "unauthorized");
    let unknown = uuid::Uuid::now_v7().to_string();
    let missing = tell(&gateway, &["keys", "revoke", &unknown, "--yes"]).await.failure();
    assert!(missing.contains("no key with the id"), "{missing}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_gateway_that_is_not_there_is_said_in_one_line() {
    let away = say(&["account", "show", ANNA, "--url", "http://127.0.0.1:1"], &[]).await.failure();
    assert!(away.contains("does not answer"), "{away}");
}
