//! The ladder: a live connection first; no connection, or no receipt in time, then push; neither, then say why.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix::prelude::*;
use tracing::{error, info};

use super::super::messages::Place;
use super::User;
use super::elsewhere::{Asked, Away};
use super::overtaken::{Overtaken, is_overtaken};
use super::record::{count, news};
use crate::clock;
use crate::domain::code::{Code, CodeSource, NoCode};
use crate::domain::delivery::{Channel, CodeToDeliver, Delivery, DeliveryState, Reach};
use crate::domain::email::EmailAddress;
use crate::domain::id::{AccountId, ChallengeId, DeliveryId, DeviceId};
use crate::domain::locale::Locale;
use crate::domain::zone::ZoneName;
use crate::protocol::message::ServerMessage;
use crate::store::challenge::ToDeliver;
use crate::store::delivery::{DeliveryNews, PlannedPush};
use crate::store::{self, Store, StoreError};
use crate::traces::{Kind, Step};
use crate::verification::Verification;

/// Where the mails of an account go, and in which language.
pub(super) struct Mailbox {
    pub(super) email: Option<EmailAddress>,
    pub(super) locale: Option<Locale>,
    pub(super) time_zone: Option<ZoneName>,
}

/// What is needed to work the deliveries of a challenge.
struct Work {
    issued: CodeToDeliver,
    mailbox: Mailbox,
    deliveries: Vec<Delivery>,
    reach: HashMap<DeviceId, Reach>,
    /// Pushes that a lost node began.
    pushes: Vec<PlannedPush>,
    /// This node issued the code, and told the others so.
    are_others_told: bool,
}

/// The code of a challenge that devices were sent over their connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SentCode {
    pub(super) challenge: ChallengeId,
    pub(super) generation: u32,
}

/// Devices that have not said yet that they show a code, with the delivery of each.
pub(super) type AwaitedReceipts = HashMap<SentCode, HashMap<DeviceId, DeliveryId>>;

impl User {
    /// Works a challenge that this node started.
    pub(super) fn deliver_claiming(&mut self, challenge: ChallengeId, context: &mut Context<Self>) {
        self.load_and_work(challenge, None, None, context);
    }

    /// Works deliveries that the sweeper claimed because nobody else did.
    pub(super) fn deliver_claimed(
        &mut self,
        challenge: ChallengeId,
        claimed: Vec<Delivery>,
        place: Place,
        context: &mut Context<Self>,
    ) {
        self.load_and_work(challenge, Some(claimed), Some(place), context);
    }

    fn load_and_work(
        &mut self,
        challenge: ChallengeId,
        claimed: Option<Vec<Delivery>>,
        place: Option<Place>,
        context: &mut Context<Self>,
    ) {
        let (services, account, overtaken) = (Arc::clone(&self.services), self.account, self.overtaken(challenge));
        let step = Step::of(self.trace_of(challenge), Kind::Internal, "deliver a code");
        step.note("challenge.id", challenge.to_string());
        let load = async move {
            let work = step.run(load(&services.verification, account, challenge, claimed)).await;
            (work, step)
        };
        self.run(context, load, move |actor, (work, _step), context| match work {
            // It closed meanwhile, or has a newer code.
            Ok(None) => {}
            Ok(Some(_)) if is_overtaken(&overtaken) => {}
            Ok(Some(work)) => actor.work(work, &overtaken, place, context),
            // The rows stay due: a sweeper takes them up again.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(challenge.id = %challenge, error, "deliveries wait for the database");
            }
        });
    }

    fn work(&mut self, work: Work, overtaken: &Overtaken, place: Option<Place>, context: &mut Context<Self>) {
        let Some(code) = self.code(&work.issued) else { return };
        let sent = SentCode { challenge: work.issued.challenge_id, generation: work.issued.generation };
        let text: Arc<str> = ServerMessage::code(&work.issued, &code, clock::now()).to_text().into();
        self.works_on(sent);
        let mut asked = Asked { away: HashMap::new(), held: HashMap::new(), news: Vec::new(), place };
        for delivery in &work.deliveries {
            match (delivery.channel, delivery.device_id) {
                (Channel::Websocket, Some(device)) => {
                    self.work_device(sent, device, delivery, &work.reach, &text, &mut asked);
                }
                (Channel::Email, _) => {
                    self.send_mail(&work.issued, &work.mailbox, delivery, &code, overtaken.clone(), context);
                }
                (Channel::Fcm | Channel::Apns, _) | (Channel::Websocket, None) => {}
            }
        }
        self.ask_others(sent, asked, work.are_others_told, context);
        for push in work.pushes {
            self.push(&work.issued, &code, push, overtaken.clone(), context);
        }
    }

    /// The first step for a device: its connection, if it is here.
    fn work_device(
        &mut self,
        sent: SentCode,
        device: DeviceId,
        delivery: &Delivery,
        reach: &HashMap<DeviceId, Reach>,
        text: &Arc<str>,
        asked: &mut Asked,
    ) {
        let SentCode { challenge, generation } = sent;
        // It lost its trust since the delivery was planned.
        let Some(reach) = reach.get(&device).copied() else {
            return asked.news.push(news(delivery.id, DeliveryState::Cancelled, None));
        };
        let had_it = self.connections.was_shown(device, challenge, generation);
        let is_connected = had_it || self.connections.show(device, challenge, generation, text);
        // A lost node sent it before and the time for a receipt is over.
        let is_silent = delivery.already_sent && reach.unreachable_reason().is_none();
        if is_connected && !is_silent {
            let news = self.expect_receipt(sent, device, delivery.id);
            asked.news.push(news);
        } else {
            let away = Away { delivery: delivery.id, reach, already_sent: delivery.already_sent };
            asked.away.insert(device, away);
        }
    }

    /// Goes on to push for the devices that stay silent for the receipt window.
    pub(super) fn await_receipts(&mut self, sent: SentCode, context: &mut Context<Self>) {
        if !self.awaited.contains_key(&sent) {
            return;
        }
        self.under_way += 1;
        context.run_later(self.services.receipt_window, move |actor, context| {
            actor.under_way -= 1;
            actor.sent_at.remove(&sent);
            let silent = actor.awaited.remove(&sent).unwrap_or_default();
            actor.escalate(sent, silent, None, context);
            actor.settle(context);
        });
    }

    /// Plans and makes the pushes to devices that the socket did not reach.
    pub(super) fn escalate(
        &mut self,
        sent: SentCode,
        devices: HashMap<DeviceId, DeliveryId>,
        place: Option<Place>,
        context: &mut Context<Self>,
    ) {
        if devices.is_empty() {
            return;
        }
        let (services, account, names) =
            (Arc::clone(&self.services), self.account, devices.keys().copied().collect::<Vec<_>>());
        let SentCode { challenge, generation } = sent;
        let overtaken = self.overtaken(challenge);
        let plan = async move {
            let _place = place;
            let (store, node) = (services.verification.store(), services.verification.node());
            store
                .run(async |db| {
                    let pushes = store::delivery::escalate(db, account, challenge, generation, &names, node).await?;
                    let found = store::challenge::to_deliver(db, &[(account, challenge)]).await?;
                    Ok::<_, StoreError>((pushes, found.into_iter().flatten().next()))
                })
                .await
        };
        self.run(context, plan, move |actor, planned, context| match planned {
            Ok((pushes, Some(found))) => actor.make_pushes(&found.issued, pushes, devices, &overtaken, context),
            Ok((_, None)) => {}
            // The rows become due again: a sweeper goes on.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(challenge.id = %challenge, error, "pushes wait for the database");
            }
        });
    }

    fn make_pushes(
        &mut self,
        issued: &CodeToDeliver,
        pushes: Vec<PlannedPush>,
        mut devices: HashMap<DeviceId, DeliveryId>,
        overtaken: &Overtaken,
        context: &mut Context<Self>,
    ) {
        let Some(code) = self.code(issued) else { return };
        for push in pushes {
            devices.remove(&push.device_id);
            self.push(issued, &code, push, overtaken.clone(), context);
        }
        // No provider knows these. What was written to a connection here rests there; that another node wrote it is hearsay, and a
        // device that then says nothing did not get it.
        let rest = devices.into_iter().map(|(device, delivery)| {
            if self.connections.was_shown(device, issued.challenge_id, issued.generation) {
                return news(delivery, DeliveryState::Accepted, None);
            }
            count(Channel::Websocket, DeliveryState::Failed);
            DeliveryNews { detail: Some("no_receipt"), ..news(delivery, DeliveryState::Failed, None) }
        });
        let rest = rest.collect();
        self.record(issued.challenge_id, rest, context);
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
        match self.services.verification.code_keys().derive(&source) {
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
    verification: &Verification,
    account: AccountId,
    challenge: ChallengeId,
    claimed: Option<Vec<Delivery>>,
) -> Result<Option<Work>, StoreError> {
    let (store, node, are_others_told) = (verification.store(), verification.node(), claimed.is_none());
    let Some(found) = store::live::work(store, account, challenge, node).await? else { return Ok(None) };
    let ToDeliver { issued, email, locale, time_zone } = found.to_deliver;
    let mut deliveries = match claimed {
        Some(claimed) => claimed,
        // A mail may take longer than the lease of what was planned just now.
        None if found.planned.iter().any(|delivery| delivery.channel == Channel::Email) => {
            let claimed = store.run(async |db| store::delivery::claim(db, account, challenge, node).await).await?;
            claimed.into_iter().map(|claimed| claimed.delivery).collect()
        }
        None => found.planned,
    };
    // A newer code overtook the others after they were claimed.
    deliveries.retain(|delivery| delivery.generation == issued.generation);
    let pushes = begun_pushes(store, account, &deliveries).await?;
    let (mailbox, reach) = (Mailbox { email, locale, time_zone }, found.reach.into_iter().collect());
    Ok(Some(Work { issued, mailbox, deliveries, reach, pushes, are_others_told }))
}

/// The pushes among claimed deliveries, with the addresses of today.
async fn begun_pushes(
    store: &Store,
    account: AccountId,
    deliveries: &[Delivery],
) -> Result<Vec<PlannedPush>, StoreError> {
    let is_push = |delivery: &&Delivery| matches!(delivery.channel, Channel::Fcm | Channel::Apns);
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
        let (delivery_id, channel, silent) = (delivery.id, delivery.channel, delivery.silent);
        Some(PlannedPush { delivery_id, device_id, channel, address, language, silent })
    });
    Ok(planned.collect())
}
