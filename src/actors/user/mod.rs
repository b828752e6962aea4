//! The user actor: knows the account's connections, fans codes out, listens to receipts.

mod codes;
mod connections;
mod deliver;
mod events;
mod handlers;
mod mail;
mod presence;
mod push;
mod record;
mod remote_devices;

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tracing::{error, warn};

use self::codes::Codes;
use self::connections::Connections;
use super::Services;
use super::messages::{Attach, Detach, Outgoing, Release};
use crate::domain::delivery::CodeToDeliver;
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, ChallengeId, ConnectionId, DeviceId};
use crate::service::VerificationError;
use crate::websocket_protocol::close::CloseReason;
use crate::websocket_protocol::message::ServerMessage;

/// Messages that wait for a user actor; see `Shard::send` for what happens when it is full.
const MAILBOX: usize = 128;
/// How long an actor whose release the directory could not take waits before it asks again.
const RELEASE_RETRY: Duration = Duration::from_millis(100);

/// The actor of one account on this node.
pub struct User {
    account: AccountId,
    services: Arc<Services>,
    /// Asked whether the actor may stop.
    shard: Recipient<Release>,
    incarnation: u64,
    /// Messages of the directory handled so far.
    handled: u64,
    /// Steps under way that the actor waits for.
    under_way: usize,
    connections: Connections,
    codes: Codes,
}

/// [`Attach`], as the directory passes it on. No reply.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct AttachHere(pub(super) Attach);

/// [`Detach`], as the directory passes it on. No reply.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct DetachHere(pub(super) Detach);

impl Actor for User {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX);
    }
}

impl User {
    pub(super) fn new(
        account: AccountId,
        services: Arc<Services>,
        shard: Recipient<Release>,
        incarnation: u64,
    ) -> Self {
        Self {
            account,
            services,
            shard,
            incarnation,
            handled: 0,
            under_way: 0,
            connections: Connections::default(),
            codes: Codes::default(),
        }
    }

    /// Runs `work` beside the actor and then `finish` on it; the actor stays until that is done.
    fn run<T: 'static>(
        &mut self,
        context: &mut Context<Self>,
        work: impl Future<Output = T> + 'static,
        finish: impl FnOnce(&mut Self, T, &mut Context<Self>) + 'static,
    ) {
        self.under_way += 1;
        context.spawn(work.into_actor(self).map(move |result, actor, context| {
            actor.under_way -= 1;
            finish(actor, result, context);
            actor.settle(context);
        }));
    }

    /// After each event: forgets what only steps under way needed, and stops when nothing is left.
    fn settle(&mut self, context: &mut Context<Self>) {
        if self.under_way == 0 {
            self.connections.forget_closed_challenges();
        }
        self.stop_if_idle(context);
    }

    /// Asks the directory to be forgotten when nothing is left.
    fn stop_if_idle(&mut self, context: &mut Context<Self>) {
        if !self.connections.is_empty() || self.under_way > 0 {
            return;
        }
        let asked_at = self.handled;
        let release = Release { account_id: self.account, handled: asked_at, incarnation: self.incarnation };
        self.under_way += 1;
        context.spawn(self.shard.send(release).into_actor(self).map(move |answer, actor, context| {
            actor.under_way -= 1;
            match answer {
                Ok(true) => context.stop(),
                // The message that was on its way came while the question was: nothing else asks again.
                Ok(false) if actor.handled != asked_at => actor.stop_if_idle(context),
                // It still is on its way; after it the question comes up again.
                Ok(false) => {}
                Err(_) => {
                    context.run_later(RELEASE_RETRY, Self::stop_if_idle);
                }
            }
        }));
    }

    /// The connection is registered: look at the database once more, then welcome it with what is open.
    fn welcome(&mut self, attach: &Attach, context: &mut Context<Self>) {
        let account = attach.account_id;
        let device = attach.device_id;
        let connection = attach.connection_id;
        let services = Arc::clone(&self.services);
        let session = attach.session_id;
        let open = async move { services.use_cases.devices.open_codes(account, session).await };
        self.run(context, open, move |actor, open, context| match open {
            Ok(codes) => actor.replay(device, connection, &codes, context),
            Err(error) => {
                let reason = refusal(&error);
                if reason == CloseReason::InternalError {
                    error!(connection.id = %connection, error = &error as &dyn std::error::Error, "a connection could not be welcomed");
                }
                actor.connections.close(device, connection, reason);
            }
        });
    }

    fn replay(
        &mut self,
        device: DeviceId,
        connection: ConnectionId,
        codes: &[CodeToDeliver],
        context: &mut Context<Self>,
    ) {
        let heartbeat_seconds = self.services.heartbeat.as_secs();
        let welcome = ServerMessage::Welcome { connection_id: connection, heartbeat_seconds };
        if !self.connections.make_ready(device, connection, &welcome.to_text().into()) {
            return;
        }
        for code in codes {
            let Some(text) = self.code_text(code) else { continue };
            if self.connections.show(device, code.challenge_id, code.generation, &text) {
                self.record_replay(device, code, context);
            }
        }
    }

    /// In the name of the session that the device's connection belongs to now, which may be newer than its handshake.
    fn deny(&mut self, device: DeviceId, challenge: ChallengeId, context: &mut Context<Self>) {
        let Some(session) = self.connections.session_of(device) else { return };
        let services = Arc::clone(&self.services);
        let account = self.account;
        let deny = async move { services.use_cases.challenges.deny_over_connection(account, session, challenge).await };
        self.run(context, deny, move |_, result, _| match result {
            Ok(()) => {}
            Err(VerificationError::Store(error)) => {
                error!(challenge.id = %challenge, error = &error as &dyn std::error::Error, "a denial was not recorded");
            }
            Err(error) => warn!(challenge.id = %challenge, %error, "a denial came to nothing"),
        });
    }

    fn refresh(&mut self, device: DeviceId, token: Token, context: &mut Context<Self>) {
        let services = Arc::clone(&self.services);
        let session = async move { services.use_cases.devices.authenticate(&token).await };
        self.run(context, session, move |actor, session, _| match session {
            Ok(active) if active.device_id == device => actor.connections.renew(&active),
            Err(VerificationError::Store(_)) => {}
            _ => actor.connections.close_device(device, CloseReason::SessionEnded),
        });
    }
}

/// Why a connection that was let in must close after all.
fn refusal(error: &VerificationError) -> CloseReason {
    match error {
        VerificationError::Unauthorized => CloseReason::SessionEnded,
        VerificationError::DeviceNotTrusted => CloseReason::DeviceRemoved,
        _ => CloseReason::InternalError,
    }
}

/// A panic must not leave connections behind that nobody serves: they close and come back to a new actor.
impl Drop for User {
    fn drop(&mut self) {
        for to in self.connections.take_all() {
            to.send(Outgoing::Close(CloseReason::InternalError));
        }
    }
}
