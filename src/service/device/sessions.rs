//! The sessions of an account: seen and ended by its owner.

use super::session::speaks_for_owner;
use crate::domain::account::activity::ActivityKind;
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::event::AccountEvent;
use crate::domain::value::id::SessionId;
use crate::service::{Core, Devices, Origin, VerificationError};
use crate::store::session::GoingOn;
use crate::store::{self, Db};

impl Devices {
    /// The sessions of the session's account that go on, most recently used first.
    ///
    /// # Errors
    /// The database's.
    pub async fn sessions(&self, session: &ActiveSession) -> Result<Vec<GoingOn>, VerificationError> {
        let account = session.account_id;
        let lifetimes = self.rules.tokens;
        Ok(self.store.run(async |db| store::session::list(db, account, lifetimes).await).await?)
    }

    /// Ends the session that asks.
    ///
    /// # Errors
    /// The database's.
    pub async fn sign_out(&self, session: &ActiveSession, origin: &Origin) -> Result<(), VerificationError> {
        let account = session.account_id;
        let id = session.session_id;
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let ended = store::session::end(db, account, id, SessionEnd::SignedOut).await?;
            if ended {
                store::device::forget_push_of_session(db, account, id).await?;
                let requester = self.requester_of(db, session, origin).await?;
                self.record_change(db, account, ActivityKind::SignOut, Some(&requester)).await?;
            }
            Ok::<_, VerificationError>(ended)
        });
        if transaction.await? {
            self.publish(account, vec![AccountEvent::SessionEnded { session_id: id }]).await;
        }
        Ok(())
    }

    /// Ends one session of the account; its own always.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account has no such session that goes on;
    /// [`VerificationError::DeviceNotTrusted`] from one that does not speak for the owner: an intruder must not sign the owner out.
    pub async fn end_session(
        &self,
        session: &ActiveSession,
        id: SessionId,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        if id == session.session_id {
            return self.sign_out(session, origin).await;
        }
        let ended = self.end_sessions(session, Some(id), origin).await?;
        if ended == 0 { Err(VerificationError::NotFound) } else { Ok(()) }
    }

    /// Ends every session of the account but the one that asks; returns how many.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`] as for [`Self::end_session`].
    pub async fn end_other_sessions(
        &self,
        session: &ActiveSession,
        origin: &Origin,
    ) -> Result<usize, VerificationError> {
        self.end_sessions(session, None, origin).await
    }
}

impl Core {
    async fn end_sessions(
        &self,
        session: &ActiveSession,
        only: Option<SessionId>,
        origin: &Origin,
    ) -> Result<usize, VerificationError> {
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            if !speaks_for_owner(db, session, locked.two_step_enabled).await? {
                return Err(VerificationError::DeviceNotTrusted);
            }
            self.end_for_owner(db, session, only, origin, &mut events).await
        });
        let ended = transaction.await?;
        self.publish(account, events).await;
        Ok(ended)
    }

    /// Ends one other session, or all of them, and writes each down with the name of its device.
    pub(in crate::service) async fn end_for_owner(
        &self,
        db: &impl Db,
        session: &ActiveSession,
        only: Option<SessionId>,
        origin: &Origin,
        events: &mut Vec<AccountEvent>,
    ) -> Result<usize, VerificationError> {
        let account = session.account_id;
        let requester = self.requester_of(db, session, origin).await?;
        let mut ended = 0;
        for other in store::session::list(db, account, self.rules.tokens).await? {
            let is_meant = other.id != session.session_id && only.is_none_or(|only| only == other.id);
            if !is_meant || !store::session::end(db, account, other.id, SessionEnd::EndedByOwner).await? {
                continue;
            }
            let kind = ActivityKind::SessionEnded;
            let name = &other.device.info.name;
            self.record_device_change(db, account, kind, Some(&requester), name).await?;
            events.push(AccountEvent::SessionEnded { session_id: other.id });
            ended += 1;
        }
        Ok(ended)
    }
}
