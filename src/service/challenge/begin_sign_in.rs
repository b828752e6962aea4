//! Beginning a sign-in that needs a code, in one statement: by far most of them.

use jiff::Timestamp;

use crate::domain::challenge::{Method, Progress, Purpose};
use crate::domain::delivery::Requester;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{ActivityId, ChallengeId, NoticeId};
use crate::service::challenge::start::{closed_by_newer, issued};
use crate::service::challenge::view::Offered;
use crate::service::sign_in::password_sign_in::count_challenged;
use crate::service::{
    ChallengeView, Core, Destination, KeptAnswer, OnceRequest, VerificationError, fresh, fresh_salt, fresh_token,
};
use crate::store::challenge::{BegunSignIn, NewChallenge, NewSignIn, SignInOf, Started};
use crate::store::idempotent_request::Known;
use crate::store::{self, Db, StoreError};

/// A sign-in that is about to begin: what it brings whoever asks.
struct Prepared<'a> {
    of: &'a SignInOf<'a>,
    requester: &'a Requester,
    token: Token,
    new: NewSignIn<'a>,
}

/// One that began.
pub(in crate::service) struct Begun {
    /// As its holder sees it.
    pub(in crate::service) view: ChallengeView,
    /// When, by the database's clock.
    pub(in crate::service) at: Timestamp,
    /// What became true.
    events: Vec<AccountEvent>,
}

impl Core {
    /// Begins a sign-in of a device that shows no trust token. `None` when no challenge was started that way: then the account is
    /// asked step by step what becomes of the sign-in. What was begun is published.
    ///
    /// # Errors
    /// The database's.
    pub(in crate::service) async fn begin_sign_in(
        &self,
        of: &SignInOf<'_>,
        requester: &Requester,
        for_app: Option<&str>,
    ) -> Result<Option<Begun>, VerificationError> {
        let prepared = self.prepare_sign_in(of, requester, for_app, None);
        // A connection, no transaction: the statement commits by itself.
        let begun = self.store.run(async |db| self.begin_prepared(db, prepared).await).await?;
        Ok(self.publish_begun(begun).await)
    }

    /// The same for a request that may come twice: its answer, made by `answer`, is kept in the same transaction.
    ///
    /// # Errors
    /// The database's, and a mistake of ours when `answer` makes none.
    pub(in crate::service) async fn begin_sign_in_once(
        &self,
        of: &SignInOf<'_>,
        requester: &Requester,
        for_app: &str,
        request: &OnceRequest,
        answer: impl FnOnce(&Begun) -> Option<KeptAnswer>,
    ) -> Result<Option<KeptAnswer>, VerificationError> {
        let known = request.known();
        let prepared = self.prepare_sign_in(of, requester, Some(for_app), Some(&known));
        let transaction = self.store.transaction(async |db| {
            let Some(begun) = self.begin_prepared(db, prepared).await? else { return Ok(None) };
            let kept = answer(&begun).ok_or_else(|| StoreError::Corrupt("an answer cannot be written".to_owned()))?;
            let sealed = request.seal(&kept);
            store::idempotent_request::add(db, &known, begun.view.account_id, kept.status, &sealed).await?;
            Ok::<_, VerificationError>(Some((begun, kept)))
        });
        let done = match transaction.await {
            // The same key came with another request meanwhile, and nothing stays of this one.
            Err(VerificationError::Store(StoreError::Conflict)) => None,
            done => done?,
        };
        let Some((begun, kept)) = done else { return Ok(None) };
        self.publish_begun(Some(begun)).await;
        Ok(Some(kept))
    }

    fn prepare_sign_in<'a>(
        &self,
        of: &'a SignInOf<'a>,
        requester: &'a Requester,
        for_app: Option<&'a str>,
        request: Option<&'a Known>,
    ) -> Prepared<'a> {
        let token = fresh_token(TokenKind::Challenge);
        let new = NewSignIn {
            challenge_id: fresh(ChallengeId::new),
            token_hash: token.hash(),
            key_id: self.current_key(),
            salt: fresh_salt(),
            digits: self.rules.digits,
            lifetime: self.rules.lifetimes.of(Purpose::SignIn, Method::App),
            requester,
            activity_id: fresh(ActivityId::new),
            unfinished: fresh(NoticeId::new),
            for_app,
            tells_end: self.rules.webhooks,
            node: self.node,
            request,
        };
        Prepared { of, requester, token, new }
    }

    async fn begin_prepared(&self, db: &impl Db, prepared: Prepared<'_>) -> Result<Option<Begun>, VerificationError> {
        let Prepared { of, requester, token, new } = prepared;
        let begun = store::challenge::begin_sign_in(db, of, &new).await?;
        let Some(begun) = begun else { return Ok(None) };
        let BegunSignIn { account_id, mailbox, mailbox_changed_at, has_authenticator, created_at, started } = begun;
        let Started { planned, closed } = started;
        let purpose = Purpose::SignIn;
        let challenge = NewChallenge {
            account_id,
            challenge_id: new.challenge_id,
            token_hash: new.token_hash,
            purpose,
            progress: Progress::start(purpose, Method::App, &self.rules.lifetimes, created_at),
            created_at,
            key_id: new.key_id,
            salt: Some(new.salt),
            digits: new.digits,
            asker: None,
            requester: requester.clone(),
            session_id: None,
            password_hash: None,
            address_taken: false,
            activity_id: Some(new.activity_id),
        };
        let count = planned.deliveries.len() as u64;
        let events = closed_by_newer(&closed).chain([issued(challenge.code(), planned)]).collect();
        let stands = self.mailbox_stands(mailbox.as_ref(), mailbox_changed_at, created_at);
        let methods = self.methods(db, account_id, purpose, count > 0, stands).await?;
        let offered = Offered { methods, has_authenticator };
        let view = self.view(&challenge, Some(token), Destination::TrustedDevices(count), offered);
        Ok(Some(Begun { view, at: created_at, events }))
    }

    async fn publish_begun(&self, begun: Option<Begun>) -> Option<Begun> {
        let mut begun = begun?;
        count_challenged();
        self.publish(begun.view.account_id, std::mem::take(&mut begun.events)).await;
        Some(begun)
    }
}
