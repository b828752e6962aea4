//! One private PostgreSQL for the process; one database a test, cloned from a migrated template.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use twostep::store::{self, ConnectSettings, Store};
use twostep_private_postgres::PrivatePostgres;

use super::client::DEADLINE;

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);
/// `CREATE DATABASE` wants its template alone: one clone at a time.
static CLONING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// The databases of tests that ended: hundreds of them together fill a small disk.
static ENDED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Server {
    /// Statics are not dropped: the server's watchdog stops it when the process ends.
    _postgres: Mutex<PrivatePostgres>,
    base: String,
}

impl Server {
    /// The data stays for the next run, which starts in a moment; the databases of earlier runs go.
    async fn start() -> Self {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
        let postgres = tokio::task::spawn_blocking(move || PrivatePostgres::start(&path))
            .await
            .expect("the thread lives")
            .expect("PostgreSQL starts: scripts/install-postgres installs it");
        let base = postgres.connection_string();
        let server = Self { _postgres: Mutex::new(postgres), base };
        server.drop_leftovers().await;
        // What tests wrote need not outlive the machine.
        server.execute("ALTER SYSTEM SET fsync = off").await;
        server.execute("ALTER SYSTEM SET max_wal_size = '256MB'").await;
        server.execute("SELECT pg_reload_conf()").await;
        server.execute("CREATE DATABASE template_twostep").await;
        store::migrate(&open(&server.url("template_twostep"))).await.expect("migrated");
        server
    }

    async fn drop_leftovers(&self) {
        let client = connect(&self.base).await;
        let ours = "SELECT datname FROM pg_database WHERE datname ~ '^(test_[0-9]+(_away)?|template_twostep)$'";
        for row in client.query(ours, &[]).await.expect("a list") {
            let name: String = row.get(0);
            client.batch_execute(&format!("DROP DATABASE {name}")).await.expect("dropped");
        }
    }

    fn url(&self, database: &str) -> String {
        self.base.replace("dbname=twostep", &format!("dbname={database}"))
    }

    /// Connections that a test left open end with its database.
    async fn drop_ended(&self) {
        let ended = std::mem::take(&mut *ENDED.lock().unwrap_or_else(PoisonError::into_inner));
        for name in ended {
            self.execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    async fn execute(&self, sql: &str) {
        connect(&self.base).await.batch_execute(sql).await.expect("executed");
    }
}

/// A database of its own for one test; the last handle that is dropped ends it.
#[derive(Clone)]
pub struct TestDatabase {
    pub url: String,
    _life: Option<Arc<Life>>,
}

struct Life {
    name: String,
}

impl Drop for Life {
    fn drop(&mut self) {
        ENDED.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.name));
    }
}

impl TestDatabase {
    pub async fn new() -> Self {
        let server = SERVER.get_or_init(Server::start).await;
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let _alone = CLONING.lock().await;
        server.drop_ended().await;
        server.execute(&format!("CREATE DATABASE {name} TEMPLATE template_twostep")).await;
        Self { url: server.url(&name), _life: Some(Arc::new(Life { name })) }
    }

    /// One on a server that the test started itself.
    pub fn elsewhere(url: String) -> Self {
        Self { url, _life: None }
    }

    /// A connection for looking and for moving time.
    pub async fn connect(&self) -> Client {
        connect(&self.url).await
    }

    /// Runs statements, for instance to move a challenge into the past.
    pub async fn execute(&self, sql: &str) {
        self.connect().await.batch_execute(sql).await.expect("executed");
    }

    /// Lets so many seconds go by for what a time column holds, in the rows that a condition selects.
    pub async fn age(&self, table: &str, column: &str, seconds: u32, condition: &str) {
        let aged = format!("UPDATE {table} SET {column} = {column} - interval '{seconds} seconds' WHERE {condition}");
        let rows = self.connect().await.execute(&aged, &[]).await.expect("aged");
        assert!(rows > 0, "{aged}");
    }

    /// One number.
    pub async fn count(&self, sql: &str) -> i64 {
        self.connect().await.query_one(sql, &[]).await.expect("a row").get(0)
    }

    /// Waits until a query counts this many.
    pub async fn await_count(&self, sql: &str, expected: i64) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let count = self.count(sql).await;
            if count == expected {
                return;
            }
            assert!(Instant::now() < deadline, "not {expected} but {count}: {sql}");
        }
    }

    pub fn store(&self) -> Store {
        open(&self.url)
    }

    /// Waits until so many of the gateway's transactions wait for a lock.
    pub async fn await_blocked(&self, expected: i64) {
        let blocked = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        self.await_count(blocked, expected).await;
    }
}

fn open(url: &str) -> Store {
    let (wait, deadline) = (Duration::from_secs(10), Duration::from_secs(20));
    Store::new(&ConnectSettings { url: url.to_owned().into(), ca_file: None, pool_size: 4, threads: 0, wait, deadline })
        .expect("a valid URL")
}

pub async fn connect(url: &str) -> Client {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match tokio_postgres::connect(url, NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                return client;
            }
            // The server is behind with accepting: on a Unix socket that is told instead of waited for (connect(2)).
            Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::task::yield_now().await,
            Err(error) => panic!("not connected: {error:?}"),
        }
    }
}

fn is_busy(error: &tokio_postgres::Error) -> bool {
    use std::error::Error;
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::WouldBlock)
}
