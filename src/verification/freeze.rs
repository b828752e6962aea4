//! After "this wasn't me": no new device signs in until the owner, on a trusted device or by a new password, allows it again.
//! Trusted devices go on as before, so nobody can lock an owner out with it.

use super::session::{require_trusted, speaks_for_owner};
use super::{Origin, Verification, VerificationError, challenge, fresh};
use crate::domain::activity::{ActivityKind, ActivityOutcome};
use crate::domain::budget::{BUDGET_RULES, BudgetKind};
use crate::domain::delivery::Requester;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::id::{AccountId, ActivityId, InstallId, NoticeId};
use crate::domain::limits::{REPORT_PAUSE, UNFINISHED_SIGN_IN_NOTICE, UNFINISHED_SIGN_IN_PAUSE};
use crate::domain::session::{ActiveSession, SessionEnd};
use crate::store::challenge::NewChallenge;
use crate::store::{self, Db};

impl Verification {
    /// Marks an entry as "this wasn't me". The first time its challenge, if it is open, is denied, and the owner is told
    /// everywhere, once an hour. From a device that the account trusts, or without two-step verification, the device that the
    /// entry's code let in is out, and no new device signs in any more: others must not do that to the owner.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account has no such entry.
    pub async fn report_activity(
        &self,
        session: &ActiveSession,
        entry: ActivityId,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            let reported = store::activity::report(db, account, entry).await?.ok_or(VerificationError::NotFound)?;
            if !reported.is_first {
                return Ok(());
            }
            let is_owner = speaks_for_owner(session, &locked);
            if let Some(id) = reported.challenge_id
                && let Some(stored) = store::challenge::by_id(db, id).await?
            {
                let new = &stored.challenge;
                if !self.end_denied(db, new, &mut events).await? && is_owner {
                    self.put_out(db, session, new.requester.device.install_id, &mut events).await?;
                }
            }
            if is_owner {
                self.freeze(db, account, &mut events).await?;
            }
            let kind = AlertKind::SignInReported;
            if store::notice::was_added(db, account, kind, REPORT_PAUSE).await? {
                return Ok(());
            }
            let requester = self.requester_of(db, session, origin).await?;
            self.alert(db, account, kind, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Ends the trust in the device of an installation and its sessions, unless it is the session's own.
    async fn put_out(
        &self,
        db: &impl Db,
        session: &ActiveSession,
        install: InstallId,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let account = session.account_id;
        let Some(device) = store::device::by_install(db, account, install).await? else { return Ok(()) };
        if device == session.device_id {
            return Ok(());
        }
        if !self.revoke_trust(db, account, device, SessionEnd::Denied, events).await? {
            store::session::end_of_device(db, account, device, SessionEnd::Denied).await?;
        }
        Ok(())
    }

    /// Lets new devices sign in again.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::OnlyNewPasswordUnfreezes`] when as many codes were guessed as
    /// ever may be. It is fine when they may already.
    pub async fn unfreeze(&self, session: &ActiveSession, origin: &Origin) -> Result<(), VerificationError> {
        require_trusted(session)?;
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let budget = store::budget::get_budget(db, account, BudgetKind::Account, &BUDGET_RULES).await?;
            let lifted = budget.lift(&BUDGET_RULES).ok_or(VerificationError::OnlyNewPasswordUnfreezes)?;
            if lifted != budget {
                store::budget::extend(db, account, BudgetKind::Account, lifted).await?;
            }
            let requester = self.requester_of(db, session, origin).await?;
            self.lift_freeze(db, account, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    /// Freezes sign-ins while the guess budget of the account is spent, and tells the owner. A right code or the owner may
    /// have been faster than whoever spent it: then nothing is frozen.
    pub(super) async fn freeze_guessed(&self, new: &NewChallenge) -> Result<(), VerificationError> {
        let account = new.account_id;
        if BudgetKind::of(new.purpose) != BudgetKind::Account {
            return Ok(());
        }
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?;
            let budget = store::budget::get_budget(db, account, BudgetKind::Account, &BUDGET_RULES).await?;
            if budget.is_spent() && self.freeze(db, account, &mut events).await? {
                let kind = AlertKind::TooManyWrongCodes;
                self.alert(db, account, kind, Some(&new.requester), &mut events).await?;
            }
            Ok::<_, VerificationError>(())
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }

    pub(super) async fn lift_freeze(
        &self,
        db: &impl Db,
        account: AccountId,
        requester: Option<&Requester>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        if !store::account::unfreeze_sign_ins(db, account).await? {
            return Ok(());
        }
        self.record_change(db, account, ActivityKind::SignInsUnfrozen, requester).await?;
        self.alert(db, account, AlertKind::SignInsUnfrozen, requester, events).await
    }

    /// Freezes sign-ins of new devices, and ends those under way; `false` when they are frozen already.
    pub(super) async fn freeze(
        &self,
        db: &impl Db,
        account: AccountId,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        let is_first = store::account::freeze_sign_ins(db, account).await?;
        if is_first {
            challenge::supersede_all(db, account, events).await?;
        }
        Ok(is_first)
    }

    /// Writes down that the right password was typed and no code was asked for, because of `refusal`.
    pub(super) async fn record_refused(
        &self,
        db: &impl Db,
        account: AccountId,
        kind: ActivityKind,
        refusal: &VerificationError,
        requester: &Requester,
    ) -> Result<(), VerificationError> {
        let is_frozen = matches!(refusal, VerificationError::AccountFrozen);
        let outcome = if is_frozen { ActivityOutcome::Frozen } else { ActivityOutcome::Refused };
        self.record(db, account, kind, outcome, Some(requester)).await
    }
}

/// The password was right, and a code is asked for: the owner gets a mail if none is typed.
pub(super) async fn expect_code(
    db: &impl Db,
    account: AccountId,
    requester: &Requester,
) -> Result<(), VerificationError> {
    let (due_in, pause) = (UNFINISHED_SIGN_IN_NOTICE, UNFINISHED_SIGN_IN_PAUSE);
    Ok(store::notice::plan_unfinished(db, account, fresh(NoticeId::new), requester, due_in, pause).await?)
}
