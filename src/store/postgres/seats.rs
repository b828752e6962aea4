//! Connections by thread. The task that drives a connection lives on the thread that opened it, so a statement from another
//! thread wakes two threads on its way there and two on its way back. So each thread that serves has a seat with
//! connections of its own, and what is asked at one seat at the same time travels together.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType, Timeouts,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::yield_now;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::hosts::HostByHost;
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};
use crate::store::StoreError;
use crate::store::batched::{Opening, Receipt, ShownSession, Work};
use crate::store::postgres::batch::Batch;

/// A connection is replaced at this age: after a failover, a change of DNS or of a certificate nobody stays with what was before.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// A `postgres://` URL or libpq-style `key=value` pairs.
    pub url: SecretString,
    /// PEM file of the authorities that vouch for its certificate; `None`: the system's, or what the URL says.
    pub ca_file: Option<PathBuf>,
    /// Connections at most.
    pub pool_size: usize,
    /// Threads that serve, and have connections of their own ([`Store::take_seat`]); 0 where it does not matter.
    pub threads: usize,
    /// How long a request may wait for a connection, or a connection for its handshake.
    pub wait: Duration,
    /// How long one use case may take in the database before it counts as unavailable.
    pub deadline: Duration,
}

/// How long a receipt waits for those of the code's other devices: nobody waits for it to be written.
const RECEIPTS_TOGETHER: Duration = Duration::from_millis(4);

/// Questions that are asked together.
pub(in crate::store) struct Gathered {
    pub(in crate::store) sessions: Batch<TokenHash, Option<ShownSession>>,
    pub(in crate::store) openings: Batch<(AccountId, SessionId), Opening>,
    pub(in crate::store) work: Batch<(AccountId, ChallengeId), Option<Work>>,
    pub(in crate::store) receipts: Batch<Receipt, Option<bool>>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            sessions: Batch::default(),
            openings: Batch::default(),
            work: Batch::default(),
            receipts: Batch::lingering(RECEIPTS_TOGETHER),
        }
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

thread_local! {
    /// The number of this thread's seat; 0 is shared by all that took none.
    static SEAT: Cell<usize> = const { Cell::new(0) };
}

/// The seats of a node.
pub(super) struct Seats {
    seats: Box<[Seat]>,
    taken: AtomicUsize,
    wait: Duration,
}

/// What a thread asks with.
pub(super) struct Seat {
    pool: Pool,
    pub(super) gathered: Gathered,
}

impl Seats {
    /// A seat for each thread that serves, and one for all others. Connections are made when they are needed.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when the URL cannot be read.
    pub(super) fn new(settings: &ConnectSettings) -> Result<Self, StoreError> {
        let Address { mut config, tls } = Address::read(settings.url.expose_secret(), settings.ca_file.as_deref())?;
        config.application_name("twostep");
        config.tcp_user_timeout(settings.deadline);
        config.keepalives_idle(Duration::from_secs(30));
        let count = settings.threads + 1;
        let timeouts =
            Timeouts { wait: Some(settings.wait), create: Some(settings.wait), recycle: Some(settings.wait) };
        let seat = |number| {
            let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            let connect = HostByHost::new(&config, MakeRustlsConnect::new(tls.clone()), settings.wait);
            let pool = Pool::builder(Manager::from_connect(config.clone(), connect, recycling))
                .max_size(share(settings.pool_size, count, number))
                .timeouts(timeouts)
                .runtime(Runtime::Tokio1)
                .pre_recycle(Hook::sync_fn(|_, metrics| {
                    let is_old = metrics.age() > LONGEST_LIFE;
                    if is_old { Err(HookError::message("as old as a connection may be")) } else { Ok(()) }
                }))
                .build()
                .map_err(|error| StoreError::Settings(error.to_string()))?;
            Ok(Seat { pool, gathered: Gathered::default() })
        };
        let seats = (0..count).map(seat).collect::<Result<_, StoreError>>()?;
        Ok(Self { seats, taken: AtomicUsize::new(0), wait: settings.wait })
    }

    /// Gives the calling thread a seat of its own, as long as there are any.
    pub(super) fn take(&self) {
        let next = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        SEAT.set(next % self.seats.len());
    }

    /// The calling thread's.
    pub(super) fn own(&self) -> &Seat {
        &self.seats[self.place()]
    }

    /// A connection of the own seat, or of another where all of these are on loan. Who calls made sure that fewer are on loan than
    /// there may be.
    pub(super) async fn connection(&self) -> Result<Object, PoolError> {
        let own = self.place();
        let at_once = Timeouts { wait: Some(Duration::ZERO), create: Some(self.wait), recycle: Some(self.wait) };
        loop {
            for other in 0..self.seats.len() {
                let seat = &self.seats[(own + other) % self.seats.len()];
                match seat.pool.timeout_get(&at_once).await {
                    Err(PoolError::Timeout(TimeoutType::Wait)) => {}
                    Err(refused) if is_full(&refused) => return self.idle_anywhere(&at_once).await.ok_or(refused),
                    got => return got,
                }
            }
            // What was free was taken meanwhile, and something else is free.
            yield_now().await;
        }
    }

    /// One that waits at any seat: the database gives no more.
    async fn idle_anywhere(&self, at_once: &Timeouts) -> Option<Object> {
        for seat in &self.seats {
            if seat.pool.status().available > 0
                && let Ok(idle) = seat.pool.timeout_get(at_once).await
            {
                return Some(idle);
            }
        }
        None
    }

    /// A database that falls silent leaves its connections open: without this, each of them would make one more
    /// request wait for the whole deadline. Those that answered within it stay.
    pub(super) fn distrust_idle(&self, deadline: Duration) {
        for seat in &self.seats {
            seat.pool.retain(|_, metrics| metrics.last_used() < deadline);
        }
    }

    /// Their connections, for metrics.
    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage { open: 0, in_use: 0, most: 0 };
        for seat in &self.seats {
            let status = seat.pool.status();
            usage.open += status.size;
            usage.in_use += status.size.saturating_sub(status.available);
            usage.most += status.max_size;
        }
        usage
    }

    pub(super) fn close(&self) {
        self.seats.iter().for_each(|seat| seat.pool.close());
    }

    fn place(&self) -> usize {
        SEAT.get() % self.seats.len()
    }
}

/// The database gives no more connections.
pub(super) fn is_full(error: &PoolError) -> bool {
    matches!(error, PoolError::Backend(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
}

/// How many of `all` a seat gets: about the same each, and at least one as far as they go; the rest to the last.
fn share(all: usize, seats: usize, number: usize) -> usize {
    all / seats + usize::from(number + all % seats >= seats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_a_seat() {
        for (all, seats) in [(16, 3), (16, 5), (2, 3), (1, 1), (500, 129)] {
            let shares: Vec<usize> = (0..seats).map(|number| share(all, seats, number)).collect();
            assert_eq!(shares.iter().sum::<usize>(), all);
            assert!(shares.is_sorted() && shares[seats - 1] - shares[0] <= 1, "{shares:?}");
        }
    }
}
