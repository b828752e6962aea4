//! Pushing a code, and reading what its provider answers.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tracing::{error, warn};

use super::User;
use super::deliver::news;
use crate::delivery::push::{Push, PushContent, PushOutcome};
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, DeliveryState, UnreachableReason};
use crate::domain::id::ChallengeId;
use crate::store;
use crate::store::delivery::{DeliveryNews, PlannedPush};

/// A push that took this long becomes due again, well before its lease (60 s) ends: whoever sweeps next tries anew.
const PATIENCE: Duration = Duration::from_secs(50);

/// What became of a push.
enum Ended {
    /// The provider's answer.
    Answered(PushOutcome),
    /// This gateway has no such provider.
    ProviderOff,
    /// It took too long; it is due again.
    Postponed,
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
        context: &mut Context<Self>,
    ) {
        let push = Push {
            delivery_id: planned.delivery_id.uuid(),
            challenge_id: issued.challenge_id.uuid(),
            generation: issued.generation,
            expires_at: issued.expires_at,
            content: self.content(issued, code),
        };
        let challenge = issued.challenge_id;
        let overtaken = self.overtaken(challenge);
        let services = Arc::clone(&self.services);
        let send = async move {
            let ended = until_overtaken(overtaken, async {
                match services.push.send(&planned.address, &push, Timestamp::now()).await {
                    Some(outcome) => Ended::Answered(outcome),
                    None => Ended::ProviderOff,
                }
            });
            (ended.await, planned)
        };
        self.run(context, send, move |actor, (ended, planned), context| {
            actor.on_push_ended(challenge, ended, planned, context);
        });
    }

    /// The words of a notification. `wake` says nothing that a lock screen should not show.
    fn content(&self, issued: &CodeToDeliver, code: &Code) -> PushContent {
        let device = &issued.requester.device;
        let title = "Your sign-in code".to_owned();
        if self.services.push_shows_code {
            let body = format!("{} for {} ({})", code.grouped(), device.name, device.model);
            PushContent::Code { title, body, code: code.expose().to_owned().into() }
        } else {
            PushContent::Wake { title, body: "Open the app to see it.".to_owned() }
        }
    }

    fn on_push_ended(
        &mut self,
        challenge: ChallengeId,
        ended: Ended,
        planned: PlannedPush,
        context: &mut Context<Self>,
    ) {
        let id = planned.delivery_id;
        let failed = |detail| DeliveryNews { detail: Some(detail), ..news(id, DeliveryState::Failed, None) };
        let news = match ended {
            Ended::Overtaken => return,
            Ended::Postponed => news(id, DeliveryState::Pending, Some(SignedDuration::ZERO)),
            Ended::ProviderOff => {
                warn!(delivery.channel = %planned.channel, "a device registered for push with a provider that is not configured");
                failed("provider_off")
            }
            Ended::Answered(outcome) => {
                let detail = outcome.word();
                match outcome {
                    PushOutcome::Accepted { .. } => {
                        DeliveryNews { detail: Some(detail), ..news(id, DeliveryState::Accepted, None) }
                    }
                    PushOutcome::TokenDead { as_of } => {
                        self.forget_address(planned, as_of, context);
                        let reason = Some(UnreachableReason::TokenExpired);
                        DeliveryNews { reason, detail: Some(detail), ..news(id, DeliveryState::Unreachable, None) }
                    }
                    PushOutcome::Misconfigured(_) => {
                        error!(delivery.id = %id, delivery.channel = %planned.channel, push.outcome = detail, "a provider refuses the settings: run `twostep doctor`");
                        failed(detail)
                    }
                    PushOutcome::Rejected(_) | PushOutcome::RetryAfter { .. } | PushOutcome::Unavailable(_) => {
                        failed(detail)
                    }
                }
            }
        };
        self.record(challenge, vec![news], context);
    }

    fn forget_address(&mut self, planned: PlannedPush, as_of: Option<Timestamp>, context: &mut Context<Self>) {
        let (services, account) = (Arc::clone(&self.services), self.account);
        let forget = async move {
            let store = services.verification.store();
            let (device, address) = (planned.device_id, planned.address);
            store.run(async |db| store::device::forget_push_address(db, account, device, &address, as_of).await).await
        };
        self.run(context, forget, |_, result, _| {
            if let Err(error) = result {
                // It stays, and the next push finds it dead again.
                error!(error = &error as &dyn std::error::Error, "a dead push address was not forgotten");
            }
        });
    }

    /// A signal that comes when the pushes and mails of a challenge are worth nothing any more.
    pub(super) fn overtaken(&mut self, challenge: ChallengeId) -> watch::Receiver<()> {
        self.pushing.entry(challenge).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// Stops the pushes of a challenge that closed or has a newer code.
    pub(super) fn overtake(&mut self, challenge: ChallengeId) {
        // Receivers see the sender go.
        self.pushing.remove(&challenge);
    }
}

async fn until_overtaken(mut overtaken: watch::Receiver<()>, send: impl Future<Output = Ended>) -> Ended {
    tokio::select! {
        ended = send => ended,
        _ = overtaken.changed() => Ended::Overtaken,
        () = tokio::time::sleep(PATIENCE) => Ended::Postponed,
    }
}
