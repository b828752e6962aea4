//! Pushing a code, and reading what its provider answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tracing::{error, warn};

use super::User;
use super::codes::{Cancelled, SentCode};
use super::record::log_failure;
use crate::actors::Services;
use crate::clock;
use crate::domain::account::locale::Language;
use crate::domain::code::Code;
use crate::domain::delivery::ladder::{DeliveryUpdate, Event, PushEnd, PushResult};
use crate::domain::delivery::push_address::AccountTag;
use crate::domain::delivery::push_receipt::{Allows, PushReceipt};
use crate::domain::delivery::{Channel, CodeToDeliver, DeliveryState};
use crate::domain::value::id::{AccountId, ChallengeId, DeliveryId};
use crate::i18n::{PushText, code_push_text, wake_push_text};
use crate::providers::push::{Push, PushContent, PushOutcome, SealedCode, UnavailableReason};
use crate::store;
use crate::store::delivery::PlannedPush;
use crate::telemetry::traces::{Kind, Step};

/// How often a push that takes long says so, well before its lease (60 s) ends: a provider may ask for a wait that is
/// longer, and nobody else should push meanwhile.
const LEASE_RENEWAL: Duration = Duration::from_secs(40);

/// What became of a push.
enum Ended {
    /// The provider's answer.
    Answered(PushOutcome),
    /// This gateway has no such provider.
    ProviderOff,
    /// The challenge closed or has a newer code.
    Cancelled,
}

impl User {
    /// Pushes a code to one device, unless the challenge closes or changes its code meanwhile.
    pub(super) fn push(
        &mut self,
        issued: &CodeToDeliver,
        code: &Code,
        planned: PlannedPush,
        cancelled: Cancelled,
        context: &mut Context<Self>,
    ) {
        let push = Push {
            delivery_id: planned.delivery_id.uuid(),
            account: AccountTag::of(self.account),
            subject_id: issued.challenge_id.uuid(),
            generation: issued.generation,
            expires_at: issued.expires_at,
            language: planned.language,
            receipt: Some(self.receipt(&planned, issued.challenge_id)),
            content: self.content(&planned, issued, code),
        };
        let account = self.account;
        let challenge = issued.challenge_id;
        let sent = SentCode { challenge, generation: issued.generation };
        let services = Arc::clone(&self.services);
        let step = Step::of(self.trace_of(challenge), Kind::Client, "push a code");
        let send = async move {
            let ended = async {
                match step.run(services.push.send(&planned.address, &push, clock::now())).await {
                    Some(outcome) => Ended::Answered(outcome),
                    None => Ended::ProviderOff,
                }
            };
            let lease = keep_lease(&services, account, challenge, (planned.delivery_id, planned.channel));
            (until_cancelled(cancelled, lease, ended).await, planned)
        };
        self.run(context, send, move |actor, (ended, planned), context| {
            actor.on_push_ended(sent, ended, planned, context);
        });
    }

    fn content(&self, planned: &PlannedPush, issued: &CodeToDeliver, code: &Code) -> PushContent {
        let language = planned.language;
        if planned.silent {
            let PushText { title, body } = wake_push_text(language, issued.purpose);
            PushContent::Pending { title, body }
        } else if planned.address.keys().is_some() {
            sealed(language, issued, code)
        } else if self.services.push_shows_code {
            let PushText { title, body } = code_push_text(language, issued, code);
            PushContent::Code { title, body, code: code.expose().to_owned().into() }
        } else {
            let PushText { title, body } = wake_push_text(language, issued.purpose);
            PushContent::Wake { title, body }
        }
    }

    /// By which the device says what became of it. What is sealed allows a denial too: nobody else can read it.
    fn receipt(&self, planned: &PlannedPush, challenge: ChallengeId) -> SecretString {
        let allows = if planned.address.keys().is_some() { Allows::ReceiptAndDenial } else { Allows::Receipt };
        let receipt = PushReceipt { challenge, delivery: planned.delivery_id, allows };
        receipt.token(&self.services.use_cases.core.code_keys())
    }

    fn on_push_ended(&mut self, sent: SentCode, ended: Ended, planned: PlannedPush, context: &mut Context<Self>) {
        let delivery = planned.delivery_id;
        let channel = planned.channel;
        let outcome = match ended {
            Ended::Answered(outcome) => outcome,
            Ended::Cancelled => return,
            Ended::ProviderOff => {
                warn!(delivery.channel = %channel, "a device registered for push with a provider that is not configured");
                let outcome = PushResult::Refused;
                let end = PushEnd { delivery, channel, outcome, detail: "provider_off" };
                return self.handle_event(sent, Event::PushEnded(end), context);
            }
        };
        let detail = outcome.word();
        let result = match outcome {
            PushOutcome::Accepted { .. } => PushResult::Accepted,
            PushOutcome::TokenDead { as_of } => return self.forget_address(sent, planned, as_of, context),
            PushOutcome::Unavailable(UnavailableReason::Overloaded) => PushResult::NoRoom,
            PushOutcome::Misconfigured(_) => {
                error!(delivery.id = %delivery, delivery.channel = %channel, push.outcome = detail, "a provider refuses the settings: run `twostep doctor`");
                PushResult::Refused
            }
            PushOutcome::Rejected(_) | PushOutcome::RetryAfter { .. } | PushOutcome::Unavailable(_) => {
                PushResult::Refused
            }
        };
        self.handle_event(sent, Event::PushEnded(PushEnd { delivery, channel, outcome: result, detail }), context);
    }

    /// Forgets an address that its provider calls dead, unless the device registered since then.
    fn forget_address(
        &mut self,
        sent: SentCode,
        planned: PlannedPush,
        as_of: Option<Timestamp>,
        context: &mut Context<Self>,
    ) {
        let services = Arc::clone(&self.services);
        let account = self.account;
        let delivery = planned.delivery_id;
        let channel = planned.channel;
        let forget = async move {
            let store = &services.store;
            let device = planned.device_id;
            let address = planned.address;
            store.run(async |db| store::device::forget_push_address(db, account, device, &address, as_of).await).await
        };
        self.run(context, forget, move |actor, forgotten, context| {
            let outcome = match forgotten {
                Ok(true) => PushResult::AddressForgotten,
                // The device registered meanwhile.
                Ok(false) => PushResult::Refused,
                Err(error) => {
                    // It stays, and the next push finds it dead again.
                    error!(error = &error as &dyn std::error::Error, "a dead push address was not forgotten");
                    PushResult::Refused
                }
            };
            let end = PushEnd { delivery, channel, outcome, detail: "token_dead" };
            actor.handle_event(sent, Event::PushEnded(end), context);
        });
    }
}

/// A code that only the device can read.
fn sealed(language: Language, issued: &CodeToDeliver, code: &Code) -> PushContent {
    let shown = code_push_text(language, issued, code);
    let PushText { title, body } = wake_push_text(language, issued.purpose);
    let code = SealedCode {
        title: shown.title,
        body: shown.body,
        code: code.expose().to_owned().into(),
        requester: issued.requester.device.shown().0,
        location: issued.requester.location.clone(),
        requested_at: issued.requested_at,
    };
    PushContent::Sealed { title, body, code: Box::new(code) }
}

/// What came first: the challenge was cancelled, or the push ended. `lease` runs beside it.
async fn until_cancelled(
    mut cancelled: Cancelled,
    lease: impl Future<Output = Infallible>,
    send: impl Future<Output = Ended>,
) -> Ended {
    tokio::select! {
        // What was cancelled before it began must not be sent at all.
        biased;
        _ = cancelled.changed() => Ended::Cancelled,
        ended = send => ended,
        never = lease => match never {},
    }
}

/// Renews the lease of a push for as long as it is polled.
async fn keep_lease(
    services: &Services,
    account: AccountId,
    challenge: ChallengeId,
    (delivery, channel): (DeliveryId, Channel),
) -> Infallible {
    let under_way = [DeliveryUpdate::new(delivery, channel, DeliveryState::Pending)];
    let due = Some(SignedDuration::ZERO);
    loop {
        tokio::time::sleep(LEASE_RENEWAL).await;
        let store = &services.store;
        let renewed =
            store.run(async |db| store::delivery::record_states(db, account, challenge, &under_way, due).await).await;
        log_failure(challenge, &renewed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[actix::test]
    async fn what_was_cancelled_before_it_began_is_not_sent() {
        let (sender, cancelled) = watch::channel(());
        drop(sender);
        let send = async { panic!("sent") };
        assert!(matches!(until_cancelled(cancelled, std::future::pending(), send).await, Ended::Cancelled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_push_may_wait_longer_than_its_lease() {
        let (_sender, cancelled) = watch::channel(());
        let renewals = std::cell::Cell::new(0);
        let lease = async {
            loop {
                tokio::time::sleep(LEASE_RENEWAL).await;
                renewals.set(renewals.get() + 1);
            }
        };
        let send = async {
            tokio::time::sleep(Duration::from_secs(130)).await;
            Ended::ProviderOff
        };
        assert!(matches!(until_cancelled(cancelled, lease, send).await, Ended::ProviderOff));
        assert_eq!(renewals.get(), 3);
    }
}
