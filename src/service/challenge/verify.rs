//! Verifying a code: the right one of a sign-in is counted, taken and settled in one commit ([`verify_sign_in`](super::verify_sign_in));
//! any other is counted first, compared in constant time, and settled in one transaction. Nobody learns what a comparison said
//! before a commit that counts it.

use futures_util::future::{try_join, try_join4};
use secrecy::SecretString;

use crate::domain::account::activity::ActivityKind;
use crate::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind, BudgetRefusal};
use crate::domain::challenge::{Outcome, Progress, Purpose, Refusal, SupersededBy, Verdict};
use crate::domain::code::{Code, CodeSource, KeyId, NoCode, TypedCode};
use crate::domain::delivery::Requester;
use crate::domain::device::Device;
use crate::domain::device::successor::Predecessor;
use crate::domain::device::token::Token;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{ChallengeId, NoticeId, SessionId};
use crate::service::challenge::view;
use crate::service::device::session::{Trust, meet};
use crate::service::{Challenges, Core, SignedIn, VerificationError, fresh};
use crate::store::challenge::{CountedAttempt, Grant, NewChallenge, StoredChallenge};
use crate::store::{self, Db, StoreError};
use crate::telemetry::ENTRY_SECONDS;

/// What the right code brought.
pub enum Verified {
    /// `sign_in`, `create_account`: a session.
    SignedIn {
        /// The session and its device.
        signed_in: Box<SignedIn>,
        /// What says so to the app whose server asked for it.
        assertion: Option<String>,
    },
    /// `enable_two_step`: it is on, and this device is trusted.
    TwoStepEnabled {
        /// The device.
        device: Device,
        /// What it shows at its next sign-in.
        trust_token: Token,
    },
    /// `change_email`: the account has the new address.
    EmailChanged {
        /// The device that asked.
        device: Device,
    },
    /// `disable_two_step`: it is off.
    TwoStepDisabled {
        /// The device that asked.
        device: Device,
    },
}

/// The time step whose code of an authenticator app was right: it is used up with the challenge.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) struct TakesStep(pub(in crate::service) i64);

impl Verified {
    pub(in crate::service) fn session(&self) -> Option<SessionId> {
        match self {
            Self::SignedIn { signed_in, .. } => Some(signed_in.session.session_id),
            Self::TwoStepEnabled { .. } | Self::TwoStepDisabled { .. } | Self::EmailChanged { .. } => None,
        }
    }
}

impl Challenges {
    /// Checks a code. The right one, sent again with the same token, brings the same answer for
    /// [`REPEAT_WITHIN`](crate::domain::challenge::limits::REPEAT_WITHIN).
    ///
    /// # Errors
    /// [`VerificationError::NotACode`] and [`VerificationError::EarlierCode`], which cost no attempt;
    /// [`VerificationError::TwoStepUnavailable`] when turning it on is no longer offered;
    /// [`VerificationError::TooManyWrongCodes`] and [`VerificationError::AccountFrozen`] when the account's guess budget waits or
    /// is spent; [`VerificationError::WrongCode`], [`VerificationError::Refused`] when the challenge is closed or has no
    /// attempts left; [`VerificationError::NotFound`] and [`VerificationError::Unauthorized`] as for every call on
    /// a challenge. When the database does not answer nothing is compared.
    pub async fn verify(
        &self,
        id: ChallengeId,
        token: &Token,
        typed: &SecretString,
        trust_device: bool,
    ) -> Result<Verified, VerificationError> {
        let stored = self.authorized(id, token).await?;
        let typed = &TypedCode::parse(typed, stored.challenge.digits)?;
        let answer = match self.verify_sign_in(&stored, token, typed, trust_device).await? {
            Some(verified) => {
                count_entry(&stored);
                Ok(verified)
            }
            None => self.verify_first(&stored, token, typed, trust_device).await,
        };
        match answer {
            Err(VerificationError::Refused(Refusal::Closed(Outcome::Verified))) => {
                let new = &stored.challenge;
                let is_it = self.code(new, &new.progress, &new.key_id)?.is_some_and(|code| code.matches(typed));
                self.answer_again(&stored, token, is_it).await
            }
            answer => answer,
        }
    }
}

impl Core {
    /// The long way, for every purpose: counted in a commit of its own, compared, settled.
    pub(in crate::service) async fn verify_first(
        &self,
        stored: &StoredChallenge,
        token: &Token,
        typed: &TypedCode,
        trust_device: bool,
    ) -> Result<Verified, VerificationError> {
        let new = &stored.challenge;
        let current = self.code(new, &new.progress, &new.key_id)?;
        if new.progress.count_attempt(stored.now).is_ok() && self.is_earlier(new, current.as_ref(), typed)? {
            return Err(VerificationError::EarlierCode { attempts_left: new.progress.attempts_left() });
        }
        let counted = self.count_attempt(new).await?;
        let code = self.code(new, &counted.progress, &counted.key_id)?;
        let is_right = code.is_some_and(|code| code.matches(typed)) && !new.address_taken;
        self.judge(stored, &counted, is_right, None, token, trust_device).await
    }

    /// What becomes of an attempt that was counted and compared.
    pub(in crate::service) async fn judge(
        &self,
        stored: &StoredChallenge,
        counted: &CountedAttempt,
        is_right: bool,
        takes: Option<TakesStep>,
        token: &Token,
        trust_device: bool,
    ) -> Result<Verified, VerificationError> {
        let new = &stored.challenge;
        let CountedAttempt { progress, budget, .. } = counted;
        let attempts_left = match progress.judge(is_right) {
            Verdict::Right => return self.settle_right(stored, progress, takes, token, trust_device).await,
            Verdict::Wrong { attempts_left } => attempts_left,
            Verdict::LastWrong => {
                self.settle_exhausted(new).await?;
                0
            }
        };
        if budget.is_some_and(|budget| budget.is_spent()) {
            self.freeze_guessed(new).await?;
        }
        Err(VerificationError::WrongCode { attempts_left })
    }

    pub(in crate::service) async fn count_attempt(
        &self,
        new: &NewChallenge,
    ) -> Result<CountedAttempt, VerificationError> {
        let account = new.account_id;
        let id = new.challenge_id;
        let kind = BudgetKind::of(new.purpose);
        loop {
            let count = async |db: &_| store::challenge::count_attempt(db, account, id, kind, &BUDGET_RULES).await;
            if let Some(counted) = self.store.run(count).await? {
                return Ok(counted);
            }
            // What refused it may be over by now, for instance a wait: then it is counted after all.
            self.require_countable(id).await?;
        }
    }

    /// The code of a challenge; `None` when its key was revoked, and nothing that is typed can be right.
    pub(in crate::service) fn code(
        &self,
        challenge: &NewChallenge,
        progress: &Progress,
        key_id: &KeyId,
    ) -> Result<Option<Code>, VerificationError> {
        let source = CodeSource {
            key_id,
            salt: challenge.salt.as_ref(),
            challenge_id: challenge.challenge_id,
            purpose: challenge.purpose,
            generation: progress.generation,
            digits: challenge.digits,
        };
        match self.code_keys().derive(&source) {
            Ok(code) => Ok(Some(code)),
            Err(NoCode::RevokedKey) => Ok(None),
            Err(NoCode::UnknownKey) => Err(VerificationError::CodeKeyMissing),
        }
    }

    /// Whether an earlier code of the challenge was typed, and not the current one: of two mails somebody opened the first. An earlier
    /// code lets nobody in, so whoever guesses learns nothing by it.
    fn is_earlier(
        &self,
        new: &NewChallenge,
        current: Option<&Code>,
        typed: &TypedCode,
    ) -> Result<bool, VerificationError> {
        if current.is_some_and(|code| code.matches(typed)) {
            return Ok(false);
        }
        for generation in 1..new.progress.generation {
            let earlier = Progress { generation, ..new.progress };
            if self.code(new, &earlier, &new.key_id)?.is_some_and(|code| code.matches(typed)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says why an attempt was not counted, if it still would not be.
    async fn require_countable(&self, id: ChallengeId) -> Result<(), VerificationError> {
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let stored = found.ok_or(VerificationError::NotFound)?;
        let new = &stored.challenge;
        new.progress.count_attempt(stored.now)?;
        let Some(kind) = BudgetKind::of(new.purpose) else { return Ok(()) };
        let get = async |db: &_| store::budget::get_budget(db, new.account_id, kind, &BUDGET_RULES).await;
        let Err(refusal) = self.store.run(get).await?.check(stored.now) else { return Ok(()) };
        if refusal == BudgetRefusal::Spent {
            // Again, in case that whoever spent it did not get so far.
            self.freeze_guessed(new).await?;
        }
        Err(no_guess(kind, refusal))
    }

    async fn settle_exhausted(&self, new: &NewChallenge) -> Result<(), VerificationError> {
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, new.account_id).await?;
            let closed = view::close(db, new, Outcome::AttemptsExhausted, None).await?;
            store::notice::hasten_unfinished(db, new.account_id, new.requester.device.install_id).await?;
            Ok::<_, VerificationError>(closed)
        });
        let closed = transaction.await?;
        self.publish(new.account_id, closed.into_iter().collect()).await;
        self.notices.notify_one();
        Ok(())
    }

    async fn settle_right(
        &self,
        stored: &StoredChallenge,
        progress: &Progress,
        takes: Option<TakesStep>,
        token: &Token,
        trust_device: bool,
    ) -> Result<Verified, VerificationError> {
        let new = &stored.challenge;
        let after = &Predecessor::new(&self.code_keys(), token);
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let lock = store::account::lock(db, new.account_id);
            let close = view::close(db, new, Outcome::Verified, Some(progress.generation));
            let (_, closed) = store::together(db, try_join(lock, close)).await?;
            let Some(closed) = closed else { return Ok(None) };
            events.push(closed);
            if let Some(TakesStep(step)) = takes {
                if !store::authenticator::take_step(db, new.account_id, step).await? {
                    // Another challenge took it meanwhile: nothing of this is written.
                    return Err(VerificationError::WrongCode { attempts_left: progress.attempts_left() });
                }
                let kind = ActivityKind::AuthenticatorUsed;
                self.record_change(db, new.account_id, kind, Some(&new.requester)).await?;
            }
            let verified = self.carry_out(db, new, after, trust_device, &mut events).await?;
            let grant = Grant { session: verified.session(), key: after.key().clone() };
            store::challenge::note_grant(db, new.account_id, new.challenge_id, &grant).await?;
            Ok::<_, VerificationError>(Some(verified))
        });
        match transaction.await? {
            Some(mut verified) => {
                self.publish(new.account_id, events).await;
                self.notices.notify_one();
                count_entry(stored);
                self.assert_to_app(stored, &mut verified).await;
                Ok(verified)
            }
            None => Err(self.why_not_closed(new.challenge_id).await?),
        }
    }

    /// What the app that began the challenge is shown. What cannot be looked up now its server asks for itself: the code is used up.
    pub(in crate::service) async fn assert_to_app(&self, stored: &StoredChallenge, verified: &mut Verified) {
        if let (Verified::SignedIn { assertion, .. }, true) = (verified, stored.is_for_app) {
            let of = self.app_verification(stored.challenge.challenge_id).await.ok();
            *assertion = of.and_then(|of| self.assertion(&of));
        }
    }

    /// The right code was typed, and its holder sends it again because the answer was lost: the same answer, for a while. `is_it`: what was
    /// sent is what closed the challenge.
    ///
    /// # Errors
    /// That the challenge is closed, when it is too late, too often, another code, or over what it brought.
    pub(in crate::service) async fn answer_again(
        &self,
        stored: &StoredChallenge,
        token: &Token,
        is_it: bool,
    ) -> Result<Verified, VerificationError> {
        let new = &stored.challenge;
        let closed = VerificationError::Refused(Refusal::Closed(Outcome::Verified));
        let account = new.account_id;
        let id = new.challenge_id;
        let counted = self.store.run(async |db| store::challenge::count_repeat(db, account, id).await).await?;
        let Some(grant) = counted.filter(|_| is_it) else { return Err(closed) };
        let Some(after) = Predecessor::with(&self.code_keys(), &grant.key, token) else { return Err(closed) };
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            self.granted(db, new, grant.session, &after).await
        });
        let Some(mut verified) = transaction.await? else { return Err(closed) };
        self.assert_to_app(stored, &mut verified).await;
        Ok(verified)
    }

    /// What the right code of a challenge brought; `None` when that is over.
    async fn granted(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        granted: Option<SessionId>,
        after: &Predecessor<'_>,
    ) -> Result<Option<Verified>, VerificationError> {
        let account = new.account_id;
        let trust_token = after.trust_token();
        let is_trusted = store::trust_token::is_known(db, account, &trust_token.hash()).await?;
        let session = match granted {
            Some(id) => self.repeat_session(db, account, id, after).await?,
            None => None,
        };
        let install = new.requester.device.install_id;
        let Some(device) = store::device::by_install(db, account, install).await? else { return Ok(None) };
        let Some(device) = store::device::by_id(db, account, device).await? else { return Ok(None) };
        Ok(match (new.purpose, session) {
            (Purpose::SignIn | Purpose::CreateAccount | Purpose::EnableTwoStep, Some(session)) => {
                let trust_token = is_trusted.then_some(trust_token);
                let signed_in = Box::new(SignedIn { session, device, trust_token, is_repeat: true });
                Some(Verified::SignedIn { signed_in, assertion: None })
            }
            (Purpose::SignIn | Purpose::CreateAccount, None) => None,
            (Purpose::EnableTwoStep, None) => is_trusted.then_some(Verified::TwoStepEnabled { device, trust_token }),
            (Purpose::DisableTwoStep, _) => Some(Verified::TwoStepDisabled { device }),
            (Purpose::ChangeEmail, _) => Some(Verified::EmailChanged { device }),
        })
    }

    /// Why the right code did not close its challenge: somebody else did, or it was replaced meanwhile.
    async fn why_not_closed(&self, id: ChallengeId) -> Result<VerificationError, VerificationError> {
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let stored = found.ok_or(VerificationError::NotFound)?;
        let progress = stored.challenge.progress;
        let wrong = VerificationError::WrongCode { attempts_left: progress.attempts_left() };
        Ok(progress.count_attempt(stored.now).map_or_else(Into::into, |_| wrong))
    }

    pub(in crate::service) async fn carry_out(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        after: &Predecessor<'_>,
        trust_device: bool,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Verified, VerificationError> {
        let refill = store::budget::refill(db, new.account_id, BudgetKind::Account);
        match new.purpose {
            Purpose::SignIn => self.finish_sign_in(db, new, refill, after, trust_device, events).await,
            Purpose::CreateAccount => {
                self.confirm_address(db, new).await?;
                let account = new.account_id;
                let requester = &new.requester;
                let signed_in = self.grant_session(db, account, requester, Trust::No, Some(after), events).await?;
                let requester = Requester { acting: Some(signed_in.acting()), ..new.requester.clone() };
                self.record_change(db, new.account_id, ActivityKind::AccountCreated, Some(&requester)).await?;
                Ok(Verified::SignedIn { signed_in: Box::new(signed_in), assertion: None })
            }
            Purpose::EnableTwoStep => {
                // A mailbox alone proves no more than that: guesses at sign-ins stay counted.
                store::budget::refill(db, new.account_id, BudgetKind::Enabling).await?;
                self.finish_enabling(db, new, after, events).await
            }
            Purpose::ChangeEmail => {
                Ok(Verified::EmailChanged { device: self.finish_email_change(db, new, events).await? })
            }
            Purpose::DisableTwoStep => {
                refill.await?;
                self.finish_disabling(db, new, events).await
            }
        }
    }

    async fn finish_sign_in(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        refill: impl Future<Output = Result<(), StoreError>>,
        after: &Predecessor<'_>,
        trust_device: bool,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Verified, VerificationError> {
        let account = new.account_id;
        let requester = &new.requester;
        let kind = AlertKind::NewDeviceSignedIn;
        let drop_unfinished = store::notice::drop_unfinished(db, account, requester.device.install_id);
        let tell = store::notice::add(db, account, fresh(NoticeId::new), kind, Some(requester));
        let meet = meet(db, account, requester);
        let ((), (), (), device) = store::together(db, try_join4(refill, drop_unfinished, tell, meet)).await?;
        events.push(AccountEvent::SecurityAlert { kind });
        self.end_recovery(db, new, events).await?;
        let trust = if trust_device { Trust::Grant } else { Trust::No };
        let signed_in = self.grant_session_to(db, account, device, requester, trust, Some(after), events).await?;
        if let Some(entry) = new.activity_id {
            store::activity::name_session(db, account, entry, signed_in.acting()).await?;
        }
        Ok(Verified::SignedIn { signed_in: Box::new(signed_in), assertion: None })
    }

    /// The first to type the code of an address owns it; another pending challenge for it is then over.
    async fn confirm_address(&self, db: &impl Db, new: &NewChallenge) -> Result<(), VerificationError> {
        let superseded = VerificationError::Refused(Refusal::Superseded(SupersededBy::AddressConfirmed));
        let Some(password_hash) = &new.password_hash else { return Err(superseded) };
        let locale = new.requester.device.locale.as_ref();
        let is_first = store::account::confirm_address(db, new.account_id, password_hash, locale).await?;
        if is_first { Ok(()) } else { Err(superseded) }
    }
}

/// How long it took from the beginning to the right code.
pub(in crate::service) fn count_entry(stored: &StoredChallenge) {
    let took = stored.now.duration_since(stored.challenge.created_at);
    metrics::histogram!(ENTRY_SECONDS).record(took.as_secs_f64());
}

/// Why nothing is compared, for who typed the code.
pub(in crate::service) fn no_guess(kind: BudgetKind, refusal: BudgetRefusal) -> VerificationError {
    match (refusal, kind) {
        (BudgetRefusal::Wait(retry_after), _) => VerificationError::TooManyWrongCodes { retry_after },
        (BudgetRefusal::Spent, BudgetKind::Account) => VerificationError::AccountFrozen,
        (BudgetRefusal::Spent, BudgetKind::Enabling) => VerificationError::OnlyNewPasswordHelps,
    }
}
