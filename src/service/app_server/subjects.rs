//! What an app's server says of its users, and does with them.

use tracing::warn;

use crate::domain::account::activity::{ActivityKind, ActivityOutcome};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::last_resort::RecoveryOutcome;
use crate::domain::account::locale::Locale;
use crate::domain::account::subject::Subject;
use crate::domain::challenge::limits::VOUCH_WITHIN;
use crate::domain::challenge::{Method, Purpose};
use crate::domain::delivery::Requester;
use crate::domain::device::DeviceInfo;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, NoticeId};
use crate::service::device::session::Trust;
use crate::service::{AppServers, Core, Origin, SignedIn, VerificationError, fresh};
use crate::store::{self, Db};

/// How a subject stands.
pub struct SubjectView {
    /// Its account, as the gateway knows it.
    pub account_id: AccountId,
    /// Its mailbox, if it has one.
    pub email: Option<EmailAddress>,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// The app requires it.
    pub two_step_required: bool,
    /// No new device may sign in.
    pub sign_ins_frozen: bool,
    /// Devices that skip the second step.
    pub trusted_devices: usize,
}

/// What is changed of a subject; what is `None` stays.
#[derive(Default)]
pub struct SubjectChange {
    /// Where mail goes.
    pub email: Option<EmailAddress>,
    /// Which language the mails are in.
    pub locale: Option<Locale>,
    /// Two-step verification on or off.
    pub two_step_enabled: Option<bool>,
    /// The app requires it, or does not any more.
    pub two_step_required: Option<bool>,
}

impl AppServers {
    /// The account of a subject.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is none.
    pub async fn account_of_subject(&self, subject: &Subject) -> Result<AccountId, VerificationError> {
        let found = self.store.run(async |db| store::subject::find(db, subject).await).await?;
        found.ok_or(VerificationError::NotFound)
    }

    /// How a subject stands.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is none.
    pub async fn subject(&self, subject: &Subject) -> Result<SubjectView, VerificationError> {
        self.store
            .run(async |db| {
                let account = store::subject::find(db, subject).await?.ok_or(VerificationError::NotFound)?;
                view(db, account).await
            })
            .await
    }

    /// Makes or changes a subject. Turning two-step verification off is told to its owner.
    ///
    /// # Errors
    /// [`VerificationError::TwoStepUnavailable`] when it is turned on outside the rollout; [`VerificationError::TwoStepRequired`] when it
    /// is turned off although the app requires it.
    pub async fn change_subject(
        &self,
        subject: &Subject,
        change: &SubjectChange,
    ) -> Result<SubjectView, VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let email = change.email.as_ref();
            let locale = change.locale.as_ref();
            let new_id = fresh(AccountId::new);
            let (account, mailbox) = store::subject::find_or_add(db, new_id, subject, email, locale).await?;
            let locked = store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            if let Some(email) = email.filter(|email| mailbox.as_ref() != Some(email)) {
                self.change_mailbox(db, account, mailbox.as_ref(), email, &mut events).await?;
            }
            if let Some(required) = change.two_step_required {
                store::subject::require_two_step(db, account, required).await?;
            }
            let is_required = change.two_step_required.unwrap_or(locked.two_step_required);
            match change.two_step_enabled.filter(|wanted| *wanted != locked.two_step_enabled) {
                Some(true) => drop(self.turn_on(db, account, None, None, &mut events).await?),
                Some(false) if is_required => return Err(VerificationError::TwoStepRequired),
                Some(false) => self.turn_off(db, account, None, None, &mut events).await?,
                None => {}
            }
            view(db, account).await
        });
        let view = transaction.await?;
        self.publish(view.account_id, events).await;
        Ok(view)
    }

    /// Takes an app's word for a device: it is trusted from now on, and has a session. Its owner is told where two-step
    /// verification is on.
    ///
    /// # Errors
    /// [`VerificationError::VerificationNeeded`] where two-step verification is on and devices are trusted that could show a code,
    /// unless a sign-in of this installation was verified a moment ago, or `overrides` says that the app takes it upon itself: an
    /// app's own session is no second step.
    pub async fn vouch_for_device(
        &self,
        subject: &Subject,
        device: DeviceInfo,
        overrides: bool,
        origin: &Origin,
    ) -> Result<(AccountId, SignedIn), VerificationError> {
        let requester = origin.requester(device);
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let (account, _) = store::subject::find_or_add(db, fresh(AccountId::new), subject, None, None).await?;
            let locked = store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            let is_guarded = locked.two_step_enabled && store::device::has_trusted(db, account).await?;
            let install = requester.device.install_id;
            if is_guarded && !store::challenge::was_verified(db, account, install, VOUCH_WITHIN).await? {
                if !overrides {
                    return Err(VerificationError::VerificationNeeded);
                }
                warn!(target: "twostep::security", { account.id = %account }, "an app vouched for a device without a second step");
            }
            let signed_in = self.grant_session(db, account, &requester, Trust::Grant, None, &mut events).await?;
            let requester = Requester { acting: Some(signed_in.acting()), ..requester.clone() };
            let kind = ActivityKind::SignIn;
            let outcome = ActivityOutcome::Succeeded;
            self.record(db, account, kind, outcome, Some(&requester)).await?;
            if locked.two_step_enabled {
                self.alert(db, account, AlertKind::NewDeviceSignedIn, Some(&requester), &mut events).await?;
            }
            Ok::<_, VerificationError>((account, signed_in))
        });
        let (account, signed_in) = transaction.await?;
        self.publish(account, events).await;
        Ok((account, signed_in))
    }
}

impl Core {
    /// Carries out a change of the mailbox. What was mailed to the one before is good for nothing then: links for a new password end, and
    /// codes are replaced, by codes on trusted devices where there are any.
    pub(in crate::service) async fn replace_mailed_codes<D: Db>(
        &self,
        db: &D,
        account: AccountId,
        events: &mut Vec<AccountEvent>,
        change: impl AsyncFnOnce(&D) -> Result<(), VerificationError>,
    ) -> Result<(), VerificationError> {
        let mailed = store::challenge::mailed(db, account).await?;
        change(db).await?;
        store::password_reset::end_open(db, account).await?;
        store::recovery::end_open(db, account, RecoveryOutcome::Superseded).await?;
        let has_devices = store::device::has_trusted(db, account).await?;
        let may_be_shown = |purpose| has_devices && matches!(purpose, Purpose::SignIn | Purpose::DisableTwoStep);
        // What goes to a mailbox that is not the account's is not touched.
        let mailed = mailed.into_iter().filter(|open| open.code.purpose != Purpose::ChangeEmail);
        let (by_devices, by_mail): (Vec<_>, Vec<_>) = mailed.partition(|open| may_be_shown(open.code.purpose));
        self.replace_codes(db, account, by_devices, Some(Method::App), events).await?;
        self.replace_codes(db, account, by_mail, None, events).await
    }

    /// Codes by email go to another mailbox from now on. Those under way are replaced, so that nobody who reads the old one can use
    /// them: by codes on trusted devices where there are any, because the new mailbox is not to be relied on yet. It is written
    /// down, and told to the old mailbox and the new one.
    pub(in crate::service) async fn change_mailbox(
        &self,
        db: &impl Db,
        account: AccountId,
        before: Option<&EmailAddress>,
        email: &EmailAddress,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        self.replace_mailed_codes(db, account, events, async |db| {
            Ok(store::subject::set_mailbox(db, account, email).await?)
        })
        .await?;
        self.record_change(db, account, ActivityKind::MailboxChanged, None).await?;
        if before.is_some() {
            let notice = fresh(NoticeId::new);
            let kind = AlertKind::MailboxChanged;
            store::notice::add_to(db, account, notice, kind, None, before).await?;
        }
        self.alert(db, account, AlertKind::MailboxChanged, None, events).await
    }
}

async fn view(db: &impl Db, account_id: AccountId) -> Result<SubjectView, VerificationError> {
    let account = store::account::by_id(db, account_id).await?.ok_or(VerificationError::NotFound)?;
    Ok(SubjectView {
        account_id,
        email: account.email,
        two_step_enabled: account.two_step_enabled,
        two_step_required: account.two_step_required,
        sign_ins_frozen: account.sign_ins_frozen_at.is_some(),
        trusted_devices: store::device::list_trusted(db, account_id).await?.len(),
    })
}
