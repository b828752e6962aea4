//! Signing in: a trusted device gets a session, any other a challenge.

use std::time::Instant;

use futures_util::future::try_join;
use secrecy::ExposeSecret;
use tracing::info;

use crate::domain::account::activity::{ActivityKind, ActivityOutcome};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::domain::account::rollout::ShadowReach;
use crate::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind};
use crate::domain::challenge::limits::MAX_OPEN_CHALLENGES;
use crate::domain::challenge::{Method, Purpose};
use crate::domain::delivery::Requester;
use crate::domain::device::DeviceInfo;
use crate::domain::device::session::SessionEnd;
use crate::domain::device::token::Token;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ActivityId};
use crate::service::challenge::start::Start;
use crate::service::challenge::verify::no_guess;
use crate::service::constant_time::next_tick;
use crate::service::device::session::Trust;
use crate::service::operator::rollout::{count_shadow, shadow_reach};
use crate::service::sign_in::password_hashing::Lane;
use crate::service::{ChallengeView, Core, Origin, SignIns, SignedIn, VerificationError, fresh};
use crate::store::account::{LockedAccount, ShownTrust, SignInAccount, SignInLookup};
use crate::store::activity::NewEntry;
use crate::store::challenge::SignInOf;
use crate::store::trust_token::TrustCheck;
use crate::store::{self, Db};
use crate::telemetry::SIGN_INS;

/// What somebody signs in with.
pub struct SignInRequest {
    /// The address.
    pub email: EmailAddress,
    /// What was typed.
    pub password: Password,
    /// The device.
    pub device: DeviceInfo,
    /// What shows that it is trusted.
    pub trust_token: Option<Token>,
}

/// What comes of it.
pub enum SignInResult {
    /// A session.
    SignedIn(Box<SignedIn>),
    /// A code is asked for.
    VerificationRequired(Box<ChallengeView>),
}

/// Who asks to be let in, past the password.
pub(in crate::service) struct Asks<'a> {
    pub(in crate::service) account: AccountId,
    /// The account's mailbox, if it has one.
    pub(in crate::service) mailbox: Option<&'a EmailAddress>,
    /// The app whose server asks, as an audience of assertions.
    pub(in crate::service) for_app: Option<&'a str>,
    pub(in crate::service) requester: Requester,
    pub(in crate::service) trust_token: Option<&'a Token>,
}

/// What becomes of it.
pub(in crate::service) enum Admission {
    /// The device is trusted.
    Trusted(Box<SignedIn>),
    /// Nobody asks for a code.
    TwoStepOff(Box<SignedIn>),
    /// A code is asked for.
    Challenged(Box<ChallengeView>),
}

impl SignIns {
    /// Signs a device in, or starts a challenge for it.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`] in the same time for an unknown address and a wrong password;
    /// [`VerificationError::AccountFrozen`] when the device needs a code and no new device may sign in;
    /// [`VerificationError::TooManyOpenChallenges`], [`VerificationError::Busy`], or the database's.
    pub async fn sign_in(&self, request: SignInRequest, origin: &Origin) -> Result<SignInResult, VerificationError> {
        self.require_room()?;
        let begun = Instant::now();
        let checked = self.checked_account(&request, origin).await;
        if checked.is_err() {
            next_tick(begun).await;
        }
        let account = checked?;
        let requester = origin.requester(request.device);
        if account.two_step_enabled && request.trust_token.is_none() {
            let of = SignInOf::Account { id: account.id, checked_hash: &account.password_hash };
            if let Some(begun) = self.begin_sign_in(&of, &requester, None).await? {
                return Ok(SignInResult::VerificationRequired(Box::new(begun.view)));
            }
        }
        let mut events = Vec::new();
        let mut shadow = None;
        let transaction = self.store.transaction(async |db| {
            let locked = still_checked(db, &account).await?;
            let asks = Asks {
                account: account.id,
                mailbox: Some(&request.email),
                for_app: None,
                requester,
                trust_token: request.trust_token.as_ref(),
            };
            self.admit(db, asks, &locked, &mut events, &mut shadow).await
        });
        let admission = transaction.await?;
        count_outcome(&admission, shadow);
        self.publish(account.id, events).await;
        Ok(match admission? {
            Admission::Trusted(signed_in) | Admission::TwoStepOff(signed_in) => SignInResult::SignedIn(signed_in),
            Admission::Challenged(challenge) => SignInResult::VerificationRequired(challenge),
        })
    }
}

impl Core {
    /// Lets a device in whose user gave the password, or starts a challenge for it, or refuses for a while. Under the
    /// account's lock.
    pub(in crate::service) async fn admit(
        &self,
        db: &impl Db,
        asks: Asks<'_>,
        locked: &LockedAccount,
        events: &mut Vec<AccountEvent>,
        shadow: &mut Option<ShadowReach>,
    ) -> Result<Result<Admission, VerificationError>, VerificationError> {
        let account = asks.account;
        let requester = &asks.requester;
        let trust = check_trust(db, account, asks.trust_token, requester).await?;
        if let TrustCheck::Reused(device) = &trust {
            let device = *device;
            let kind = ActivityKind::TrustTokenReused;
            self.revoke_trust(db, account, device, SessionEnd::TrustTokenReused, events).await?;
            self.record_change(db, account, kind, Some(requester)).await?;
            self.alert(db, account, AlertKind::TokenReused, Some(requester), events).await?;
        }
        if self.must_enable(db, &asks, locked).await? {
            // On the heap, as below.
            return Box::pin(self.challenge_to_enable(db, asks, locked, events)).await;
        }
        let (trust, admitted): (_, fn(_) -> _) = match (trust, asks.trust_token) {
            (TrustCheck::Trusted { earlier, .. }, Some(token)) => (Trust::Follow(token, earlier), Admission::Trusted),
            _ if !locked.two_step_enabled => {
                *shadow = shadow_reach(db, account, requester).await?;
                (Trust::No, Admission::TwoStepOff)
            }
            // On the heap: otherwise every sign-in carries its size about.
            _ => return Box::pin(self.challenge(db, asks, locked, events)).await,
        };
        let signed_in = self.grant_session(db, account, requester, trust, None, events).await?;
        if !signed_in.is_repeat {
            let requester = Requester { acting: Some(signed_in.acting()), ..asks.requester };
            record_sign_in(db, account, &requester, *shadow).await?;
        }
        Ok(Ok(admitted(Box::new(signed_in))))
    }

    /// The account of an address, if the password is its. The same is done where there is none, and in the same order.
    async fn checked_account(
        &self,
        request: &SignInRequest,
        origin: &Origin,
    ) -> Result<SignInAccount, VerificationError> {
        let email = &request.email;
        let password = &request.password;
        let id = fresh(AccountId::new);
        let password_hash = self.passwords.decoy().clone();
        let stand_in = SignInAccount { id, password_hash, two_step_enabled: false };
        let install = request.device.install_id;
        let shown = request.trust_token.as_ref().map(|token| ShownTrust { hash: token.hash(), install });
        let lookup = async |db: &_| store::account::for_sign_in(db, email, &stand_in, shown.as_ref()).await;
        let SignInLookup { account, is_known, trusted_device } = self.store.run(lookup).await?;
        let stored = Some(account.password_hash.clone());
        let checked = self.check_password(email, password.clone(), stored, trusted_device, origin).await;
        if let Err(VerificationError::InvalidCredentials) = checked {
            // Of an address without an account the id is a fresh one: the line is written for both.
            info!(target: "twostep::security", { account.id = %account.id }, "a wrong password was typed");
        }
        checked?;
        if !is_known {
            return Err(VerificationError::InvalidCredentials);
        }
        let lane = if trusted_device.is_some() { Lane::Owners } else { Lane::Strangers };
        self.renew_hash(account, email, password.clone(), lane).await
    }

    async fn challenge(
        &self,
        db: &impl Db,
        asks: Asks<'_>,
        locked: &LockedAccount,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Result<Admission, VerificationError>, VerificationError> {
        let account_id = asks.account;
        let requester = asks.requester;
        let to_ask = refusal_to_ask(db, account_id, locked);
        let to_wait = refusal_to_wait(db, account_id, &requester, locked);
        let (to_ask, to_wait) = store::together(db, try_join(to_ask, to_wait)).await?;
        if let Some(refusal) = to_ask.or(to_wait) {
            self.record_refused(db, account_id, ActivityKind::SignIn, &refusal, &requester).await?;
            return Ok(Err(refusal));
        }
        let start = Start {
            account_id,
            mailbox: asks.mailbox,
            mailbox_changed_at: locked.mailbox_changed_at,
            purpose: Purpose::SignIn,
            method: Method::App,
            requester,
            session_id: None,
            password_hash: None,
            address_taken: false,
            for_app: asks.for_app,
            now: locked.now,
        };
        Ok(Ok(Admission::Challenged(Box::new(self.start(db, start, events).await?))))
    }
}

/// Counts what came of a sign-in; never by account.
pub(in crate::service) fn count_outcome(admission: &Result<Admission, VerificationError>, shadow: Option<ShadowReach>) {
    count_shadow(shadow);
    match admission {
        Ok(Admission::Trusted(_) | Admission::TwoStepOff(_)) => {
            metrics::counter!(SIGN_INS, "outcome" => "signed_in").increment(1);
        }
        Ok(Admission::Challenged(_)) => count_challenged(),
        Err(_) => {}
    }
}

/// Counts a sign-in that needs a code.
pub(in crate::service) fn count_challenged() {
    metrics::counter!(SIGN_INS, "outcome" => "verification_required").increment(1);
}

/// Writes a sign-in that needed no code.
async fn record_sign_in(
    db: &impl Db,
    account_id: AccountId,
    requester: &Requester,
    shadow: Option<ShadowReach>,
) -> Result<(), VerificationError> {
    let id = fresh(ActivityId::new);
    let kind = ActivityKind::SignIn;
    let outcome = ActivityOutcome::Succeeded;
    let entry = NewEntry { shadow, ..NewEntry::plain(account_id, id, kind, outcome, Some(requester)) };
    Ok(store::activity::record(db, &entry).await?)
}

/// Locks the account and makes sure that the password that was checked is still the password.
async fn still_checked(db: &impl Db, account: &SignInAccount) -> Result<LockedAccount, VerificationError> {
    let locked = store::account::lock(db, account.id).await?;
    let is_same = |locked: &LockedAccount| {
        locked.password_hash.as_ref().is_some_and(|hash| hash.expose_secret() == account.password_hash.expose_secret())
    };
    locked.filter(is_same).ok_or(VerificationError::InvalidCredentials)
}

/// Why a device that is not trusted may not ask for a code now: one that nobody may compare is of no use.
pub(in crate::service) async fn refusal_to_ask(
    db: &impl Db,
    account: AccountId,
    locked: &LockedAccount,
) -> Result<Option<VerificationError>, VerificationError> {
    if locked.sign_ins_frozen_at.is_some() {
        return Ok(Some(VerificationError::AccountFrozen));
    }
    let budget = store::budget::get_budget(db, account, BudgetKind::Account, &BUDGET_RULES).await?;
    Ok(budget.check(locked.now).err().map(|refusal| no_guess(BudgetKind::Account, refusal)))
}

/// Why one more sign-in may not wait for its code now.
async fn refusal_to_wait(
    db: &impl Db,
    account: AccountId,
    requester: &Requester,
    locked: &LockedAccount,
) -> Result<Option<VerificationError>, VerificationError> {
    let open =
        store::challenge::count_open(db, account, Purpose::SignIn, Some(requester.device.install_id), None).await?;
    let first_ends = open.first_expires_at.unwrap_or(locked.now);
    let retry_after = first_ends.duration_since(locked.now);
    Ok((open.open >= MAX_OPEN_CHALLENGES).then_some(VerificationError::TooManyOpenChallenges { retry_after }))
}

async fn check_trust(
    db: &impl Db,
    account: AccountId,
    token: Option<&Token>,
    requester: &Requester,
) -> Result<TrustCheck, VerificationError> {
    let Some(token) = token else { return Ok(TrustCheck::Unknown) };
    Ok(store::trust_token::check(db, account, &token.hash(), requester.device.install_id).await?)
}
