//! Taking notifications back when their challenge closed, where the platform allows.
//!
//! Best effort: a notification that stays shows a code that is worth nothing any more.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tracing::{debug, error};
use uuid::Uuid;

use crate::actors::Services;
use crate::clock;
use crate::domain::delivery::push_address::AccountTag;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::i18n::over_push_text;
use crate::providers::push::{Push, PushContent};
use crate::store;

/// Challenges whose notifications are taken back at the same time; while so many are, further ones stay.
const AT_ONCE: usize = 256;
/// A device that is off for longer than this keeps its notification.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Takes notifications back.
#[derive(Clone)]
pub(crate) struct Withdrawals {
    services: Arc<Services>,
    places: Arc<Semaphore>,
}

impl Withdrawals {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self { services, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Begins to take back the notifications of a closed challenge.
    pub(crate) fn begin(&self, account: AccountId, challenge: ChallengeId) {
        if !self.services.push.is_on() {
            return;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            debug!(challenge.id = %challenge, "too many withdrawals at once: a notification stays");
            return;
        };
        let services = Arc::clone(&self.services);
        actix::spawn(async move {
            withdraw(&services, account, challenge).await;
            drop(place);
        });
    }
}

async fn withdraw(services: &Services, account: AccountId, challenge: ChallengeId) {
    let store = &services.store;
    let taken = store.run(async |db| store::delivery::take_withdrawals(db, account, challenge).await).await;
    let taken = match taken {
        Ok(taken) => taken,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            return error!(challenge.id = %challenge, error, "notifications were not taken back");
        }
    };
    let now = clock::now();
    let sends = taken.into_iter().map(|(planned, generation)| async move {
        let text = over_push_text(planned.language);
        let push = Push {
            // A push of its own: APNs may take one with an id that it knows for the same again.
            delivery_id: Uuid::now_v7(),
            account: AccountTag::of(account),
            subject_id: challenge.uuid(),
            generation,
            expires_at: now + LIFETIME,
            language: planned.language,
            receipt: None,
            content: PushContent::Withdraw { title: text.title, body: text.body },
        };
        services.push.send(&planned.address, &push, now).await;
    });
    futures_util::future::join_all(sends).await;
}
