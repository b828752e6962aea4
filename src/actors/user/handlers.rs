//! What each message to a user actor does.

use actix::prelude::*;
use rand::RngExt;
use secrecy::ExposeSecret;

use super::super::messages::{Attach, Deliver, Detach, DeviceSays, Drain, Fact, Outgoing};
use super::codes::SentCode;
use super::{AttachHere, DetachHere, User};
use crate::bus::News;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::event::NodeMessage;
use crate::websocket_protocol::close::CloseReason;
use crate::websocket_protocol::message::{GoodbyeReason, ServerMessage};

impl Handler<AttachHere> for User {
    type Result = ();

    fn handle(&mut self, AttachHere(attach): AttachHere, context: &mut Self::Context) {
        self.handled += 1;
        self.connections.insert(&attach);
        let Attach { device_id, connection_id, .. } = attach;
        self.tell_others(NodeMessage::DeviceConnected { device_id, connection_id });
        self.note_connected(device_id, connection_id, context);
        self.welcome(&attach, context);
    }
}

impl Handler<Fact> for User {
    type Result = ();

    fn handle(&mut self, fact: Fact, context: &mut Self::Context) {
        self.handled += 1;
        let _here = fact.trace.enter();
        match fact.news {
            News::Committed(event) => self.on_event(event, context),
            News::FromNode(message) => self.on_message(message, context),
        }
        self.settle(context);
    }
}

impl Handler<Deliver> for User {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, context: &mut Self::Context) {
        self.handled += 1;
        self.deliver_claimed(deliver.challenge_id, deliver.claimed, deliver.place, context);
    }
}

impl Handler<Drain> for User {
    type Result = ();

    fn handle(&mut self, drain: Drain, context: &mut Self::Context) {
        self.handled += 1;
        for to in self.connections.take_all() {
            let reconnect_after_ms = rand::rng().random_range(0..=drain.spread_ms);
            let goodbye = ServerMessage::Goodbye { reason: GoodbyeReason::Drain, reconnect_after_ms };
            if to.send(Outgoing::Text(goodbye.to_text().into())) {
                to.send(Outgoing::Close(CloseReason::Drain));
            }
        }
        self.stop_if_idle(context);
    }
}

impl Handler<Detach> for User {
    type Result = ();

    fn handle(&mut self, detach: Detach, context: &mut Self::Context) {
        self.connections.remove(detach.device_id, detach.connection_id);
        self.note_gone(detach.device_id, detach.connection_id, context);
        self.stop_if_idle(context);
    }
}

impl Handler<DetachHere> for User {
    type Result = ();

    fn handle(&mut self, DetachHere(detach): DetachHere, context: &mut Self::Context) {
        self.handled += 1;
        self.handle(detach, context);
    }
}

impl Handler<DeviceSays> for User {
    type Result = ();

    fn handle(&mut self, says: DeviceSays, context: &mut Self::Context) {
        match says {
            DeviceSays::Receipt { device_id, challenge_id, generation, shown } => {
                let sent = SentCode { challenge: challenge_id, generation };
                self.record_receipt(device_id, sent, shown, context);
            }
            DeviceSays::Deny { device_id, challenge_id } => self.deny(device_id, challenge_id, context),
            DeviceSays::Refresh { device_id, access_token } => {
                match Token::parse(TokenKind::Access, access_token.expose_secret()) {
                    Some(token) => self.refresh(device_id, token, context),
                    None => self.connections.close_device(device_id, CloseReason::SessionEnded),
                }
            }
        }
    }
}
