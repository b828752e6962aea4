//! The real gateway in this process, on ports of its own.

use std::path::{Path, PathBuf};

use twostep::app::App;
use twostep::settings::{self, Settings};

use super::client::Client;
use super::database::TestDatabase;

/// Where every gateway of this process keeps its code key and the operator's token: nodes on one database share them.
fn data_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("gateways")
}

/// The file with the operator's token of every gateway of this process.
pub fn operator_token_file() -> PathBuf {
    data_dir().join("operator-token")
}

pub struct TestGateway {
    pub database: TestDatabase,
    pub app: App,
}

impl TestGateway {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts it with settings that the test changes first.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(TestDatabase::new().await, change).await
    }

    /// Starts a node on a database that other nodes use too.
    pub async fn on(database: TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        let app = App::start(&Self::settings(&database.url, change)).await.expect("the gateway starts");
        Self { database, app }
    }

    /// The defaults, on any free port, on this database, with hashing as cheap as argon2 allows here.
    pub fn settings(url: &str, change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = settings::defaults().expect("the defaults are valid");
        settings.http.address = "127.0.0.1:0".parse().expect("an address");
        settings.operator.address = "127.0.0.1:0".parse().expect("an address");
        settings.http.workers = 2;
        settings.database.url = Some(url.to_owned().into());
        settings.database.data_dir = data_dir();
        settings.passwords.memory_kib = 8192;
        settings.passwords.iterations = 1;
        change(&mut settings);
        settings
    }

    pub fn url(&self) -> String {
        self.app.url()
    }

    pub fn operator_url(&self) -> String {
        format!("http://{}", self.app.operator_address())
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url())
    }

    /// A client of the operator's side, with its token.
    pub fn operator(&self) -> Client {
        Client::operator(&self.operator_url(), &operator_token_file())
    }

    /// Stops the gateway in order.
    pub async fn stop(self) {
        self.app.stop().await;
    }
}
