//! What an app's server says of its users, and does with them.

use super::session::Trust;
use super::{Origin, SignedIn, Verification, VerificationError, fresh};
use crate::domain::activity::{ActivityKind, ActivityOutcome};
use crate::domain::device::DeviceInfo;
use crate::domain::email::EmailAddress;
use crate::domain::event::AlertKind;
use crate::domain::id::{AccountId, NoticeId};
use crate::domain::locale::Locale;
use crate::domain::subject::Subject;
use crate::store::{self, Db};

/// How a subject stands.
pub struct SubjectView {
    /// Its account, as the gateway knows it.
    pub account_id: AccountId,
    /// Its mailbox, if it has one.
    pub email: Option<EmailAddress>,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
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
}

impl Verification {
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
    /// [`VerificationError::TwoStepUnavailable`] when it is turned on outside the rollout.
    pub async fn change_subject(
        &self,
        subject: &Subject,
        change: &SubjectChange,
    ) -> Result<SubjectView, VerificationError> {
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let (email, locale) = (change.email.as_ref(), change.locale.as_ref());
            let new_id = fresh(AccountId::new);
            let (account, _) = store::subject::find_or_add(db, new_id, subject, email, locale).await?;
            let locked = store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            match change.two_step_enabled.filter(|wanted| *wanted != locked.two_step_enabled) {
                Some(true) => {
                    if !store::rollout::offers(db, account).await? {
                        return Err(VerificationError::TwoStepUnavailable);
                    }
                    store::account::set_two_step(db, account, true).await?;
                    self.record_change(db, account, ActivityKind::TwoStepEnabled, None).await?;
                }
                Some(false) => {
                    self.record_change(db, account, ActivityKind::TwoStepDisabled, None).await?;
                    self.turn_off(db, account, None, &mut events).await?;
                }
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
    /// The database's.
    pub async fn vouch_for_device(
        &self,
        subject: &Subject,
        device: DeviceInfo,
        origin: &Origin,
    ) -> Result<(AccountId, SignedIn), VerificationError> {
        let requester = origin.requester(device);
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let (account, _) = store::subject::find_or_add(db, fresh(AccountId::new), subject, None, None).await?;
            let locked = store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            let signed_in = self.grant_session(db, account, &requester, Trust::Grant, &mut events).await?;
            let (kind, outcome) = (ActivityKind::SignIn, ActivityOutcome::Succeeded);
            self.record(db, account, kind, outcome, Some(&requester)).await?;
            if locked.two_step_enabled {
                let (notice, kind) = (fresh(NoticeId::new), AlertKind::NewDeviceSignedIn);
                store::notice::add(db, account, notice, kind, Some(&requester)).await?;
            }
            Ok::<_, VerificationError>((account, signed_in))
        });
        let (account, signed_in) = transaction.await?;
        self.publish(account, events).await;
        self.notices.notify_one();
        Ok((account, signed_in))
    }
}

async fn view(db: &impl Db, account_id: AccountId) -> Result<SubjectView, VerificationError> {
    let account = store::account::by_id(db, account_id).await?.ok_or(VerificationError::NotFound)?;
    Ok(SubjectView {
        account_id,
        email: account.email,
        two_step_enabled: account.two_step_enabled,
        sign_ins_frozen: account.sign_ins_frozen_at.is_some(),
        trusted_devices: store::device::list_trusted(db, account_id).await?.len(),
    })
}
