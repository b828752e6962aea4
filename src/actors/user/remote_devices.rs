//! Devices of the account that are connected to other nodes.
//!
//! Whoever works a challenge tells the others that its code was issued. A node that holds a connection of the account reads
//! the code's challenge from the database, shows it and says so; the working node then waits for a receipt as if the
//! connection were its own. Devices that nobody speaks up for within `bus.presence_wait_ms` are reached by push. What is
//! said is believed no further than that: whether a device shows a code is read from the database.

use std::sync::Arc;

use actix::prelude::*;
use tracing::error;

use super::User;
use super::codes::SentCode;
use crate::domain::challenge::Method;
use crate::domain::delivery::CodeToDeliver;
use crate::domain::delivery::ladder::Event;
use crate::domain::event::NodeMessage;
use crate::domain::value::id::{ChallengeId, DeviceId};
use crate::store::{self, StoreError};
use crate::telemetry::traces::{Kind, Step};

impl User {
    /// Another node sent the code to a device that it holds.
    pub(super) fn on_sent_elsewhere(&mut self, sent: SentCode, device: DeviceId, context: &mut Context<Self>) {
        if self.at_work(sent).is_some() {
            self.handle_event(sent, Event::HeldElsewhere(device), context);
        } else if let Some(at_work) = self.codes.get_mut(&sent.challenge) {
            at_work.hear_early(sent.generation, device);
        }
    }

    /// Another node says that a code was issued: shows it on the connections that are here.
    pub(super) fn show_for_another_node(&mut self, challenge: ChallengeId, context: &mut Context<Self>) {
        if self.connections.is_empty() && !self.codes.contains_key(&challenge) {
            return;
        }
        let services = Arc::clone(&self.services);
        let account = self.account;
        let step = Step::here(Kind::Consumer, "show a code of another node");
        step.note("challenge.id", challenge.to_string());
        let look = async move {
            let look = services.store.run(async |db| {
                let Some(found) = store::challenge::to_show(db, account, challenge).await? else { return Ok(None) };
                let trusted = store::device::reach(db, &[account]).await?;
                let trusted: Vec<DeviceId> = trusted.into_iter().flatten().map(|(device, _)| device).collect();
                Ok::<_, StoreError>(Some((found, trusted)))
            });
            (step.run(look).await, step)
        };
        self.run(context, look, move |actor, (found, _step), _| match found {
            Ok(Some(((issued, method), trusted))) => actor.show_here(&issued, method, &trusted),
            // It closed meanwhile.
            Ok(None) => {}
            // The origin hears nothing and goes on to push.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(challenge.id = %challenge, error, "a code of another node waits for the database");
                actor.services.bus.miss();
            }
        });
    }

    fn show_here(&mut self, issued: &CodeToDeliver, method: Method, trusted: &[DeviceId]) {
        let CodeToDeliver { challenge_id, generation, .. } = *issued;
        self.drop_codes_before(SentCode { challenge: challenge_id, generation });
        if method != Method::App {
            return;
        }
        let Some(text) = self.code_text(issued) else { return };
        for device_id in trusted {
            let had_it = self.connections.was_shown(*device_id, challenge_id, generation);
            if had_it || self.connections.show(*device_id, challenge_id, generation, &text) {
                self.tell_others(NodeMessage::CodeSent { challenge_id, generation, device_id: *device_id });
            }
        }
    }
}
