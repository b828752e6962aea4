//! Writing down how far deliveries came, and telling those who watch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use jiff::SignedDuration;
use tracing::{debug, error, info};

use super::User;
use super::deliver::SentCode;
use crate::domain::delivery::{Channel, CodeToDeliver, DeliveryState};
use crate::domain::event::AccountEvent;
use crate::domain::id::{AccountId, ChallengeId, DeliveryId, DeviceId};
use crate::store::delivery::DeliveryNews;
use crate::store::receipt::Receipt;
use crate::store::{self, StoreError};
use crate::telemetry::{DELIVERIES, RECEIPT_SECONDS};
use crate::traces::{Kind, Step};
use crate::verification::Verification;

/// A device that shows a code says so within a few milliseconds, and a moment later over a slow network.
const RECEIPTS_FIRST: Duration = Duration::from_millis(25);

impl User {
    pub(super) fn record(&mut self, challenge: ChallengeId, news: Vec<DeliveryNews>, context: &mut Context<Self>) {
        if news.is_empty() {
            return;
        }
        for one in &news {
            debug!(challenge.id = %challenge, delivery.id = %one.id, delivery.state = %one.state, delivery.detail = one.detail, "a delivery came further");
        }
        let (services, account) = (Arc::clone(&self.services), self.account);
        let under_way = services.mails_under_way.begin();
        let record = async move {
            let _under_way = under_way;
            let store = services.verification.store();
            store.run(async |db| store::delivery::record_states(db, account, challenge, &news).await).await?;
            tell(&services.verification, account, challenge).await;
            Ok(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }

    /// Writes down that a code was sent to devices, unless they say meanwhile that they show it: then that is written, and one
    /// statement does for two. Until then the deliveries are leased to this node since they were planned.
    pub(super) fn record_unanswered(&mut self, sent: SentCode, news: Vec<DeliveryNews>, context: &mut Context<Self>) {
        if news.is_empty() {
            return;
        }
        self.under_way += 1;
        context.run_later(RECEIPTS_FIRST, move |actor, context| {
            actor.under_way -= 1;
            let awaited: HashSet<DeliveryId> =
                actor.awaited.get(&sent).into_iter().flat_map(HashMap::values).copied().collect();
            // From who lost its trust nothing is awaited, and that is still to be written down.
            let is_open = |one: &DeliveryNews| one.state != DeliveryState::Accepted || awaited.contains(&one.id);
            actor.record(sent.challenge, news.into_iter().filter(is_open).collect(), context);
            actor.settle(context);
        });
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
        let under_way = services.mails_under_way.begin();
        let postpone = async move {
            let _under_way = under_way;
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
        debug!(challenge.id = %challenge, device.id = %device, receipt.shown = shown, "a device says whether it shows a code");
        let awaited = self.awaited.get_mut(&sent).and_then(|devices| devices.remove_entry(&device));
        if awaited.is_some() {
            self.count_receipt(sent, shown);
        }
        let (services, account, is_mine) = (Arc::clone(&self.services), self.account, awaited.is_some());
        let record = async move {
            let receipt = Receipt { account, challenge, generation, device, shown };
            if store::receipt::record(services.verification.store(), receipt).await? {
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

    /// Counts a receipt that was waited for, and how long that took.
    pub(super) fn count_receipt(&self, sent: SentCode, shown: bool) {
        count(Channel::Websocket, if shown { DeliveryState::Shown } else { DeliveryState::NotShown });
        if let Some(at) = self.sent_at.get(&sent) {
            metrics::histogram!(RECEIPT_SECONDS).record(at.elapsed());
            Step::record_past(self.trace_of(sent.challenge), Kind::Client, "await a receipt", at.elapsed());
        }
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
