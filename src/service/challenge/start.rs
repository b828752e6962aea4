//! Starting a challenge: the challenge, its deliveries and the activity entry in one transaction.

use std::sync::Arc;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::email::EmailAddress;
use crate::domain::challenge::limits::MAX_OPEN_CHALLENGES;
use crate::domain::challenge::send_quota::MailSpender;
use crate::domain::challenge::{Method, Outcome, Progress, Purpose};
use crate::domain::code::confirmation_digits;
use crate::domain::delivery::{CodeToDeliver, IssuedCode, PlannedDeliveries, Requester};
use crate::domain::device::token::TokenKind;
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, NoticeId, SessionId};
use crate::domain::value::network::site;
use crate::service::challenge::view::{self, Offered};
use crate::service::{ChallengeView, Core, Destination, VerificationError, fresh, fresh_salt, fresh_token};
use crate::store::challenge::{Beginnings, NewChallenge, Started};
use crate::store::{self, Db, StoreError};

/// What a challenge is started for.
pub(in crate::service) struct Start<'a> {
    pub(in crate::service) account_id: AccountId,
    /// The account's mailbox, if it has one.
    pub(in crate::service) mailbox: Option<&'a EmailAddress>,
    /// When that was changed, if it was.
    pub(in crate::service) mailbox_changed_at: Option<Timestamp>,
    pub(in crate::service) purpose: Purpose,
    pub(in crate::service) method: Method,
    pub(in crate::service) requester: Requester,
    pub(in crate::service) session_id: Option<SessionId>,
    pub(in crate::service) password_hash: Option<SecretString>,
    pub(in crate::service) address_taken: bool,
    /// The app whose server asks for it, as an audience of assertions.
    pub(in crate::service) for_app: Option<&'a str>,
    /// The database's clock.
    pub(in crate::service) now: Timestamp,
}

impl Core {
    /// Starts a challenge inside a transaction that holds the account's lock.
    pub(in crate::service) async fn start(
        &self,
        db: &impl Db,
        start: Start<'_>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<ChallengeView, VerificationError> {
        if start.method == Method::Email {
            let mailbox = start.mailbox.ok_or(VerificationError::NoMailbox)?;
            let spender = mail_spender(start.purpose, start.account_id, &start.requester);
            let spent = spend_mail(db, mailbox, &spender, start.now).await?;
            spent.map_err(|retry_after| VerificationError::TooManyMails { retry_after })?;
        }
        self.make_room(db, &start, events).await?;
        let digits = match start.purpose {
            Purpose::CreateAccount => {
                let install = start.requester.device.install_id;
                let asker = asker(start.purpose, &start.requester);
                let guesses = store::challenge::count_short_guesses(db, start.account_id, install, asker).await?;
                confirmation_digits(self.rules.digits, guesses)
            }
            Purpose::SignIn | Purpose::EnableTwoStep | Purpose::DisableTwoStep | Purpose::ChangeEmail => {
                self.rules.digits
            }
        };
        let token = fresh_token(TokenKind::Challenge);
        let mailbox = start.mailbox;
        let entry_kind = attempt_kind(start.purpose);
        let with = Beginnings {
            entry_kind,
            unfinished: (start.purpose == Purpose::SignIn).then(|| fresh(NoticeId::new)),
            for_app: start.for_app,
            tells_end: self.rules.webhooks,
            node: self.node,
        };
        let new = NewChallenge {
            account_id: start.account_id,
            challenge_id: fresh(ChallengeId::new),
            token_hash: token.hash(),
            purpose: start.purpose,
            progress: Progress::start(start.purpose, start.method, &self.rules.lifetimes, start.now),
            created_at: start.now,
            key_id: self.current_key(),
            salt: Some(fresh_salt()),
            digits,
            asker: asker(start.purpose, &start.requester),
            requester: start.requester,
            session_id: start.session_id,
            password_hash: start.password_hash,
            address_taken: start.address_taken,
            activity_id: entry_kind.map(|_| fresh(ActivityId::new)),
        };
        if let (Purpose::ChangeEmail, Some(mailbox)) = (new.purpose, mailbox) {
            store::email_change::await_address(db, new.account_id, new.challenge_id, mailbox).await?;
        }
        let Started { planned, closed } = store::challenge::start(db, &new, &with).await?;
        events.extend(closed_by_newer(&closed));
        let count = planned.deliveries.len() as u64;
        events.push(issued(new.code(), planned));
        let destination = match start.method {
            Method::App => Destination::TrustedDevices(count),
            Method::Email => Destination::mailbox(mailbox),
        };
        let device_may_show = start.method == Method::App && count > 0;
        let stands = self.mailbox_stands(mailbox, start.mailbox_changed_at, start.now);
        let methods = self.methods(db, new.account_id, new.purpose, device_may_show, stands).await?;
        let can_have = new.purpose.takes_other_codes();
        let has_authenticator = can_have && store::authenticator::find(db, new.account_id).await?.is_some();
        Ok(self.view(&new, Some(token), destination, Offered { methods, has_authenticator }))
    }

    /// Few open challenges an account, besides the one of the same installation, which ends in any case.
    async fn make_room(
        &self,
        db: &impl Db,
        start: &Start<'_>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let install = start.requester.device.install_id;
        let asker = asker(start.purpose, &start.requester);
        // One sign-in too many was refused before.
        if start.purpose == Purpose::SignIn {
            return Ok(());
        }
        // Codes that confirm an address live for a day: refusing those would let anybody lock an address for that long, and ending
        // one that another network asked for would let anybody keep its owner out.
        let open = store::challenge::count_open(db, start.account_id, start.purpose, Some(install), asker).await?;
        if open.open >= MAX_OPEN_CHALLENGES
            && let Some(closed) =
                store::challenge::supersede_oldest(db, start.account_id, start.purpose, asker, install).await?
        {
            events.push(view::settle(db, &closed, None).await?);
        }
        Ok(())
    }
}

/// What a newer challenge of the same installation ended.
pub(in crate::service) fn closed_by_newer(closed: &[(ChallengeId, Outcome)]) -> impl Iterator<Item = AccountEvent> {
    closed.iter().map(|&(challenge_id, outcome)| AccountEvent::ChallengeClosed { challenge_id, outcome })
}

/// A code was issued, and these are its deliveries.
pub(in crate::service) fn issued(code: CodeToDeliver, planned: PlannedDeliveries) -> AccountEvent {
    AccountEvent::CodeIssued(Arc::new(IssuedCode { code: Arc::new(code), planned }))
}

/// The network that asks for an address to be confirmed; `None` for every other purpose, where an account asks.
pub(in crate::service) fn asker(purpose: Purpose, requester: &Requester) -> Option<IpNet> {
    match purpose {
        Purpose::CreateAccount => requester.ip.parse().ok().map(site),
        Purpose::SignIn | Purpose::EnableTwoStep | Purpose::DisableTwoStep | Purpose::ChangeEmail => None,
    }
}

/// Who causes the mails of a challenge.
pub(in crate::service) fn mail_spender(purpose: Purpose, account: AccountId, requester: &Requester) -> MailSpender {
    asker(purpose, requester).map_or(MailSpender::Account(account), MailSpender::Stranger)
}

/// Counts a code that is mailed, in the transaction that issues it; how long to wait when that would be too many.
pub(in crate::service) async fn spend_mail(
    db: &impl Db,
    address: &EmailAddress,
    spender: &MailSpender,
    now: Timestamp,
) -> Result<Result<(), SignedDuration>, StoreError> {
    let mailbox = address.mailbox();
    if let Err(wait) = store::mailbox::count_sends(db, &mailbox, spender).await?.check(now) {
        return Ok(Err(wait));
    }
    store::mailbox::add_send(db, &mailbox, spender).await?;
    Ok(Ok(()))
}

/// What is written into the login activity at the start of a challenge, to be completed at its end.
fn attempt_kind(purpose: Purpose) -> Option<ActivityKind> {
    match purpose {
        Purpose::SignIn => Some(ActivityKind::SignIn),
        Purpose::DisableTwoStep => Some(ActivityKind::TwoStepDisabled),
        Purpose::EnableTwoStep | Purpose::ChangeEmail | Purpose::CreateAccount => None,
    }
}
