//! What callers see of a challenge, and the checks that every call on one begins with.

use jiff::Timestamp;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::last_resort::RecoveryOutcome;
use crate::domain::challenge::{Method, Outcome, Progress, Purpose, SupersededBy};
use crate::domain::delivery::{DevicesStand, EmailFallback, LastResortStands, MailboxStands, offered_methods};
use crate::domain::device::session::CONNECTION_EXPIRY_GRACE;
use crate::domain::device::token::Token;
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::service::{Core, VerificationError};
use crate::store::challenge::{ClosedChallenge, NewChallenge, StoredChallenge};
use crate::store::{self, Db, StoreError};

/// Where a code goes, without telling more than the asker has proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// So many trusted devices.
    TrustedDevices(u64),
    /// The account's mailbox, masked.
    Mailbox(String),
}

impl Destination {
    /// The account's mailbox; a mail to an account that has none any more goes nowhere.
    pub(in crate::service) fn mailbox(email: Option<&EmailAddress>) -> Self {
        email.map_or(Self::TrustedDevices(0), |email| Self::Mailbox(email.masked()))
    }
}

/// What the holder of a challenge may choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offered {
    /// The ways that a code can travel.
    pub methods: &'static [Method],
    /// A code of the owner's authenticator app can be typed.
    pub has_authenticator: bool,
}

/// A challenge as its holder sees it.
#[derive(Debug, Clone)]
pub struct ChallengeView {
    /// Whose; for the security log, not for its holder.
    pub account_id: AccountId,
    /// Its id.
    pub id: ChallengeId,
    /// Its token, in the answer that starts it only.
    pub token: Option<Token>,
    /// What it proves.
    pub purpose: Purpose,
    /// How it stands.
    pub progress: Progress,
    /// What its holder may choose from.
    pub offered: Offered,
    /// Digits of its codes.
    pub digits: u8,
    /// Where the current code goes.
    pub destination: Destination,
}

impl Core {
    /// The challenge of an id, if the token is its token.
    pub(in crate::service) async fn authorized(
        &self,
        id: ChallengeId,
        token: &Token,
    ) -> Result<StoredChallenge, VerificationError> {
        let found = self.store.run(async |db| store::challenge::by_id(db, id).await).await?;
        let stored = found.ok_or(VerificationError::NotFound)?;
        if stored.challenge.token_hash.matches(&token.hash()) {
            Ok(stored)
        } else {
            Err(VerificationError::Unauthorized)
        }
    }

    /// The methods that a challenge offers: what is told to its holder and what is accepted from them.
    pub(in crate::service) async fn methods(
        &self,
        db: &impl Db,
        account: AccountId,
        purpose: Purpose,
        device_may_show: bool,
        mailbox: MailboxStands,
    ) -> Result<&'static [Method], StoreError> {
        let fallback = self.rules.email_fallback;
        let are_absent = match fallback {
            EmailFallback::RecoveryOnly if !device_may_show => self.are_devices_absent(db, account).await?,
            EmailFallback::RecoveryOnly | EmailFallback::Allow | EmailFallback::Off => false,
        };
        let devices = DevicesStand { may_show: device_may_show, are_absent };
        let without = offered_methods(purpose, fallback, mailbox, devices, LastResortStands::NotReady);
        // Looked up only where it can make a difference: most sign-ins may go by email anyway.
        let can_matter = self.rules.last_resort_wait.is_some() && purpose == Purpose::SignIn;
        if !can_matter || without.contains(&Method::Email) || !store::recovery::is_ready(db, account).await? {
            return Ok(without);
        }
        Ok(offered_methods(purpose, fallback, mailbox, devices, LastResortStands::Ready))
    }

    async fn are_devices_absent(&self, db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
        let access_life = self.rules.tokens.access + CONNECTION_EXPIRY_GRACE;
        let (last_present, now) = store::device::last_present(db, account, access_life).await?;
        Ok(last_present.is_none_or(|at| now.duration_since(at) >= self.rules.recovery_after))
    }

    /// What the mailbox of an account is good for.
    pub(in crate::service) fn mailbox_stands(
        &self,
        mailbox: Option<&EmailAddress>,
        changed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> MailboxStands {
        match (mailbox, changed_at) {
            (None, _) => MailboxStands::Missing,
            (Some(_), Some(at)) if now.duration_since(at) < self.rules.new_mailbox_wait => MailboxStands::Held,
            (Some(_), _) => MailboxStands::Good,
        }
    }

    pub(in crate::service) fn view(
        &self,
        challenge: &NewChallenge,
        token: Option<Token>,
        destination: Destination,
        offered: Offered,
    ) -> ChallengeView {
        ChallengeView {
            account_id: challenge.account_id,
            id: challenge.challenge_id,
            token,
            purpose: challenge.purpose,
            progress: challenge.progress,
            offered: Offered {
                has_authenticator: offered.has_authenticator && challenge.purpose.takes_other_codes(),
                ..offered
            },
            digits: challenge.digits,
            destination,
        }
    }
}

/// Closes a challenge with all that belongs to it. `None` when somebody else closed it, it expired, or its code changed.
pub(in crate::service) async fn close(
    db: &impl Db,
    challenge: &NewChallenge,
    outcome: Outcome,
    generation: Option<u32>,
) -> Result<Option<AccountEvent>, StoreError> {
    let closed = store::challenge::close(db, challenge.account_id, challenge.challenge_id, outcome, generation).await?;
    let Some(closed) = closed else { return Ok(None) };
    settle(db, &closed, Some(challenge.progress.method)).await.map(Some)
}

/// Ends all that the password began: every challenge, and the last resort that was asked for in one.
pub(in crate::service) async fn supersede_all(
    db: &impl Db,
    account: AccountId,
    cause: SupersededBy,
    events: &mut Vec<AccountEvent>,
) -> Result<(), StoreError> {
    store::recovery::end_open(db, account, RecoveryOutcome::Superseded).await?;
    for purpose in [Purpose::SignIn, Purpose::DisableTwoStep, Purpose::EnableTwoStep] {
        for closed in store::challenge::supersede_all(db, account, purpose, cause).await? {
            events.push(settle(db, &closed, None).await?);
        }
    }
    Ok(())
}

/// Writes down everywhere that a challenge is over.
pub(in crate::service) async fn settle(
    db: &impl Db,
    closed: &ClosedChallenge,
    method: Option<Method>,
) -> Result<AccountEvent, StoreError> {
    store::challenge::settle(db, closed, method).await?;
    Ok(AccountEvent::ChallengeClosed { challenge_id: closed.challenge_id, outcome: closed.outcome })
}
