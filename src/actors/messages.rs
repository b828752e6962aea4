//! What actors say to each other. Commands are imperative, events past tense.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use actix::prelude::*;
use futures_util::task::AtomicWaker;
use jiff::Timestamp;
use secrecy::SecretString;

use super::user::User;
use crate::bus::News;
use crate::domain::account::locale::Language;
use crate::domain::delivery::Delivery;
use crate::domain::value::id::{AccountId, ChallengeId, ConnectionId, DeviceId, SessionId};
use crate::telemetry::count_full_mailbox;
use crate::telemetry::traces::Trace;
use crate::websocket_protocol::close::CloseReason;

/// To a connection: do this. No reply.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub enum Outgoing {
    /// Write this text message; one serialisation serves every device of a user.
    Text(Arc<str>),
    /// The session's access token is good until then.
    Expires(Timestamp),
    /// Close.
    Close(CloseReason),
}

/// Why a connection is to end, for who drives it. One that reads too slowly may still read why; one that was told to close ends
/// also when its device reads nothing more.
#[derive(Default)]
pub struct LetGo {
    is_slow: AtomicBool,
    is_over: AtomicBool,
    driver: AtomicWaker,
}

impl LetGo {
    /// Its queue was full: the device reads too slowly.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.is_slow.load(Ordering::Acquire)
    }

    /// Comes when the connection was told to close.
    pub fn poll_over(&self, context: &mut std::task::Context<'_>) -> Poll<()> {
        self.driver.register(context.waker());
        if self.is_over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.driver.wake();
    }
}

/// The way to a connection. Its mailbox is the bounded queue of a connection: when it is full, the device reads too
/// slowly and is let go.
#[derive(Clone)]
pub struct ToConnection {
    recipient: Recipient<Outgoing>,
    let_go: Arc<LetGo>,
}

impl ToConnection {
    /// Wraps the address of a connection; it must look at `let_go` whenever it runs.
    #[must_use]
    pub fn new(recipient: Recipient<Outgoing>, let_go: Arc<LetGo>) -> Self {
        Self { recipient, let_go }
    }

    /// Queues a message. `false`: the connection is gone, or its queue is full and it is let go.
    pub(super) fn send(&self, outgoing: Outgoing) -> bool {
        let is_end = matches!(outgoing, Outgoing::Close(_));
        match self.recipient.try_send(outgoing) {
            Ok(()) if is_end => {
                self.let_go.end();
                true
            }
            Ok(()) => true,
            Err(SendError::Full(_)) => {
                count_full_mailbox("connection");
                self.let_go.is_slow.store(true, Ordering::Release);
                false
            }
            Err(SendError::Closed(_)) => false,
        }
    }
}

/// Why a connection has no user actor.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum DirectoryError {
    /// The actor's mailbox is full, or it just died: connect again with backoff.
    #[error("the user actor cannot take a message")]
    Busy,
}

/// Give this connection to the account's user actor. Replies with the actor; the welcome, or the reason to close,
/// comes over `to`.
#[derive(Message, Clone)]
#[rtype(result = "Result<Addr<User>, DirectoryError>")]
pub struct Attach {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// The device; it has one connection.
    pub device_id: DeviceId,
    /// The session that opened it.
    pub session_id: SessionId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The way to it.
    pub to: ToConnection,
    /// The language that its device's user reads.
    pub language: Language,
}

/// A connection closed; forget it if it still is the current one. No reply.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Detach {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// Of which device.
    pub device_id: DeviceId,
    /// The connection.
    pub connection_id: ConnectionId,
}

/// A device said something. No reply; answers come over the connection.
#[derive(Message)]
#[rtype(result = "()")]
pub enum DeviceSays {
    /// The code arrived.
    Receipt {
        /// Who says so.
        device_id: DeviceId,
        /// For which challenge.
        challenge_id: ChallengeId,
        /// Which of its codes.
        generation: u32,
        /// On the screen or not.
        shown: bool,
    },
    /// "This wasn't me."
    Deny {
        /// Who says so.
        device_id: DeviceId,
        /// Which challenge.
        challenge_id: ChallengeId,
    },
    /// A new access token.
    Refresh {
        /// Who says so.
        device_id: DeviceId,
        /// The token.
        access_token: SecretString,
    },
}

/// A fact about an account. No reply.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub(super) struct Fact {
    pub(super) account_id: AccountId,
    pub(super) news: News,
    pub(super) trace: Trace,
}

/// A place among the challenges that a node takes over at the same time; dropping it gives it back.
pub(super) type Place = tokio::sync::OwnedSemaphorePermit;

/// Work these deliveries, which the sweeper claimed. No reply.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Deliver {
    pub(super) account_id: AccountId,
    pub(super) challenge_id: ChallengeId,
    pub(super) claimed: Vec<Delivery>,
    /// Held until only providers are waited for.
    pub(super) place: Place,
}

/// Say goodbye to every connection; each comes back after a wait of up to `spread_ms`, at random. No reply.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub(super) struct Drain {
    pub(super) spread_ms: u64,
}

/// May I stop? Sent by a user actor that has nothing left; replies whether the directory forgot it.
#[derive(Message)]
#[rtype(result = "bool")]
pub(super) struct Release {
    pub(super) account_id: AccountId,
    /// How many messages of the directory the actor has handled.
    pub(super) handled: u64,
    /// Which of the account's successive actors asks.
    pub(super) incarnation: u64,
}

/// Count what is alive. Replies with the counts.
#[derive(Message, Clone, Copy)]
#[rtype(result = "super::Observed")]
pub(super) struct Observe;
