//! What user actors do about what happened.
//!
//! A fact of this node was committed by it. One from elsewhere may be a forgery by somebody who can publish on the same NATS,
//! a repetition, or out of date: what would do harm is looked up in the database first, and it decides.

use std::sync::Arc;

use actix::prelude::*;
use jiff::SignedDuration;
use tracing::{error, warn};

use super::User;
use super::codes::SentCode;
use crate::clock;
use crate::domain::challenge::Outcome;
use crate::domain::delivery::ladder::{Event, Shown};
use crate::domain::event::{AccountEvent, AlertKind, NodeMessage};
use crate::domain::value::id::{ChallengeId, ConnectionId, DeviceId, SessionId};
use crate::i18n::notice_text;
use crate::store::session::Standing;
use crate::store::{self, StoreError};
use crate::websocket_protocol::close::CloseReason;
use crate::websocket_protocol::message::ServerMessage;

/// An alert that another node tells of was written within this time.
const ALERT_IS_NEW: SignedDuration = SignedDuration::from_secs(60);

impl User {
    /// What this node committed.
    pub(super) fn on_event(&mut self, event: AccountEvent, context: &mut Context<Self>) {
        match event {
            AccountEvent::CodeIssued(issued) => self.deliver_issued(&issued, context),
            AccountEvent::ChallengeClosed { challenge_id, outcome } => self.close_challenge(challenge_id, outcome),
            AccountEvent::SecurityAlert { kind } => self.alert(kind),
            AccountEvent::SessionEnded { session_id } => self.connections.end_session(session_id),
            AccountEvent::LanguageChanged { device_id, language } => self.connections.set_language(device_id, language),
            AccountEvent::DeviceRemoved { device_id } => self.connections.remove_device(device_id),
        }
    }

    fn close_challenge(&mut self, challenge_id: ChallengeId, outcome: Outcome) {
        let text = ServerMessage::ChallengeClosed { challenge_id, outcome }.to_text();
        self.drop_older_codes(challenge_id);
        self.connections.close_challenge(challenge_id);
        self.connections.send_to_all(&text.into());
    }

    fn alert(&mut self, kind: AlertKind) {
        let at = clock::now();
        self.connections.send_in_each_language(|language| {
            let text = &notice_text(language, kind);
            ServerMessage::SecurityAlert { kind, at, text }.to_text().into()
        });
    }

    /// What another node, or somebody else, told.
    pub(super) fn on_message(&mut self, message: NodeMessage, context: &mut Context<Self>) {
        match message {
            NodeMessage::CodeIssued { challenge_id } => self.show_for_another_node(challenge_id, context),
            NodeMessage::CodeSent { challenge_id, generation, device_id } => {
                self.on_sent_elsewhere(SentCode { challenge: challenge_id, generation }, device_id, context);
            }
            NodeMessage::ReceiptCame { challenge_id, generation, device_id, shown } => {
                let (sent, shown) =
                    (SentCode { challenge: challenge_id, generation }, if shown { Shown::Yes } else { Shown::No });
                self.handle_event(sent, Event::ReceiptElsewhere(device_id, shown), context);
            }
            NodeMessage::ChallengeClosed { challenge_id, .. } => self.close_if_closed(challenge_id, context),
            NodeMessage::SessionEnded { session_id } => {
                self.check_sessions(|_, session| session == session_id, context);
            }
            NodeMessage::DeviceRemoved { device_id } => self.check_sessions(|device, _| device == device_id, context),
            NodeMessage::DeviceConnected { device_id, connection_id } => {
                self.connections.replace_older(device_id, connection_id);
            }
            NodeMessage::SecurityAlert { kind } => self.alert_if_true(kind, context),
            // Words in the wrong language are the worst that can come of it.
            NodeMessage::LanguageChanged { device_id, language } => self.connections.set_language(device_id, language),
            NodeMessage::DeliveryChanged { .. } => {}
        }
    }

    /// Looks up whether the sessions of the selected connections go on, and closes those that do not. Without the database a
    /// connection closes as well, in a way that lets its device come back: the handshake then decides.
    fn check_sessions(&mut self, is_meant: impl Fn(DeviceId, SessionId) -> bool, context: &mut Context<Self>) {
        for (device, connection, session) in self.connections.all() {
            if is_meant(device, session) {
                self.check_session(device, connection, session, context);
            }
        }
    }

    fn check_session(
        &mut self,
        device: DeviceId,
        connection: ConnectionId,
        session: SessionId,
        context: &mut Context<Self>,
    ) {
        let services = Arc::clone(&self.services);
        let account = self.account;
        let look =
            async move { services.store.run(async |db| store::session::standing(db, account, session).await).await };
        self.run(context, look, move |actor, standing: Result<_, StoreError>, _| {
            let reason = match standing {
                Ok(Standing::Good) => return,
                Ok(Standing::Ended) => CloseReason::SessionEnded,
                Ok(Standing::DeviceRemoved) => CloseReason::DeviceRemoved,
                Err(error) => {
                    error!(connection.id = %connection, error = &error as &dyn std::error::Error, "a connection whose session may be over closes");
                    CloseReason::InternalError
                }
            };
            actor.connections.close(device, connection, reason);
        });
    }

    /// A challenge may be over. Nothing is to be done when no screen here shows it and no step is under way that could show it:
    /// looks into the database tell of an end again and again.
    fn close_if_closed(&mut self, challenge: ChallengeId, context: &mut Context<Self>) {
        let is_here = self.connections.shows(challenge) || self.codes.contains_key(&challenge);
        if !is_here && self.under_way == 0 {
            return;
        }
        let services = Arc::clone(&self.services);
        let account = self.account;
        let look =
            async move { services.store.run(async |db| store::challenge::outcome(db, account, challenge).await).await };
        self.run(context, look, move |actor, outcome: Result<_, StoreError>, _| match outcome {
            Ok(Some(outcome)) if actor.connections.shows(challenge) => {
                actor.close_challenge(challenge, outcome);
            }
            // Nobody here has to be told, but a step under way must not show it any more.
            Ok(Some(_)) => {
                actor.drop_older_codes(challenge);
                actor.connections.close_challenge(challenge);
            }
            Ok(None) => warn!(challenge.id = %challenge, "the bus says that a challenge closed, the database does not"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(challenge.id = %challenge, error, "a challenge that may be over stays on screens");
                actor.services.bus.miss();
            }
        });
    }

    fn alert_if_true(&mut self, kind: AlertKind, context: &mut Context<Self>) {
        if self.connections.is_empty() {
            return;
        }
        let services = Arc::clone(&self.services);
        let account = self.account;
        let look = async move {
            let store = &services.store;
            store.run(async |db| store::notice::was_added(db, account, kind, ALERT_IS_NEW).await).await
        };
        self.run(context, look, move |actor, is_true: Result<_, StoreError>, _| match is_true {
            Ok(true) => actor.alert(kind),
            Ok(false) => warn!(alert.kind = %kind, "the bus tells of an alert, the database does not"),
            // Its mail and push tell the owner.
            Err(error) => error!(error = &error as &dyn std::error::Error, "an alert was not shown"),
        });
    }

    pub(super) fn tell_others(&self, message: NodeMessage) {
        self.services.bus.tell_others(self.account, message);
    }
}
