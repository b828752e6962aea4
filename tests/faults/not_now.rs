//! Databases that say "not now" in their many ways: the answer is 503 with `Retry-After`, `/readyz` says so, and all is well
//! again without a restart.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::support::client::{Client, DEADLINE, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const EMAIL: &str = "anna@example.com";
/// Connections of the gateway at most.
const POOL_SIZE: usize = 4;

struct Scene {
    gateway: TestGateway,
    client: Client,
    name: String,
    /// Where the other databases are.
    elsewhere: TestDatabase,
}

impl Scene {
    async fn start() -> Self {
        let gateway = TestGateway::start_with(|settings| settings.database.pool_size = POOL_SIZE).await;
        let client = gateway.client();
        client.new_account(EMAIL).await;
        let row = gateway.database.connect().await.query_one("SELECT current_database()::text", &[]).await;
        let name = row.expect("a name").get(0);
        Self { gateway, client, name, elsewhere: TestDatabase::new().await }
    }

    /// Runs statements about the database, `DB` in them, from another one.
    async fn change(&self, sql: &str) {
        self.elsewhere.execute(&sql.replace("DB", &self.name)).await;
    }

    /// Ends every session, so that what was changed holds for the next ones.
    async fn end_sessions(&self) {
        self.change("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'DB'").await;
    }

    async fn readiness(&self) -> u16 {
        let operator = Client::new(&self.gateway.operator_url());
        operator.send(Method::GET, "/readyz", None, None).await.status.as_u16()
    }

    /// Every kind of call is told to come back.
    async fn expect_not_now(&self) {
        let deadline = Instant::now() + DEADLINE;
        while self.readiness().await == 200 {
            assert!(Instant::now() < deadline, "it says that it is ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for _ in 0..3 {
            let answer = self.client.sign_in(EMAIL, PASSWORD, &Install::new("Second"), None).await;
            assert!(answer.headers.contains_key("retry-after"), "{}", answer.status);
            let problem = answer.expect(503);
            assert_eq!(problem["code"], "service_unavailable", "{problem}");
        }
    }

    async fn expect_well(self) {
        let deadline = Instant::now() + DEADLINE;
        while self.readiness().await != 200 {
            assert!(Instant::now() < deadline, "it is never ready again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // A session from before that was only read from may still be there. Each refuses once at most, and is closed.
        let (mut refused, mut let_in) = (0, 0);
        while let_in < 5 {
            let answer = self.client.sign_in(EMAIL, PASSWORD, &Install::new("Third"), None).await;
            if answer.status == 503 {
                refused += 1;
                assert!(refused <= POOL_SIZE, "a session that cannot do its work was used again");
            } else {
                answer.expect(200);
                let_in += 1;
            }
        }
        self.gateway.stop().await;
    }
}

#[actix_web::test]
async fn sessions_that_are_read_only_are_left_when_the_primary_is_back() {
    let scene = Scene::start().await;
    scene.change("ALTER DATABASE DB SET default_transaction_read_only = on").await;
    scene.end_sessions().await;
    scene.expect_not_now().await;
    // Sessions stay read-only for as long as they live.
    scene.change("ALTER DATABASE DB RESET default_transaction_read_only").await;
    scene.expect_well().await;
}

#[actix_web::test]
async fn a_database_that_takes_no_connections() {
    let scene = Scene::start().await;
    scene.change("ALTER DATABASE DB WITH ALLOW_CONNECTIONS false").await;
    scene.end_sessions().await;
    scene.expect_not_now().await;
    scene.change("ALTER DATABASE DB WITH ALLOW_CONNECTIONS true").await;
    scene.expect_well().await;
}

#[actix_web::test]
async fn a_database_that_is_not_there() {
    let scene = Scene::start().await;
    scene.change("ALTER DATABASE DB WITH ALLOW_CONNECTIONS false").await;
    scene.end_sessions().await;
    scene.change("ALTER DATABASE DB RENAME TO DB_away").await;
    scene.expect_not_now().await;
    scene.change("ALTER DATABASE DB_away RENAME TO DB").await;
    scene.change("ALTER DATABASE DB WITH ALLOW_CONNECTIONS true").await;
    scene.expect_well().await;
}

#[actix_web::test]
async fn a_lock_that_is_not_to_be_had() {
    let scene = Scene::start().await;
    scene.change("ALTER DATABASE DB SET lock_timeout = '20ms'").await;
    scene.end_sessions().await;
    let blocker = scene.gateway.database.connect().await;
    blocker.batch_execute("BEGIN; LOCK TABLE accounts, nodes IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    scene.expect_not_now().await;
    blocker.batch_execute("COMMIT").await.expect("unlocked");
    scene.expect_well().await;
}
