//! A forgotten password: a link by mail sets a new one. The mailbox proves no more than that: the second step, the trust in devices and a
//! freeze stay as they are.

use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::clock;
use crate::domain::account::activity::ActivityKind;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::mailed_link::MailedLink;
use crate::domain::account::password::Password;
use crate::domain::challenge::SupersededBy;
use crate::domain::challenge::guess_budget::BudgetKind;
use crate::domain::challenge::limits::REPEAT_WITHIN;
use crate::domain::challenge::send_quota::MailSpender;
use crate::domain::device::session::SessionEnd;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, NoticeId};
use crate::domain::value::network::site;
use crate::service::challenge::start::spend_mail;
use crate::service::challenge::view;
use crate::service::constant_time::next_tick;
use crate::service::sign_in::password_hashing::Lane;
use crate::service::{Accounts, Core, Origin, VerificationError};
use crate::store;
use crate::store::password_reset::PasswordReset;

impl Accounts {
    /// Mails a link for a new password to an address, if it has an account. Nobody can tell by the answer or its time. Mails that strangers cause
    /// are counted by mailbox and network, as those that confirm an address are: when there are too many, none is sent, and nothing is said.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_password_reset(&self, email: &EmailAddress, origin: &Origin) -> Result<(), VerificationError> {
        self.require_room()?;
        let begun = Instant::now();
        let reset = Uuid::now_v7();
        let transaction = self.store.transaction(async |db| {
            let found = store::account::by_email(db, email).await?;
            let id = found.as_ref().map_or(AccountId::new(Uuid::nil()), |found| found.id);
            let account = store::account::by_id(db, id).await?;
            let spender = MailSpender::Stranger(site(origin.ip));
            let may_mail = spend_mail(db, email, &spender, clock::now()).await?.is_ok();
            let Some(account) = account.filter(|account| may_mail && account.password_hash.is_some()) else {
                return Ok(false);
            };
            let kind = match account.sign_ins_frozen_at {
                None => AlertKind::PasswordResetAsked,
                Some(_) => AlertKind::PasswordResetAskedFrozen,
            };
            store::password_reset::add(db, id, reset, MailedLink::NewPassword.lifetime()).await?;
            store::notice::add(db, id, NoticeId::new(reset), kind, Some(&origin.somebody())).await?;
            Ok::<_, VerificationError>(true)
        });
        let is_told = transaction.await?;
        next_tick(begun).await;
        if is_told {
            self.notices.notify_one();
        }
        Ok(())
    }

    /// Sets the password that somebody chose who has the link. All sessions end. The same again within a minute is answered alike.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when the secret is wrong, used, or over; [`VerificationError::CommonPassword`], which uses up
    /// nothing; [`VerificationError::Busy`].
    pub async fn finish_password_reset(
        &self,
        reset: Uuid,
        shown: &SecretString,
        password: Password,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        if !MailedLink::NewPassword.is_secret(shown, reset, &self.code_keys()) {
            return Err(VerificationError::Unauthorized);
        }
        let found = self.store.run(async |db| store::password_reset::find(db, reset, REPEAT_WITHIN).await).await?;
        let PasswordReset { account_id: account, email, password_hash, is_used } =
            found.ok_or(VerificationError::Unauthorized)?;
        if is_used {
            let is_same = self.passwords.verify(password, Some(password_hash), Lane::Strangers).await?;
            return if is_same { Ok(()) } else { Err(VerificationError::Unauthorized) };
        }
        let hash = self.passwords.hash_new(password, email, Lane::Strangers).await?;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            store::account::lock(db, account).await?.ok_or(VerificationError::Unauthorized)?;
            if !store::password_reset::take(db, account, reset).await? {
                return Err(VerificationError::Unauthorized);
            }
            store::password_reset::end_open(db, account).await?;
            store::account::replace_password(db, account, &hash).await?;
            // What it guards is the mailbox, and whoever has the link reads that.
            store::budget::refill(db, account, BudgetKind::Enabling).await?;
            let ended = store::session::end_others(db, account, None, SessionEnd::PasswordChanged).await?;
            events.extend(ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id }));
            view::supersede_all(db, account, SupersededBy::PasswordChanged, &mut events).await?;
            let requester = origin.somebody();
            self.record_change(db, account, ActivityKind::PasswordReset, Some(&requester)).await?;
            self.alert(db, account, AlertKind::PasswordReset, Some(&requester), &mut events).await
        });
        transaction.await?;
        self.publish(account, events).await;
        Ok(())
    }
}

impl Core {
    /// The link that a mail carries: the page takes what is behind the `#`, which reaches no server and no log.
    #[must_use]
    pub fn mailed_link(&self, link: MailedLink, id: Uuid) -> SecretString {
        let secret = link.secret(id, &self.code_keys());
        format!("{}#{}={id}.{}", self.rules.page, link.fragment(), secret.expose_secret()).into()
    }
}
