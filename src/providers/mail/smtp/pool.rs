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

use super::super::Urgency;

/// A connection that waited for longer is not used again: servers may hang up on idle ones (RFC 5321 section 4.5.3.2.7).
const IDLE_AT_MOST: Duration = Duration::from_secs(60);
/// A kept connection that says nothing for this long is dead.
pub(super) const REUSE_PATIENCE: Duration = Duration::from_secs(2);

/// Of all connections, what mails that are no codes may have: one of so many, so that a code finds one.
const NOTICES_SHARE: usize = 4;

pub(super) struct Pool {
    turns: Semaphore,
    /// Of these, those of mails that can wait.
    notices: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

/// A try may be under way.
pub(super) struct Turn<'a> {
    _turn: SemaphorePermit<'a>,
    _notice: Option<SemaphorePermit<'a>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
    /// The mail before this one was begun and not sent.
    needs_reset: bool,
}

impl Pool {
    pub(super) fn new(connections: usize) -> Self {
        let notices = Semaphore::new(connections.div_ceil(NOTICES_SHARE));
        Self { turns: Semaphore::new(connections), notices, idle: Mutex::default() }
    }

    /// Waits for a turn: as many tries are under way as there may be connections, and only some of them of mails that can wait.
    pub(super) async fn turn(&self, urgency: Urgency) -> Turn<'_> {
        let notice = match urgency {
            Urgency::Code => None,
            Urgency::Notice => Some(self.notices.acquire().await.expect("the semaphore is never closed")),
        };
        let turn = self.turns.acquire().await.expect("the semaphore is never closed");
        Turn { _turn: turn, _notice: notice }
    }

    /// A connection from before, ready for the next mail; that its server still listens is seen by who uses it.
    pub(super) async fn take(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since, needs_reset } =
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() >= IDLE_AT_MOST {
                continue;
            }
            if !needs_reset {
                return Some(connection);
            }
            match timeout(REUSE_PATIENCE, connection.command(Rset)).await {
                Ok(Ok(_)) => return Some(connection),
                Ok(Err(_)) => {}
                Err(_) => self.forget_idle(),
            }
        }
    }

    /// Lets go of all that waits. Where one says nothing, the server or the way to it is gone for all of them, and a mail must not
    /// wait for each.
    pub(super) fn forget_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn put(&self, connection: AsyncSmtpConnection, needs_reset: bool) {
        let idle = Idle { connection, since: Instant::now(), needs_reset };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }
}
