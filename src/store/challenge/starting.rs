//! The beginning of challenges: one call writes all that begins with one.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;
use uuid::Uuid;

use super::NewChallenge;
use crate::domain::account::activity::ActivityKind;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::subject::Subject;
use crate::domain::challenge::limits::{
    MAX_OPEN_CHALLENGES, UNFINISHED_SIGN_IN_NOTICE, UNFINISHED_SIGN_IN_PAUSE, resend_wait,
};
use crate::domain::challenge::{Method, Outcome};
use crate::domain::code::{CodeSalt, KeyId};
use crate::domain::delivery::{PlannedDeliveries, Requester};
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, NodeId, NoticeId, SessionId};
use crate::store::delivery::Lease;
use crate::store::idempotent_request::Known;
use crate::store::notice::device_json;
use crate::store::postgres::row::{get, id, seconds};
use crate::store::{Db, StoreError, delivery, one_row, optional_row, query};

/// What begins with a challenge besides its deliveries.
pub struct Beginnings<'a> {
    /// What its entry in the login activity tells, if it has one.
    pub entry_kind: Option<ActivityKind>,
    /// The notice that the owner gets if the sign-in is not finished.
    pub unfinished: Option<NoticeId>,
    /// The app whose server asks for it, as an audience of assertions.
    pub for_app: Option<&'a str>,
    /// That server is told the end.
    pub tells_end: bool,
    /// The node that works the deliveries.
    pub node: NodeId,
}

/// A challenge that was started.
pub struct Started {
    /// Its deliveries.
    pub planned: PlannedDeliveries,
    /// What the same installation had left open, and how that ended.
    pub closed: Vec<(ChallengeId, Outcome)>,
}

/// Starts a challenge, with all that begins with it; what the same installation left open is closed. Call it under the account's
/// lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn start(db: &impl Db, new: &NewChallenge, with: &Beginnings<'_>) -> Result<Started, StoreError> {
    let progress = &new.progress;
    let lease = Lease::of_new(progress.method, with.node);
    let entry = with.entry_kind.and(new.activity_id);
    let acting = new.requester.acting.filter(|_| entry.is_some());
    let parameters: crate::store::Parameters<'_> = &[
        &new.account_id.uuid(),
        &new.challenge_id.uuid(),
        &new.token_hash.as_bytes(),
        &new.purpose.as_str(),
        &progress.method.as_str(),
        &new.key_id.as_str(),
        &new.salt.as_ref().map(CodeSalt::as_bytes),
        &i16::from(new.digits),
        &seconds(progress.resend_at.duration_since(new.created_at)),
        &seconds(progress.expires_at.duration_since(new.created_at)),
        &new.requester.device.install_id.uuid(),
        &device_json(&new.requester)?,
        &new.requester.ip,
        &new.requester.location,
        &new.session_id.map(SessionId::uuid),
        &new.password_hash.as_ref().map(ExposeSecret::expose_secret),
        &new.address_taken,
        &new.asker.map(|network| network.to_string()),
        &entry.map(ActivityId::uuid),
        &with.entry_kind.map(ActivityKind::as_str),
        &acting.map(|acting| acting.device_id.uuid()),
        &acting.map(|acting| acting.session_id.uuid()),
        &with.unfinished.map(NoticeId::uuid),
        &seconds(UNFINISHED_SIGN_IN_NOTICE),
        &seconds(UNFINISHED_SIGN_IN_PAUSE),
        &with.for_app,
        &with.tells_end,
        &lease.node.uuid(),
        &seconds(lease.length),
    ];
    let row = one_row(db, query!("challenge/start"), parameters).await?;
    Ok(Started { planned: delivery::planned(&row, progress.method, progress.generation)?, closed: closed(&row)? })
}

/// Whose sign-in begins.
pub enum SignInOf<'a> {
    /// A subject, whom an app's server names.
    Subject {
        /// Its name.
        subject: &'a Subject,
        /// It would get a mailbox if it had none.
        needs_mailbox: bool,
        /// Which language its mails are in from now on, if the app says so.
        locale: Option<&'a Locale>,
    },
    /// An account whose password was checked.
    Account {
        /// The account.
        id: AccountId,
        /// Against this hash.
        checked_hash: &'a SecretString,
    },
}

/// A sign-in that needs a code, and what its challenge begins with.
pub struct NewSignIn<'a> {
    /// Its id.
    pub challenge_id: ChallengeId,
    /// Hash of the token that its holder has.
    pub token_hash: TokenHash,
    /// The key its code is derived with.
    pub key_id: KeyId,
    /// What is mixed into its codes.
    pub salt: CodeSalt,
    /// Digits of its codes.
    pub digits: u8,
    /// How long a code is good.
    pub lifetime: SignedDuration,
    /// Who asks.
    pub requester: &'a Requester,
    /// Its entry in the login activity.
    pub activity_id: ActivityId,
    /// The notice that the owner gets if it is not finished.
    pub unfinished: NoticeId,
    /// The app whose server asks for it, as an audience of assertions.
    pub for_app: Option<&'a str>,
    /// That server is told the end.
    pub tells_end: bool,
    /// The node that works the deliveries.
    pub node: NodeId,
    /// The request that asks for it, if it may come twice.
    pub request: Option<&'a Known>,
}

/// A sign-in that began.
pub struct BegunSignIn {
    /// Whose.
    pub account_id: AccountId,
    /// The account's mailbox, if it has one.
    pub mailbox: Option<EmailAddress>,
    /// When that was changed, if it was.
    pub mailbox_changed_at: Option<Timestamp>,
    /// It has an authenticator app.
    pub has_authenticator: bool,
    /// When it began, by the database's clock.
    pub created_at: Timestamp,
    /// Its challenge.
    pub started: Started,
}

/// Begins a sign-in of a device that shows no trust token and needs a code: locks the account, makes sure that a code may be asked
/// for, and starts the challenge, in one statement. `None`, with nothing written, when it takes more
/// statements to find out what is to be done, or why not.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn begin_sign_in(
    db: &impl Db,
    of: &SignInOf<'_>,
    new: &NewSignIn<'_>,
) -> Result<Option<BegunSignIn>, StoreError> {
    let (subject, needs_mailbox, locale, account, hash) = match *of {
        SignInOf::Subject { subject, needs_mailbox, locale } => (Some(subject), needs_mailbox, locale, None, None),
        SignInOf::Account { id, checked_hash } => (None, false, None, Some(id), Some(checked_hash)),
    };
    let lease = Lease::of_new(Method::App, new.node);
    let parameters: crate::store::Parameters<'_> = &[
        &subject.map(Subject::as_str),
        &account.map(AccountId::uuid),
        &hash.map(ExposeSecret::expose_secret),
        &needs_mailbox,
        &locale.map(Locale::as_str),
        &MAX_OPEN_CHALLENGES,
        &new.challenge_id.uuid(),
        &new.token_hash.as_bytes(),
        &new.key_id.as_str(),
        &new.salt.as_bytes(),
        &i16::from(new.digits),
        &seconds(resend_wait(0)),
        &seconds(new.lifetime),
        &new.requester.device.install_id.uuid(),
        &device_json(new.requester)?,
        &new.requester.ip,
        &new.requester.location,
        &new.activity_id.uuid(),
        &new.unfinished.uuid(),
        &seconds(UNFINISHED_SIGN_IN_NOTICE),
        &seconds(UNFINISHED_SIGN_IN_PAUSE),
        &new.for_app,
        &new.tells_end,
        &lease.node.uuid(),
        &seconds(lease.length),
        &new.request.map(|request| request.caller.uuid()),
        &new.request.map(|request| request.key_hash.as_slice()),
    ];
    let Some(row) = optional_row(db, query!("challenge/begin_sign_in"), parameters).await? else { return Ok(None) };
    let planned = delivery::planned_by_app(&row, 1)?;
    Ok(Some(BegunSignIn {
        account_id: id(&row, "account", AccountId::new)?,
        mailbox: crate::store::account::email(&row)?,
        mailbox_changed_at: get(&row, "mailbox_changed")?,
        has_authenticator: get(&row, "has_authenticator")?,
        created_at: get(&row, "began_at")?,
        started: Started { planned, closed: closed(&row)? },
    }))
}

fn closed(row: &Row) -> Result<Vec<(ChallengeId, Outcome)>, StoreError> {
    let ids: Option<Vec<Uuid>> = get(row, "closed_ids")?;
    let outcomes: Option<Vec<&str>> = get(row, "closed_outcomes")?;
    let pairs = ids.unwrap_or_default().into_iter().zip(outcomes.unwrap_or_default());
    let closed = pairs.map(|(id, outcome)| Ok((ChallengeId::new(id), outcome.parse()?)));
    let read: Result<_, crate::domain::value::string_enum::UnknownWord> = closed.collect();
    read.map_err(|error| StoreError::Corrupt(error.to_string()))
}
