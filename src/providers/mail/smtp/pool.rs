//! Connections that wait for the next mail.
//!
//! lettre's own pool takes a connection back also when a try was given up half-way; the next mail then reads the
//! answers to the one before. Here a connection comes back only after an answer was read to its end.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Rset;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// A connection that waited for longer is not used again: servers may hang up on idle ones (RFC 5321 section 4.5.3.2.7).
const IDLE_AT_MOST: Duration = Duration::from_secs(60);
/// A kept connection that says nothing for this long is dead.
const REUSE_PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Pool {
    turns: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Pool {
    pub(super) fn new(connections: usize) -> Self {
        Self { turns: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// Waits for a turn: as many tries are under way as there may be connections.
    pub(super) async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("the semaphore is never closed")
    }

    /// A connection from before that still answers, fresh for the next mail.
    pub(super) async fn take(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let is_young = since.elapsed() < IDLE_AT_MOST;
            if is_young && matches!(timeout(REUSE_PATIENCE, connection.command(Rset)).await, Ok(Ok(_))) {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn put(&self, connection: AsyncSmtpConnection) {
        let idle = Idle { connection, since: Instant::now() };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }
}
