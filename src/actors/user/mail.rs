//! Mailing a code, and reading what the mail server answers.

use std::sync::Arc;

use actix::prelude::*;
use jiff::Timestamp;
use tracing::{error, warn};

use super::User;
use super::codes::Cancelled;
use super::record::count;
use crate::clock;
use crate::domain::account::zone::Reader;
use crate::domain::challenge::Method;
use crate::domain::code::Code;
use crate::domain::delivery::ladder::DeliveryUpdate;
use crate::domain::delivery::{Channel, CodeToDeliver, Delivery, DeliveryState, Mailbox};
use crate::domain::value::id::{ChallengeId, DeliveryId};
use crate::providers::mail::{MailOutcome, code_mail};
use crate::telemetry::traces::{Kind, Step};

/// A mail that is tried, and what decides about the next try.
struct Tried {
    challenge: ChallengeId,
    delivery: DeliveryId,
    tries: u16,
    expires_at: Timestamp,
}

impl User {
    /// Mails a code, unless the challenge closes or changes its code meanwhile.
    pub(super) fn send_mail(
        &mut self,
        issued: &CodeToDeliver,
        mailbox: &Mailbox,
        delivery: &Delivery,
        code: &Code,
        mut cancelled: Cancelled,
        context: &mut Context<Self>,
    ) {
        // No delivery goes to the mailbox of an account that has none, unless it was taken away meanwhile.
        let Some(email) = mailbox.email.clone() else { return };
        let language = issued.mail_language(mailbox.locale.as_ref());
        let reader = Reader { language, zone: issued.mail_zone(mailbox.time_zone.as_ref()) };
        let life = self.services.use_cases.core.code_lifetime(issued.purpose, Method::Email);
        let service = &self.services.service;
        let mail = code_mail(delivery.id.uuid(), email, (service, &reader), issued, life, code);
        let challenge = issued.challenge_id;
        let expires_at = issued.expires_at;
        let tried = Tried { challenge, delivery: delivery.id, tries: delivery.tries, expires_at };
        let services = Arc::clone(&self.services);
        let under_way = self.services.mails_under_way.begin();
        let step = Step::of(self.trace_of(challenge), Kind::Client, "mail a code");
        let send = async move {
            let outcome = tokio::select! {
                biased;
                _ = cancelled.changed() => None,
                outcome = services.mail.send(&mail) => Some(outcome),
            };
            step.note("outcome", outcome.map_or("cancelled", MailOutcome::word));
            outcome
        };
        self.run(context, send, move |actor, outcome, context| {
            // Until what follows, which is under way by itself, has begun.
            let _under_way = under_way;
            // Otherwise the delivery was cancelled with its code.
            if let Some(outcome) = outcome {
                actor.on_mail_tried(&tried, outcome, context);
            }
        });
    }

    fn on_mail_tried(&mut self, tried: &Tried, outcome: MailOutcome, context: &mut Context<Self>) {
        let state = match outcome {
            MailOutcome::Accepted => DeliveryState::Accepted,
            MailOutcome::RetryLater(_) => {
                let now = clock::now();
                let dice = rand::random();
                match self.services.mail_retry.wait(tried.tries, now, tried.expires_at, dice) {
                    Some(wait) => {
                        return self.postpone(tried.challenge, tried.delivery, outcome.word(), wait, context);
                    }
                    None => {
                        warn!(delivery.id = %tried.delivery, mail.outcome = outcome.word(), "a mail with a code is given up");
                        DeliveryState::Failed
                    }
                }
            }
            MailOutcome::Rejected(_) => {
                warn!(delivery.id = %tried.delivery, mail.outcome = outcome.word(), "a mail with a code was refused");
                DeliveryState::Failed
            }
            MailOutcome::Misconfigured(_) => {
                error!(delivery.id = %tried.delivery, mail.outcome = outcome.word(), "the mail server refuses the settings: run `twostep doctor`");
                DeliveryState::Failed
            }
        };
        count(Channel::Email, state);
        let update = DeliveryUpdate::new(tried.delivery, Channel::Email, state);
        let update = DeliveryUpdate { detail: Some(outcome.word()), ..update };
        self.record(tried.challenge, vec![update], None, context);
    }
}
