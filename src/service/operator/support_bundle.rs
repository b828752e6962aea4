//! Support bundles: what somebody who helps needs to know, and nothing that would let them in.

use jiff::Timestamp;

use crate::domain::account::email::EmailAddress;
use crate::domain::challenge::{ChallengeState, Method, Purpose};
use crate::domain::device::DeviceInfo;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::service::{Operators, VerificationError};
use crate::store::challenge::StoredChallenge;
use crate::store::delivery::TracedDelivery;
use crate::store::{self, Db};

/// Challenges in the bundle of a session at most.
const MAX_CHALLENGES: i64 = 10;

/// What support needs to know.
pub struct SupportBundle {
    /// When it was put together, by the database's clock.
    pub at: Timestamp,
    /// The account's address, masked; `None` when it has none.
    pub email: Option<String>,
    /// The account as a session of it may see it; nothing for the holder of a challenge.
    pub account: Option<SupportAccount>,
    /// The device that asks.
    pub device: DeviceInfo,
    /// The challenge, or the newest of the account within a day, newest first.
    pub challenges: Vec<SupportChallenge>,
}

/// How an account stands.
pub struct SupportAccount {
    /// Its id.
    pub id: AccountId,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// Since when no new device may sign in.
    pub sign_ins_frozen_at: Option<Timestamp>,
    /// Devices that skip the second step.
    pub trusted_devices: usize,
}

/// A challenge with the way of its codes.
pub struct SupportChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// What for.
    pub purpose: Purpose,
    /// How the current code travels.
    pub method: Method,
    /// How it stands.
    pub state: ChallengeState,
    /// When it began.
    pub started_at: Timestamp,
    /// Until when the current code is good.
    pub expires_at: Timestamp,
    /// Comparisons still allowed.
    pub attempts_left: u16,
    /// New codes that were asked for.
    pub resends: u16,
    /// Every delivery, of all its codes. Devices have names only for a trusted device of the account.
    pub deliveries: Vec<TracedDelivery>,
}

impl Operators {
    /// The bundle for the holder of a challenge.
    ///
    /// # Errors
    /// As for every call on a challenge.
    pub async fn challenge_support(&self, id: ChallengeId, token: &Token) -> Result<SupportBundle, VerificationError> {
        let stored = self.authorized(id, token).await?;
        let (at, email, device) =
            (stored.now, stored.email.as_ref().map(EmailAddress::masked), stored.challenge.requester.device.clone());
        let challenge = self.store.run(async |db| traced(db, &stored, false).await).await?;
        Ok(SupportBundle { at, email, account: None, device, challenges: vec![challenge] })
    }

    /// The bundle for a signed-in user.
    ///
    /// # Errors
    /// The database's.
    pub async fn session_support(&self, session: &ActiveSession) -> Result<SupportBundle, VerificationError> {
        let id = session.account_id;
        self.store
            .run(async |db| {
                let account = store::account::by_id(db, id).await?.ok_or(VerificationError::Unauthorized)?;
                let device = store::device::by_id(db, id, session.device_id).await?;
                let mut challenges = Vec::new();
                for challenge in store::challenge::recent(db, id, MAX_CHALLENGES).await? {
                    if let Some(stored) = store::challenge::by_id(db, challenge).await? {
                        challenges.push(traced(db, &stored, session.device_trusted).await?);
                    }
                }
                Ok(SupportBundle {
                    at: store::postgres::server::describe(db).await?.now,
                    email: account.email.as_ref().map(EmailAddress::masked),
                    account: Some(SupportAccount {
                        id,
                        two_step_enabled: account.two_step_enabled,
                        sign_ins_frozen_at: account.sign_ins_frozen_at,
                        trusted_devices: store::device::list_trusted(db, id).await?.len(),
                    }),
                    device: device.ok_or(VerificationError::Unauthorized)?.info,
                    challenges,
                })
            })
            .await
    }
}

async fn traced(
    db: &impl Db,
    stored: &StoredChallenge,
    with_names: bool,
) -> Result<SupportChallenge, VerificationError> {
    let new = &stored.challenge;
    let mut deliveries = store::delivery::trace(db, new.account_id, new.challenge_id).await?;
    if !with_names {
        deliveries.iter_mut().for_each(|delivery| delivery.device_name = None);
    }
    Ok(SupportChallenge {
        id: new.challenge_id,
        purpose: new.purpose,
        method: new.progress.method,
        state: new.progress.outcome_at(stored.now).into(),
        started_at: new.created_at,
        expires_at: new.progress.expires_at,
        attempts_left: new.progress.attempts_left(),
        resends: new.progress.resends,
        deliveries,
    })
}
