//! "This wasn't me": a trusted device ends a challenge.

use crate::domain::challenge::{Outcome, Purpose, Refusal};
use crate::domain::delivery::push_receipt::PushReceipt;
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};
use crate::service::challenge::view;
use crate::service::device::session::require_trusted;
use crate::service::{Challenges, Core, VerificationError};
use crate::store::challenge::NewChallenge;
use crate::store::{self, Db};

/// Who denies a challenge.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) enum Denier<'a> {
    /// A session of a trusted device.
    Session(&'a ActiveSession),
    /// A trusted device, by what came sealed to it with the code.
    Push(PushReceipt),
}

impl Challenges {
    /// [`Self::deny`], said over a connection of a session.
    ///
    /// # Errors
    /// As there, and [`VerificationError::Unauthorized`] when the session ended.
    pub async fn deny_over_connection(
        &self,
        account: AccountId,
        session: SessionId,
        id: ChallengeId,
    ) -> Result<(), VerificationError> {
        let found = self.store.run(async |db| store::session::for_connection(db, account, session).await).await?;
        self.deny(&found.ok_or(VerificationError::Unauthorized)?, id).await
    }

    /// Ends a challenge of the session's account, and the session that asked if there is one, marks the attempt, lets no new device sign in any more and tells the
    /// owner everywhere.
    /// Denying twice is fine.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::NotFound`] when the account has no such
    /// challenge; [`VerificationError::Refused`] when it ended otherwise before.
    pub async fn deny(&self, session: &ActiveSession, id: ChallengeId) -> Result<(), VerificationError> {
        require_trusted(session)?;
        let new = self.deniable(id).await?.filter(|new| new.account_id == session.account_id);
        let new = new.ok_or(VerificationError::NotFound)?;
        self.deny_as(&new, Denier::Session(session)).await
    }

    /// A challenge that may be denied; `None` when there is none.
    pub(in crate::service) async fn deniable(
        &self,
        id: ChallengeId,
    ) -> Result<Option<NewChallenge>, VerificationError> {
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let challenge = found.map(|stored| stored.challenge);
        Ok(challenge.filter(|new| matches!(new.purpose, Purpose::SignIn | Purpose::DisableTwoStep)))
    }

    /// Denies a challenge.
    pub(in crate::service) async fn deny_as(
        &self,
        new: &NewChallenge,
        denier: Denier<'_>,
    ) -> Result<(), VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for_denier(db, new.account_id, denier).await?;
            if !self.end_denied(db, new, &mut events).await? {
                return Ok(false);
            }
            self.freeze(db, new.account_id, &mut events).await?;
            let kind = match new.purpose {
                Purpose::DisableTwoStep => AlertKind::DisablingDenied,
                Purpose::SignIn | Purpose::EnableTwoStep | Purpose::ChangeEmail | Purpose::CreateAccount => {
                    AlertKind::SignInDenied
                }
            };
            self.alert(db, new.account_id, kind, Some(&new.requester), &mut events).await?;
            Ok::<_, VerificationError>(true)
        });
        if transaction.await? {
            self.publish(new.account_id, events).await;
            return Ok(());
        }
        let id = new.challenge_id;
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let now = found.ok_or(VerificationError::NotFound)?;
        match now.challenge.progress.outcome_at(now.now) {
            Some(Outcome::Denied) => Ok(()),
            outcome => Err(Refusal::Closed(outcome.unwrap_or(Outcome::Superseded)).into()),
        }
    }
}

impl Core {
    /// Locks the account, and makes sure that who denies still speaks for it.
    async fn lock_for_denier(
        &self,
        db: &impl Db,
        account: AccountId,
        denier: Denier<'_>,
    ) -> Result<(), VerificationError> {
        match denier {
            Denier::Session(session) => self.lock_for(db, session).await.map(drop),
            Denier::Push(receipt) => {
                store::account::lock(db, account).await?.ok_or(VerificationError::Unauthorized)?;
                let push = store::delivery::of_receipt(db, account, receipt).await?;
                push.map(drop).ok_or(VerificationError::Unauthorized)
            }
        }
    }

    /// Ends a challenge that its account's owner did not ask for, with the session that asked; `false` when it ended before.
    pub(in crate::service) async fn end_denied(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        let Some(closed) = view::close(db, new, Outcome::Denied, None).await? else { return Ok(false) };
        events.push(closed);
        store::notice::drop_unfinished(db, new.account_id, new.requester.device.install_id).await?;
        if let Some(asking) = new.session_id
            && store::session::end(db, new.account_id, asking, SessionEnd::Denied).await?
        {
            events.push(AccountEvent::SessionEnded { session_id: asking });
        }
        Ok(true)
    }
}
