//! Two-step verification itself: how it stands, on, off.

use jiff::Timestamp;

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::last_resort::RecoveryOutcome;
use crate::domain::account::password::Password;
use crate::domain::account::two_step_policy::TwoStepPolicy;
use crate::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind};
use crate::domain::challenge::{Method, Purpose};
use crate::domain::delivery::{Acting, Requester};
use crate::domain::device::session::{ActiveSession, SessionEnd};
use crate::domain::device::successor::Predecessor;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ActivityId, DeviceId, SessionId};
use crate::service::account::last_resort::RecoveryView;
use crate::service::account::ways::WaysLeft;
use crate::service::challenge::start::Start;
use crate::service::challenge::verify::no_guess;
use crate::service::sign_in::password_sign_in::refusal_to_ask;
use crate::service::{Accounts, ChallengeView, Core, Origin, VerificationError, Verified};
use crate::store::account::LockedAccount;
use crate::store::challenge::NewChallenge;
use crate::store::device::TrustedDevice;
use crate::store::{self, Db};

/// What the Login Security page shows first.
pub struct LoginSecurity {
    /// The account.
    pub account_id: AccountId,
    /// Two-step verification is offered to this account.
    pub available: bool,
    /// It is on.
    pub enabled: bool,
    /// It must be.
    pub required: bool,
    /// By when it must be turned on, if that is known.
    pub due_at: Option<Timestamp>,
    /// Since when no new device may sign in.
    pub sign_ins_frozen_at: Option<Timestamp>,
    /// The account's address, if it has one.
    pub email: Option<EmailAddress>,
    /// The trusted devices.
    pub trusted_devices: Vec<TrustedDevice>,
    /// The device that asks.
    pub this_device: DeviceId,
    /// The ways in that are left.
    pub ways: WaysLeft,
    /// The last resort that somebody asked for.
    pub recovery: Option<RecoveryView>,
}

/// What became of the wish to turn two-step verification off.
pub enum Disabling {
    /// It is off.
    Done,
    /// The device is not trusted: a code is asked for.
    VerificationRequired(Box<ChallengeView>),
}

impl Accounts {
    /// How the security of an account stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn login_security(&self, session: &ActiveSession) -> Result<LoginSecurity, VerificationError> {
        let id = session.account_id;
        let required = self.rules.two_step == TwoStepPolicy::Required;
        self.store
            .run(async |db| {
                let account = store::account::by_id(db, id).await?.ok_or(VerificationError::Unauthorized)?;
                let trusted_devices = store::device::list_trusted(db, id).await?;
                let ways = self.ways_left(db, id, &account, &trusted_devices, Some(session.device_id)).await?;
                Ok(LoginSecurity {
                    account_id: id,
                    available: store::rollout::offers(db, id).await?,
                    enabled: account.two_step_enabled,
                    required: if account.is_of_app { account.two_step_required } else { required },
                    due_at: account.two_step_due_at.filter(|_| !account.two_step_enabled),
                    sign_ins_frozen_at: account.sign_ins_frozen_at,
                    email: account.email,
                    trusted_devices,
                    this_device: session.device_id,
                    ways,
                    recovery: store::recovery::open(db, id).await?.map(RecoveryView::of),
                })
            })
            .await
    }

    /// Begins turning two-step verification on: a code goes to the mailbox.
    ///
    /// # Errors
    /// [`VerificationError::TwoStepUnavailable`] outside the rollout, [`VerificationError::AlreadySo`] when it is
    /// on, [`VerificationError::TooManyMails`].
    pub async fn begin_enabling(
        &self,
        session: &ActiveSession,
        origin: &Origin,
    ) -> Result<ChallengeView, VerificationError> {
        let id = session.account_id;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            if locked.two_step_enabled {
                return Err(VerificationError::AlreadySo("two-step verification is on already"));
            }
            if !store::rollout::offers(db, id).await? {
                return Err(VerificationError::TwoStepUnavailable);
            }
            let kind = BudgetKind::Enabling;
            let budget = store::budget::get_budget(db, id, kind, &BUDGET_RULES).await?;
            budget.check(locked.now).map_err(|refusal| no_guess(kind, refusal))?;
            let account = store::account::by_id(db, id).await?.ok_or(VerificationError::Unauthorized)?;
            let device = store::device::by_id(db, id, session.device_id).await?;
            let device = device.ok_or(VerificationError::Unauthorized)?;
            let start = Start {
                account_id: id,
                mailbox: account.email.as_ref(),
                mailbox_changed_at: locked.mailbox_changed_at,
                purpose: Purpose::EnableTwoStep,
                method: Method::Email,
                requester: origin.requester(device.info),
                session_id: Some(session.session_id),
                password_hash: None,
                for_app: None,
                address_taken: false,
                now: locked.now,
            };
            self.start(db, start, &mut events).await
        });
        let challenge = transaction.await?;
        self.publish(id, events).await;
        Ok(challenge)
    }

    /// Turns two-step verification off, on a trusted device at once, on any other with a code. The trust in devices stays for
    /// the day it is turned on again.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`] for a wrong password; [`VerificationError::TwoStepRequired`]; off already is fine. On a device that is not trusted
    /// also those of a sign-in that needs a code.
    pub async fn disable_two_step(
        &self,
        session: &ActiveSession,
        password: Password,
        origin: &Origin,
    ) -> Result<Disabling, VerificationError> {
        let account = session.account_id;
        self.check_own_password(session, password, origin).await?;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            if !locked.two_step_enabled {
                return Ok(Ok(Disabling::Done));
            }
            if self.requires_two_step(&locked, false) {
                return Err(VerificationError::TwoStepRequired);
            }
            let requester = self.requester_of(db, session, origin).await?;
            if !session.device_trusted {
                if let Some(refusal) = refusal_to_ask(db, account, &locked).await? {
                    let kind = ActivityKind::TwoStepDisabled;
                    self.record_refused(db, account, kind, &refusal, &requester).await?;
                    return Ok(Err(refusal));
                }
                let started = self.begin_disabling(db, session, requester, &locked, &mut events).await?;
                return Ok(Ok(Disabling::VerificationRequired(Box::new(started))));
            }
            self.turn_off(db, account, Some(&requester), None, &mut events).await?;
            Ok::<_, VerificationError>(Ok(Disabling::Done))
        });
        let disabling = transaction.await?;
        self.publish(account, events).await;
        disabling
    }
}

impl Core {
    /// The emailed code was right: two-step verification is on, the device it was done on is trusted, and every other
    /// session ends.
    pub(in crate::service) async fn finish_enabling(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        after: &Predecessor<'_>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Verified, VerificationError> {
        let account = new.account_id;
        if new.session_id.is_none() {
            return self.enable_by_sign_in(db, new, after, events).await;
        }
        let session = asking_session(db, new).await?;
        let acting = Acting { device_id: session.device_id, session_id: session.session_id };
        let requester = Requester { acting: Some(acting), ..new.requester.clone() };
        // The rollout may have been taken back since: then nobody turns it on any more.
        if !self.turn_on(db, account, Some(session.session_id), Some(&requester), events).await? {
            return Err(VerificationError::AlreadySo("two-step verification is on already"));
        }
        let device = session.device_id;
        let token = after.trust_token();
        let trust_token = self.grant_trust(db, account, device, &requester, token, events).await?;
        let device = store::device::by_id(db, account, device).await?.ok_or(VerificationError::Unauthorized)?;
        Ok(Verified::TwoStepEnabled { device, trust_token })
    }

    async fn begin_disabling(
        &self,
        db: &impl Db,
        session: &ActiveSession,
        requester: Requester,
        locked: &LockedAccount,
        events: &mut Vec<AccountEvent>,
    ) -> Result<ChallengeView, VerificationError> {
        let account = store::account::by_id(db, session.account_id).await?.ok_or(VerificationError::Unauthorized)?;
        let start = Start {
            account_id: session.account_id,
            mailbox: account.email.as_ref(),
            mailbox_changed_at: locked.mailbox_changed_at,
            purpose: Purpose::DisableTwoStep,
            method: Method::App,
            requester,
            session_id: Some(session.session_id),
            password_hash: None,
            for_app: None,
            address_taken: false,
            now: locked.now,
        };
        self.start(db, start, events).await
    }

    /// The code of a trusted device, or of the mailbox, was right: two-step verification is off.
    pub(in crate::service) async fn finish_disabling(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Verified, VerificationError> {
        let account = new.account_id;
        let session = asking_session(db, new).await?;
        self.turn_off(db, account, Some(&new.requester), new.activity_id, events).await?;
        let device = store::device::by_id(db, account, session.device_id).await?;
        Ok(Verified::TwoStepDisabled { device: device.ok_or(VerificationError::Unauthorized)? })
    }

    /// Turns two-step verification on, whoever wants it: every session of a device that is not trusted ends but `keep`, because it
    /// began without a second step and could turn this off again; it is written down, and the owner is told. `false` when it is
    /// on already.
    ///
    /// # Errors
    /// [`VerificationError::TwoStepUnavailable`] outside the rollout.
    pub(in crate::service) async fn turn_on(
        &self,
        db: &impl Db,
        account: AccountId,
        keep: Option<SessionId>,
        requester: Option<&Requester>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        if !store::rollout::offers(db, account).await? {
            return Err(VerificationError::TwoStepUnavailable);
        }
        if !store::account::set_two_step(db, account, true).await? {
            return Ok(false);
        }
        let ended = store::session::end_untrusted(db, account, keep, SessionEnd::TwoStepEnabled).await?;
        events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
        self.record_change(db, account, ActivityKind::TwoStepEnabled, requester).await?;
        self.alert(db, account, AlertKind::TwoStepEnabled, requester, events).await?;
        Ok(true)
    }

    /// Turns two-step verification off, whoever wants it: a freeze goes with it, it is written down (unless an
    /// entry says so already: that of the challenge which asked for it), and the owner is told. Nothing is done when it is off already.
    pub(in crate::service) async fn turn_off(
        &self,
        db: &impl Db,
        account: AccountId,
        requester: Option<&Requester>,
        recorded_as: Option<ActivityId>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        self.lift_freeze(db, account, requester, events).await?;
        if !store::account::set_two_step(db, account, false).await? {
            return Ok(());
        }
        store::recovery::end_open(db, account, RecoveryOutcome::Superseded).await?;
        if recorded_as.is_none() {
            self.record_change(db, account, ActivityKind::TwoStepDisabled, requester).await?;
        }
        self.alert(db, account, AlertKind::TwoStepDisabled, requester, events).await
    }
}

/// The session that asked for a challenge, if it still may make calls.
pub(in crate::service) async fn asking_session(
    db: &impl Db,
    new: &NewChallenge,
) -> Result<ActiveSession, VerificationError> {
    let session = new.session_id.ok_or(VerificationError::Unauthorized)?;
    let found = store::session::for_connection(db, new.account_id, session).await?;
    found.ok_or(VerificationError::Unauthorized)
}
