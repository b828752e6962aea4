//! How a challenge stands, and what helps whoever waits for its code.

use jiff::Timestamp;

use crate::domain::account::locale::Locale;
use crate::domain::challenge::status_messages::{Hint, hints};
use crate::domain::challenge::{Method, Outcome, Purpose};
use crate::domain::delivery::DeliveryView;
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::service::challenge::view::Offered;
use crate::service::{ChallengeView, Challenges, Destination, LastResort, VerificationError};
use crate::store;

/// A challenge with its deliveries.
#[derive(Debug, Clone)]
pub struct ChallengeStatus {
    /// Whose; not for its holder's eyes, but to watch for changes.
    pub account_id: AccountId,
    /// The challenge.
    pub challenge: ChallengeView,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// The deliveries of its current code.
    pub deliveries: Vec<DeliveryView>,
    /// What is known.
    pub hints: Vec<Hint>,
    /// Which language whoever asked for the code reads.
    pub locale: Option<Locale>,
    /// The last resort, where there is one.
    pub last_resort: Option<LastResort>,
    /// The database's clock.
    pub now: Timestamp,
}

impl Challenges {
    /// How a challenge stands, for its holder.
    ///
    /// # Errors
    /// As for every call on a challenge.
    pub async fn status(&self, id: ChallengeId, token: &Token) -> Result<ChallengeStatus, VerificationError> {
        let stored = self.authorized(id, token).await?;
        let new = &stored.challenge;
        let account_id = new.account_id;
        let progress = new.progress;
        let looked_up = self.store.run(async |db| {
            let deliveries = store::delivery::states(db, account_id, id, progress.generation).await?;
            let methods = self.offered(db, &stored, &deliveries).await?;
            let is_kept_here = new.purpose == Purpose::SignIn && !stored.is_for_app && stored.email.is_some();
            let last_resort = if is_kept_here { self.last_resort(db, account_id).await? } else { None };
            Ok::<_, VerificationError>((deliveries, methods, last_resort))
        });
        let (deliveries, methods, last_resort) = looked_up.await?;
        let destination = match progress.method {
            Method::App => Destination::TrustedDevices(count_destinations(&deliveries)),
            Method::Email => Destination::mailbox(stored.email.as_ref()),
        };
        let offered = Offered { methods, has_authenticator: stored.has_authenticator };
        let challenge = self.view(new, None, destination, offered);
        Ok(ChallengeStatus {
            account_id,
            outcome: progress.outcome_at(stored.now),
            hints: hints(&progress, methods, &deliveries, &self.rules.mail_sender, stored.now),
            locale: new.requester.device.locale.clone(),
            challenge,
            deliveries,
            last_resort,
            now: stored.now,
        })
    }
}

fn count_destinations(deliveries: &[DeliveryView]) -> u64 {
    let highest = deliveries.iter().map(|delivery| delivery.destination).max();
    u64::from(highest.unwrap_or(0))
}
