//! Who may open a WebSocket, and what it is shown first.

use super::session::require_trusted;
use crate::domain::delivery::CodeToDeliver;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::{AccountId, SessionId};
use crate::service::{Devices, VerificationError, fresh_token};
use crate::store;

impl Devices {
    /// A ticket that opens one WebSocket for this session.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`].
    pub async fn issue_ticket(&self, session: &ActiveSession) -> Result<Token, VerificationError> {
        require_trusted(session)?;
        let ticket = fresh_token(TokenKind::Ticket);
        let account = session.account_id;
        let id = session.session_id;
        let hash = ticket.hash();
        self.store.run(async |db| store::ticket::issue(db, account, id, &hash).await).await?;
        Ok(ticket)
    }

    /// The session behind a ticket, which is then used up.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it is unknown, used or too old.
    pub async fn take_ticket(&self, ticket: &Token) -> Result<ActiveSession, VerificationError> {
        let hash = ticket.hash();
        let taken = self.store.run(async |db| store::ticket::take(db, &hash).await).await?;
        taken.ok_or(VerificationError::Unauthorized)
    }

    /// Looks again, once a connection is registered, whether its session goes on, and what is open. Whatever
    /// changed between the handshake and the registration is seen here; whatever changes later is told on the bus.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when the session ended, [`VerificationError::DeviceNotTrusted`] when its
    /// device was removed.
    pub async fn open_codes(
        &self,
        account: AccountId,
        session: SessionId,
    ) -> Result<Vec<CodeToDeliver>, VerificationError> {
        let opening = store::user_actor_reads::opening(&self.store, account, session).await?;
        let active = opening.session.ok_or(VerificationError::Unauthorized)?;
        require_trusted(&active)?;
        Ok(opening.codes)
    }
}
