//! The connection pool.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::future::{BoxFuture, join};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::hosts::HostByHost;
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};
use crate::store::StoreError;
use crate::store::batched::Receipt;
use crate::store::batched::ShownSession;
use crate::store::batched::{Opening, Work};
use crate::store::postgres::batch::Batch;
use crate::store::postgres::pipeline;

use crate::domain::device::token::TokenHash;
use crate::telemetry::traces::{Kind, Step};

/// A process that stood still, as a machine that is moved does, finds its deadline passed and the answer there, but unread. Not
/// to read it would refuse what was committed.
const LAST_LOOK: Duration = Duration::from_millis(250);

/// A connection is replaced at this age: after a failover, a change of DNS or of a certificate nobody stays with what was before.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);

/// A database that gives no more connections is asked again after this long.
const SHUT_FOR: Duration = Duration::from_secs(2);

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// A `postgres://` URL or libpq-style `key=value` pairs.
    pub url: SecretString,
    /// PEM file of the authorities that vouch for its certificate; `None`: the system's, or what the URL says.
    pub ca_file: Option<PathBuf>,
    /// Connections at most.
    pub pool_size: usize,
    /// How long a request may wait for a connection, or a connection for its handshake.
    pub wait: Duration,
    /// How long one use case may take in the database before it counts as unavailable.
    pub deadline: Duration,
}

/// The way to the database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    places: Places,
    /// How long a request may wait for a connection.
    wait: Duration,
    deadline: Duration,
    batches: Arc<Gathered>,
}

/// Why work in the database came to nothing.
pub trait Failure: From<StoreError> + std::error::Error + 'static {}

impl<E: From<StoreError> + std::error::Error + 'static> Failure for E {}

/// Questions that are asked together.
#[derive(Default)]
pub(in crate::store) struct Gathered {
    pub(in crate::store) sessions: Batch<TokenHash, Option<ShownSession>>,
    pub(in crate::store) openings: Batch<(AccountId, SessionId), Opening>,
    pub(in crate::store) work: Batch<(AccountId, ChallengeId), Option<Work>>,
    pub(in crate::store) receipts: Batch<Receipt, Option<bool>>,
}

/// Answers questions with one connection, each in its place.
type AnswerAll<Q, A> = for<'a> fn(&'a Object, &'a [Q]) -> BoxFuture<'a, Result<Vec<A>, StoreError>>;

impl Store {
    /// Prepares a pool; connections are made when they are needed.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the URL cannot be read.
    pub fn new(settings: &ConnectSettings) -> Result<Self, StoreError> {
        let Address { mut config, tls } = Address::read(settings.url.expose_secret(), settings.ca_file.as_deref())?;
        config.application_name("twostep");
        config.tcp_user_timeout(settings.deadline);
        config.keepalives_idle(Duration::from_secs(30));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let connect = HostByHost::new(&config, MakeRustlsConnect::new(tls), settings.wait);
        let manager = Manager::from_connect(config, connect, recycling);
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size)
            .timeouts(Timeouts { wait: Some(settings.wait), create: Some(settings.wait), recycle: Some(settings.wait) })
            .runtime(Runtime::Tokio1)
            .pre_recycle(Hook::sync_fn(|_, metrics| {
                let is_old = metrics.age() > LONGEST_LIFE;
                if is_old { Err(HookError::message("as old as a connection may be")) } else { Ok(()) }
            }))
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        let places = Places {
            free: Arc::new(Semaphore::new(settings.pool_size)),
            shut: Arc::default(),
            all: settings.pool_size,
        };
        Ok(Self { pool, places, wait: settings.wait, deadline: settings.deadline, batches: Arc::default() })
    }

    /// A connection for statements that stand alone. Where the database gives no more of them, one that exists is waited for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none can be had in time.
    pub async fn connection(&self) -> Result<Lent, StoreError> {
        let lend = async {
            loop {
                let place = self.places.take().await?;
                match self.pool.get().await {
                    Ok(object) => return Ok(Lent { object, _place: place }),
                    Err(PoolError::Backend(error)) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => {
                        self.places.shut(place).map_err(|()| StoreError::from(error))?;
                    }
                    Err(PoolError::Backend(error)) => return Err(error.into()),
                    Err(other) => return Err(StoreError::Unavailable(other.into())),
                }
            }
        };
        // Boxed: every use case would be larger by it.
        timeout(self.wait, Box::pin(lend)).await.unwrap_or_else(|elapsed| Err(StoreError::Unavailable(elapsed.into())))
    }

    /// Runs `work` with one connection, within the deadline.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer in time, and what `work` returns.
    pub async fn run<T, E: Failure>(&self, work: impl AsyncFnOnce(&Object) -> Result<T, E>) -> Result<T, E> {
        let until = Instant::now() + self.deadline;
        let task = async {
            let loan = self.lend(until).await?;
            let result = work(loan.connection()).await;
            loan.end(&result);
            result
        };
        self.in_time(task).await
    }

    /// Runs `work` in one transaction and commits it if it succeeds; otherwise nothing of it stays. BEGIN travels with the
    /// first statement of `work`, so that it costs no round trip.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn transaction<T, E: Failure>(&self, work: impl AsyncFnOnce(&Object) -> Result<T, E>) -> Result<T, E> {
        let until = Instant::now() + self.deadline;
        let task = async {
            let loan = self.lend(until).await?;
            let (begun, result) = join(loan.execute("BEGIN"), work(loan.connection())).await;
            if let Err(error) = begun {
                loan.end_with(&error);
                return Err(error.into());
            }
            let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
            let ended = loan.execute(end).await;
            let is_ended = ended.is_ok();
            let result = result.and_then(|value| ended.map(|()| value).map_err(E::from));
            if is_ended {
                loan.end(&result);
            }
            result
        };
        self.in_time(task).await
    }

    /// Asks together with those who ask the same kind of question now, within the deadline.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(in crate::store) async fn ask<Q, A>(
        &self,
        kind: fn(&Gathered) -> &Batch<Q, A>,
        question: Q,
        answer_all: AnswerAll<Q, A>,
    ) -> Result<A, StoreError>
    where
        Q: Clone + Send + Sync + 'static,
        A: Send + 'static,
    {
        let store = self.clone();
        let answer = kind(&self.batches).ask(question, move |asked| {
            let store = store.clone();
            async move { store.run(async |db| answer_all(db, &asked).await).await }
        });
        self.in_time(answer).await
    }

    async fn lend(&self, until: Instant) -> Result<Loan, StoreError> {
        let loan = Loan { connection: Some(self.connection().await?), until };
        match pipeline::prepare(loan.connection()).await {
            Ok(()) => Ok(loan),
            Err(error) => {
                loan.end_with(&error);
                Err(error)
            }
        }
    }

    pub(in crate::store) async fn in_time<T, E: Failure>(
        &self,
        task: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let step = Step::here(Kind::Client, "postgresql");
        let task = pin!(task);
        let mut task = pin!(step.run(task));
        if let Ok(result) = timeout(self.deadline, &mut task).await {
            return result;
        }
        timeout(LAST_LOOK, task).await.unwrap_or_else(|elapsed| {
            self.distrust_idle();
            step.fail("timed_out");
            Err(StoreError::Unavailable(elapsed.into()).into())
        })
    }

    /// A database that falls silent leaves its connections open: without this, each of them would make one more
    /// request wait for the whole deadline. Those that answered meanwhile stay.
    fn distrust_idle(&self) {
        self.pool.retain(|_, metrics| metrics.last_used() < self.deadline);
    }

    /// Its connections, for metrics.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let status = self.pool.status();
        Usage { open: status.size, in_use: status.size.saturating_sub(status.available), most: status.max_size }
    }

    /// Closes the pool; what waits for a connection is told that the database is unavailable.
    pub fn close(&self) {
        self.pool.close();
    }
}

/// Room for connections on loan: as many as the database gives, which may be fewer than the pool would like.
#[derive(Clone)]
struct Places {
    free: Arc<Semaphore>,
    /// Places that are of no use for the moment: the database refused a connection for each.
    shut: Arc<AtomicUsize>,
    all: usize,
}

impl Places {
    async fn take(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        Arc::clone(&self.free).acquire_owned().await.map_err(|closed| StoreError::Unavailable(closed.into()))
    }

    /// Shuts a place for a while; fails where it is the last one.
    fn shut(&self, place: OwnedSemaphorePermit) -> Result<(), ()> {
        if self.shut.fetch_add(1, Ordering::Relaxed) + 1 >= self.all {
            self.shut.fetch_sub(1, Ordering::Relaxed);
            return Err(());
        }
        let shut = Arc::clone(&self.shut);
        tokio::spawn(async move {
            sleep(SHUT_FOR).await;
            shut.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
        Ok(())
    }
}

/// A connection with its place.
pub struct Lent {
    object: Object,
    _place: OwnedSemaphorePermit,
}

impl std::ops::Deref for Lent {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.object
    }
}

impl std::ops::DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Object {
        &mut self.object
    }
}

impl Lent {
    /// Closes the connection, so that nobody else gets it.
    fn close(self) {
        drop(Object::take(self.object));
    }
}

/// How many connections a pool has.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Open, idle ones among them.
    pub open: usize,
    /// On loan.
    pub in_use: usize,
    /// So many it opens at most.
    pub most: usize,
}

/// A connection on loan. It goes back when its work came to an end. When who asked went away, an answer may still be on its
/// way, and whoever had the connection next would wait for that one: then it goes back when the database has answered all,
/// and is closed if it does not by the deadline.
struct Loan {
    connection: Option<Lent>,
    until: Instant,
}

impl Loan {
    fn connection(&self) -> &Object {
        self.connection.as_ref().expect("it is given back once, at the end")
    }

    /// Runs one of BEGIN, COMMIT and ROLLBACK.
    async fn execute(&self, statement: &str) -> Result<(), StoreError> {
        Ok(self.connection().batch_execute(statement).await?)
    }

    /// Its work came to an end, well or not. A session that cannot do its work is closed, or everybody who gets it would be refused.
    fn end<T>(self, result: &Result<T, impl Failure>) {
        match result {
            Ok(_) => self.give_back(),
            Err(error) => self.end_with(error),
        }
    }

    fn end_with(mut self, error: &(impl std::error::Error + 'static)) {
        if StoreError::spoils_connection(error) {
            if let Some(connection) = self.connection.take() {
                connection.close();
            }
        } else {
            self.give_back();
        }
    }

    fn give_back(mut self) {
        drop(self.connection.take());
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(unfinished) = self.connection.take() else { return };
        let left = self.until.saturating_duration_since(Instant::now());
        let Some(runtime) = Handle::try_current().ok().filter(|_| !left.is_zero()) else {
            return unfinished.close();
        };
        runtime.spawn(async move {
            // Behind all that is on its way. Outside a transaction it changes nothing.
            let settled = timeout(left, unfinished.batch_execute("ROLLBACK")).await;
            if !matches!(settled, Ok(Ok(()))) {
                unfinished.close();
            }
        });
    }
}
