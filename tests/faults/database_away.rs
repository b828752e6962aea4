//! PostgreSQL away for a while, under sign-ins.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use twostep::app::App;
use twostep::settings::Settings;
use twostep::store::StoreError;

use crate::support::chaos_proxy::ChaosProxy;
use crate::support::client::{Answer, Challenge, Client, DEADLINE, Install, PASSWORD, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

const EMAIL: &str = "anna@example.com";
const CUTS: usize = 50;
/// Connections that the pool holds when the database falls silent.
const SILENT: usize = 14;
const AWAY: Duration = Duration::from_secs(10);
/// Of one use case in the database, shorter than by default so that there are several while it is away.
const DATABASE_DEADLINE: Duration = Duration::from_secs(2);
/// An answer may take a database deadline, and a little for all else.
const ANSWER_DEADLINE: Duration = Duration::from_secs(4);

struct Scene {
    gateway: TestGateway,
    proxy: ChaosProxy,
    client: Client,
    screen: Socket,
}

impl Scene {
    async fn start() -> Self {
        Self::start_with(DATABASE_DEADLINE).await
    }

    async fn start_with(database_deadline: Duration) -> Self {
        let database = TestDatabase::new().await;
        let proxy = ChaosProxy::start(&database.url).await;
        let shorten = |settings: &mut Settings| {
            settings.database.deadline_ms = database_deadline.as_millis() as u64;
            settings.database.wait_ms = settings.database.deadline_ms / 2;
        };
        let app = App::start(&TestGateway::settings(proxy.url(), shorten)).await.expect("the gateway starts");
        let gateway = TestGateway { database, app };
        let client = gateway.client();
        let first = client.new_protected_account(EMAIL).await;
        let screen = client.connect(&first).await;
        Self { gateway, proxy, client, screen }
    }

    /// Requests that wait for the same lock have a connection each.
    async fn fill_the_pool(&self) {
        let blocker = self.gateway.database.connect().await;
        blocker.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("locked");
        let install = Install::new("Warm");
        // Addresses without an account: as many wrong passwords for one would have to wait.
        let emails: Vec<String> = (0..SILENT).map(|number| format!("nobody{number}@example.com")).collect();
        let asks = emails.iter().map(|email| self.client.sign_in(email, "not the password", &install, None));
        let unlock = async {
            let waiting = format!("SELECT least(count(*), {SILENT}) FROM pg_locks WHERE NOT granted");
            self.gateway.database.await_count(&waiting, SILENT as i64).await;
            blocker.batch_execute("COMMIT").await.expect("unlocked");
        };
        tokio::join!(futures_util::future::join_all(asks), unlock);
    }

    async fn health(&self, path: &str) -> u16 {
        let operator = Client::new(&self.gateway.operator_url());
        operator.send(reqwest::Method::GET, path, None, None).await.status.as_u16()
    }

    /// Signs in for as long as the database is away: each is told so in time, and the connection stays.
    async fn expect_away(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < AWAY {
            let installs = [(); 4].map(|()| Install::new("Second"));
            let sign_ins = installs.iter().map(|install| self.client.sign_in(EMAIL, PASSWORD, install, None));
            let round = Instant::now();
            for answer in futures_util::future::join_all(sign_ins).await {
                expect_unavailable(answer);
            }
            assert!(round.elapsed() < ANSWER_DEADLINE, "{:?}", round.elapsed());
        }
        self.expect_connected().await;
        assert_eq!(self.health("/healthz").await, 200);
        assert_eq!(self.health("/readyz").await, 503);
    }

    async fn expect_connected(&mut self) {
        self.screen.send_frame(Message::Ping("there?".into())).await;
        match self.screen.frame().await {
            Some(Ok(Message::Pong(_))) => {}
            other => panic!("no pong but {other:?}"),
        }
    }

    /// The next sign-in that is taken goes all the way, over the connection of before.
    async fn expect_recovery(mut self) {
        let deadline = Instant::now() + DEADLINE;
        let install = Install::new("Third");
        let challenge = loop {
            let answer = self.client.sign_in(EMAIL, PASSWORD, &install, None).await;
            if answer.status == 202 {
                break Challenge::new(&answer.body);
            }
            assert!(Instant::now() < deadline, "no recovery but {}", answer.body);
        };
        let code = self.screen.code_of(&challenge.id).await;
        SignedIn::new(&install, &self.client.verify(&challenge, &code).await.expect(200));
        assert_eq!(self.health("/readyz").await, 200);
        self.expect_nothing_half_written().await;
        self.gateway.stop().await;
    }

    async fn expect_nothing_half_written(&self) {
        let half = "SELECT count(*) FROM challenges WHERE purpose = 'sign_in' AND (
            NOT EXISTS (SELECT FROM deliveries WHERE deliveries.challenge_id = challenges.challenge_id)
            OR NOT EXISTS (SELECT FROM login_activity WHERE login_activity.activity_id = challenges.activity_id))";
        assert_eq!(self.gateway.database.count(half).await, 0);
    }
}

fn expect_unavailable(answer: Answer) {
    let wait = answer.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let body = answer.expect_problem(503, "service_unavailable");
    assert_eq!(body["retry_after"].as_u64(), wait);
    assert!(wait.is_some(), "{body}");
}

#[actix_web::test]
async fn a_database_that_refuses_is_waited_for() {
    let mut scene = Scene::start().await;
    scene.proxy.cut();
    scene.expect_away().await;
    scene.proxy.pass();
    scene.expect_recovery().await;
}

#[actix_web::test]
async fn a_database_that_is_silent_is_waited_for() {
    let mut scene = Scene::start().await;
    scene.proxy.stall();
    scene.expect_away().await;
    scene.proxy.pass();
    scene.expect_recovery().await;
}

/// A server that froze and was replaced: the connections to it never end by themselves, and the pool is full of them.
#[actix_web::test]
async fn connections_to_a_database_that_never_answers_are_given_up() {
    // Longer, so that a busy machine fills the pool in time.
    let scene = Scene::start_with(DATABASE_DEADLINE * 2).await;
    scene.fill_the_pool().await;
    scene.proxy.stall();
    let install = Install::new("Second");
    expect_unavailable(scene.client.sign_in(EMAIL, PASSWORD, &install, None).await);
    scene.proxy.pass_new_only();
    let mut refused = 0;
    loop {
        let answer = scene.client.sign_in(EMAIL, PASSWORD, &install, None).await;
        if answer.status == 202 {
            break;
        }
        expect_unavailable(answer);
        refused += 1;
        // Not one for each silent connection: they are given up together.
        assert!(refused <= 2, "{refused} were told to come back");
    }
    scene.expect_recovery().await;
}

/// Cuts in the middle of things: an answer is one of two, and what is written is whole.
#[actix_web::test]
async fn cuts_at_any_moment_leave_nothing_half_done() {
    let scene = Scene::start().await;
    let (mut taken, mut unavailable) = (0, 0);
    for round in 0..CUTS {
        let installs = [(); 2].map(|()| Install::new("Second"));
        let sign_ins = installs.iter().map(|install| scene.client.sign_in(EMAIL, PASSWORD, install, None));
        let cut = async {
            // A little later each time: after so many steps of this thread, which sends and receives all of it.
            for _ in 0..round * 3 {
                tokio::task::yield_now().await;
            }
            scene.proxy.cut();
            scene.proxy.pass();
        };
        let (answers, ()) = tokio::join!(futures_util::future::join_all(sign_ins), cut);
        for answer in answers {
            match answer.status.as_u16() {
                202 => taken += 1,
                _ => {
                    expect_unavailable(answer);
                    unavailable += 1;
                }
            }
        }
        scene.expect_nothing_half_written().await;
        scene.gateway.database.execute("UPDATE challenges SET expires_at = now() WHERE outcome IS NULL").await;
    }
    println!("{taken} sign-ins taken, {unavailable} told to come back");
    assert!(taken > CUTS / 5 && unavailable > CUTS / 5, "the cuts came at the wrong moments: {taken}, {unavailable}");
    scene.expect_recovery().await;
}

/// Who waits no longer leaves a connection behind whose answer is still to come: nobody must get that one next.
#[actix_web::test]
async fn a_connection_with_an_answer_under_way_is_not_lent_again() {
    let database = TestDatabase::new().await;
    let store = database.store();
    let asks = async |statement: &'static str| {
        let result = store.run(async |db| db.simple_query(statement).await.map_err(StoreError::from)).await;
        result.map(|_| ())
    };
    tokio::select! {
        _ = asks("SELECT pg_sleep(60)") => panic!("it sleeps for longer"),
        () = database.await_count("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'", 1) => {}
    }
    let begun = Instant::now();
    asks("SELECT 1").await.expect("answered");
    assert!(begun.elapsed() < ANSWER_DEADLINE, "{:?}", begun.elapsed());
}
