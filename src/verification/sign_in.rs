//! Signing in: a trusted device gets a session, any other a challenge.

use futures_util::future::try_join;
use secrecy::ExposeSecret;
use tracing::info;

use super::rollout::{count_shadow, shadow_reach};
use super::session::Trust;
use super::start::Start;
use super::{ChallengeView, Origin, SignedIn, Verification, VerificationError, fresh};
use crate::domain::activity::{ActivityKind, ActivityOutcome};
use crate::domain::budget::{BUDGET_RULES, BudgetKind, BudgetRefusal};
use crate::domain::challenge::{Method, Purpose};
use crate::domain::delivery::Requester;
use crate::domain::device::DeviceInfo;
use crate::domain::email::EmailAddress;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::id::{AccountId, ActivityId};
use crate::domain::limits::MAX_OPEN_CHALLENGES;
use crate::domain::password::Password;
use crate::domain::rollout::ShadowReach;
use crate::domain::session::SessionEnd;
use crate::domain::token::Token;
use crate::store::account::{LockedAccount, SignInAccount};
use crate::store::activity::NewEntry;
use crate::store::trust_token::TrustCheck;
use crate::store::{self, Db};

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

impl Verification {
    /// Signs a device in, or starts a challenge for it.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`] in the same time for an unknown address and a wrong password;
    /// [`VerificationError::AccountFrozen`] when the device needs a code and no new device may sign in;
    /// [`VerificationError::TooManyOpenChallenges`], [`VerificationError::Busy`], or the database's.
    pub async fn sign_in(&self, request: SignInRequest, origin: &Origin) -> Result<SignInResult, VerificationError> {
        let account = self.checked_account(&request.email, request.password, origin).await?;
        let requester = origin.requester(request.device);
        let (mut events, mut shadow) = (Vec::new(), None);
        let transaction = self.store.transaction(async |db| {
            let locked = still_checked(db, &account).await?;
            let trust = check_trust(db, account.id, request.trust_token.as_ref(), &requester).await?;
            if let TrustCheck::Reused(device) = trust {
                let kind = ActivityKind::TrustTokenReused;
                self.revoke_trust(db, account.id, device, SessionEnd::TrustTokenReused, &mut events).await?;
                self.record_change(db, account.id, kind, Some(&requester)).await?;
                self.alert(db, account.id, AlertKind::TokenReused, Some(&requester), &mut events).await?;
            }
            let trust = match (trust, &request.trust_token) {
                (TrustCheck::Trusted(device), Some(token)) => Trust::Rotate(device, token.hash()),
                _ if !locked.two_step_enabled => {
                    shadow = shadow_reach(db, account.id, &requester).await?;
                    Trust::No
                }
                _ => {
                    let to_ask = refusal_to_ask(db, account.id, &locked);
                    let to_wait = refusal_to_wait(db, account.id, &requester, &locked);
                    let (to_ask, to_wait) = store::together(db, try_join(to_ask, to_wait)).await?;
                    if let Some(refusal) = to_ask.or(to_wait) {
                        let kind = ActivityKind::SignIn;
                        self.record_refused(db, account.id, kind, &refusal, &requester).await?;
                        return Ok(Err(refusal));
                    }
                    let started = self.challenge(db, &request.email, account.id, requester, &locked, &mut events);
                    return started.await.map(Ok);
                }
            };
            let signed_in = self.grant_session(db, account.id, &requester, trust, &mut events).await?;
            record_sign_in(db, account.id, &requester, shadow).await?;
            Ok(Ok(SignInResult::SignedIn(Box::new(signed_in))))
        });
        let result = transaction.await?;
        count_shadow(shadow);
        self.publish(account.id, events).await;
        result
    }

    async fn checked_account(
        &self,
        email: &EmailAddress,
        password: Password,
        origin: &Origin,
    ) -> Result<SignInAccount, VerificationError> {
        let account = self.store.run(async |db| store::account::by_email(db, email).await).await?;
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let checked = self.check_password(email, password.clone(), stored, origin).await;
        if let (Err(VerificationError::InvalidCredentials), Some(account)) = (&checked, &account) {
            info!(target: "twostep::security", { account.id = %account.id }, "a wrong password was typed");
        }
        checked?;
        self.renew_hash(account.ok_or(VerificationError::InvalidCredentials)?, email, password).await
    }

    async fn challenge(
        &self,
        db: &impl Db,
        email: &EmailAddress,
        account_id: AccountId,
        requester: Requester,
        locked: &LockedAccount,
        events: &mut Vec<AccountEvent>,
    ) -> Result<SignInResult, VerificationError> {
        let start = Start {
            account_id,
            email,
            purpose: Purpose::SignIn,
            method: Method::App,
            requester,
            session_id: None,
            password_hash: None,
            address_taken: false,
            now: locked.now,
        };
        Ok(SignInResult::VerificationRequired(Box::new(self.start(db, start, events).await?)))
    }
}

/// Writes a sign-in that needed no code.
async fn record_sign_in(
    db: &impl Db,
    account_id: AccountId,
    requester: &Requester,
    shadow: Option<ShadowReach>,
) -> Result<(), VerificationError> {
    let (id, kind, outcome) = (fresh(ActivityId::new), ActivityKind::SignIn, ActivityOutcome::Succeeded);
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
pub(super) async fn refusal_to_ask(
    db: &impl Db,
    account: AccountId,
    locked: &LockedAccount,
) -> Result<Option<VerificationError>, VerificationError> {
    if locked.sign_ins_frozen_at.is_some() {
        return Ok(Some(VerificationError::AccountFrozen));
    }
    let budget = store::budget::get_budget(db, account, BudgetKind::Account, &BUDGET_RULES).await?;
    Ok(budget.check(locked.now).err().map(|refusal| match refusal {
        BudgetRefusal::Wait(retry_after) => VerificationError::TooManyWrongCodes { retry_after },
        BudgetRefusal::Spent => VerificationError::AccountFrozen,
    }))
}

/// Why one more sign-in may not wait for its code now.
async fn refusal_to_wait(
    db: &impl Db,
    account: AccountId,
    requester: &Requester,
    locked: &LockedAccount,
) -> Result<Option<VerificationError>, VerificationError> {
    let open = store::challenge::count_open(db, account, Purpose::SignIn, Some(requester.device.install_id)).await?;
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
