//! The driver of the delivery ladder: what a code's ladder says is carried out, and what happens is told to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use jiff::SignedDuration;
use tracing::{error, info};

use super::super::messages::Place;
use super::User;
use super::codes::{Cancelled, SentCode, is_cancelled};
use super::record::count;
use crate::clock;
use crate::domain::code::{Code, CodeSource, NoCode};
use crate::domain::delivery::ladder::{Action, DeliveryUpdate, Event, Others, Planned, PushPlan};
use crate::domain::delivery::{Channel, CodeToDeliver, Delivery, DeliveryState, IssuedCode, Mailbox, Reach};
use crate::domain::event::NodeMessage;
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId};
use crate::store::challenge::ToDeliver;
use crate::store::delivery::PlannedPush;
use crate::store::{self, Store, StoreError};
use crate::telemetry::traces::{Kind, Step};
use crate::websocket_protocol::message::ServerMessage;

/// When a push that found no room in memory is due again.
const PUT_BACK_FOR: SignedDuration = SignedDuration::from_secs(2);

/// What is needed to work the deliveries of a challenge.
struct Work {
    code: Arc<CodeToDeliver>,
    mailbox: Mailbox,
    deliveries: Vec<Delivery>,
    reach: HashMap<DeviceId, Reach>,
    /// Pushes that a lost node began.
    pushes: Vec<PlannedPush>,
    /// This node issued the code, and told the others so.
    are_others_told: bool,
    place: Option<Place>,
}

impl User {
    /// Works a code that this node issued.
    pub(super) fn deliver_issued(&mut self, issued: &IssuedCode, context: &mut Context<Self>) {
        let sent = SentCode { challenge: issued.code.challenge_id, generation: issued.code.generation };
        if self.has_newer(sent) {
            return;
        }
        self.drop_older_codes(sent.challenge);
        let deliveries = issued.planned.deliveries.clone();
        if self.services.bus.may_be_over(sent.challenge) {
            return self.look_and_work(sent.challenge, deliveries, true, None, context);
        }
        let work = Work {
            code: Arc::clone(&issued.code),
            mailbox: issued.planned.mailbox.clone(),
            deliveries,
            reach: issued.planned.reach.iter().copied().collect(),
            pushes: Vec::new(),
            are_others_told: true,
            place: None,
        };
        let cancelled = self.cancellation(sent.challenge);
        let step = Step::of(self.trace_of(sent.challenge), Kind::Internal, "deliver a code");
        step.note("challenge.id", sent.challenge.to_string());
        self.work(work, &cancelled, context);
    }

    /// Works deliveries that the sweeper claimed because nobody else did.
    pub(super) fn deliver_claimed(
        &mut self,
        challenge: ChallengeId,
        claimed: Vec<Delivery>,
        place: Place,
        context: &mut Context<Self>,
    ) {
        self.look_and_work(challenge, claimed, false, Some(place), context);
    }

    /// Looks first whether the challenge is still open, and which code is the current one.
    fn look_and_work(
        &mut self,
        challenge: ChallengeId,
        deliveries: Vec<Delivery>,
        are_others_told: bool,
        place: Option<Place>,
        context: &mut Context<Self>,
    ) {
        let services = Arc::clone(&self.services);
        let account = self.account;
        let cancelled = self.cancellation(challenge);
        let step = Step::of(self.trace_of(challenge), Kind::Internal, "deliver a code");
        step.note("challenge.id", challenge.to_string());
        let load = async move {
            let work = step.run(load(&services.store, account, challenge, deliveries)).await;
            (work.map(|work| work.map(|work| Work { are_others_told, place, ..work })), step)
        };
        self.run(context, load, move |actor, (work, _step), context| match work {
            // It closed meanwhile, or has a newer code.
            Ok(None) => {}
            Ok(Some(_)) if is_cancelled(&cancelled) => {}
            Ok(Some(work)) => actor.work(work, &cancelled, context),
            // The rows stay due: a sweeper takes them up again.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(challenge.id = %challenge, error, "deliveries wait for the database");
            }
        });
    }

    fn work(&mut self, work: Work, cancelled: &Cancelled, context: &mut Context<Self>) {
        let Some(code) = self.code(&work.code) else { return };
        let sent = SentCode { challenge: work.code.challenge_id, generation: work.code.generation };
        let text: Arc<str> = ServerMessage::code(&work.code, &code, clock::now()).to_text().into();
        let held_elsewhere = self.works_on(sent, &work.code);
        if let Some(at_work) = self.at_work(sent) {
            at_work.place = work.place;
        }
        for device in held_elsewhere {
            self.handle_event(sent, Event::HeldElsewhere(device), context);
        }
        let mut planned = Vec::new();
        for delivery in &work.deliveries {
            match (delivery.channel, delivery.device_id) {
                (Channel::Websocket, Some(device)) => {
                    planned.push(self.begin_device(sent, device, delivery, &work.reach, &text));
                }
                (Channel::Email, _) => {
                    self.send_mail(&work.code, &work.mailbox, delivery, &code, cancelled.clone(), context);
                }
                (Channel::Fcm | Channel::Apns | Channel::Webpush, _) | (Channel::Websocket, None) => {}
            }
        }
        let others = match self.services.bus.is_joined() {
            false => Others::None,
            true if work.are_others_told => Others::Told,
            true => Others::ToBeTold,
        };
        self.handle_event(sent, Event::Planned(planned, others), context);
        for push in work.pushes {
            self.push(&work.code, &code, push, cancelled.clone(), context);
        }
    }

    /// Writes the code to the connection of a device, if that is here.
    fn begin_device(
        &mut self,
        sent: SentCode,
        device: DeviceId,
        delivery: &Delivery,
        reach: &HashMap<DeviceId, Reach>,
        text: &Arc<str>,
    ) -> Planned {
        let SentCode { challenge, generation } = sent;
        let reach = reach.get(&device).copied();
        let had_it = self.connections.was_shown(device, challenge, generation);
        let is_shown_here = reach.is_some() && (had_it || self.connections.show(device, challenge, generation, text));
        Planned { device, delivery: delivery.id, reach, already_sent: delivery.already_sent, is_shown_here }
    }

    /// Lets the ladder of a code take an event in, and carries out what it says. Nothing comes of it where the code is over.
    pub(super) fn handle_event(&mut self, sent: SentCode, event: Event, context: &mut Context<Self>) {
        let Some(at_work) = self.at_work(sent) else { return };
        let actions = at_work.ladder.handle(event);
        let mut place = if at_work.ladder.is_asking() { None } else { at_work.place.take() };
        for action in actions {
            self.carry_out(sent, action, &mut place, context);
        }
    }

    fn carry_out(&mut self, sent: SentCode, action: Action, place: &mut Option<Place>, context: &mut Context<Self>) {
        match action {
            Action::AskOthers { round, are_to_be_told } => {
                if are_to_be_told {
                    self.tell_others(NodeMessage::CodeIssued { challenge_id: sent.challenge });
                }
                self.event_after(self.services.presence_wait, sent, Event::AskedLongEnough(round), context);
            }
            Action::AwaitReceipts(round) => {
                self.event_after(self.services.receipt_window, sent, Event::WindowOver(round), context);
            }
            Action::RecordSent(deliveries) => self.record_sent(sent, deliveries, context),
            Action::Record(updates) => {
                let is_new = |update: &&DeliveryUpdate| match update.channel {
                    // What was sent was counted then.
                    Channel::Websocket => !matches!(update.state, DeliveryState::Accepted | DeliveryState::Cancelled),
                    _ => true,
                };
                updates.iter().filter(is_new).for_each(|update| count(update.channel, update.state));
                self.record(sent.challenge, updates, None, context);
            }
            Action::Postpone { delivery, detail } => {
                self.postpone(sent.challenge, delivery, detail, PUT_BACK_FOR, context);
            }
            Action::PlanPushes(devices) => self.plan_pushes(sent, devices, place.take(), context),
            Action::CountReceipt(shown) => self.count_receipt(sent, shown),
        }
    }

    fn event_after(&mut self, wait: Duration, sent: SentCode, event: Event, context: &mut Context<Self>) {
        self.under_way += 1;
        context.run_later(wait, move |actor, context| {
            actor.under_way -= 1;
            actor.handle_event(sent, event, context);
            actor.settle(context);
        });
    }

    /// Plans and makes the pushes to devices that the socket did not reach.
    fn plan_pushes(
        &mut self,
        sent: SentCode,
        devices: Vec<DeviceId>,
        place: Option<Place>,
        context: &mut Context<Self>,
    ) {
        let services = Arc::clone(&self.services);
        let account = self.account;
        let names = devices.clone();
        let SentCode { challenge, generation } = sent;
        let cancelled = self.cancellation(challenge);
        let plan = async move {
            let _place = place;
            let store = &services.store;
            let node = services.node;
            store
                .run(async |db| store::delivery::escalate(db, account, challenge, generation, &names, node).await)
                .await
        };
        self.run(context, plan, move |actor, planned: Result<_, StoreError>, context| match planned {
            Ok(Some(pushes)) => actor.make_pushes(sent, pushes, &devices, &cancelled, context),
            // It closed meanwhile, or has a newer code.
            Ok(None) => {}
            // The rows become due again: a sweeper goes on.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(challenge.id = %challenge, error, "pushes wait for the database");
            }
        });
    }

    fn make_pushes(
        &mut self,
        sent: SentCode,
        pushes: Vec<PlannedPush>,
        devices: &[DeviceId],
        cancelled: &Cancelled,
        context: &mut Context<Self>,
    ) {
        let Some(issued) = self.at_work(sent).and_then(|at_work| at_work.code.clone()) else { return };
        let Some(code) = self.code(&issued) else { return };
        let plan = |device: &DeviceId| {
            let is_pushed = pushes.iter().any(|push| push.device_id == *device);
            let is_shown_here = self.connections.was_shown(*device, sent.challenge, sent.generation);
            (*device, if is_pushed { PushPlan::Pushed } else { PushPlan::NotPushed { is_shown_here } })
        };
        let plans = devices.iter().map(plan).collect();
        for push in pushes {
            self.push(&issued, &code, push, cancelled.clone(), context);
        }
        self.handle_event(sent, Event::PushesPlanned(plans), context);
    }

    /// The message that shows a code, or `None` when this node lacks its key.
    pub(super) fn code_text(&self, issued: &CodeToDeliver) -> Option<Arc<str>> {
        let code = self.code(issued)?;
        Some(ServerMessage::code(issued, &code, clock::now()).to_text().into())
    }

    pub(super) fn code(&self, issued: &CodeToDeliver) -> Option<Code> {
        let source = CodeSource {
            key_id: &issued.key_id,
            salt: issued.salt.as_ref(),
            challenge_id: issued.challenge_id,
            purpose: issued.purpose,
            generation: issued.generation,
            digits: issued.digits,
        };
        match self.services.use_cases.core.code_keys().derive(&source) {
            Ok(code) => Some(code),
            Err(NoCode::UnknownKey) => {
                error!(challenge.id = %issued.challenge_id, key.id = issued.key_id.as_str(), "the code key of a challenge is not configured on this node: give every node the same codes.keys");
                None
            }
            Err(NoCode::RevokedKey) => {
                info!(challenge.id = %issued.challenge_id, key.id = issued.key_id.as_str(), "a code is not delivered: its key was revoked, and a new one can be asked for");
                None
            }
        }
    }
}

async fn load(
    store: &Store,
    account: AccountId,
    challenge: ChallengeId,
    mut deliveries: Vec<Delivery>,
) -> Result<Option<Work>, StoreError> {
    let Some(found) = store::user_actor_reads::work(store, account, challenge).await? else { return Ok(None) };
    let ToDeliver { code, mailbox } = found.to_deliver;
    // A newer code overtook the others after they were claimed.
    deliveries.retain(|delivery| delivery.generation == code.generation);
    let pushes = begun_pushes(store, account, &deliveries).await?;
    let code = Arc::new(code);
    let reach = found.reach.into_iter().collect();
    Ok(Some(Work { code, mailbox, deliveries, reach, pushes, are_others_told: false, place: None }))
}

/// The pushes among claimed deliveries, with the addresses of today.
async fn begun_pushes(
    store: &Store,
    account: AccountId,
    deliveries: &[Delivery],
) -> Result<Vec<PlannedPush>, StoreError> {
    let is_push = |delivery: &&Delivery| delivery.channel.is_push();
    let devices: HashSet<DeviceId> =
        deliveries.iter().filter(is_push).filter_map(|delivery| delivery.device_id).collect();
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let devices: Vec<DeviceId> = devices.into_iter().collect();
    let addresses = store.run(async |db| store::device::push_addresses(db, account, &devices).await).await?;
    let planned = deliveries.iter().filter(is_push).filter_map(|delivery| {
        let device_id = delivery.device_id?;
        let (address, language) = addresses.get(&device_id)?.clone();
        let delivery_id = delivery.id;
        let channel = delivery.channel;
        let silent = delivery.silent;
        Some(PlannedPush { delivery_id, device_id, channel, address, language, silent })
    });
    Ok(planned.collect())
}
