//! Writing down how far deliveries came, and telling those who watch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use jiff::SignedDuration;
use tracing::{debug, error, info};

use super::User;
use super::codes::SentCode;
use crate::domain::delivery::ladder::{DeliveryUpdate, Event, Shown};
use crate::domain::delivery::{Channel, CodeToDeliver, DeliveryState};
use crate::domain::event::NodeMessage;
use crate::domain::value::id::{ChallengeId, DeliveryId, DeviceId};
use crate::store::receipt::Receipt;
use crate::store::{self, StoreError};
use crate::telemetry::traces::{Kind, Step};
use crate::telemetry::{DELIVERIES, RECEIPT_SECONDS};

/// A device that shows a code says so within a few milliseconds, and a moment later over a slow network.
const RECEIPTS_FIRST: Duration = Duration::from_millis(25);

impl User {
    pub(super) fn record(
        &mut self,
        challenge: ChallengeId,
        updates: Vec<DeliveryUpdate>,
        due_in: Option<SignedDuration>,
        context: &mut Context<Self>,
    ) {
        if updates.is_empty() {
            return;
        }
        for update in &updates {
            debug!(challenge.id = %challenge, delivery.id = %update.delivery, delivery.state = %update.state, delivery.detail = update.detail, "a delivery came further");
        }
        let services = Arc::clone(&self.services);
        let account = self.account;
        let under_way = services.mails_under_way.begin();
        let record = async move {
            let _under_way = under_way;
            let store = &services.store;
            store
                .run(async |db| store::delivery::record_states(db, account, challenge, &updates, due_in).await)
                .await?;
            services.bus.wake(account, challenge);
            Ok(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }

    /// Writes down that a code was sent to devices, unless they say meanwhile that they show it: then that is written, and one
    /// statement does for two. Until then the deliveries are leased to this node since they were planned.
    pub(super) fn record_sent(&mut self, sent: SentCode, deliveries: Vec<DeliveryId>, context: &mut Context<Self>) {
        deliveries.iter().for_each(|_| count(Channel::Websocket, DeliveryState::Accepted));
        if let Some(at_work) = self.at_work(sent) {
            at_work.sent_at.get_or_insert_with(Instant::now);
        }
        self.under_way += 1;
        context.run_later(RECEIPTS_FIRST, move |actor, context| {
            actor.under_way -= 1;
            let window = SignedDuration::try_from(actor.services.receipt_window).unwrap_or_default();
            if let Some(at_work) = actor.at_work(sent) {
                let silent = deliveries.into_iter().filter(|delivery| at_work.ladder.awaits(*delivery));
                let sent_to = |delivery| DeliveryUpdate::new(delivery, Channel::Websocket, DeliveryState::Accepted);
                let updates = silent.map(sent_to).collect();
                actor.record(sent.challenge, updates, Some(window), context);
            }
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
        let services = Arc::clone(&self.services);
        let account = self.account;
        let under_way = services.mails_under_way.begin();
        let postpone = async move {
            let _under_way = under_way;
            let store = &services.store;
            store
                .run(async |db| store::delivery::postpone(db, account, challenge, delivery, detail, wait).await)
                .await?;
            services.bus.wake(account, challenge);
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
        let said = if shown { Shown::Yes } else { Shown::No };
        let is_mine = self.at_work(sent).is_some_and(|at_work| at_work.ladder.awaits_receipt_of(device));
        self.handle_event(sent, Event::Receipt(device, said), context);
        let services = Arc::clone(&self.services);
        let account = self.account;
        let record = async move {
            let receipt = Receipt { account, challenge, generation, device, shown };
            if store::receipt::record(&services.store, receipt).await? {
                services.bus.wake(account, challenge);
            }
            if !is_mine {
                let receipt =
                    NodeMessage::ReceiptCame { challenge_id: challenge, generation, device_id: device, shown };
                services.bus.tell_others(account, receipt);
            }
            Ok(())
        };
        self.run(context, record, move |actor, result, context| {
            log_failure(challenge, &result);
            actor.handle_event(sent, Event::ReceiptWritten(device), context);
        });
    }

    /// Counts a receipt that was waited for, and how long that took.
    pub(super) fn count_receipt(&mut self, sent: SentCode, shown: Shown) {
        let state = match shown {
            Shown::Yes => DeliveryState::Shown,
            Shown::No => DeliveryState::NotShown,
        };
        count(Channel::Websocket, state);
        if let Some(at) = self.at_work(sent).and_then(|at_work| at_work.sent_at) {
            metrics::histogram!(RECEIPT_SECONDS).record(at.elapsed());
            Step::record_past(self.trace_of(sent.challenge), Kind::Client, "await a receipt", at.elapsed());
        }
    }

    /// A device got a code because it connected.
    pub(super) fn record_replay(&mut self, device: DeviceId, issued: &CodeToDeliver, context: &mut Context<Self>) {
        let services = Arc::clone(&self.services);
        let account = self.account;
        let challenge = issued.challenge_id;
        let generation = issued.generation;
        let record = async move {
            let store = &services.store;
            store
                .run(async |db| store::delivery::record_replay(db, account, challenge, generation, device).await)
                .await?;
            services.bus.wake(account, challenge);
            Ok(())
        };
        self.run(context, record, move |_, result, _| log_failure(challenge, &result));
    }
}

/// Counts how far a delivery came on this node.
pub(super) fn count(channel: Channel, state: DeliveryState) {
    metrics::counter!(DELIVERIES, "channel" => channel.as_str(), "outcome" => state.as_str()).increment(1);
}

pub(super) fn log_failure(challenge: ChallengeId, result: &Result<(), StoreError>) {
    if let Err(error) = result {
        let error = error as &dyn std::error::Error;
        error!(challenge.id = %challenge, error, "how far a delivery came was not recorded");
    }
}
