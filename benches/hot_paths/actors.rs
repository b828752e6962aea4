//! The directory with 10,000 accounts in it, and the fan-out of one user to their devices.

use std::cell::RefCell;
use std::sync::Arc;

use actix::SystemRunner;
use actix::prelude::*;
use criterion::Criterion;
use criterion::async_executor::AsyncExecutor;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use twostep::actors::{Attach, Directory, Outgoing, ToConnection};
use twostep::bus::{Envelope, News};
use twostep::domain::account::locale::Language;
use twostep::domain::challenge::Outcome;
use twostep::domain::event::AccountEvent;
use twostep::domain::value::id::{AccountId, ChallengeId, ConnectionId, DeviceId, SessionId};
use twostep::telemetry::traces::Trace;
use uuid::Uuid;

use super::accounts;

const ACCOUNTS: u128 = 10_000;
/// The number of the account that has so many devices; see seed.sql.
const FANS: [(u128, u128); 3] = [(1, 1), (2, 2), (3, 10)];

/// Hands on what a device would get, without a socket.
struct FakeConnection(UnboundedSender<Outgoing>);

impl Actor for FakeConnection {
    type Context = Context<Self>;
}

impl Handler<Outgoing> for FakeConnection {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, _: &mut Self::Context) {
        let _ = self.0.send(outgoing);
    }
}

/// Runs what is measured inside the actors' system.
struct Inside<'a>(&'a SystemRunner);

impl AsyncExecutor for Inside<'_> {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}

/// Somebody whose devices are connected; all of them tell `hears`.
struct Person {
    directory: Directory,
    account_id: AccountId,
    told: UnboundedSender<Outgoing>,
    hears: UnboundedReceiver<Outgoing>,
}

impl Person {
    fn new(directory: &Directory, number: u128) -> Self {
        let (told, hears) = mpsc::unbounded_channel();
        Self { directory: directory.clone(), account_id: AccountId::new(Uuid::from_u128(decimal(number))), told, hears }
    }

    /// Connects a device and waits for its welcome.
    async fn connect(&mut self, device: u128) {
        let connection = FakeConnection(self.told.clone()).start();
        let device = Uuid::from_u128(decimal(device));
        let attach = Attach {
            account_id: self.account_id,
            device_id: DeviceId::new(device),
            session_id: SessionId::new(device),
            connection_id: ConnectionId::new(Uuid::now_v7()),
            to: ToConnection::new(connection.recipient(), Arc::default()),
            language: Language::English,
        };
        assert!(self.directory.attach(attach).await.is_ok(), "the user actor is busy");
        while !matches!(self.hears.recv().await, Some(Outgoing::Text(_))) {}
    }

    async fn tell(&self, event: AccountEvent) {
        let news = News::Committed(event);
        self.directory.route(Envelope { account_id: self.account_id, news, trace: Trace::NONE }).await;
    }

    /// Tells every device that a challenge is over, and waits until all know.
    async fn fan_out(&mut self, devices: u128) {
        let challenge_id = ChallengeId::new(Uuid::now_v7());
        self.tell(AccountEvent::ChallengeClosed { challenge_id, outcome: Outcome::Verified }).await;
        for _ in 0..devices {
            assert!(matches!(self.hears.recv().await, Some(Outgoing::Text(_))), "a device was closed");
        }
    }
}

pub fn measure(criterion: &mut Criterion) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut postgres = accounts::postgres(folder.path())?;
    let system = System::new();
    let services = system.block_on(accounts::services(&postgres, i32::try_from(ACCOUNTS)?))?;
    let directory = system.block_on(async { Directory::start(&services, 2) });
    let people = system.block_on(everybody(&directory));
    measure_directory(criterion, &system, &people);
    for (number, devices) in FANS {
        measure_fan_out(criterion, &system, &people, number, devices);
    }
    postgres.stop();
    Ok(())
}

/// Every account with every device that it has, connected.
async fn everybody(directory: &Directory) -> Vec<RefCell<Person>> {
    let mut people = Vec::new();
    for number in 1..=ACCOUNTS {
        let mut person = Person::new(directory, number);
        let devices = FANS.iter().find(|(fan, _)| *fan == number).map_or(1, |(_, devices)| *devices);
        for device in 1..=devices {
            person.connect(device).await;
        }
        people.push(RefCell::new(person));
    }
    people
}

fn measure_directory(criterion: &mut Criterion, system: &SystemRunner, people: &[RefCell<Person>]) {
    let mut turn = (0..people.len()).cycle().step_by(7919);
    let mut next = || &people[turn.next().unwrap_or_default()];
    let nothing = AccountEvent::SessionEnded { session_id: SessionId::new(Uuid::nil()) };
    criterion.bench_function("directory/find among 10,000", |bencher| {
        bencher.to_async(Inside(system)).iter(|| {
            let (person, nothing) = (next(), nothing.clone());
            #[expect(clippy::await_holding_refcell_ref, reason = "one iteration runs at a time")]
            async move {
                person.borrow().tell(nothing).await;
            }
        });
    });
    criterion.bench_function("directory/attach to welcome among 10,000", |bencher| {
        bencher.to_async(Inside(system)).iter(|| {
            let person = next();
            #[expect(clippy::await_holding_refcell_ref, reason = "one iteration runs at a time")]
            async move {
                person.borrow_mut().connect(1).await;
            }
        });
    });
}

fn measure_fan_out(
    criterion: &mut Criterion,
    system: &SystemRunner,
    people: &[RefCell<Person>],
    number: u128,
    devices: u128,
) {
    let Some(person) = usize::try_from(number - 1).ok().and_then(|index| people.get(index)) else { return };
    // What came before is not counted.
    let drain = || async {
        let mut person = person.borrow_mut();
        while person.hears.try_recv().is_ok() {}
    };
    system.block_on(drain());
    criterion.bench_function(&format!("fan-out/{devices} devices"), |bencher| {
        bencher.to_async(Inside(system)).iter(|| {
            #[expect(clippy::await_holding_refcell_ref, reason = "one iteration runs at a time")]
            async {
                person.borrow_mut().fan_out(devices).await;
            }
        });
    });
}

/// The number whose hexadecimal digits are the decimal digits of `number`, as in seed.sql.
fn decimal(number: u128) -> u128 {
    let (mut rest, mut place, mut value) = (number, 1, 0);
    while rest > 0 {
        value += rest % 10 * place;
        (rest, place) = (rest / 10, place * 16);
    }
    value
}
