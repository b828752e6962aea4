//! What stands between a gateway and its database where people run it: several hosts, poolers, roles with little right or little
//! room, schemas of other versions, databases that were made for something else.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use twostep::app::App;
use twostep::settings::Settings;

use crate::support::client::{Client, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const EMAIL: &str = "anna@example.com";

/// Starts a gateway at a URL of the same database, as an operator would.
async fn start_at(
    database: &TestDatabase,
    url: &str,
    change: impl FnOnce(&mut Settings),
) -> Result<TestGateway, String> {
    let app = App::start(&TestGateway::settings(url, change)).await.map_err(|error| {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    })?;
    Ok(TestGateway { database: database.clone(), app })
}

/// The refusal to start.
async fn refusal(database: &TestDatabase, url: &str) -> String {
    match start_at(database, url, |_| {}).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

/// The value of a key of a database's URL.
fn part<'a>(url: &'a str, key: &str) -> Option<&'a str> {
    url.split_whitespace().find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

/// The name of a test's database.
fn name(database: &TestDatabase) -> &str {
    part(&database.url, "dbname").expect("a name")
}

/// The same database as another role.
fn as_role(database: &TestDatabase, role: &str) -> String {
    let user = part(&database.url, "user").expect("a user");
    database.url.replace(&format!("user={user}"), &format!("user={role}"))
}

/// A role that may log in and read and write rows, and nothing else.
async fn add_role(database: &TestDatabase, role: &str, limits: &str) {
    let sql = format!(
        "DROP ROLE IF EXISTS {role};
        CREATE ROLE {role} LOGIN {limits};
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
        GRANT EXECUTE ON FUNCTION create_login_activity_partitions(integer), drop_login_activity_partitions(integer)
            TO {role};"
    );
    database.execute(&sql).await;
}

async fn remove_role(database: &TestDatabase, role: &str) {
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

/// A silent host, one that refuses, and one that does not take writes, each before or behind the one that answers.
#[actix_web::test]
async fn a_host_that_does_not_serve_leaves_time_for_the_others() {
    let database = TestDatabase::new().await;
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent_port = silent.local_addr().expect("an address").port();
    let (host, port) = (part(&database.url, "host").expect("a host"), part(&database.url, "port").unwrap_or("5432"));
    let rest: Vec<&str> = database
        .url
        .split_whitespace()
        .filter(|pair| !pair.starts_with("host=") && !pair.starts_with("port="))
        .collect();
    let rest = rest.join(" ");
    for (hosts, ports) in [
        (format!("127.0.0.1,{host}"), format!("{silent_port},{port}")),
        (format!("127.0.0.1,127.0.0.1,{host}"), format!("1,{silent_port},{port}")),
        (format!("{host},127.0.0.1"), format!("{port},{silent_port}")),
    ] {
        let url = format!("host={hosts} port={ports} target_session_attrs=read-write {rest}");
        let gateway = start_at(&database, &url, |settings| settings.database.wait_ms = 5000).await.expect("it starts");
        gateway.client().sign_in(EMAIL, PASSWORD, &Install::new("Any"), None).await.expect(401);
        gateway.stop().await;
    }
}

/// PostgreSQL refuses connections beyond the limit of a role (53300): those that there are do for all.
#[actix_web::test]
async fn fewer_connections_than_the_pool_would_like_are_enough() {
    let database = TestDatabase::new().await;
    let role = format!("few_{}", name(&database));
    add_role(&database, &role, "CONNECTION LIMIT 3").await;
    let patient = |settings: &mut Settings| {
        settings.database.pool_size = 16;
        settings.database.wait_ms = 30_000;
        settings.database.deadline_ms = 60_000;
    };
    let gateway = start_at(&database, &as_role(&database, &role), patient).await.expect("it starts");
    let client = gateway.client();
    let owner = client.new_account(EMAIL).await;
    let reads = join_all((0..200).map(|_| client.get("/v1/login-security", &owner.access_token))).await;
    let refused: Vec<_> = reads.iter().filter(|answer| answer.status != 200).map(|answer| answer.status).collect();
    assert!(refused.is_empty(), "{} of 200: {refused:?}", refused.len());
    gateway.stop().await;
    remove_role(&database, &role).await;
}

/// The serving role has no right to create anything, and nothing is to be migrated. Months come and go all the same.
#[actix_web::test]
async fn a_role_that_may_create_nothing_serves() {
    let database = TestDatabase::new().await;
    let role = format!("serves_{}", name(&database));
    add_role(&database, &role, "").await;
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'login_activity'::regclass";
    let all = database.count(partitions).await;
    let newest = "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'login_activity'::regclass
        AND inhrelid::regclass::text <> 'login_activity_default'";
    let newest: String = database.connect().await.query_one(newest, &[]).await.expect("a row").get(0);
    database.execute(&format!("DROP TABLE {newest}")).await;
    let gateway = start_at(&database, &as_role(&database, &role), |_| {}).await.expect("it starts");
    gateway.client().new_protected_account(EMAIL).await;
    database.await_count(partitions, all).await;
    gateway.stop().await;
    remove_role(&database, &role).await;
}

/// What acts for the owner of the tables is not for every role that may log in: it could empty the login activity.
#[actix_web::test]
async fn a_role_that_reads_cannot_drop_the_login_activity() {
    let database = TestDatabase::new().await;
    let role = format!("reads_{}", name(&database));
    let sql = format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN; GRANT SELECT ON login_activity TO {role}");
    database.execute(&sql).await;
    let reader = crate::support::database::connect(&as_role(&database, &role)).await;
    reader.batch_execute("SELECT count(*) FROM login_activity").await.expect("it may read");
    for call in ["drop_login_activity_partitions(-12)", "create_login_activity_partitions(100)"] {
        let refused = reader.batch_execute(&format!("SELECT {call}")).await.expect_err(call);
        assert_eq!(refused.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{call}");
    }
    drop(reader);
    remove_role(&database, &role).await;
}

/// A newer program migrated: this one starts if the schema says that it may, and says why if it may not.
#[actix_web::test]
async fn a_newer_schema_is_served_if_it_says_so() {
    let database = TestDatabase::new().await;
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        VALUES (999, 'from_a_newer_program', '2026-11-29T00:00:00Z', '1')";
    database.execute(newer).await;
    let gateway = start_at(&database, &database.url, |_| {}).await.expect("it starts");
    gateway.client().new_account(EMAIL).await;
    gateway.stop().await;
    database.execute("UPDATE schema_compatibility SET oldest_migration = 998").await;
    let refused = refusal(&database, &database.url).await;
    assert!(
        refused.contains("migrated to 999 by a newer program") && refused.contains("from migration 998 on"),
        "{refused}"
    );
}

/// Only who has something to migrate waits for who migrates, and goes on when that one is done.
#[actix_web::test]
async fn the_lock_for_migrations_is_waited_for_only_by_who_needs_it() {
    let database = TestDatabase::new().await;
    let holder = database.connect().await;
    holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(7239014000)").await.expect("held");
    start_at(&database, &database.url, |_| {}).await.expect("nothing is to be done").stop().await;
    holder.batch_execute("ROLLBACK").await.expect("released");

    let database = TestDatabase::new().await;
    database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    let holder = database.connect().await;
    holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(7239014000)").await.expect("held");
    let mut start = Box::pin(start_at(&database, &database.url, |_| {}));
    let waits = tokio::time::timeout(Duration::from_secs(3), &mut start).await;
    assert!(waits.is_err(), "it did not wait");
    holder.batch_execute("ROLLBACK").await.expect("released");
    start.await.expect("it starts").stop().await;
    assert_eq!(database.count("SELECT count(*) FROM schema_compatibility").await, 1);
}

#[actix_web::test]
async fn a_database_that_cannot_hold_every_name_is_refused() {
    let database = TestDatabase::new().await;
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let other = format!("{}_away", name(&database));
        let make =
            format!("CREATE DATABASE {other} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        database.execute(&make).await;
        let refused = refusal(&database, &database.url.replace(name(&database), &other)).await;
        assert!(refused.contains(&format!("encoding is {encoding}")) && refused.contains("'UTF8'"), "{refused}");
        database.execute(&format!("DROP DATABASE {other} WITH (FORCE)")).await;
    }
}

/// A pgbouncer that ends with its test.
struct Bouncer {
    process: Child,
    folder: tempfile::TempDir,
}

impl Bouncer {
    const PORT: u16 = 6432;

    async fn start(database: &TestDatabase, pool_mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let host = part(&database.url, "host").expect("a host");
        let port = part(&database.url, "port").unwrap_or("5432");
        let user = part(&database.url, "user").expect("a user");
        let path = |file: &str| folder.path().join(file).display().to_string();
        std::fs::write(path("users"), format!("\"{user}\" \"\"\n")).expect("written");
        let settings = format!(
            "[databases]\n* = host={host} port={port} user={user}\n[pgbouncer]\npool_mode = {pool_mode}\nauth_type = any\n\
             auth_file = {}\nunix_socket_dir = {}\nlisten_port = {}\nlisten_addr =\ndefault_pool_size = 20\n\
             unix_socket_mode = 0777\nlogfile = {}\n",
            path("users"),
            folder.path().display(),
            Self::PORT,
            path("log"),
        );
        std::fs::write(path("pgbouncer.ini"), settings).expect("written");
        let mut command = Command::new("/usr/sbin/pgbouncer");
        command.arg(path("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null());
        // It refuses to run as root: it runs as the private PostgreSQL does.
        let server = std::fs::metadata(format!("{host}/.s.PGSQL.{port}")).expect("its socket");
        if server.uid() != std::fs::metadata("/proc/self").expect("this process").uid() {
            chown(folder.path(), Some(server.uid()), Some(server.gid())).expect("given");
            command.uid(server.uid()).gid(server.gid());
        }
        let process = command.spawn().expect("scripts/install-test-tools installs pgbouncer");
        let bouncer = Self { process, folder };
        let socket = bouncer.folder.path().join(format!(".s.PGSQL.{}", Self::PORT));
        let begun = std::time::Instant::now();
        while !socket.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "pgbouncer does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bouncer
    }

    fn url(&self, database: &TestDatabase) -> String {
        let user = part(&database.url, "user").expect("a user");
        let folder = self.folder.path().display();
        format!("host={folder} port={} user={user} dbname={}", Self::PORT, name(database))
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Debian's pgbouncer 1.18 keeps no prepared statements for its clients: in transaction mode it is refused by name, whoever asks
/// first and however often.
#[actix_web::test]
async fn a_pooler_that_forgets_statements_is_refused_and_one_that_keeps_sessions_works() {
    let database = TestDatabase::new().await;
    let bouncer = Bouncer::start(&database, "transaction").await;
    for _ in 0..3 {
        let refused = refusal(&database, &bouncer.url(&database)).await;
        assert!(refused.contains("pooler in transaction mode") && refused.contains("pool_mode = session"), "{refused}");
    }
    drop(bouncer);
    let bouncer = Bouncer::start(&database, "session").await;
    let gateway = start_at(&database, &bouncer.url(&database), |_| {}).await.expect("it starts");
    let client: Client = gateway.client();
    let owner = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&owner).await;
    client.trust_another(EMAIL, &mut screen, "Second").await;
    gateway.stop().await;
}
