//! Sessions: granting, renewing, ending.

use futures_util::future::try_join;
use jiff::SignedDuration;

use super::{Origin, Verification, VerificationError, fresh, fresh_token};
use crate::domain::activity::{ActivityKind, ActivityOutcome};
use crate::domain::code::KeyId;
use crate::domain::delivery::{Acting, Requester};
use crate::domain::device::Device;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::id::{AccountId, DeviceId, SessionId};
use crate::domain::owner;
use crate::domain::session::{ActiveSession, SessionEnd};
use crate::domain::token::{Token, TokenKind};
use crate::store::account::LockedAccount;
use crate::store::device::DeviceChange;
use crate::store::refresh_token::KnownRefreshToken;
use crate::store::{self, Db, StoreError};

/// The tokens of a session, as its holder gets them.
pub struct IssuedSession {
    /// Whose; for the security log.
    pub account_id: AccountId,
    /// Which session; for the login activity.
    pub session_id: SessionId,
    /// Authenticates calls.
    pub access: Token,
    /// For so long.
    pub expires_in: SignedDuration,
    /// Buys the next one.
    pub refresh: Token,
}

/// A device that signed in.
pub struct SignedIn {
    /// Its session.
    pub session: IssuedSession,
    /// The device as the gateway knows it.
    pub device: Device,
    /// What it shows the next time, if it is trusted.
    pub trust_token: Option<Token>,
}

impl SignedIn {
    /// The device and the session, as those that a report of the sign-in ends.
    pub(super) fn acting(&self) -> Acting {
        Acting { device_id: self.device.id, session_id: self.session.session_id }
    }
}

/// What a sign-in means for the trust in its device.
pub(super) enum Trust<'a> {
    /// It showed a valid token, which is used: the key is that of its successor, if it was used before.
    Rotate(DeviceId, &'a Token, Option<KeyId>),
    /// It passed verification and its user wants it trusted.
    Grant,
    /// It is not trusted, whatever it was before.
    No,
}

/// For what only a trusted device may do.
pub(super) fn require_trusted(session: &ActiveSession) -> Result<(), VerificationError> {
    if session.device_trusted { Ok(()) } else { Err(VerificationError::DeviceNotTrusted) }
}

/// Whether a session speaks for the owner ([`owner::speaks_for_owner`]).
pub(super) async fn speaks_for_owner(
    db: &impl Db,
    session: &ActiveSession,
    two_step_enabled: bool,
) -> Result<bool, StoreError> {
    // The one look that the answer may depend on.
    let trusts_any = match (session.device_trusted, two_step_enabled) {
        (false, false) => store::device::has_trusted(db, session.account_id).await?,
        _ => true,
    };
    Ok(owner::speaks_for_owner(session.device_trusted, two_step_enabled, trusts_any))
}

/// The device of an installation as the account knows it from now on.
pub(super) async fn meet(db: &impl Db, account: AccountId, requester: &Requester) -> Result<Device, StoreError> {
    let (info, location) = (requester.device.clone(), requester.location.as_deref());
    store::device::upsert(db, account, fresh(DeviceId::new), info, location).await
}

enum Renewal {
    Renewed(IssuedSession),
    Reused(KnownRefreshToken),
}

impl Verification {
    /// The session of an access token.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it is unknown, ended or expired.
    pub async fn authenticate(&self, access: &Token) -> Result<ActiveSession, VerificationError> {
        store::session::by_access_token(&self.store, access.hash()).await?.ok_or(VerificationError::Unauthorized)
    }

    /// Locks the account of a session and makes sure that the session still may make calls: a request can wait long
    /// between the look at its token and its transaction.
    pub(super) async fn lock_for(
        &self,
        db: &impl Db,
        session: &ActiveSession,
    ) -> Result<LockedAccount, VerificationError> {
        let locked = store::account::lock(db, session.account_id).await?.ok_or(VerificationError::Unauthorized)?;
        let active = store::session::for_connection(db, session.account_id, session.session_id).await?;
        if active.is_some_and(|active| active.device_trusted || !session.device_trusted) {
            Ok(locked)
        } else {
            Err(VerificationError::Unauthorized)
        }
    }

    /// Makes a session, and the device and its trust as `trust` says.
    pub(super) async fn grant_session(
        &self,
        db: &impl Db,
        account: AccountId,
        requester: &Requester,
        trust: Trust<'_>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<SignedIn, VerificationError> {
        let device = meet(db, account, requester).await?;
        self.grant_session_to(db, account, device, requester, trust, events).await
    }

    /// [`Self::grant_session`] for a device that was met.
    pub(super) async fn grant_session_to(
        &self,
        db: &impl Db,
        account: AccountId,
        mut device: Device,
        requester: &Requester,
        trust: Trust<'_>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<SignedIn, VerificationError> {
        let trust_token = match trust {
            Trust::Rotate(trusted, used, key) => Some(self.rotate_trust(db, account, trusted, used, key).await?),
            Trust::Grant => Some(self.grant_trust(db, account, device.id, requester, events).await?),
            Trust::No => {
                if device.trusted {
                    self.revoke_trust(db, account, device.id, SessionEnd::DeviceRemoved, events).await?;
                }
                None
            }
        };
        device.trusted = trust_token.is_some();
        let session = self.issue_session(db, account, device.id, events).await?;
        Ok(SignedIn { session, device, trust_token })
    }

    async fn issue_session(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
        events: &mut Vec<AccountEvent>,
    ) -> Result<IssuedSession, VerificationError> {
        let id = fresh(SessionId::new);
        let issued = self.fresh_session(account, id);
        let (access, refresh) = (issued.access.hash(), issued.refresh.hash());
        let create = store::session::create(db, account, id, device, &access, self.rules.tokens);
        let issue = store::refresh_token::issue(db, account, id, &refresh);
        let (ended, ()) = store::together(db, try_join(create, issue)).await?;
        events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
        Ok(issued)
    }

    fn fresh_session(&self, account_id: AccountId, session_id: SessionId) -> IssuedSession {
        IssuedSession {
            account_id,
            session_id,
            access: fresh_token(TokenKind::Access),
            expires_in: self.rules.tokens.access,
            refresh: fresh_token(TokenKind::Refresh),
        }
    }

    /// Exchanges a refresh token for the next tokens. One that was exchanged before ends its session.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it buys nothing.
    pub async fn refresh(&self, token: &Token, origin: &Origin) -> Result<IssuedSession, VerificationError> {
        let hash = token.hash();
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let known = store::refresh_token::find(db, &hash).await?.ok_or(VerificationError::Unauthorized)?;
            store::account::lock(db, known.account_id).await?;
            if known.used {
                self.end_copied_session(db, &known, &mut events).await?;
                return Ok(Renewal::Reused(known));
            }
            let issued = self.fresh_session(known.account_id, known.session_id);
            store::refresh_token::mark_used(db, known.account_id, &hash).await?;
            let access = issued.access.hash();
            if !store::session::renew(db, known.account_id, known.session_id, &access, self.rules.tokens).await? {
                return Err(VerificationError::Unauthorized);
            }
            store::refresh_token::issue(db, known.account_id, known.session_id, &issued.refresh.hash()).await?;
            let seen = DeviceChange { location: origin.location.clone(), ..DeviceChange::default() };
            store::device::update_current(db, known.account_id, known.device_id, &seen).await?;
            Ok(Renewal::Renewed(issued))
        });
        match transaction.await? {
            Renewal::Renewed(issued) => Ok(issued),
            Renewal::Reused(known) => {
                self.publish(known.account_id, events).await;
                Err(VerificationError::Unauthorized)
            }
        }
    }

    async fn end_copied_session(
        &self,
        db: &impl Db,
        known: &KnownRefreshToken,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let (account, session) = (known.account_id, known.session_id);
        if !store::session::end(db, account, session, SessionEnd::RefreshTokenReused).await? {
            return Ok(());
        }
        events.push(AccountEvent::SessionEnded { session_id: session });
        self.record(db, account, ActivityKind::RefreshTokenReused, ActivityOutcome::Succeeded, None).await?;
        self.alert(db, account, AlertKind::TokenReused, None, events).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database's.
    pub async fn sign_out(&self, session: &ActiveSession, origin: &Origin) -> Result<(), VerificationError> {
        let (account, id) = (session.account_id, session.session_id);
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let ended = store::session::end(db, account, id, SessionEnd::SignedOut).await?;
            if ended {
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
}
