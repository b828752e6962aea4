//! Another address for an account: a code proves that the new one is read, and whoever reads the old one may undo it.

use secrecy::SecretString;
use uuid::Uuid;

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::mailed_link::MailedLink;
use crate::domain::account::password::Password;
use crate::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind};
use crate::domain::challenge::limits::REPEAT_WITHIN;
use crate::domain::challenge::{Method, Purpose, Refusal, SupersededBy};
use crate::domain::delivery::{Acting, Requester};
use crate::domain::device::Device;
use crate::domain::device::session::ActiveSession;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::NoticeId;
use crate::service::account::two_step::asking_session;
use crate::service::challenge::start::Start;
use crate::service::challenge::verify::no_guess;
use crate::service::device::session::require_trusted;
use crate::service::{Accounts, ChallengeView, Core, Origin, VerificationError, fresh};
use crate::store::challenge::NewChallenge;
use crate::store::email_change::EmailChange;
use crate::store::{self, Db};

impl Accounts {
    /// Begins to change the address: a code goes to the new one. Of one that is another account's nobody learns that: its owner gets a mail that
    /// says so, and no code is right.
    ///
    /// # Errors
    /// [`VerificationError::DeviceNotTrusted`]; [`VerificationError::InvalidCredentials`] for a wrong password;
    /// [`VerificationError::KeptByApp`]; [`VerificationError::AlreadySo`] for the address that it is; [`VerificationError::TooManyMails`].
    pub async fn begin_email_change(
        &self,
        session: &ActiveSession,
        email: EmailAddress,
        password: Password,
        origin: &Origin,
    ) -> Result<ChallengeView, VerificationError> {
        require_trusted(session)?;
        let id = session.account_id;
        let (account, _) = self.check_own_password(session, password, origin).await?;
        if account.email.as_ref() == Some(&email) {
            return Err(VerificationError::AlreadySo("it is the address of this account already"));
        }
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let locked = self.lock_for(db, session).await?;
            let kind = BudgetKind::Enabling;
            let budget = store::budget::get_budget(db, id, kind, &BUDGET_RULES).await?;
            budget.check(locked.now).map_err(|refusal| no_guess(kind, refusal))?;
            let start = Start {
                account_id: id,
                mailbox: Some(&email),
                mailbox_changed_at: None,
                purpose: Purpose::ChangeEmail,
                method: Method::Email,
                requester: self.requester_of(db, session, origin).await?,
                session_id: Some(session.session_id),
                password_hash: None,
                for_app: None,
                address_taken: store::email_change::is_taken(db, &email, id).await?,
                now: locked.now,
            };
            self.start(db, start, &mut events).await
        });
        let challenge = transaction.await?;
        self.publish(id, events).await;
        Ok(challenge)
    }

    /// Gives an account its earlier address back, for whoever reads that: no new device may sign in then until the owner allows it.
    /// The same again within a minute is answered alike.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when the secret is wrong, used, or over; [`VerificationError::AlreadySo`] when the address is
    /// another account's by now.
    pub async fn undo_email_change(
        &self,
        change: Uuid,
        shown: &SecretString,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        if !MailedLink::UndoAddress.is_secret(shown, change, &self.code_keys()) {
            return Err(VerificationError::Unauthorized);
        }
        let found = self.store.run(async |db| store::email_change::find(db, change, REPEAT_WITHIN).await).await?;
        let EmailChange { account_id: account, old_email, is_undone } = found.ok_or(VerificationError::Unauthorized)?;
        if is_undone {
            return Ok(());
        }
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::Unauthorized)?;
            let before = store::account::by_id(db, account).await?.and_then(|account| account.email);
            if !store::email_change::undo(db, account, change).await? {
                return Err(VerificationError::Unauthorized);
            }
            let requester = origin.somebody();
            self.replace_mailed_codes(db, account, &mut events, async |db| {
                let is_set = store::email_change::set(db, account, &old_email).await?;
                is_set.then_some(()).ok_or(VerificationError::AlreadySo("the address is another account's by now"))
            })
            .await?;
            self.freeze(db, account, &mut events).await?;
            self.record_change(db, account, ActivityKind::MailboxChanged, Some(&requester)).await?;
            let kind = AlertKind::EmailChangeUndone;
            let to = before.filter(|before| *before != old_email);
            if let Some(before) = to {
                let notice = fresh(NoticeId::new);
                store::notice::add_to(db, account, notice, kind, Some(&requester), Some(&before)).await?;
            }
            self.alert(db, account, kind, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }
}

impl Core {
    /// The code that went to the new address was right: it is the account's. The old address is told, with a link to undo it.
    pub(in crate::service) async fn finish_email_change(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Device, VerificationError> {
        let account = new.account_id;
        let superseded = || VerificationError::Refused(Refusal::Superseded(SupersededBy::AddressConfirmed));
        let session = asking_session(db, new).await?;
        require_trusted(&session)?;
        let email = store::email_change::awaited(db, account, new.challenge_id).await?.ok_or_else(superseded)?;
        let before = store::account::by_id(db, account).await?.and_then(|account| account.email);
        self.replace_mailed_codes(db, account, events, async |db| {
            let is_set = store::email_change::set(db, account, &email).await?;
            is_set.then_some(()).ok_or_else(superseded)
        })
        .await?;
        store::budget::refill(db, account, BudgetKind::Enabling).await?;
        let acting = Acting { device_id: session.device_id, session_id: session.session_id };
        let requester = Requester { acting: Some(acting), ..new.requester.clone() };
        self.record_change(db, account, ActivityKind::MailboxChanged, Some(&requester)).await?;
        if let Some(before) = before {
            let change = fresh(NoticeId::new);
            store::email_change::add(db, account, change.uuid(), &before, MailedLink::UndoAddress.lifetime()).await?;
            let kind = AlertKind::EmailChanged;
            store::notice::add_to(db, account, change, kind, Some(&requester), Some(&before)).await?;
        }
        self.alert(db, account, AlertKind::MailboxChanged, Some(&requester), events).await?;
        let device = store::device::by_id(db, account, session.device_id).await?;
        device.ok_or(VerificationError::Unauthorized)
    }
}
