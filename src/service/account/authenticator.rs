//! Authenticator apps: set up on a trusted device, confirmed by the first code, and typed in the place of a code that travels.

use secrecy::SecretString;

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::authenticator::{
    DIGITS, MAX_SET_UP_ATTEMPTS, SECRET_BYTES, SET_UP_WITHIN, SealedSecret, TotpSecret,
};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::domain::challenge::{Outcome, Refusal};
use crate::domain::code::{KeyId, TypedCode};
use crate::domain::delivery::Acting;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::Token;
use crate::domain::event::AlertKind;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::service::challenge::verify::TakesStep;
use crate::service::device::session::require_trusted;
use crate::service::{Accounts, Challenges, Core, Origin, VerificationError, Verified};
use crate::store::authenticator::Authenticator;
use crate::store::{self, StoreError};

/// Secrets that are sealed anew at a time.
const BATCH: i64 = 200;

/// What an app is set up with, told this once.
pub struct AuthenticatorSetUp {
    /// As people type it.
    pub secret: SecretString,
    /// As a picture brings it.
    pub uri: SecretString,
}

impl Accounts {
    /// Makes the secret of an authenticator app, which waits 15 minutes for its first code. One that is there stays good until then.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::PasswordNeeded`] when none is given and the session did not begin a
    /// moment ago; [`VerificationError::InvalidCredentials`] for a wrong one; [`VerificationError::KeptByApp`] where there is none.
    pub async fn set_up_authenticator(
        &self,
        session: &ActiveSession,
        password: Option<Password>,
        origin: &Origin,
    ) -> Result<AuthenticatorSetUp, VerificationError> {
        require_trusted(session)?;
        let id = session.account_id;
        let account = self.check_is_owner(session, password, origin).await?;
        let secret = TotpSecret::new(rand::random::<[u8; SECRET_BYTES]>());
        let sealed = secret.seal(&self.code_keys(), id, rand::random());
        let by = Acting { device_id: session.device_id, session_id: session.session_id };
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            Ok::<_, VerificationError>(store::authenticator::set_up(db, id, &sealed, by).await?)
        });
        transaction.await?;
        let name = account.email.as_ref().map(EmailAddress::as_str).unwrap_or_default();
        Ok(AuthenticatorSetUp { secret: secret.text(), uri: secret.uri(&self.rules.service_name, name) })
    }

    /// Takes the first code of an app that was set up: from then on its codes are good, and those of an earlier one are not.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::NotACode`]; [`VerificationError::NotFound`] when none waits, or for too
    /// long, or too many codes were typed; [`VerificationError::WrongCode`].
    pub async fn confirm_authenticator(
        &self,
        session: &ActiveSession,
        typed: &SecretString,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        require_trusted(session)?;
        let typed = &TypedCode::parse(typed, DIGITS)?;
        let account = session.account_id;
        let count =
            async |db: &_| store::authenticator::count_set_up(db, account, MAX_SET_UP_ATTEMPTS, SET_UP_WITHIN).await;
        let set_up = self.store.run(count).await?.ok_or(VerificationError::NotFound)?;
        let secret = TotpSecret::open(&self.code_keys(), account, &set_up.sealed);
        let step = secret.and_then(|secret| secret.step_of(typed, set_up.now, 0));
        let attempts_left = u16::try_from(MAX_SET_UP_ATTEMPTS - set_up.attempts).unwrap_or(0);
        let step = step.ok_or(VerificationError::WrongCode { attempts_left })?;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            store::authenticator::forget(db, account, true).await?;
            if !store::authenticator::confirm(db, account, &set_up.sealed, step).await? {
                return Err(VerificationError::NotFound);
            }
            let requester = self.requester_of(db, session, origin).await?;
            self.record_change(db, account, ActivityKind::AuthenticatorAdded, Some(&requester)).await?;
            self.alert(db, account, AlertKind::AuthenticatorAdded, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Forgets the account's authenticator app.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::NotFound`] when there is none.
    pub async fn remove_authenticator(
        &self,
        session: &ActiveSession,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        require_trusted(session)?;
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            store::authenticator::forget(db, account, false).await?;
            if !store::authenticator::forget(db, account, true).await? {
                return Err(VerificationError::NotFound);
            }
            let requester = self.requester_of(db, session, origin).await?;
            self.record_change(db, account, ActivityKind::AuthenticatorRemoved, Some(&requester)).await?;
            self.alert(db, account, AlertKind::AuthenticatorRemoved, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }
}

impl Challenges {
    /// Takes a code of the owner's authenticator app in the place of the challenge's own. It is counted like any guess, and sent again with the
    /// same token it brings the same answer.
    ///
    /// # Errors
    /// As [`Challenges::verify`]. [`VerificationError::NotFound`] for a challenge that no authenticator app can answer.
    pub async fn verify_authenticator(
        &self,
        id: ChallengeId,
        token: &Token,
        typed: &SecretString,
        trust_device: bool,
    ) -> Result<Verified, VerificationError> {
        let stored = self.authorized(id, token).await?;
        let new = &stored.challenge;
        if !new.purpose.takes_other_codes() {
            return Err(VerificationError::NotFound);
        }
        let typed = &TypedCode::parse(typed, DIGITS)?;
        let account = new.account_id;
        let found = self.store.run(async |db| store::authenticator::find(db, account).await).await?;
        let opened = self.open(account, found);
        let counted = match self.count_attempt(new).await {
            Ok(counted) => counted,
            Err(VerificationError::Refused(Refusal::Closed(Outcome::Verified))) => {
                let is_it = opened.as_ref().is_some_and(|(secret, last)| secret.is_code(typed, *last));
                return self.answer_again(&stored, token, is_it).await;
            }
            Err(refusal) => return Err(refusal),
        };
        // Where there is none the work is the same, and nothing is right.
        let decoy = || (TotpSecret::new(rand::random()), i64::MAX);
        let (secret, last) = opened.unwrap_or_else(decoy);
        let step = secret.step_of(typed, stored.now, last);
        let takes = step.map(TakesStep);
        self.judge(&stored, &counted, step.is_some(), takes, token, trust_device).await
    }
}

impl Core {
    fn open(&self, account: AccountId, found: Option<Authenticator>) -> Option<(TotpSecret, i64)> {
        let Authenticator { sealed, last_step, .. } = found?;
        Some((TotpSecret::open(&self.code_keys(), account, &sealed)?, last_step))
    }

    /// Seals secrets with the current code key that are sealed with another one that is held, so that old keys can go; how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn reseal_authenticators(&self) -> Result<usize, StoreError> {
        let keys = self.code_keys();
        let others: Vec<KeyId> = keys.states().map(|(id, _)| id.clone()).filter(|id| id != keys.current()).collect();
        let mut done = 0;
        loop {
            let find = async |db: &_| store::authenticator::of_other_keys(db, &others, BATCH).await;
            let found = self.store.run(find).await?;
            let is_last = found.len() < BATCH as usize;
            // What a revoked key sealed, or was changed, stays as it is: it is worth nothing.
            let resealed: Vec<(AccountId, SealedSecret, SealedSecret)> = found
                .into_iter()
                .filter_map(|(account, before)| {
                    let secret = TotpSecret::open(&keys, account, &before)?;
                    let now = secret.seal(&keys, account, rand::random());
                    Some((account, before, now))
                })
                .collect();
            for (account, before, now) in &resealed {
                self.store.run(async |db| store::authenticator::reseal(db, *account, before, now).await).await?;
            }
            done += resealed.len();
            if is_last || resealed.is_empty() {
                return Ok(done);
            }
        }
    }
}
