//! A provider that hangs harms nobody else, and costs bounded memory.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use twostep::settings::Settings;
use twostep_simulators::FcmBehaviour;

use super::stage::{EMAIL, Providers, Stage, apns_token, of_channel};
use crate::support::client::{Challenge, Client, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::socket::Socket;

const MINUTE_MS: u64 = 60_000;
const QUEUED: i32 = 10_000;
/// The code key of what is queued.
const KEY: &str = "k1";
/// Without optimisation, on a busy machine, all of them are taken up in this time.
const BACKLOG_DEADLINE: Duration = Duration::from_secs(600);
/// What a waiting push may cost, its user actor included, in a build without optimisation.
const KIB_A_PUSH: u64 = 32;
const SEED: &str = include_str!("../../benches/push/seed.sql");

#[actix_web::test]
async fn a_provider_that_hangs_for_a_minute_delays_neither_sockets_nor_the_other() {
    let one_at_a_time = |settings: &mut Settings| {
        settings.fcm.request_timeout_ms = MINUTE_MS;
        settings.fcm.guard.concurrency = 1;
    };
    let stage = Stage::start_with(one_at_a_time).await;
    let (one, other, ios) = (stage.trust("One").await, stage.trust("Other").await, stage.trust("iPhone").await);
    stage.register(&one, "fcm", "one").await;
    stage.register(&other, "fcm", "other").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    stage.providers.fcm.always_all(Some(FcmBehaviour::Hang));
    let mut screen = stage.client.connect(&stage.owner).await;
    for _ in 0..3 {
        let challenge = stage.ask().await;
        let answered = Instant::now();
        screen.code_of(&challenge.id).await;
        let shown = answered.elapsed();
        let status = stage.status_when(&challenge, "apns", "accepted").await;
        println!("on the screen after {shown:?}, at Apple after {:?}", answered.elapsed());
        let at_google = of_channel(&status, "fcm");
        assert!(at_google.len() == 2 && at_google.iter().all(|one| one["state"] == "pending"), "{status}");
    }
    assert_eq!(stage.providers.fcm.journal().count(), 1, "one hangs, the others wait for their turn");
    stage.end().await;
}

#[actix_web::test]
async fn pushes_that_find_no_room_wait_in_the_database() {
    let cramped = |settings: &mut Settings| {
        settings.fcm.request_timeout_ms = 1_000;
        settings.fcm.guard.capacity = 1;
        settings.fcm.guard.backoff_cap_ms = 100;
        settings.delivery.sweep_period_ms = 100;
    };
    let stage = Stage::start_with(cramped).await;
    for name in ["one", "two", "three"] {
        let device = stage.trust(name).await;
        stage.register(&device, "fcm", name).await;
    }
    stage.providers.fcm.script_all(vec![FcmBehaviour::Hang]);
    let challenge = stage.ask().await;
    let all = |status: &serde_json::Value| {
        of_channel(status, "fcm").iter().filter(|one| one["state"] == "accepted").count() == 3
    };
    stage.status(&challenge, all).await;
    stage.end().await;
}

#[actix_web::test]
async fn ten_thousand_pushes_wait_in_bounded_memory_and_harm_nobody() {
    let (providers, database) = (Providers::start().await, TestDatabase::new().await);
    providers.fcm.always_all(Some(FcmBehaviour::Hang));
    let key = twostep::settings::random_line(KEY);
    let settings = [("TWOSTEP__FCM__REQUEST_TIMEOUT_MS", "60000"), ("TWOSTEP__CODES__KEYS", key.as_str())];
    let node = providers.start_node(&database, &settings).await;
    let client = Client::new(&node.url);
    let owner = client.new_protected_account(EMAIL).await;

    let before = node.memory_kib();
    let began = Instant::now();
    let connection = database.connect().await;
    // Each has an address of its own, and no keys.
    let (address, keys) = (None::<&str>, None::<&[u8]>);
    connection.execute(SEED, &[&QUEUED, &"fcm_token", &KEY, &600.0_f64, &address, &keys]).await.expect("made");
    let held = async || node.metric("twostep_pushes_held", "fcm").await;
    while held().await < f64::from(QUEUED) {
        assert!(began.elapsed() < BACKLOG_DEADLINE, "{} held", held().await);
    }
    let growth = node.memory_kib() - before;
    println!(
        "{QUEUED} pushes held after {:?}, {} ms of processor: {before} KiB before, {growth} KiB more, {} KiB a push",
        began.elapsed(),
        10 * node.processor_ticks(),
        growth / u64::from(QUEUED.unsigned_abs())
    );
    assert!(growth < u64::from(QUEUED.unsigned_abs()) * KIB_A_PUSH, "{growth} KiB");

    // Other tests may hold the processors: then a connection and a sign-in are told to come again, and the next ones are let in.
    let began = Instant::now();
    let mut screen = loop {
        let bearer = format!("Bearer {}", owner.access_token);
        let mut screen = Socket::open(&node.url, "", &[("authorization", &bearer)]).await.expect("let in");
        match screen.frame().await {
            Some(Ok(Message::Text(text))) if text.contains("welcome") => break screen,
            Some(Ok(Message::Close(Some(close)))) if close.code == CloseCode::Error => {}
            other => panic!("no welcome but {other:?}"),
        }
        assert!(began.elapsed() < BACKLOG_DEADLINE, "no connection is welcomed");
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let install = Install::new("New");
    let challenge = loop {
        let answer = client.sign_in(EMAIL, PASSWORD, &install, None).await;
        if answer.status != 503 {
            break Challenge::new(&answer.expect(202));
        }
        assert!(began.elapsed() < BACKLOG_DEADLINE, "every sign-in is refused: {}", answer.body);
        let wait = answer.headers["retry-after"].to_str().ok().and_then(|seconds| seconds.parse().ok());
        tokio::time::sleep(Duration::from_secs(wait.expect("when to come again"))).await;
    };
    let answered = Instant::now();
    screen.code_of(&challenge.id).await;
    println!("a sign-in meanwhile is on the screen after {:?}", answered.elapsed());
    // As many as may be under way at once; on a slow machine the first timed out and as many again had their turn.
    let asked = providers.fcm.journal().count();
    assert!((100..=300).contains(&asked), "{asked}");
}
