//! The connection actor. Only this module names the WebSocket codec (docs/decisions/0003-websocket-crate.md).
//!
//! The actor runs only while its socket can be written: a device that does not read stops it, its mailbox fills, and
//! the user actor lets it go. What such a device never reads is bounded by that mailbox, and the operating system ends
//! its TCP connection (`TCP_USER_TIMEOUT`, set where connections are accepted).

use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_http::ws;
use actix_web::web::Bytes;
use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use metrics::{counter, gauge};
use rand::RngExt;
use tracing::debug;

use super::frames::Received;
use crate::actors::{Attach, Detach, DeviceSays, Directory, LetGo, Outgoing, ToConnection, User};
use crate::clock;
use crate::domain::account::locale::Language;
use crate::domain::device::session::{ActiveSession, CONNECTION_EXPIRY_GRACE};
use crate::domain::value::id::{ChallengeId, ConnectionId};
use crate::telemetry::{CONNECTIONS_CLOSED, CONNECTIONS_OPEN};
use crate::websocket::transport::{Incoming, Line};
use crate::websocket_protocol::close::CloseReason;
use crate::websocket_protocol::message::{DeviceMessage, ServerMessage};

/// Messages that may wait for a device that reads slowly (design section 5).
const QUEUE: usize = 64;
/// Messages a device may send in one go, and then each second (60 a minute); as many pings and pongs besides.
const MESSAGE_BURST: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
const MESSAGES_A_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("not zero");

/// In metrics, what no [`CloseReason`] is: the device said goodbye, or the line broke without a word.
const CLOSED_BY_DEVICE: &str = "device";
const LINE_LOST: &str = "line_lost";

/// How connections are kept alive.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionSettings {
    /// Time between two pings, shortened at random by up to a fifth so that they spread.
    pub heartbeat: Duration,
    /// A device that does not answer a ping for this long is gone.
    pub pong_timeout: Duration,
}

/// One device's connection.
pub(super) struct Connection {
    id: ConnectionId,
    line: Rc<Line>,
    session: ActiveSession,
    directory: Directory,
    settings: ConnectionSettings,
    user: Option<Addr<User>>,
    let_go: Arc<LetGo>,
    /// Why it ends, once somebody ended it.
    ended: Option<&'static str>,
    messages: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    controls: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    pong_deadline: Option<SpawnHandle>,
    expiry: Option<SpawnHandle>,
}

impl Connection {
    pub(super) fn new(
        line: Rc<Line>,
        session: ActiveSession,
        directory: Directory,
        settings: ConnectionSettings,
    ) -> Self {
        let quota = Quota::per_second(MESSAGES_A_SECOND).allow_burst(MESSAGE_BURST);
        Self {
            id: ConnectionId::new(uuid::Uuid::now_v7()),
            line,
            session,
            directory,
            settings,
            user: None,
            let_go: Arc::default(),
            ended: None,
            messages: RateLimiter::direct(quota),
            controls: RateLimiter::direct(quota),
            pong_deadline: None,
            expiry: None,
        }
    }

    /// Whether it is to end.
    pub(super) fn let_go(&self) -> Arc<LetGo> {
        Arc::clone(&self.let_go)
    }

    fn attach(&self, context: &mut Context<Self>) {
        let attach = Attach {
            account_id: self.session.account_id,
            device_id: self.session.device_id,
            session_id: self.session.session_id,
            connection_id: self.id,
            to: ToConnection::new(context.address().recipient(), Arc::clone(&self.let_go)),
            language: Language::of(self.session.locale.as_ref()),
        };
        let directory = self.directory.clone();
        let attached = async move { directory.attach(attach).await };
        context.wait(attached.into_actor(self).map(|user, connection, context| match user {
            Ok(user) => connection.user = Some(user),
            Err(_) => connection.close(CloseReason::InternalError, context),
        }));
    }

    fn close(&mut self, reason: CloseReason, context: &mut Context<Self>) {
        debug!(connection.id = %self.id, close.code = reason.code(), "closing a connection");
        self.ended.get_or_insert(reason.word());
        self.line.send(ws::Message::Close(Some(ws::CloseReason {
            code: ws::CloseCode::from(reason.code()),
            description: Some(reason.description().to_owned()),
        })));
        context.stop();
    }

    /// `true` when the user actor gave this connection up because its queue was full.
    fn closed_as_slow(&mut self, context: &mut Context<Self>) -> bool {
        let is_slow = self.let_go.is_slow();
        if is_slow {
            self.close(CloseReason::ReadsTooSlowly, context);
        }
        is_slow
    }

    fn schedule_ping(&self, context: &mut Context<Self>) {
        let jitter = rand::rng().random_range(0.8..=1.0);
        context.run_later(self.settings.heartbeat.mul_f64(jitter), |connection, context| {
            if connection.closed_as_slow(context) {
                return;
            }
            connection.line.send(ws::Message::Ping(Bytes::new()));
            connection.expect_pong(context);
            connection.schedule_ping(context);
        });
    }

    /// Starts the wait for a pong, unless one that an earlier ping began still goes on.
    fn expect_pong(&mut self, context: &mut Context<Self>) {
        let timeout = self.settings.pong_timeout;
        self.pong_deadline.get_or_insert_with(|| {
            context.run_later(timeout, |connection, context| {
                connection.close(CloseReason::HeartbeatMissed, context);
            })
        });
    }

    /// Closes when the access token is out of date for longer than a `refresh` may take.
    fn schedule_expiry(&mut self, expires_at: Timestamp, context: &mut Context<Self>) {
        if let Some(earlier) = self.expiry.take() {
            context.cancel_future(earlier);
        }
        let left = (expires_at + CONNECTION_EXPIRY_GRACE).duration_since(clock::now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        self.expiry = Some(context.run_later(left, |connection, context| {
            connection.close(CloseReason::SessionEnded, context);
        }));
    }

    fn on_text(&mut self, text: &str, context: &mut Context<Self>) {
        if self.messages.check().is_err() {
            return self.close(CloseReason::TooManyMessages, context);
        }
        let Ok(message) = DeviceMessage::parse(text) else {
            return self.close(CloseReason::InvalidMessage, context);
        };
        let device_id = self.session.device_id;
        match message {
            DeviceMessage::Ping {} => self.line.send(ws::Message::Text(ServerMessage::Pong.to_text().into())),
            DeviceMessage::Receipt { challenge_id, generation, shown } => {
                let challenge_id = ChallengeId::new(challenge_id);
                self.tell_user(DeviceSays::Receipt { device_id, challenge_id, generation, shown }, context);
            }
            DeviceMessage::Deny { challenge_id } => {
                let challenge_id = ChallengeId::new(challenge_id);
                self.tell_user(DeviceSays::Deny { device_id, challenge_id }, context);
            }
            DeviceMessage::Refresh { access_token } => {
                self.tell_user(DeviceSays::Refresh { device_id, access_token }, context);
            }
        }
    }

    /// A user actor that takes nothing is dead or overwhelmed: the device comes back to a fresh one.
    fn tell_user(&mut self, says: DeviceSays, context: &mut Context<Self>) {
        let told = self.user.as_ref().is_some_and(|user| user.try_send(says).is_ok());
        if !told {
            self.close(CloseReason::InternalError, context);
        }
    }

    fn on_received(&mut self, received: Received, context: &mut Context<Self>) {
        match received {
            Received::Text(text) => self.on_text(&text, context),
            // They cost as much as messages, and nobody needs more of them.
            Received::Ping(_) | Received::Pong if self.controls.check().is_err() => {
                self.close(CloseReason::TooManyMessages, context);
            }
            Received::Ping(payload) => self.line.send(ws::Message::Pong(payload)),
            Received::Pong => {
                if let Some(deadline) = self.pong_deadline.take() {
                    context.cancel_future(deadline);
                }
            }
            Received::Close(reason) => {
                self.ended.get_or_insert(CLOSED_BY_DEVICE);
                let echo = reason.map(|reason| ws::CloseReason { description: None, ..reason });
                self.line.send(ws::Message::Close(echo));
                context.stop();
            }
            Received::Piece => {}
            Received::Refused(reason) => self.close(reason, context),
        }
    }
}

impl Actor for Connection {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        gauge!(CONNECTIONS_OPEN).increment(1);
        context.set_mailbox_capacity(QUEUE);
        context.add_stream(Incoming::new(Rc::clone(&self.line)));
        self.attach(context);
        self.schedule_ping(context);
        self.schedule_expiry(self.session.access_expires_at, context);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        gauge!(CONNECTIONS_OPEN).decrement(1);
        counter!(CONNECTIONS_CLOSED, "reason" => self.ended.unwrap_or(LINE_LOST)).increment(1);
        let ActiveSession { account_id, device_id, .. } = self.session;
        let detach = Detach { account_id, device_id, connection_id: self.id };
        let Some(user) = self.user.take() else {
            // The line broke before the directory's answer came: it may have registered the connection all the same.
            let directory = self.directory.clone();
            actix::spawn(async move { directory.detach(detach).await });
            return;
        };
        // A full mailbox must not lose this: the connection would stay in the user actor's list.
        if let Err(actix::dev::SendError::Full(detach)) = user.try_send(detach) {
            actix::spawn(async move { user.send(detach).await });
        }
    }
}

impl Handler<Outgoing> for Connection {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, context: &mut Self::Context) {
        if self.closed_as_slow(context) {
            return;
        }
        match outgoing {
            Outgoing::Text(text) => self.line.send(ws::Message::Text((&*text).into())),
            Outgoing::Expires(at) => self.schedule_expiry(at, context),
            Outgoing::Close(reason) => self.close(reason, context),
        }
    }
}

impl StreamHandler<Received> for Connection {
    fn handle(&mut self, received: Received, context: &mut Self::Context) {
        self.on_received(received, context);
    }
}
