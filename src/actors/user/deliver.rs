//! Working the deliveries of a challenge: who is connected gets the code at once, who is not is told about.

use std::collections::HashMap;
use std::sync::Arc;

use actix::prelude::*;
use jiff::Timestamp;
use tracing::{error, info};

use super::User;
use crate::delivery::mail;
use crate::domain::code::{Code, CodeSource};
use crate::domain::delivery::{CodeToDeliver, Delivery, DeliveryState, Reach, UnreachableReason};
use crate::domain::email::EmailAddress;
use crate::domain::event::AccountEvent;
use crate::domain::id::{ChallengeId, DeviceId};
use crate::protocol::message::ServerMessage;
use crate::store::delivery::DeliveryNews;
use crate::store::{self, Store, StoreError};

/// What is needed to work the deliveries of a challenge.
struct Work {
    issued: CodeToDeliver,
    email: EmailAddress,
    deliveries: Vec<Delivery>,
    reach: HashMap<DeviceId, Reach>,
}

impl User {
    /// Works a challenge that this node started.
    pub(super) fn deliver_claiming(&mut self, challenge: ChallengeId, context: &mut Context<Self>) {
        self.load_and_work(challenge, None, context);
    }

    /// Works deliveries that the sweeper claimed because nobody else did.
    pub(super) fn deliver_claimed(
        &mut self,
        challenge: ChallengeId,
        claimed: Vec<Delivery>,
        context: &mut Context<Self>,
    ) {
        self.load_and_work(challenge, Some(claimed), context);
    }

    fn load_and_work(&mut self, challenge: ChallengeId, claimed: Option<Vec<Delivery>>, context: &mut Context<Self>) {
        let (services, account) = (Arc::clone(&self.services), self.account);
        let load = async move { load(services.verification.store(), account, challenge, claimed).await };
        self.run(context, load, move |actor, work, context| match work {
            Ok(Some(work)) => actor.work(&work, context),
            // It closed meanwhile.
            Ok(None) => {}
            // The rows stay due: a sweeper takes them up again.
            Err(error) => error!(challenge.id = %challenge, error = &error as &dyn std::error::Error, "deliveries wait for the database"),
        });
    }

    fn work(&mut self, work: &Work, context: &mut Context<Self>) {
        let Some(code) = self.code(&work.issued) else { return };
        let text: Arc<str> = ServerMessage::code(&work.issued, &code, Timestamp::now()).to_text().into();
        let news: Vec<DeliveryNews> = work
            .deliveries
            .iter()
            .map(|delivery| match delivery.device_id {
                Some(device) => self.work_device(device, delivery, work, &text),
                None => self.send_mail(delivery, work, &code),
            })
            .collect();
        self.record(work.issued.challenge_id, news, context);
    }

    fn work_device(&mut self, device: DeviceId, delivery: &Delivery, work: &Work, text: &Arc<str>) -> DeliveryNews {
        let (challenge, generation) = (work.issued.challenge_id, work.issued.generation);
        let news = |state, reason| DeliveryNews { id: delivery.id, state, reason, due_in: None };
        let had_it = self.connections.was_shown(device, challenge, generation);
        if had_it || self.connections.show(device, challenge, generation, text) {
            return news(DeliveryState::Accepted, None);
        }
        let reason = work.reach.get(&device).and_then(Reach::unreachable_reason);
        news(DeliveryState::Unreachable, Some(reason.unwrap_or(UnreachableReason::NoPushToken)))
    }

    fn send_mail(&self, delivery: &Delivery, work: &Work, code: &Code) -> DeliveryNews {
        self.services.mail.send(mail::code_mail(work.email.clone(), &work.issued, code));
        DeliveryNews { id: delivery.id, state: DeliveryState::Accepted, reason: None, due_in: None }
    }

    fn record(&mut self, challenge: ChallengeId, news: Vec<DeliveryNews>, context: &mut Context<Self>) {
        for one in &news {
            info!(challenge.id = %challenge, delivery.id = %one.id, delivery.state = %one.state, "a delivery came further");
        }
        let (services, account) = (Arc::clone(&self.services), self.account);
        let record = async move {
            let store = services.verification.store();
            store.run(async |db| store::delivery::record_states(db, account, challenge, &news).await).await?;
            let changed = AccountEvent::DeliveryChanged { challenge_id: challenge };
            services.verification.bus().publish(account, changed).await;
            Ok::<_, StoreError>(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }

    /// The receipt of a code that was sent over the device's connection.
    pub(super) fn record_receipt(
        &mut self,
        device: DeviceId,
        challenge: ChallengeId,
        generation: u32,
        shown: bool,
        context: &mut Context<Self>,
    ) {
        if !self.connections.was_shown(device, challenge, generation) {
            return;
        }
        let (services, account) = (Arc::clone(&self.services), self.account);
        let record = async move {
            let store = services.verification.store();
            let is_news = store
                .run(async |db| {
                    store::delivery::record_receipt(db, account, challenge, generation, device, shown).await
                })
                .await?;
            if is_news {
                let changed = AccountEvent::DeliveryChanged { challenge_id: challenge };
                services.verification.bus().publish(account, changed).await;
            }
            Ok::<_, StoreError>(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }

    /// A device got a code because it connected.
    pub(super) fn record_replay(&mut self, device: DeviceId, issued: &CodeToDeliver, context: &mut Context<Self>) {
        let (services, account) = (Arc::clone(&self.services), self.account);
        let (challenge, generation) = (issued.challenge_id, issued.generation);
        let record = async move {
            let store = services.verification.store();
            store
                .run(async |db| store::delivery::record_replay(db, account, challenge, generation, device).await)
                .await?;
            let changed = AccountEvent::DeliveryChanged { challenge_id: challenge };
            services.verification.bus().publish(account, changed).await;
            Ok::<_, StoreError>(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }

    /// The message that shows a code, or `None` when this node lacks its key.
    pub(super) fn code_text(&self, issued: &CodeToDeliver) -> Option<Arc<str>> {
        let code = self.code(issued)?;
        Some(ServerMessage::code(issued, &code, Timestamp::now()).to_text().into())
    }

    fn code(&self, issued: &CodeToDeliver) -> Option<Code> {
        let source = CodeSource {
            key_id: &issued.key_id,
            challenge_id: issued.challenge_id,
            purpose: issued.purpose,
            generation: issued.generation,
            digits: issued.digits,
        };
        let code = self.services.verification.code_keys().derive(&source);
        if code.is_none() {
            error!(challenge.id = %issued.challenge_id, key.id = issued.key_id.as_str(), "the code key of a challenge is not configured on this node: give every node the same codes.keys");
        }
        code
    }
}

async fn load(
    store: &Store,
    account: crate::domain::id::AccountId,
    challenge: ChallengeId,
    claimed: Option<Vec<Delivery>>,
) -> Result<Option<Work>, StoreError> {
    store
        .run(async |db| {
            let deliveries = match claimed {
                Some(claimed) => claimed,
                None => store::delivery::claim(db, account, challenge)
                    .await?
                    .into_iter()
                    .map(|claimed| claimed.delivery)
                    .collect(),
            };
            let Some((issued, email)) = store::challenge::to_deliver(db, account, challenge).await? else {
                return Ok(None);
            };
            let reach = store::device::reach(db, account).await?.into_iter().collect();
            Ok(Some(Work { issued, email, deliveries, reach }))
        })
        .await
}

fn log_failure(challenge: ChallengeId, result: &Result<(), StoreError>) {
    if let Err(error) = result {
        error!(challenge.id = %challenge, error = error as &dyn std::error::Error, "how far a delivery came was not recorded");
    }
}
