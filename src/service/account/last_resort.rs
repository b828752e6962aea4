//! The last resort: asked for with the right password, waited for, cancelled by whoever has a session, and used once. Who uses it types a code
//! by email in an ordinary challenge; what is here decides when that may be.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::account::activity::{ActivityKind, ActivityOutcome};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::last_resort::{ALERT_PAUSE, RecoveryOutcome, RecoveryState, RecoveryTimes};
use crate::domain::challenge::{Method, SupersededBy};
use crate::domain::delivery::Requester;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::Token;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, RecoveryId};
use crate::service::challenge::view;
use crate::service::{Accounts, Core, Origin, VerificationError, fresh};
use crate::store::activity::NewEntry;
use crate::store::challenge::NewChallenge;
use crate::store::recovery::{AskingChallenge, StoredRecovery};
use crate::store::{self, Db};

/// Recoveries whose owners are told at a time.
const BATCH: i64 = 100;

/// A sign-in whose password was right, and that waits for a code.
#[derive(Debug, Clone, Copy)]
pub struct AskingSignIn {
    account: AccountId,
    /// Its challenge.
    pub challenge: ChallengeId,
}

/// A recovery, for its account.
pub struct RecoveryView {
    /// Its id.
    pub id: RecoveryId,
    /// How it stands.
    pub state: RecoveryState,
    /// When it may be used.
    pub times: RecoveryTimes,
    /// Who asked.
    pub requester: Requester,
}

/// The last resort, for whoever waits for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastResort {
    /// How long the wait is.
    pub wait: SignedDuration,
    /// What was asked for: its id, how it stands, and from when on it may be used.
    pub asked: Option<(RecoveryId, RecoveryState, Timestamp)>,
}

impl RecoveryView {
    pub(in crate::service) fn of(stored: StoredRecovery) -> Self {
        let state = stored.times.state_at(stored.now);
        Self { id: stored.id, state, times: stored.times, requester: stored.requester }
    }
}

impl Accounts {
    /// The open sign-in of an address that a token is for. It is looked for in the same way where the address has no account.
    ///
    /// # Errors
    /// [`VerificationError::LastResortOff`]; [`VerificationError::Unauthorized`] when there is none.
    pub async fn asking_sign_in(&self, email: &EmailAddress, token: &Token) -> Result<AskingSignIn, VerificationError> {
        self.rules.last_resort_wait.ok_or(VerificationError::LastResortOff)?;
        let hash = token.hash();
        let look = self.store.run(async |db| {
            let found = store::account::by_email(db, email).await?;
            let account = found.map_or(AccountId::new(Uuid::nil()), |found| found.id);
            Ok::<_, VerificationError>((account, store::recovery::asking(db, account, &hash).await?))
        });
        match look.await? {
            (account, Some(AskingChallenge { id, is_open: true })) => Ok(AskingSignIn { account, challenge: id }),
            _ => Err(VerificationError::Unauthorized),
        }
    }

    /// Asks for the last resort, in a sign-in whose password was right. Asking again begins the wait anew. The owner is told on every
    /// channel, at most once an hour.
    ///
    /// # Errors
    /// [`VerificationError::LastResortOff`]; [`VerificationError::Unauthorized`] when the sign-in is over; [`VerificationError::AccountFrozen`].
    pub async fn ask_for_recovery(&self, asking: AskingSignIn) -> Result<RecoveryView, VerificationError> {
        let wait = self.rules.last_resort_wait.ok_or(VerificationError::LastResortOff)?;
        let AskingSignIn { account, challenge } = asking;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = store::account::lock(db, account).await?.ok_or(VerificationError::Unauthorized)?;
            let stored = store::challenge::by_id(db, challenge).await?.ok_or(VerificationError::Unauthorized)?;
            let new = stored.challenge;
            if new.progress.outcome_at(stored.now).is_some() {
                return Err(VerificationError::Unauthorized);
            }
            if locked.sign_ins_frozen_at.is_some() {
                return Err(VerificationError::AccountFrozen);
            }
            store::recovery::end_open(db, account, RecoveryOutcome::Restarted).await?;
            let id = fresh(RecoveryId::new);
            let requester = new.requester;
            let times = store::recovery::ask(db, account, id, &requester, wait).await?;
            let entry = NewEntry::plain(
                account,
                fresh(ActivityId::new),
                ActivityKind::RecoveryAsked,
                ActivityOutcome::Succeeded,
                Some(&requester),
            );
            store::activity::record_folded(db, &entry).await?;
            let kind = AlertKind::RecoveryAsked;
            if !store::notice::was_added(db, account, kind, ALERT_PAUSE).await? {
                self.alert(db, account, kind, Some(&requester), &mut events).await?;
            }
            Ok(RecoveryView { id, state: RecoveryState::Waiting, times, requester })
        });
        let asked = transaction.await?;
        self.publish(account, events).await;
        Ok(asked)
    }

    /// A recovery of the session's account.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account has no such recovery.
    pub async fn recovery(&self, session: &ActiveSession, id: RecoveryId) -> Result<RecoveryView, VerificationError> {
        let found = self.store.run(async |db| store::recovery::by_id(db, id).await).await?;
        let own = found.filter(|stored| stored.account_id == session.account_id);
        own.map(RecoveryView::of).ok_or(VerificationError::NotFound)
    }

    /// A recovery, for whoever holds the challenge of a sign-in of its account, open or over; with that challenge.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] for a token of another account, and for a recovery that there is not.
    pub async fn recovery_for_asker(
        &self,
        token: &Token,
        id: RecoveryId,
    ) -> Result<(ChallengeId, RecoveryView), VerificationError> {
        let hash = token.hash();
        let look = self.store.run(async |db| {
            let Some(stored) = store::recovery::by_id(db, id).await? else { return Ok(None) };
            let asking = store::recovery::asking(db, stored.account_id, &hash).await?;
            Ok::<_, VerificationError>(asking.map(|asking| (asking.id, RecoveryView::of(stored))))
        });
        look.await?.ok_or(VerificationError::Unauthorized)
    }

    /// Ends a recovery that the owner does not want, and with it every sign-in that waits for a code: whoever asked knows the password.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when the account has no such recovery, or it ended before.
    pub async fn cancel_recovery(
        &self,
        session: &ActiveSession,
        id: RecoveryId,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let account = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            self.lock_for(db, session).await?;
            let requester = self.requester_of(db, session, origin).await?;
            self.withdraw_recovery(db, account, id, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }
}

impl Core {
    /// Ends a recovery, whoever does not want it, and what came of it.
    pub(in crate::service) async fn withdraw_recovery(
        &self,
        db: &impl Db,
        account: AccountId,
        id: RecoveryId,
        requester: Option<&Requester>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        if !store::recovery::cancel(db, account, id).await? {
            return Err(VerificationError::NotFound);
        }
        view::supersede_all(db, account, SupersededBy::RecoveryEnded, events).await?;
        self.record_change(db, account, ActivityKind::RecoveryCancelled, requester).await?;
        self.alert(db, account, AlertKind::RecoveryCancelled, requester, events).await
    }

    /// The last resort, for the holder of a challenge; `None` where it is off.
    pub(in crate::service) async fn last_resort(
        &self,
        db: &impl Db,
        account: AccountId,
    ) -> Result<Option<LastResort>, VerificationError> {
        let Some(wait) = self.rules.last_resort_wait else { return Ok(None) };
        let open = store::recovery::open(db, account).await?.map(RecoveryView::of);
        let asked = open.map(|open| (open.id, open.state, open.times.ready_at));
        Ok(Some(LastResort { wait, asked }))
    }

    /// Somebody came in on a new device: what the account waited for is not needed any more. Codes by email that other sign-ins got because
    /// the wait was over end with it: it is used once.
    pub(in crate::service) async fn end_recovery(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let account = new.account_id;
        let Some(open) = store::recovery::open(db, account).await?.map(RecoveryView::of) else { return Ok(()) };
        let is_ready = open.state == RecoveryState::Ready;
        let is_used = is_ready && new.progress.method == Method::Email;
        let outcome = if is_used { RecoveryOutcome::Used } else { RecoveryOutcome::Superseded };
        store::recovery::end_open(db, account, outcome).await?;
        if is_ready {
            view::supersede_all(db, account, SupersededBy::RecoveryEnded, events).await?;
        }
        if is_used {
            self.record_change(db, account, ActivityKind::RecoveryUsed, Some(&new.requester)).await?;
            self.alert(db, account, AlertKind::RecoveryUsed, Some(&new.requester), events).await?;
        }
        Ok(())
    }

    /// Tells owners again of recoveries that wait, or may be used; returns how many were told.
    ///
    /// # Errors
    /// The database's.
    pub async fn remind_of_recoveries(&self) -> Result<usize, VerificationError> {
        let mut count = 0;
        loop {
            let told = self.store.run(async |db| store::recovery::tell_due(db, BATCH).await).await?;
            count += told.len();
            let is_last = told.len() < BATCH as usize;
            for (account, kind) in told {
                self.publish(account, vec![AccountEvent::SecurityAlert { kind }]).await;
            }
            if is_last {
                return Ok(count);
            }
        }
    }
}
