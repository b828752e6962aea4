//! Challenges: the conditional updates that settle races.

mod attempts;
mod closing;
mod deliver;
mod starting;
mod verifying;

use ipnet::IpNet;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio_postgres::Row;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::subject::Subject;
use crate::domain::challenge::send_quota::{Sent, SentCodes};
use crate::domain::challenge::{Outcome, Progress, Purpose};
use crate::domain::code::{CodeSalt, KeyId};
use crate::domain::delivery::{CodeToDeliver, Requester};
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, DeviceId, InstallId, SessionId};
use crate::store::postgres::row::{count, get, id, json, optional_id, optional_word, small_count, token_hash, word};
use crate::store::verification::AppVerification;
use crate::store::{Db, StoreError, execute, one_row, optional_row, query, rows};

pub use attempts::{CountedAttempt, Grant, count_attempt, count_repeat, count_short_guesses, note_grant};
pub use closing::{
    ClosedChallenge, cancel, close, expire_due, outcome, settle, supersede_all, supersede_oldest, was_verified,
};
pub use deliver::{Replaceable, ToDeliver, mailed, shown_on_devices, to_deliver, to_show};
pub(super) use deliver::{code_to_deliver, mailbox};
pub use starting::{Beginnings, BegunSignIn, NewSignIn, SignInOf, Started, begin_sign_in, start};
pub use verifying::{RightCode, VerifiedSignIn, verify_sign_in};

/// What a challenge begins with.
pub struct NewChallenge {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// Its id.
    pub challenge_id: ChallengeId,
    /// Hash of the token that its holder has.
    pub token_hash: TokenHash,
    /// What for.
    pub purpose: Purpose,
    /// Its beginning.
    pub progress: Progress,
    /// When that was, by the database's clock.
    pub created_at: Timestamp,
    /// The key its current code is derived with.
    pub key_id: KeyId,
    /// What is mixed into its codes; `None` when it began before there were salts.
    pub salt: Option<CodeSalt>,
    /// Digits of its codes.
    pub digits: u8,
    /// `create_account`: the network that asks.
    pub asker: Option<IpNet>,
    /// Who asks.
    pub requester: Requester,
    /// `enable_two_step`: the session that asks.
    pub session_id: Option<SessionId>,
    /// `create_account`: the hash of the password to be.
    pub password_hash: Option<SecretString>,
    /// `create_account`: the address is somebody's already.
    pub address_taken: bool,
    /// The sign-in attempt in the login activity.
    pub activity_id: Option<ActivityId>,
}

impl NewChallenge {
    /// Its current code.
    #[must_use]
    pub fn code(&self) -> CodeToDeliver {
        CodeToDeliver {
            account_id: self.account_id,
            challenge_id: self.challenge_id,
            purpose: self.purpose,
            generation: self.progress.generation,
            key_id: self.key_id.clone(),
            salt: self.salt.clone(),
            digits: self.digits,
            expires_at: self.progress.expires_at,
            requester: self.requester.clone(),
            requested_at: self.created_at,
            activity_id: self.activity_id,
            address_taken: self.address_taken,
        }
    }
}

/// A challenge as it stands.
pub struct StoredChallenge {
    /// What it began with; its progress is the current one.
    pub challenge: NewChallenge,
    /// The mailbox of its account, if it has one.
    pub email: Option<EmailAddress>,
    /// When that mailbox was changed, if it was.
    pub mailbox_changed_at: Option<Timestamp>,
    /// Its account has an authenticator app.
    pub has_authenticator: bool,
    /// An app's server began it.
    pub is_for_app: bool,
    /// The database's clock.
    pub now: Timestamp,
}

impl StoredChallenge {
    /// It, as its app's server is told that it was verified.
    #[must_use]
    pub fn verified_for_app(
        &self,
        audience: String,
        subject: Subject,
        device: DeviceId,
        verified_at: Timestamp,
    ) -> AppVerification {
        AppVerification {
            account_id: self.challenge.account_id,
            id: self.challenge.challenge_id,
            audience,
            subject,
            outcome: Some(Outcome::Verified),
            method: self.challenge.progress.method,
            device: Some(device),
            created_at: self.challenge.created_at,
            expires_at: self.challenge.progress.expires_at,
            closed_at: Some(verified_at),
            now: verified_at,
        }
    }
}

/// Open challenges of an account.
pub struct OpenChallenges {
    /// How many.
    pub open: i64,
    /// When the first of them ends.
    pub first_expires_at: Option<Timestamp>,
}

/// A challenge as it stands.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_id(db: &impl Db, challenge: ChallengeId) -> Result<Option<StoredChallenge>, StoreError> {
    let found = optional_row(db, query!("challenge/by_id"), &[&challenge.uuid()]).await?;
    found
        .map(|row| {
            let challenge = NewChallenge {
                account_id: id(&row, "account_id", AccountId::new)?,
                challenge_id: challenge_id(&row)?,
                token_hash: token_hash(&row, "token_hash")?,
                purpose: word(&row, "purpose")?,
                progress: progress(&row)?,
                created_at: get(&row, "created_at")?,
                key_id: key_id(&row)?,
                salt: salt(&row)?,
                digits: small_count(&row, "digits")?,
                asker: None,
                requester: requester(&row)?,
                session_id: optional_id(&row, "session_id", SessionId::new)?,
                password_hash: crate::store::account::password_hash(&row)?,
                address_taken: get(&row, "address_taken")?,
                activity_id: optional_id(&row, "activity_id", ActivityId::new)?,
            };
            Ok(StoredChallenge {
                challenge,
                email: crate::store::account::email(&row)?,
                mailbox_changed_at: get(&row, "mailbox_changed_at")?,
                has_authenticator: get(&row, "has_authenticator")?,
                is_for_app: get(&row, "is_for_app")?,
                now: get(&row, "now")?,
            })
        })
        .transpose()
}

/// Moves a challenge to its next code, derived with `key`; `false` when it closed or somebody else did so meanwhile.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn replace_code(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    from: &Progress,
    to: &Progress,
    key: &KeyId,
) -> Result<bool, StoreError> {
    let parameters: crate::store::Parameters<'_> = &[
        &account.uuid(),
        &challenge.uuid(),
        &to.method.as_str(),
        &crate::store::postgres::row::as_integer(to.generation),
        &i16::try_from(to.resends).unwrap_or(i16::MAX),
        &to.resend_at,
        &to.expires_at,
        &crate::store::postgres::row::as_integer(from.generation),
        &key.as_str(),
    ];
    Ok(execute(db, query!("challenge/replace_code"), parameters).await? == 1)
}

/// How many challenges of a purpose are open; with `asker` those that this network asked for.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_open(
    db: &impl Db,
    account: AccountId,
    purpose: Purpose,
    besides: Option<InstallId>,
    asker: Option<IpNet>,
) -> Result<OpenChallenges, StoreError> {
    let asker = asker.map(|network| network.to_string());
    let parameters: crate::store::Parameters<'_> =
        &[&account.uuid(), &purpose.as_str(), &besides.map(InstallId::uuid), &asker];
    let row = one_row(db, query!("challenge/count_open"), parameters).await?;
    Ok(OpenChallenges { open: get(&row, "open")?, first_expires_at: get(&row, "first_expires_at")? })
}

/// How many new codes were asked for lately for an account. Call it under the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_sends(db: &impl Db, account: AccountId) -> Result<SentCodes, StoreError> {
    let row = one_row(db, query!("challenge/count_sends"), &[&account.uuid()]).await?;
    let sent =
        |number: &str, first: &str| Ok::<_, StoreError>(Sent { count: count(&row, number)?, first: get(&row, first)? });
    Ok(SentCodes { hour: sent("resends_hour", "first_resend_hour")?, day: sent("resends_day", "first_resend_day")? })
}

/// The challenges of an account within a day, newest first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn recent(db: &impl Db, account: AccountId, limit: i64) -> Result<Vec<ChallengeId>, StoreError> {
    let found = rows(db, query!("challenge/recent"), &[&account.uuid(), &limit]).await?;
    found.iter().map(|row| id(row, "challenge_id", ChallengeId::new)).collect()
}

pub(super) fn challenge_id(row: &Row) -> Result<ChallengeId, StoreError> {
    id(row, "challenge_id", ChallengeId::new)
}

pub(super) fn progress(row: &Row) -> Result<Progress, StoreError> {
    Ok(Progress {
        method: word(row, "method")?,
        generation: count(row, "generation")?,
        attempts: small_count(row, "attempts")?,
        resends: small_count(row, "resends")?,
        resend_at: get(row, "resend_at")?,
        expires_at: get(row, "expires_at")?,
        outcome: optional_word(row, "outcome")?,
        superseded_by: optional_word(row, "superseded_by")?,
        changed_method: get(row, "changed_method")?,
    })
}

pub(super) fn key_id(row: &Row) -> Result<KeyId, StoreError> {
    KeyId::parse(get(row, "key_id")?).ok_or_else(|| StoreError::Corrupt("key_id is not a key id".to_owned()))
}

pub(super) fn salt(row: &Row) -> Result<Option<CodeSalt>, StoreError> {
    let bytes: Option<&[u8]> = get(row, "code_salt")?;
    let whole = |bytes: &[u8]| bytes.try_into().map(CodeSalt::new);
    bytes.map(whole).transpose().map_err(|_| StoreError::Corrupt("code_salt is not 16 bytes".to_owned()))
}

pub(super) fn requester(row: &Row) -> Result<Requester, StoreError> {
    Ok(Requester {
        device: json(row, "requester")?,
        ip: get(row, "ip")?,
        location: get(row, "location")?,
        acting: None,
    })
}
