//! One private PostgreSQL for the process; one database a test, cloned from a migrated template.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use twostep::embedded_postgres::EmbeddedPostgres;
use twostep::store::{self, ConnectSettings, Store};

use super::client::DEADLINE;

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);
/// `CREATE DATABASE` wants its template alone: one clone at a time.
static CLONING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Server {
    /// Statics are not dropped: the server's watchdog stops it when the process ends.
    _postgres: Mutex<EmbeddedPostgres>,
    _data_dir: tempfile::TempDir,
    base: String,
}

impl Server {
    async fn start() -> Self {
        let data_dir = tempfile::tempdir().expect("a folder for data");
        let path = data_dir.path().to_owned();
        let postgres = tokio::task::spawn_blocking(move || EmbeddedPostgres::start(&path))
            .await
            .expect("the thread lives")
            .expect("PostgreSQL starts: scripts/install-postgres installs it");
        let base = postgres.connection_string();
        let server = Self { _postgres: Mutex::new(postgres), _data_dir: data_dir, base };
        server.execute("CREATE DATABASE template_twostep").await;
        store::migrate(&open(&server.url("template_twostep"))).await.expect("migrated");
        server
    }

    fn url(&self, database: &str) -> String {
        self.base.replace("dbname=twostep", &format!("dbname={database}"))
    }

    async fn execute(&self, sql: &str) {
        connect(&self.base).await.batch_execute(sql).await.expect("executed");
    }
}

/// A database of its own for one test.
pub struct TestDatabase {
    pub url: String,
}

impl TestDatabase {
    pub async fn new() -> Self {
        let server = SERVER.get_or_init(Server::start).await;
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let _alone = CLONING.lock().await;
        server.execute(&format!("CREATE DATABASE {name} TEMPLATE template_twostep")).await;
        Self { url: server.url(&name) }
    }

    /// A connection for looking and for moving time.
    pub async fn connect(&self) -> Client {
        connect(&self.url).await
    }

    /// Runs statements, for instance to move a challenge into the past.
    pub async fn execute(&self, sql: &str) {
        self.connect().await.batch_execute(sql).await.expect("executed");
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
}

fn open(url: &str) -> Store {
    let (wait, deadline) = (Duration::from_secs(10), Duration::from_secs(20));
    Store::new(&ConnectSettings { url: url.to_owned().into(), pool_size: 4, wait, deadline }).expect("a valid URL")
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connected");
    tokio::spawn(connection);
    client
}
