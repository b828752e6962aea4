//! After "this wasn't me": no new device signs in until the owner, on a trusted device or by a new password, allows it again.
//! Trusted devices go on as before, so nobody can lock an owner out with it.

use crate::domain::account::activity::{ActivityKind, ActivityOutcome};
use crate::domain::account::owner::{Undo, undo};
use crate::domain::challenge::SupersededBy;
use crate::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind};
use crate::domain::challenge::limits::REPORT_PAUSE;
use crate::domain::delivery::{Acting, Requester};
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ActivityId, DeviceId, SessionId};
use crate::service::challenge::view;
use crate::service::device::session::{require_trusted, speaks_for_owner};
use crate::service::{Accounts, Core, Origin, VerificationError, fresh};
use crate::store::activity::{NewEntry, ReportedEntry};
use crate::store::challenge::NewChallenge;
use crate::store::{self, Db};

impl Accounts {
    /// Marks an entry as "this wasn't me". The first time that somebody says so who speaks for the owner, its challenge is denied
    /// if it is open, the device that did it is out, whatever let it in, no new device signs in any more, and the owner is told
    /// everywhere. From anybody else it is a mark, and word to the owner once an hour: others must not act against the owner's
    /// devices, nor use up what a report does.
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
            let is_owner = speaks_for_owner(db, session, locked.two_step_enabled).await?;
            let reported = store::activity::report(db, account, entry, is_owner).await?;
            let reported = reported.ok_or(VerificationError::NotFound)?;
            if !reported.is_first {
                return Ok(());
            }
            let requester = self.requester_of(db, session, origin).await?;
            let mut has_effect = false;
            let kind = AlertKind::SignInReported;
            if is_owner {
                has_effect = self.undo_reported(db, session, &reported, &requester, &mut events).await?;
                has_effect |= self.freeze(db, account, &mut events).await?;
            }
            if !has_effect && store::notice::was_added(db, account, kind, REPORT_PAUSE).await? {
                return Ok(());
            }
            self.alert(db, account, kind, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
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
}

impl Core {
    /// Denies the open challenge of a reported entry, or puts out the device that it let in; `false` when there was neither.
    async fn undo_reported(
        &self,
        db: &impl Db,
        session: &ActiveSession,
        reported: &ReportedEntry,
        requester: &Requester,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        let account = session.account_id;
        let challenge = match reported.challenge_id {
            Some(id) => store::challenge::by_id(db, id).await?.map(|stored| stored.challenge),
            None => None,
        };
        if let Some(new) = &challenge
            && self.end_denied(db, new, events).await?
        {
            return Ok(true);
        }
        let device = match (reported.device_id, &challenge) {
            (Some(device), _) => Some(device),
            // Entries of earlier versions do not name it.
            (None, Some(new)) => store::device::by_install(db, account, new.requester.device.install_id).await?,
            (None, None) => None,
        };
        let reporter = Acting { device_id: session.device_id, session_id: session.session_id };
        match undo(reporter, device, reported.session_id) {
            Undo::Nothing => Ok(false),
            Undo::Device(device) => {
                self.forget_ways_of(db, account, Some(device), None, requester, events).await?;
                self.put_out(db, account, device, requester, events).await
            }
            Undo::CopiesOfOwnDevice => {
                self.forget_ways_of(db, account, None, reported.session_id, requester, events).await?;
                self.put_out_copies(db, session, events).await
            }
        }
    }

    /// Forgets the ways in that a reported device or session made for itself: it would come back by them.
    async fn forget_ways_of(
        &self,
        db: &impl Db,
        account: AccountId,
        device: Option<DeviceId>,
        session: Option<SessionId>,
        requester: &Requester,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        store::recovery_code::forget_of(db, account, device, session).await?;
        if store::authenticator::forget_of(db, account, device, session).await? == Some(true) {
            self.record_change(db, account, ActivityKind::AuthenticatorRemoved, Some(requester)).await?;
            self.alert(db, account, AlertKind::AuthenticatorRemoved, Some(requester), events).await?;
        }
        Ok(())
    }

    /// Ends the trust in a device and its sessions; `false` when there was neither.
    async fn put_out(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
        requester: &Requester,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        if self.remove_trusted(db, account, device, SessionEnd::Denied, Some(requester), events).await? {
            return Ok(true);
        }
        let ended = store::session::end_of_device(db, account, device, None, SessionEnd::Denied).await?;
        let has_ended = !ended.is_empty();
        events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
        Ok(has_ended)
    }

    /// [`Undo::CopiesOfOwnDevice`].
    async fn put_out_copies(
        &self,
        db: &impl Db,
        session: &ActiveSession,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        let account = session.account_id;
        let device = session.device_id;
        store::trust_token::forget(db, account, device).await?;
        let keep = Some(session.session_id);
        let why = SessionEnd::Denied;
        let ended = store::session::end_of_device(db, account, device, keep, why).await?;
        events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
        Ok(true)
    }

    /// Freezes sign-ins while the guess budget of the account is spent, and tells the owner. A right code or the owner may
    /// have been faster than whoever spent it: then nothing is frozen.
    pub(in crate::service) async fn freeze_guessed(&self, new: &NewChallenge) -> Result<(), VerificationError> {
        let account = new.account_id;
        if BudgetKind::of(new.purpose) != Some(BudgetKind::Account) {
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

    pub(in crate::service) async fn lift_freeze(
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
    pub(in crate::service) async fn freeze(
        &self,
        db: &impl Db,
        account: AccountId,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        let is_first = store::account::freeze_sign_ins(db, account).await?;
        if is_first {
            view::supersede_all(db, account, SupersededBy::Frozen, events).await?;
        }
        Ok(is_first)
    }

    /// Writes down that the right password was typed and no code was asked for, because of `refusal`.
    pub(in crate::service) async fn record_refused(
        &self,
        db: &impl Db,
        account: AccountId,
        kind: ActivityKind,
        refusal: &VerificationError,
        requester: &Requester,
    ) -> Result<(), VerificationError> {
        let is_frozen = matches!(refusal, VerificationError::AccountFrozen);
        let outcome = if is_frozen { ActivityOutcome::Frozen } else { ActivityOutcome::Refused };
        let entry = NewEntry::plain(account, fresh(ActivityId::new), kind, outcome, Some(requester));
        Ok(store::activity::record_folded(db, &entry).await?)
    }
}
