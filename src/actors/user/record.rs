//! Writing down how far deliveries came, and telling those who watch.

use std::sync::Arc;

use actix::prelude::*;
use jiff::SignedDuration;
use tracing::{error, info};

use super::User;
use super::deliver::SentCode;
use crate::domain::delivery::{Channel, CodeToDeliver, DeliveryState};
use crate::domain::event::AccountEvent;
use crate::domain::id::{AccountId, ChallengeId, DeliveryId, DeviceId};
use crate::store::delivery::DeliveryNews;
use crate::store::{self, StoreError};
use crate::telemetry::{DELIVERIES, RECEIPT_SECONDS};
use crate::verification::Verification;

impl User {
    pub(super) fn record(&mut self, challenge: ChallengeId, news: Vec<DeliveryNews>, context: &mut Context<Self>) {
        if news.is_empty() {
            return;
        }
        for one in &news {
            info!(challenge.id = %challenge, delivery.id = %one.id, delivery.state = %one.state, delivery.detail = one.detail, "a delivery came further");
        }
        let (services, account) = (Arc::clone(&self.services), self.account);
        let record = async move {
            let store = services.verification.store();
            store.run(async |db| store::delivery::record_states(db, account, challenge, &news).await).await?;
            tell(&services.verification, account, challenge).await;
            Ok(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }

    /// Gives a delivery back: a sweeper of any node takes it up when it is due, also if this node is gone by then.
    pub(super) fn postpone(
        &mut self,
        challenge: ChallengeId,
        delivery: DeliveryId,
        detail: &'static str,
        wait: SignedDuration,
        context: &mut Context<Self>,
    ) {
        info!(challenge.id = %challenge, delivery.id = %delivery, delivery.detail = detail, "a delivery is tried again later");
        let (services, account) = (Arc::clone(&self.services), self.account);
        let postpone = async move {
            let store = services.verification.store();
            store
                .run(async |db| store::delivery::postpone(db, account, challenge, delivery, detail, wait).await)
                .await?;
            tell(&services.verification, account, challenge).await;
            Ok(())
        };
        self.run(context, postpone, move |_, result, _| log_failure(challenge, &result));
    }

    /// The receipt of a code that was sent over the device's connection.
    pub(super) fn record_receipt(
        &mut self,
        device: DeviceId,
        sent: SentCode,
        shown: bool,
        context: &mut Context<Self>,
    ) {
        let SentCode { challenge, generation } = sent;
        if !self.connections.was_shown(device, challenge, generation) {
            return;
        }
        let awaited = self.awaited.get_mut(&sent).and_then(|devices| devices.remove_entry(&device));
        if awaited.is_some() {
            count(Channel::Websocket, if shown { DeliveryState::Shown } else { DeliveryState::NotShown });
            if let Some(at) = self.sent_at.get(&sent) {
                metrics::histogram!(RECEIPT_SECONDS).record(at.elapsed());
            }
        }
        let (services, account, is_mine) = (Arc::clone(&self.services), self.account, awaited.is_some());
        let record = async move {
            let store = services.verification.store();
            let is_news = store
                .run(async |db| {
                    store::delivery::record_receipt(db, account, challenge, generation, device, shown).await
                })
                .await?;
            if is_news {
                tell(&services.verification, account, challenge).await;
            }
            if !is_mine {
                let receipt =
                    AccountEvent::ReceiptCame { challenge_id: challenge, generation, device_id: device, shown };
                services.verification.bus().tell_others(account, receipt);
            }
            Ok(())
        };
        self.run(context, record, move |actor, result, context| {
            log_failure(challenge, &result);
            // It came, but is not on the screen: a notification may be.
            if !shown {
                actor.escalate(sent, awaited.into_iter().collect(), None, context);
            }
        });
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
            tell(&services.verification, account, challenge).await;
            Ok(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }
}

/// Counts how far a delivery came on this node.
pub(super) fn count(channel: Channel, state: DeliveryState) {
    metrics::counter!(DELIVERIES, "channel" => channel.as_str(), "outcome" => state.as_str()).increment(1);
}

pub(super) fn news(id: DeliveryId, state: DeliveryState, due_in: Option<SignedDuration>) -> DeliveryNews {
    DeliveryNews { id, state, reason: None, detail: None, due_in }
}

async fn tell(verification: &Verification, account: AccountId, challenge_id: ChallengeId) {
    verification.bus().publish(account, AccountEvent::DeliveryChanged { challenge_id }).await;
}

pub(super) fn log_failure(challenge: ChallengeId, result: &Result<(), StoreError>) {
    if let Err(error) = result {
        let error = error as &dyn std::error::Error;
        error!(challenge.id = %challenge, error, "how far a delivery came was not recorded");
    }
}
