//! Pushing a code, and reading what its provider answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, warn};

use super::User;
use super::overtaken::Overtaken;
use super::record::{count, log_failure, news};
use crate::actors::Services;
use crate::clock;
use crate::delivery::push::{Push, PushContent, PushOutcome, UnavailableReason};
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, DeliveryState, UnreachableReason};
use crate::domain::id::{AccountId, ChallengeId, DeliveryId};
use crate::domain::push::AccountTag;
use crate::store;
use crate::store::delivery::{DeliveryNews, PlannedPush};
use crate::texts::{PushText, code_push_text, wake_push_text};
use crate::traces::{Kind, Step};

/// How often a push that takes long says so, well before its lease (60 s) ends: a provider may ask for a wait that is
/// longer, and nobody else should push meanwhile.
const LEASE_RENEWAL: Duration = Duration::from_secs(40);
/// When a push that found no room in memory is due again.
const PUT_BACK_FOR: SignedDuration = SignedDuration::from_secs(2);

/// What became of a push.
enum Ended {
    /// The provider's answer.
    Answered(PushOutcome),
    /// This gateway has no such provider.
    ProviderOff,
    /// The challenge closed or has a newer code.
    Overtaken,
}

impl User {
    /// Pushes a code to one device, unless the challenge closes or changes its code meanwhile.
    pub(super) fn push(
        &mut self,
        issued: &CodeToDeliver,
        code: &Code,
        planned: PlannedPush,
        overtaken: Overtaken,
        context: &mut Context<Self>,
    ) {
        let push = Push {
            delivery_id: planned.delivery_id.uuid(),
            account: AccountTag::of(self.account),
            subject_id: issued.challenge_id.uuid(),
            generation: issued.generation,
            expires_at: issued.expires_at,
            content: self.content(&planned, issued, code),
        };
        let (account, challenge) = (self.account, issued.challenge_id);
        let services = Arc::clone(&self.services);
        let step = Step::of(self.trace_of(challenge), Kind::Client, "push a code");
        let send = async move {
            let ended = async {
                match step.run(services.push.send(&planned.address, &push, clock::now())).await {
                    Some(outcome) => Ended::Answered(outcome),
                    None => Ended::ProviderOff,
                }
            };
            let lease = keep_lease(&services, account, challenge, planned.delivery_id);
            (until_overtaken(overtaken, lease, ended).await, planned)
        };
        self.run(context, send, move |actor, (ended, planned), context| {
            actor.on_push_ended(challenge, ended, planned, context);
        });
    }

    fn content(&self, planned: &PlannedPush, issued: &CodeToDeliver, code: &Code) -> PushContent {
        let language = planned.language;
        if planned.silent {
            PushContent::Pending
        } else if self.services.push_shows_code {
            let PushText { title, body } = code_push_text(language, issued, code);
            PushContent::Code { title, body, code: code.expose().to_owned().into() }
        } else {
            let PushText { title, body } = wake_push_text(language, issued.purpose);
            PushContent::Wake { title, body }
        }
    }

    fn on_push_ended(
        &mut self,
        challenge: ChallengeId,
        ended: Ended,
        planned: PlannedPush,
        context: &mut Context<Self>,
    ) {
        let (id, channel) = (planned.delivery_id, planned.channel);
        let outcome = match ended {
            Ended::Answered(outcome) => outcome,
            Ended::Overtaken => return,
            Ended::ProviderOff => {
                warn!(delivery.channel = %channel, "a device registered for push with a provider that is not configured");
                return self.record(challenge, vec![failed(id, "provider_off")], context);
            }
        };
        let detail = outcome.word();
        let news = match outcome {
            PushOutcome::Accepted { .. } => {
                DeliveryNews { detail: Some(detail), ..news(id, DeliveryState::Accepted, None) }
            }
            PushOutcome::TokenDead { as_of } => return self.forget_address(challenge, planned, as_of, context),
            // There is no room for it in this node's memory: the database keeps it for whoever has room.
            PushOutcome::Unavailable(UnavailableReason::Overloaded) => {
                return self.postpone(challenge, id, detail, PUT_BACK_FOR, context);
            }
            PushOutcome::Misconfigured(_) => {
                error!(delivery.id = %id, delivery.channel = %channel, push.outcome = detail, "a provider refuses the settings: run `twostep doctor`");
                failed(id, detail)
            }
            PushOutcome::Rejected(_) | PushOutcome::RetryAfter { .. } | PushOutcome::Unavailable(_) => {
                failed(id, detail)
            }
        };
        count(channel, news.state);
        self.record(challenge, vec![news], context);
    }

    /// Forgets an address that its provider calls dead, unless the device registered since then.
    fn forget_address(
        &mut self,
        challenge: ChallengeId,
        planned: PlannedPush,
        as_of: Option<Timestamp>,
        context: &mut Context<Self>,
    ) {
        let (services, account, id) = (Arc::clone(&self.services), self.account, planned.delivery_id);
        let forget = async move {
            let store = services.verification.store();
            let (device, address) = (planned.device_id, planned.address);
            store.run(async |db| store::device::forget_push_address(db, account, device, &address, as_of).await).await
        };
        self.run(context, forget, move |actor, forgotten, context| {
            let failed = failed(id, "token_dead");
            let news = match forgotten {
                Ok(true) => {
                    let reason = Some(UnreachableReason::TokenExpired);
                    DeliveryNews { reason, state: DeliveryState::Unreachable, ..failed }
                }
                Ok(false) => failed,
                Err(error) => {
                    // It stays, and the next push finds it dead again.
                    error!(error = &error as &dyn std::error::Error, "a dead push address was not forgotten");
                    failed
                }
            };
            actor.record(challenge, vec![news], context);
        });
    }
}

fn failed(id: DeliveryId, detail: &'static str) -> DeliveryNews {
    DeliveryNews { detail: Some(detail), ..news(id, DeliveryState::Failed, None) }
}

/// What came first: the challenge was overtaken, or the push ended. `lease` runs beside it.
async fn until_overtaken(
    mut overtaken: Overtaken,
    lease: impl Future<Output = Infallible>,
    send: impl Future<Output = Ended>,
) -> Ended {
    tokio::select! {
        // What was overtaken before it began must not be sent at all.
        biased;
        _ = overtaken.changed() => Ended::Overtaken,
        ended = send => ended,
        never = lease => match never {},
    }
}

/// Renews the lease of a push for as long as it is polled.
async fn keep_lease(services: &Services, account: AccountId, challenge: ChallengeId, id: DeliveryId) -> Infallible {
    let under_way = [news(id, DeliveryState::Pending, Some(SignedDuration::ZERO))];
    loop {
        tokio::time::sleep(LEASE_RENEWAL).await;
        let store = services.verification.store();
        let renewed =
            store.run(async |db| store::delivery::record_states(db, account, challenge, &under_way).await).await;
        log_failure(challenge, &renewed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[actix::test]
    async fn what_was_overtaken_before_it_began_is_not_sent() {
        let (sender, overtaken) = watch::channel(());
        drop(sender);
        let send = async { panic!("sent") };
        assert!(matches!(until_overtaken(overtaken, std::future::pending(), send).await, Ended::Overtaken));
    }

    #[tokio::test(start_paused = true)]
    async fn a_push_may_wait_longer_than_its_lease() {
        let (_sender, overtaken) = watch::channel(());
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
        assert!(matches!(until_overtaken(overtaken, lease, send).await, Ended::ProviderOff));
        assert_eq!(renewals.get(), 3);
    }
}
