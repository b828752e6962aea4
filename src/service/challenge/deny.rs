//! "This wasn't me": a trusted device ends a challenge.

use crate::domain::challenge::{Outcome, Purpose, Refusal};
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ChallengeId, SessionId};
use crate::service::challenge::view;
use crate::service::device::session::require_trusted;
use crate::service::{Challenges, Core, VerificationError};
use crate::store::challenge::NewChallenge;
use crate::store::{self, Db};

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
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let stored = found
            .filter(|stored| stored.challenge.account_id == session.account_id)
            .filter(|stored| matches!(stored.challenge.purpose, Purpose::SignIn | Purpose::DisableTwoStep))
            .ok_or(VerificationError::NotFound)?;
        let new = &stored.challenge;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            if !self.end_denied(db, new, &mut events).await? {
                return Ok(false);
            }
            self.freeze(db, new.account_id, &mut events).await?;
            let kind = match new.purpose {
                Purpose::DisableTwoStep => AlertKind::DisablingDenied,
                Purpose::SignIn | Purpose::EnableTwoStep | Purpose::CreateAccount => AlertKind::SignInDenied,
            };
            self.alert(db, new.account_id, kind, Some(&new.requester), &mut events).await?;
            Ok::<_, VerificationError>(true)
        });
        if transaction.await? {
            self.publish(new.account_id, events).await;
            return Ok(());
        }
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let now = found.ok_or(VerificationError::NotFound)?;
        match now.challenge.progress.outcome_at(now.now) {
            Some(Outcome::Denied) => Ok(()),
            outcome => Err(Refusal::Closed(outcome.unwrap_or(Outcome::Superseded)).into()),
        }
    }
}

impl Core {
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
