//! Devices of the account that are connected to other nodes.
//!
//! Whoever works a challenge tells the others that its code was issued. A node that holds a connection of the account reads
//! the code's challenge from the database, shows it and says so; the working node then waits for a receipt as if the
//! connection were its own. Devices that nobody speaks up for within `bus.presence_wait_ms` are reached by push. What is
//! said is believed no further than that: whether a device shows a code is read from the database.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use jiff::SignedDuration;
use tracing::error;

use super::super::messages::Place;
use super::User;
use super::deliver::SentCode;
use super::record::{count, news};
use crate::domain::challenge::Method;
use crate::domain::delivery::{Channel, CodeToDeliver, DeliveryState, Reach, Step, first_step};
use crate::domain::event::AccountEvent;
use crate::domain::id::{ChallengeId, DeliveryId, DeviceId};
use crate::store::delivery::DeliveryNews;
use crate::store::{self, StoreError};
use crate::traces::{Kind, Step as TraceStep};

/// Answers that may come before this node knows what it asks.
const MAX_EARLY: usize = 64;

/// A device that is not connected here.
pub(super) struct Away {
    /// Its delivery.
    pub(super) delivery: DeliveryId,
    /// How else it is reached.
    pub(super) reach: Reach,
    /// Somebody had sent it the code before: the time for a receipt is over.
    pub(super) already_sent: bool,
}

/// A code whose devices may be connected elsewhere.
pub(super) struct Asked {
    /// Devices that nobody spoke up for so far.
    pub(super) away: HashMap<DeviceId, Away>,
    /// Devices that other nodes sent the code to.
    pub(super) held: HashMap<DeviceId, DeliveryId>,
    /// How far deliveries to devices of this node came, to be recorded with the others.
    pub(super) news: Vec<DeliveryNews>,
    pub(super) place: Option<Place>,
}

impl Asked {
    fn hear(&mut self, device: DeviceId) {
        if let Some(away) = self.away.remove(&device) {
            self.held.insert(device, away.delivery);
        }
    }
}

/// What the actor knows of other nodes.
#[derive(Default)]
pub(super) struct Elsewhere {
    asked: HashMap<SentCode, Asked>,
    early: HashMap<SentCode, HashSet<DeviceId>>,
}

impl Elsewhere {
    /// Nothing is under way any more.
    pub(super) fn forget(&mut self) {
        self.asked.clear();
        self.early.clear();
    }

    pub(super) fn drop_challenge(&mut self, challenge: ChallengeId) {
        self.asked.retain(|sent, _| sent.challenge != challenge);
        self.early.retain(|sent, _| sent.challenge != challenge);
    }
}

impl User {
    /// Asks other nodes for the devices that are not connected here, and goes on with those that nobody holds. `are_told`
    /// says that the others know of the code already.
    pub(super) fn ask_others(&mut self, sent: SentCode, mut asked: Asked, are_told: bool, context: &mut Context<Self>) {
        let may_be_held = asked.away.values().any(is_asked_for);
        if !may_be_held || !self.services.verification.bus().is_joined() {
            return self.go_on(sent, asked, context);
        }
        if !are_told {
            self.tell_others(AccountEvent::CodeIssued { challenge_id: sent.challenge });
        }
        for device in self.elsewhere.early.remove(&sent).unwrap_or_default() {
            asked.hear(device);
        }
        if asked.away.is_empty() {
            return self.go_on(sent, asked, context);
        }
        self.record_unanswered(sent, std::mem::take(&mut asked.news), context);
        // A sweeper may hand this node further deliveries of a code while it still asks for the first.
        self.stop_asking(sent, context);
        self.elsewhere.asked.insert(sent, asked);
        self.under_way += 1;
        context.run_later(self.services.presence_wait, move |actor, context| {
            actor.under_way -= 1;
            actor.stop_asking(sent, context);
            actor.settle(context);
        });
    }

    fn stop_asking(&mut self, sent: SentCode, context: &mut Context<Self>) {
        if let Some(asked) = self.elsewhere.asked.remove(&sent) {
            self.go_on(sent, asked, context);
        }
    }

    /// What is connected is waited for; what is not goes on to push, or is out of reach.
    fn go_on(&mut self, sent: SentCode, asked: Asked, context: &mut Context<Self>) {
        let Asked { away, held, news: mut sent_here, place } = asked;
        let (mut asleep, mut out_of_reach) = (HashMap::new(), Vec::new());
        for (device, delivery) in held {
            sent_here.push(self.expect_receipt(sent, device, delivery));
        }
        for (device, Away { delivery, reach, .. }) in away {
            match first_step(false, &reach) {
                Step::Unreachable(reason) => {
                    count(Channel::Websocket, DeliveryState::Unreachable);
                    let unreachable = news(delivery, DeliveryState::Unreachable, None);
                    out_of_reach.push(DeliveryNews { reason: Some(reason), ..unreachable });
                }
                Step::Socket | Step::Push | Step::Rest => drop(asleep.insert(device, delivery)),
            }
        }
        self.await_receipts(sent, context);
        self.record_unanswered(sent, sent_here, context);
        self.record(sent.challenge, out_of_reach, context);
        self.escalate(sent, asleep, place, context);
    }

    /// The code was written to a connection of the device, here or elsewhere.
    pub(super) fn expect_receipt(&mut self, sent: SentCode, device: DeviceId, delivery: DeliveryId) -> DeliveryNews {
        count(Channel::Websocket, DeliveryState::Accepted);
        self.sent_at.entry(sent).or_insert_with(Instant::now);
        self.awaited.entry(sent).or_default().insert(device, delivery);
        let window = SignedDuration::try_from(self.services.receipt_window).unwrap_or_default();
        news(delivery, DeliveryState::Accepted, Some(window))
    }

    /// Another node sent the code to a device that it holds.
    pub(super) fn on_sent_elsewhere(
        &mut self,
        challenge: ChallengeId,
        generation: u32,
        device: DeviceId,
        context: &mut Context<Self>,
    ) {
        let sent = SentCode { challenge, generation };
        if let Some(asked) = self.elsewhere.asked.get_mut(&sent) {
            asked.hear(device);
            if asked.away.is_empty() {
                self.stop_asking(sent, context);
            }
        } else if self.at_work.contains_key(&challenge) && self.elsewhere.early.len() < MAX_EARLY {
            self.elsewhere.early.entry(sent).or_default().insert(device);
        }
    }

    /// A device answered a code on another node, which wrote that down. That it is shown is read from the database when the
    /// window for receipts ends, so nobody can keep a code from being pushed by saying so on the bus.
    pub(super) fn on_receipt_elsewhere(
        &mut self,
        challenge: ChallengeId,
        generation: u32,
        device: DeviceId,
        shown: bool,
        context: &mut Context<Self>,
    ) {
        let sent = SentCode { challenge, generation };
        let Some(delivery) = self.awaited.get(&sent).and_then(|devices| devices.get(&device).copied()) else {
            // It was faster than the other nodes, which are still asked for other devices.
            if shown && self.elsewhere.asked.get(&sent).is_some_and(|asked| asked.held.contains_key(&device)) {
                count(Channel::Websocket, DeliveryState::Shown);
            }
            return;
        };
        self.count_receipt(sent, shown);
        if !shown {
            self.awaited.entry(sent).or_default().remove(&device);
            self.escalate(sent, HashMap::from([(device, delivery)]), None, context);
        }
    }

    /// Another node says that a code was issued: shows it on the connections that are here.
    pub(super) fn show_for_another_node(&mut self, challenge: ChallengeId, context: &mut Context<Self>) {
        if self.connections.is_empty() && !self.at_work.contains_key(&challenge) {
            return;
        }
        let (services, account) = (Arc::clone(&self.services), self.account);
        let step = TraceStep::here(Kind::Consumer, "show a code of another node");
        step.note("challenge.id", challenge.to_string());
        let look = async move {
            let look = services.verification.store().run(async |db| {
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
                actor.services.verification.bus().miss();
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
                self.tell_others(AccountEvent::CodeSent { challenge_id, generation, device_id: *device_id });
            }
        }
    }
}

/// A device that was sent the code long enough ago goes on to push, if it can.
fn is_asked_for(away: &Away) -> bool {
    !away.already_sent || away.reach.unreachable_reason().is_some()
}
