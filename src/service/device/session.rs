//! Sessions: granting, renewing, ending.

mod trust;

use jiff::SignedDuration;

use crate::domain::account::activity::{ActivityKind, ActivityOutcome};
use crate::domain::account::owner::Worth;
use crate::domain::delivery::{Acting, Requester};
use crate::domain::device::Device;
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::device::successor::Predecessor;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::service::{Core, Devices, Origin, VerificationError, fresh, fresh_token};
use crate::store::account::LockedAccount;
use crate::store::device::DeviceChange;
use crate::store::refresh_token::KnownRefreshToken;
use crate::store::session::PairHashes;
use crate::store::trust_token::EarlierUse;
use crate::store::{self, Db};
pub(in crate::service) use trust::{Trust, meet, require_trusted, speaks_for_owner};

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

impl IssuedSession {
    pub(in crate::service) fn hashes(&self) -> PairHashes {
        PairHashes { access: self.access.hash(), refresh: self.refresh.hash() }
    }
}

/// A device that signed in.
pub struct SignedIn {
    /// Its session.
    pub session: IssuedSession,
    /// The device as the gateway knows it.
    pub device: Device,
    /// What it shows the next time, if it is trusted.
    pub trust_token: Option<Token>,
    /// The call was answered so before: nothing happened now.
    pub is_repeat: bool,
}

impl SignedIn {
    /// The device and the session, as those that a report of the sign-in ends.
    pub(in crate::service) fn acting(&self) -> Acting {
        Acting { device_id: self.device.id, session_id: self.session.session_id }
    }
}

enum Renewal {
    Renewed(IssuedSession),
    Stolen(AccountId),
}

impl Devices {
    /// The session of an access token.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it is unknown, ended or expired.
    pub async fn authenticate(&self, access: &Token) -> Result<ActiveSession, VerificationError> {
        let hash = access.hash();
        let found = store::session::by_access_token(&self.store, hash).await?;
        let shown = found.ok_or(VerificationError::Unauthorized)?;
        if shown.is_first_use {
            let session = &shown.session;
            self.store.run(async |db| store::session::note_use(db, session, &hash).await).await?;
        }
        Ok(shown.session)
    }

    /// Exchanges a refresh token for the next tokens. Again, it brings the same ones until one of these was used; after that it ends its
    /// session: two have it.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it buys nothing.
    pub async fn refresh(&self, token: &Token, origin: &Origin) -> Result<IssuedSession, VerificationError> {
        let hash = token.hash();
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let owner = store::refresh_token::owner(db, &hash).await?;
            let (account, session) = owner.ok_or(VerificationError::Unauthorized)?;
            store::account::lock(db, account).await?;
            let known = store::refresh_token::find(db, account, &hash).await?.ok_or(VerificationError::Unauthorized)?;
            if known.worth == Worth::Theft {
                self.end_copied_session(db, account, &known, origin, &mut events).await?;
                return Ok(Renewal::Stolen(account));
            }
            let keys = self.code_keys();
            if let Some(after) = known.successor_key.as_ref().and_then(|key| Predecessor::with(&keys, key, token)) {
                let again = self.repeat_session(db, account, session, &after).await?;
                return again.map(Renewal::Renewed).ok_or(VerificationError::Unauthorized);
            }
            let after = Predecessor::new(&keys, token);
            let issued = self.new_session(account, session, Some(&after));
            let pair = issued.hashes();
            store::refresh_token::rotate(db, account, session, &hash, &pair.refresh, after.key()).await?;
            let location = origin.location.as_deref();
            if !store::session::renew(db, account, session, &pair, location, self.rules.tokens).await? {
                return Err(VerificationError::Unauthorized);
            }
            let seen = DeviceChange { location: origin.location.clone(), ..DeviceChange::default() };
            store::device::update_current(db, account, known.device_id, &seen).await?;
            Ok(Renewal::Renewed(issued))
        });
        match transaction.await? {
            Renewal::Renewed(issued) => Ok(issued),
            Renewal::Stolen(account) => {
                self.publish(account, events).await;
                Err(VerificationError::Unauthorized)
            }
        }
    }
}

impl Core {
    /// Locks the account of a session and makes sure that the session still may make calls: a request can wait long
    /// between the look at its token and its transaction.
    pub(in crate::service) async fn lock_for(
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

    /// Makes a session, and the device and its trust as `trust` says. Its tokens follow `after`, where a token is used up for it.
    pub(in crate::service) async fn grant_session(
        &self,
        db: &impl Db,
        account: AccountId,
        requester: &Requester,
        trust: Trust<'_>,
        after: Option<&Predecessor<'_>>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<SignedIn, VerificationError> {
        let device = meet(db, account, requester).await?;
        self.grant_session_to(db, account, device, requester, trust, after, events).await
    }

    /// [`Self::grant_session`] for a device that was met.
    #[expect(clippy::too_many_arguments, reason = "each is something else")]
    pub(in crate::service) async fn grant_session_to(
        &self,
        db: &impl Db,
        account: AccountId,
        mut device: Device,
        requester: &Requester,
        trust: Trust<'_>,
        after: Option<&Predecessor<'_>>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<SignedIn, VerificationError> {
        if let Some(zone) = &requester.device.time_zone {
            store::account::set_time_zone(db, account, zone).await?;
        }
        let trust_token = match trust {
            Trust::Follow(used, earlier) => {
                device.trusted = true;
                return self.follow_trust(db, account, requester, device, used, earlier, events).await;
            }
            Trust::Grant => {
                let token = after.map_or_else(|| fresh_token(TokenKind::Trust), Predecessor::trust_token);
                Some(self.grant_trust(db, account, device.id, requester, token, events).await?)
            }
            Trust::No => {
                if device.trusted {
                    self.revoke_trust(db, account, device.id, SessionEnd::DeviceRemoved, events).await?;
                }
                None
            }
        };
        device.trusted = trust_token.is_some();
        let session = self.new_session(account, fresh(SessionId::new), after);
        self.store_session(db, &session, device.id, requester, events).await?;
        Ok(SignedIn { session, device, trust_token, is_repeat: false })
    }

    /// Uses a trust token. Again, its holder did not get the answer: the same successor, and the same session if that goes on.
    #[expect(clippy::too_many_arguments, reason = "each is something else")]
    async fn follow_trust(
        &self,
        db: &impl Db,
        account: AccountId,
        requester: &Requester,
        device: Device,
        used: &Token,
        earlier: Option<EarlierUse>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<SignedIn, VerificationError> {
        let keys = self.code_keys();
        // A key that is not held any more leaves a successor that nobody used: there is another then.
        let again = earlier.and_then(|use_| Some((Predecessor::with(&keys, &use_.key, used)?, use_.session)));
        if let Some((after, Some(session))) = &again
            && let Some(session) = self.repeat_session(db, account, *session, after).await?
        {
            return Ok(SignedIn { session, device, trust_token: Some(after.trust_token()), is_repeat: true });
        }
        let after = again.map_or_else(|| Predecessor::new(&keys, used), |(after, _)| after);
        let session = self.new_session(account, fresh(SessionId::new), Some(&after));
        let next = after.trust_token();
        let old = used.hash();
        let new = next.hash();
        store::trust_token::rotate(db, account, device.id, &old, &new, after.key(), session.session_id).await?;
        self.store_session(db, &session, device.id, requester, events).await?;
        Ok(SignedIn { session, device, trust_token: Some(next), is_repeat: false })
    }

    /// The tokens of a session again, as they follow a token; `None` when it is over.
    pub(in crate::service) async fn repeat_session(
        &self,
        db: &impl Db,
        account: AccountId,
        session: SessionId,
        after: &Predecessor<'_>,
    ) -> Result<Option<IssuedSession>, VerificationError> {
        let again = self.new_session(account, session, Some(after));
        let access = again.access.hash();
        let goes_on = store::session::repeat(db, account, session, &access, self.rules.tokens).await?.is_some();
        Ok(goes_on.then_some(again))
    }

    pub(in crate::service) fn new_session(
        &self,
        account_id: AccountId,
        session_id: SessionId,
        after: Option<&Predecessor<'_>>,
    ) -> IssuedSession {
        let random = || (fresh_token(TokenKind::Access), fresh_token(TokenKind::Refresh));
        let (access, refresh) = after.map_or_else(random, |after| after.session_tokens(session_id));
        IssuedSession { account_id, session_id, access, expires_in: self.rules.tokens.access, refresh }
    }

    async fn store_session(
        &self,
        db: &impl Db,
        issued: &IssuedSession,
        device: DeviceId,
        requester: &Requester,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let location = requester.location.as_deref();
        let account = issued.account_id;
        let id = issued.session_id;
        let pair = issued.hashes();
        let ended = store::session::create(db, account, id, device, &pair, location, self.rules.tokens).await?;
        events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
        Ok(())
    }

    /// The owner is told of which device the copy is, and where it was used.
    async fn end_copied_session(
        &self,
        db: &impl Db,
        account: AccountId,
        known: &KnownRefreshToken,
        origin: &Origin,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let session = known.session_id;
        if !store::session::end(db, account, session, SessionEnd::RefreshTokenReused).await? {
            return Ok(());
        }
        events.push(AccountEvent::SessionEnded { session_id: session });
        let device = store::device::by_id(db, account, known.device_id).await?;
        let requester = device.map(|device| origin.requester(device.info));
        let kind = ActivityKind::RefreshTokenReused;
        self.record(db, account, kind, ActivityOutcome::Succeeded, requester.as_ref()).await?;
        self.alert(db, account, AlertKind::TokenReused, requester.as_ref(), events).await
    }
}
