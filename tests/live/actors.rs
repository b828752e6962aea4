//! The directory and its user actors, driven without sockets: connections here are small actors.

use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use tokio::sync::mpsc;
use twostep::actors::{Attach, Detach, Directory, Outgoing, ToConnection, User};
use twostep::bus::{Envelope, News};
use twostep::domain::account::locale::Language;
use twostep::domain::event::{AccountEvent, AlertKind};
use twostep::domain::value::id::{AccountId, ConnectionId, DeviceId, SessionId};
use twostep::telemetry::traces::Trace;
use twostep::websocket_protocol::close::CloseReason;
use uuid::Uuid;

use crate::support::client::{DEADLINE, Install};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;
use crate::support::raw_socket::RawSocket;

const ACCOUNTS: usize = 8;
const ROUNDS: usize = 1250;

/// Passes on what it is told.
struct FakeConnection(mpsc::UnboundedSender<Outgoing>);

impl Actor for FakeConnection {
    type Context = Context<Self>;
}

impl Handler<Outgoing> for FakeConnection {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, _: &mut Self::Context) {
        // Who listens no more has seen enough.
        let _ = self.0.send(outgoing);
    }
}

/// An account with one trusted device that has a session.
#[derive(Clone, Copy)]
struct Holder {
    account_id: AccountId,
    device_id: DeviceId,
    session_id: SessionId,
}

impl Holder {
    async fn new(database: &TestDatabase) -> Self {
        let [account, device, session] = [(); 3].map(|()| Uuid::now_v7());
        let hash = "decode(md5(random()::text) || md5(random()::text), 'hex')";
        let statements = format!(
            "INSERT INTO accounts (account_id, email) VALUES ('{account}', '{account}@example.com');
             INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at)
             VALUES ('{account}', '{device}', '{device}', 'n', 'm', 'web', '1', '1', now());
             INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at)
             VALUES ('{account}', '{session}', '{device}', {hash}, now() + interval '1 hour', now() + interval '1 day')"
        );
        database.execute(&statements).await;
        Self {
            account_id: AccountId::new(account),
            device_id: DeviceId::new(device),
            session_id: SessionId::new(session),
        }
    }

    async fn connect(self, directory: &Directory) -> Connected {
        let connection_id = ConnectionId::new(Uuid::now_v7());
        let (told, hears) = mpsc::unbounded_channel();
        let to = ToConnection::new(FakeConnection(told).start().recipient(), Arc::default());
        let Self { account_id, device_id, session_id } = self;
        let attach = Attach { account_id, device_id, session_id, connection_id, to, language: Language::English };
        let user = directory.attach(attach).await.expect("the user actor takes it");
        let mut connected = Connected { user, connection_id, hears };
        assert!(connected.text().await.starts_with(r#"{"type":"welcome""#));
        connected
    }

    async fn alert(self, directory: &Directory) {
        let event = AccountEvent::SecurityAlert { kind: AlertKind::SignInDenied };
        directory
            .route(Envelope { account_id: self.account_id, news: News::Committed(event), trace: Trace::NONE })
            .await;
    }
}

struct Connected {
    user: Addr<User>,
    connection_id: ConnectionId,
    hears: mpsc::UnboundedReceiver<Outgoing>,
}

impl Connected {
    async fn next(&mut self) -> Outgoing {
        tokio::time::timeout(DEADLINE, self.hears.recv()).await.expect("told in time").expect("the connection lives")
    }

    async fn text(&mut self) -> String {
        match self.next().await {
            Outgoing::Text(text) => text.to_string(),
            Outgoing::Close(reason) => panic!("closed: {}", reason.description()),
            Outgoing::Expires(_) => panic!("nobody refreshed"),
        }
    }

    fn disconnect(&self, holder: Holder) {
        assert!(self.user.try_send(self.detach(holder)).is_ok());
    }

    fn detach(&self, Holder { account_id, device_id, .. }: Holder) -> Detach {
        Detach { account_id, device_id, connection_id: self.connection_id }
    }
}

async fn await_no_user(directory: &Directory) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let observed = directory.observe().await;
        if observed.users == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{observed:?}");
    }
}

/// Disconnects and connects again, each time after a slightly different moment, so that the new connection meets the
/// actor before, while and after it stops. A connection that is not lost is welcomed and hears what comes.
async fn come_and_go(holder: Holder, directory: &Directory) {
    for round in 0..ROUNDS {
        let mut connected = holder.connect(directory).await;
        holder.alert(directory).await;
        assert!(connected.text().await.starts_with(r#"{"type":"security_alert""#));
        connected.disconnect(holder);
        for _ in 0..round % 25 {
            tokio::task::yield_now().await;
        }
    }
}

#[actix_web::test]
async fn no_connection_is_lost_to_an_actor_that_stops() {
    // A database that is slow on a busy machine must not close one: it would look as if it had been lost.
    let gateway = TestGateway::start_with(|settings| {
        settings.database.wait_ms = 20_000;
        settings.database.deadline_ms = 20_000;
    })
    .await;
    let directory = gateway.app.directory();
    let mut holders = Vec::new();
    for _ in 0..ACCOUNTS {
        holders.push(Holder::new(&gateway.database).await);
    }
    let begun = Instant::now();
    futures_util::future::join_all(holders.into_iter().map(|holder| come_and_go(holder, directory))).await;
    let rounds = (ACCOUNTS * ROUNDS) as u64;
    await_no_user(directory).await;
    let started = directory.observe().await.started;
    println!("{rounds} rounds, {started} user actors, {:?}", begun.elapsed());
    // Both ends of the race were seen: actors that stopped in time, and actors that a connection kept alive.
    assert!(started > rounds / 100 && started < rounds, "{started} user actors in {rounds} rounds");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_user_actor_stops_when_nothing_is_left() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let directory = gateway.app.directory();
    // What the mails of the beginning needed is gone.
    await_no_user(directory).await;

    let screen = client.connect(&first).await;
    assert_eq!(directory.observe().await.users, 1);
    drop(screen);
    await_no_user(directory).await;

    // A delivery to nobody needs an actor only for as long as it is worked.
    let started = directory.observe().await.started;
    let challenge = client.begin_sign_in("anna@example.com", &Install::new("Second")).await;
    client.await_delivery(&challenge, "unreachable").await;
    await_no_user(directory).await;
    assert!(directory.observe().await.started > started);
    gateway.stop().await;
}

#[actix_web::test]
async fn devices_that_vanish_in_the_handshake_leave_nothing_behind() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let directory = gateway.app.directory();
    let started = directory.observe().await.started;
    for _ in 0..30 {
        let knocks = (0..10).map(|_| RawSocket::knock(client.base(), &first.access_token));
        futures_util::future::join_all(knocks).await;
    }
    assert!(directory.observe().await.started > started);
    await_no_user(directory).await;
    gateway.stop().await;
}

/// What a connection does whose line broke before it knew its user actor.
#[actix_web::test]
async fn a_connection_can_be_taken_back_through_the_directory() {
    let gateway = TestGateway::start().await;
    let holder = Holder::new(&gateway.database).await;
    let directory = gateway.app.directory();
    let older = holder.connect(directory).await;
    let mut newer = holder.connect(directory).await;
    directory.detach(older.detach(holder)).await;
    holder.alert(directory).await;
    assert!(newer.text().await.starts_with(r#"{"type":"security_alert""#));
    directory.detach(newer.detach(holder)).await;
    await_no_user(directory).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn who_connects_to_a_node_that_goes_away_is_told_so() {
    let gateway = TestGateway::start().await;
    let holder = Holder::new(&gateway.database).await;
    let directory = gateway.app.directory();
    let mut early = holder.connect(directory).await;
    directory.drain(std::time::Duration::ZERO).await;
    assert!(early.text().await.starts_with(r#"{"type":"goodbye""#));
    assert!(matches!(early.next().await, Outgoing::Close(CloseReason::Drain)));

    let (told, hears) = mpsc::unbounded_channel();
    let to = ToConnection::new(FakeConnection(told).start().recipient(), Arc::default());
    let Holder { account_id, device_id, session_id } = holder;
    let connection_id = ConnectionId::new(Uuid::now_v7());
    let user = directory
        .attach(Attach { account_id, device_id, session_id, connection_id, to, language: Language::English })
        .await
        .expect("taken");
    let mut late = Connected { user, connection_id, hears };
    assert!(late.text().await.starts_with(r#"{"type":"goodbye""#));
    assert!(matches!(late.next().await, Outgoing::Close(CloseReason::Drain)));
    await_no_user(directory).await;
    gateway.stop().await;
}
