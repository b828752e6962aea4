//! The connection pool.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, PoolError};
use futures_util::future::{BoxFuture, join};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::places::{Place, Places};
use super::seats::{ConnectSettings, Gathered, Seats, Usage, is_full};
use crate::store::StoreError;
use crate::store::postgres::batch::Batch;
use crate::store::postgres::pipeline;

use crate::telemetry::traces::{Kind, Step};

/// A process that stood still, as a machine that is moved does, finds its deadline passed and the answer there, but unread. Not
/// to read it would refuse what was committed.
const LAST_LOOK: Duration = Duration::from_millis(250);

/// The way to the database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    seats: Arc<Seats>,
    places: Places,
    /// How long a request may wait for a connection.
    wait: Duration,
    deadline: Duration,
}

/// Why work in the database came to nothing.
pub trait Failure: From<StoreError> + std::error::Error + 'static {}

impl<E: From<StoreError> + std::error::Error + 'static> Failure for E {}

/// Answers questions with one connection, each in its place.
type AnswerAll<Q, A> = for<'a> fn(&'a Object, &'a [Q]) -> BoxFuture<'a, Result<Vec<A>, StoreError>>;

impl Store {
    /// Prepares a pool; connections are made when they are needed.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the URL cannot be read.
    pub fn new(settings: &ConnectSettings) -> Result<Self, StoreError> {
        let seats = Arc::new(Seats::new(settings)?);
        let places = Places::new(settings.pool_size);
        Ok(Self { seats, places, wait: settings.wait, deadline: settings.deadline })
    }

    /// Gives the calling thread connections of its own, whose tasks run on it: for threads that serve.
    pub fn take_seat(&self) {
        self.seats.take();
    }

    /// A connection for statements that stand alone. Where the database gives no more of them, one that exists is waited for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none can be had in time.
    pub async fn connection(&self) -> Result<Lent, StoreError> {
        let lend = async {
            loop {
                let place = self.places.take().await?;
                match self.seats.connection().await {
                    Ok(object) => return Ok(Lent { object, _place: place }),
                    Err(full) if is_full(&full) => self.places.shut(place).map_err(|()| unavailable(full))?,
                    Err(error) => return Err(unavailable(error)),
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
        let answer = kind(&self.seats.own().gathered).ask(question, move |asked| {
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
            self.seats.distrust_idle(self.deadline);
            step.fail("timed_out");
            Err(StoreError::Unavailable(elapsed.into()).into())
        })
    }

    /// Its connections, for metrics.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.seats.usage()
    }

    /// How long whoever asks now will wait for a connection, if those ahead take as long as the last ones did.
    #[must_use]
    pub fn expected_wait(&self) -> Duration {
        self.places.expected_wait()
    }

    /// Closes the pool; what waits for a connection is told that the database is unavailable.
    pub fn close(&self) {
        self.seats.close();
    }
}

fn unavailable(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => error.into(),
        other => StoreError::Unavailable(other.into()),
    }
}

/// A connection with its place.
pub struct Lent {
    object: Object,
    _place: Place,
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
