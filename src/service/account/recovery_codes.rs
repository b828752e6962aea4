//! Recovery codes: made on a trusted device, and used once each in the place of a code.

use secrecy::SecretString;

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::password::Password;
use crate::domain::account::recovery_code::{CODES, FEW, MAX_ATTEMPTS, RecoveryCode, SALT_BYTES};
use crate::domain::challenge::{Outcome, Refusal};
use crate::domain::delivery::Acting;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::successor::Predecessor;
use crate::domain::device::token::Token;
use crate::domain::event::AlertKind;
use crate::domain::value::id::ChallengeId;
use crate::service::challenge::verify::count_entry;
use crate::service::challenge::view;
use crate::service::device::session::require_trusted;
use crate::service::{Accounts, Challenges, Core, Origin, VerificationError, Verified};
use crate::store::challenge::{Grant, NewChallenge, StoredChallenge};
use crate::store::{self, Db};

impl Accounts {
    /// Makes new recovery codes in the place of all earlier ones. They are told this once.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::PasswordNeeded`] when none is given and the session did not begin a
    /// moment ago; [`VerificationError::InvalidCredentials`] for a wrong one; [`VerificationError::KeptByApp`] where there is none.
    pub async fn make_recovery_codes(
        &self,
        session: &ActiveSession,
        password: Option<Password>,
        origin: &Origin,
    ) -> Result<Vec<RecoveryCode>, VerificationError> {
        require_trusted(session)?;
        let account = session.account_id;
        let is_left_out = password.is_none();
        let owner = self.check_is_owner(session, password, origin).await?;
        // Only the users of an app have none.
        if is_left_out && !owner.is_of_app {
            return Err(VerificationError::PasswordMissing);
        }
        let codes: Vec<RecoveryCode> = (0..CODES).map(|_| RecoveryCode::from_random(rand::random())).collect();
        let salt: [u8; SALT_BYTES] = rand::random();
        let hashes: Vec<[u8; 32]> = codes.iter().map(|code| code.hash(&salt, account)).collect();
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let by = Acting { device_id: session.device_id, session_id: session.session_id };
            store::recovery_code::replace(db, account, &salt, &hashes, by).await?;
            let requester = self.requester_of(db, session, origin).await?;
            self.record_change(db, account, ActivityKind::RecoveryCodesMade, Some(&requester)).await?;
            self.alert(db, account, AlertKind::RecoveryCodesMade, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(codes)
    }
}

impl Challenges {
    /// Takes a recovery code in the place of the challenge's own. Sent again with the same token it brings the same answer, as a code does.
    ///
    /// # Errors
    /// As [`Challenges::verify`]. [`VerificationError::NotFound`] for a challenge that no recovery code can answer;
    /// [`VerificationError::NoRecoveryCode`], which costs no attempt; [`VerificationError::WrongCode`] also when the challenge takes no more.
    pub async fn verify_recovery_code(
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
        let code = RecoveryCode::parse(typed)?;
        let account = new.account_id;
        let salt = self.store.run(async |db| store::recovery_code::salt(db, account).await).await?;
        // Where there are none, the work is the same and nothing is found.
        let hash = code.hash(&salt.unwrap_or_default(), account);
        let counted =
            self.store.run(async |db| store::recovery_code::count_attempt(db, account, id, MAX_ATTEMPTS).await).await?;
        let Some(attempts) = counted else { return self.answer_uncounted(&stored, token, &hash).await };
        match self.settle_recovery(&stored, token, &hash, trust_device).await? {
            Some(verified) => Ok(verified),
            None => Err(wrong(MAX_ATTEMPTS - attempts)),
        }
    }
}

impl Core {
    /// What is said where nothing was compared: the challenge is over, perhaps by this very code, or takes no more.
    async fn answer_uncounted(
        &self,
        stored: &StoredChallenge,
        token: &Token,
        hash: &[u8; 32],
    ) -> Result<Verified, VerificationError> {
        let account = stored.challenge.account_id;
        let id = stored.challenge.challenge_id;
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let now = found.ok_or(VerificationError::NotFound)?;
        match now.challenge.progress.outcome_at(now.now) {
            None => Err(wrong(0)),
            Some(Outcome::Verified) => {
                let was_used = self.store.run(async |db| store::recovery_code::was_used(db, account, hash, id).await);
                self.answer_again(stored, token, was_used.await?).await
            }
            Some(outcome) => Err(Refusal::Closed(outcome).into()),
        }
    }

    /// Uses the code up and carries out what the challenge is for, in one commit; `None` when the account has no such code.
    async fn settle_recovery(
        &self,
        stored: &StoredChallenge,
        token: &Token,
        hash: &[u8; 32],
        trust_device: bool,
    ) -> Result<Option<Verified>, VerificationError> {
        let new = &stored.challenge;
        let account = new.account_id;
        let after = &Predecessor::new(&self.code_keys(), token);
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let left = store::recovery_code::take(db, account, hash, new.challenge_id).await?;
            let Some(left) = left else { return Ok(None) };
            // Closed meanwhile: nothing of this is written, and the code stays good.
            let closed = view::close(db, new, Outcome::Verified, None).await?;
            events.push(closed.ok_or(VerificationError::Refused(Refusal::Closed(Outcome::Superseded)))?);
            let verified = self.carry_out(db, new, after, trust_device, &mut events).await?;
            let grant = Grant { session: verified.session(), key: after.key().clone() };
            store::challenge::note_grant(db, account, new.challenge_id, &grant).await?;
            self.tell_of_recovery(db, new, left, &mut events).await?;
            Ok::<_, VerificationError>(Some(verified))
        });
        let Some(mut verified) = transaction.await? else { return Ok(None) };
        self.publish(account, events).await;
        self.notices.notify_one();
        count_entry(stored);
        self.assert_to_app(stored, &mut verified).await;
        Ok(Some(verified))
    }

    /// The owner is told of each use on every channel, and reminded when few codes are left.
    async fn tell_of_recovery(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        left: u32,
        events: &mut Vec<crate::domain::event::AccountEvent>,
    ) -> Result<(), VerificationError> {
        let kind = if left > FEW { AlertKind::RecoveryCodeUsed } else { AlertKind::RecoveryCodesLow };
        self.record_change(db, new.account_id, ActivityKind::RecoveryCodeUsed, Some(&new.requester)).await?;
        self.alert(db, new.account_id, kind, Some(&new.requester), events).await
    }
}

fn wrong(attempts_left: i16) -> VerificationError {
    VerificationError::WrongCode { attempts_left: u16::try_from(attempts_left).unwrap_or(0) }
}
