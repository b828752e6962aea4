//! Challenges: the conditional updates that settle races.

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;

use super::{Db, StoreError, execute, one_row, optional_row, query, rows};
use crate::domain::account::email::EmailAddress;
use crate::domain::challenge::guess_budget::{Budget, BudgetKind, BudgetRules};
use crate::domain::challenge::limits::{MAX_ATTEMPTS, MAX_REPEATS, REPEAT_WITHIN};
use crate::domain::challenge::send_quota::{Sent, SentCodes};
use crate::domain::challenge::{Method, Outcome, Progress, Purpose, SupersededBy};
use crate::domain::code::{CodeSalt, KeyId, MAX_DIGITS};
use crate::domain::delivery::{CodeToDeliver, Mailbox, Requester};
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, InstallId, SessionId};
use crate::store::postgres::row::{
    as_integer, by_place, count, get, id, json, locale, one_by_place, optional_id, optional_word, seconds, small_count,
    time_zone, token_hash, word,
};

/// What a challenge begins with.
pub struct NewChallenge {
    /// Whose.
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
    /// An app's server began it.
    pub is_for_app: bool,
    /// The database's clock.
    pub now: Timestamp,
}

/// A challenge that was closed.
#[derive(Debug, Clone, Copy)]
pub struct ClosedChallenge {
    /// Whose.
    pub account_id: AccountId,
    /// Which.
    pub challenge_id: ChallengeId,
    /// The sign-in attempt in the login activity.
    pub activity_id: Option<ActivityId>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Open challenges of an account.
pub struct OpenChallenges {
    /// How many.
    pub open: i64,
    /// When the first of them ends.
    pub first_expires_at: Option<Timestamp>,
}

/// A challenge whose code is about to be replaced.
pub struct Replaceable {
    /// The code.
    pub code: CodeToDeliver,
    /// How the challenge stands.
    pub progress: Progress,
    /// The database's clock.
    pub now: Timestamp,
}

/// Starts a challenge.
///
/// # Errors
/// [`StoreError::Conflict`] when the installation has another one open.
pub async fn start(db: &impl Db, new: &NewChallenge) -> Result<(), StoreError> {
    let requester =
        serde_json::to_value(&new.requester.device).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let parameters: super::Parameters<'_> = &[
        &new.account_id.uuid(),
        &new.challenge_id.uuid(),
        &new.token_hash.as_bytes(),
        &new.purpose.as_str(),
        &new.progress.method.as_str(),
        &new.key_id.as_str(),
        &i16::from(new.digits),
        &new.progress.resend_at,
        &new.created_at,
        &new.progress.expires_at,
        &new.requester.device.install_id.uuid(),
        &requester,
        &new.requester.ip,
        &new.requester.location,
        &new.session_id.map(SessionId::uuid),
        &new.password_hash.as_ref().map(ExposeSecret::expose_secret),
        &new.address_taken,
        &new.activity_id.map(ActivityId::uuid),
        &new.salt.as_ref().map(CodeSalt::as_bytes),
        &new.asker.map(|network| network.to_string()),
    ];
    execute(db, query!("challenge/start"), parameters).await?;
    Ok(())
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
                password_hash: super::account::password_hash(&row)?,
                address_taken: get(&row, "address_taken")?,
                activity_id: optional_id(&row, "activity_id", ActivityId::new)?,
            };
            Ok(StoredChallenge {
                challenge,
                email: super::account::email(&row)?,
                mailbox_changed_at: get(&row, "mailbox_changed_at")?,
                is_for_app: get(&row, "is_for_app")?,
                now: get(&row, "now")?,
            })
        })
        .transpose()
}

/// An attempt that was counted.
pub struct CountedAttempt {
    /// The challenge with the attempt counted.
    pub progress: Progress,
    /// The key of its current code.
    pub key_id: KeyId,
    /// The guess budget with the attempt counted; `None` where none counts it.
    pub budget: Option<Budget>,
}

/// Counts one attempt, of the challenge and of the account's guess budget, committed before anything is compared. `None` when
/// no attempt is left, it is closed, or the budget allows none now.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn count_attempt(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    kind: Option<BudgetKind>,
    rules: &BudgetRules,
) -> Result<Option<CountedAttempt>, StoreError> {
    let Some(kind) = kind else { return count_attempt_alone(db, account, challenge).await };
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &challenge.uuid(),
        &i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX),
        &kind.as_str(),
        &as_integer(kind.allowed_at_first(rules)),
        &as_integer(rules.wait_from),
        &seconds(rules.first_wait),
        &seconds(rules.longest_wait),
    ];
    let counted = optional_row(db, query!("challenge/count_attempt"), parameters).await?;
    counted
        .map(|row| {
            Ok(CountedAttempt {
                progress: progress(&row)?,
                key_id: key_id(&row)?,
                budget: Some(super::budget::counts(&row)?),
            })
        })
        .transpose()
}

async fn count_attempt_alone(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<CountedAttempt>, StoreError> {
    let max = i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX);
    let parameters: super::Parameters<'_> = &[&account.uuid(), &challenge.uuid(), &max];
    let counted = optional_row(db, query!("challenge/count_attempt_alone"), parameters).await?;
    let attempt = |row| Ok(CountedAttempt { progress: progress(&row)?, key_id: key_id(&row)?, budget: None });
    counted.map(attempt).transpose()
}

/// Closes a challenge; the first to do so gets it. With `generation`, only while that code is the current one.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn close(
    db: &impl Db,
    account_id: AccountId,
    challenge_id: ChallengeId,
    outcome: Outcome,
    generation: Option<u32>,
) -> Result<Option<ClosedChallenge>, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &account_id.uuid(),
        &challenge_id.uuid(),
        &outcome.as_str(),
        &generation.map(crate::store::postgres::row::as_integer),
        &outcome.is_answer(),
    ];
    let closed = optional_row(db, query!("challenge/close"), parameters).await?;
    closed
        .map(|row| {
            Ok(ClosedChallenge {
                account_id,
                challenge_id,
                activity_id: optional_id(&row, "activity_id", ActivityId::new)?,
                outcome,
            })
        })
        .transpose()
}

/// What the right code of a challenge brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The session that began, if one did.
    pub session: Option<SessionId>,
    /// The key that its tokens, and the trust token, are derived with.
    pub key: KeyId,
}

/// Writes what the right code brought, so that the same call can be answered again.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn note_grant(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
    grant: &Grant,
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &grant.session.map(SessionId::uuid), &grant.key.as_str()];
    execute(db, query!("challenge/note_grant"), parameters).await?;
    Ok(())
}

/// Counts one call that sends the code of a verified challenge again, committed before anything is compared. `None` when it came too
/// late or too often.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nothing may be compared.
pub async fn count_repeat(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<Grant>, StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &challenge.uuid(), &MAX_REPEATS, &seconds(REPEAT_WITHIN)];
    let counted = optional_row(db, query!("challenge/count_repeat"), parameters).await?;
    counted
        .map(|row| {
            let key = KeyId::parse(get(&row, "granted_key")?);
            let key = key.ok_or_else(|| StoreError::Corrupt("granted_key is not a key id".to_owned()))?;
            Ok(Grant { session: optional_id(&row, "granted_session_id", SessionId::new)?, key })
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
    let parameters: super::Parameters<'_> = &[
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

/// Closes what an installation left open for a purpose; with `asker` only what that network asked for.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn supersede(
    db: &impl Db,
    account_id: AccountId,
    install: InstallId,
    purpose: Purpose,
    asker: Option<IpNet>,
) -> Result<Vec<ClosedChallenge>, StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account_id.uuid(), &install.uuid(), &purpose.as_str(), &asker.map(|network| network.to_string())];
    let closed = rows(db, query!("challenge/supersede"), parameters).await?;
    closed.iter().map(|row| closed_challenge(row, account_id)).collect()
}

/// Closes the open challenge of a purpose that began first; with `asker` the first that this network asked for.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn supersede_oldest(
    db: &impl Db,
    account_id: AccountId,
    purpose: Purpose,
    asker: Option<IpNet>,
) -> Result<Option<ClosedChallenge>, StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account_id.uuid(), &purpose.as_str(), &asker.map(|network| network.to_string())];
    let closed = optional_row(db, query!("challenge/supersede_oldest"), parameters).await?;
    closed.map(|row| closed_challenge(&row, account_id)).transpose()
}

/// Closes every open challenge of a purpose, because what began it holds no longer.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn supersede_all(
    db: &impl Db,
    account_id: AccountId,
    purpose: Purpose,
    cause: SupersededBy,
) -> Result<Vec<ClosedChallenge>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account_id.uuid(), &purpose.as_str(), &cause.as_str()];
    let closed = rows(db, query!("challenge/supersede_all"), parameters).await?;
    closed.iter().map(|row| closed_challenge(row, account_id)).collect()
}

/// Closes a challenge that its holder gave up; `None` when it was over.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn cancel(
    db: &impl Db,
    account_id: AccountId,
    challenge_id: ChallengeId,
) -> Result<Option<ClosedChallenge>, StoreError> {
    let parameters: super::Parameters<'_> = &[&account_id.uuid(), &challenge_id.uuid()];
    let closed = optional_row(db, query!("challenge/cancel"), parameters).await?;
    closed.map(|row| closed_challenge(&row, account_id)).transpose()
}

fn closed_challenge(row: &Row, account_id: AccountId) -> Result<ClosedChallenge, StoreError> {
    Ok(ClosedChallenge {
        account_id,
        challenge_id: challenge_id(row)?,
        activity_id: optional_id(row, "activity_id", ActivityId::new)?,
        outcome: word(row, "outcome")?,
    })
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
    let parameters: super::Parameters<'_> =
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

/// The open challenges of accounts whose code belongs on their trusted devices, of each oldest first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub(super) async fn open_for_apps(db: &impl Db, accounts: &[AccountId]) -> Result<Vec<Vec<CodeToDeliver>>, StoreError> {
    let ids: Vec<uuid::Uuid> = accounts.iter().map(|account| account.uuid()).collect();
    let open = rows(db, query!("challenge/open_for_apps"), &[&ids]).await?;
    by_place(&open, accounts.len(), code_to_deliver)
}

/// A challenge's current code with what else is needed to deliver it.
pub struct ToDeliver {
    /// The code.
    pub code: CodeToDeliver,
    /// The account's mailbox.
    pub mailbox: Mailbox,
}

/// The current codes of challenges; `None` where one is not open any more.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn to_deliver(
    db: &impl Db,
    challenges: &[(AccountId, ChallengeId)],
) -> Result<Vec<Option<ToDeliver>>, StoreError> {
    let (accounts, ids): (Vec<_>, Vec<_>) =
        challenges.iter().map(|(account, challenge)| (account.uuid(), challenge.uuid())).unzip();
    let found = rows(db, query!("challenge/to_deliver"), &[&accounts, &ids]).await?;
    one_by_place(&found, challenges.len(), |row| Ok(ToDeliver { code: code_to_deliver(row)?, mailbox: mailbox(row)? }))
}

/// The mailbox of an account, and how its owner reads it.
pub(super) fn mailbox(row: &Row) -> Result<Mailbox, StoreError> {
    Ok(Mailbox { email: super::account::email(row)?, locale: locale(row)?, time_zone: time_zone(row)? })
}

/// A challenge's current code and how it travels, while the challenge is open.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn to_show(
    db: &impl Db,
    account: AccountId,
    challenge: ChallengeId,
) -> Result<Option<(CodeToDeliver, Method)>, StoreError> {
    let found = optional_row(db, query!("challenge/to_show"), &[&account.uuid(), &challenge.uuid()]).await?;
    found.map(|row| Ok((code_to_deliver(&row)?, word(&row, "method")?))).transpose()
}

/// How many codes of fewer digits than the longest were compared to confirm an address, those that its open challenges still allow
/// included. Call it under the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_short_guesses(db: &impl Db, account: AccountId) -> Result<u32, StoreError> {
    let attempts = i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX);
    let parameters: super::Parameters<'_> = &[&account.uuid(), &i16::from(MAX_DIGITS), &attempts];
    count(&one_row(db, query!("challenge/count_short_guesses"), parameters).await?, "guesses")
}

/// Whether a sign-in of an installation was verified within `within`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn was_verified(
    db: &impl Db,
    account: AccountId,
    install: InstallId,
    within: SignedDuration,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &install.uuid(), &seconds(within)];
    get(&one_row(db, query!("challenge/was_verified"), parameters).await?, "was_verified")
}

/// How a challenge of an account ended; `None` while it is open and when there is no such challenge.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn outcome(db: &impl Db, account: AccountId, challenge: ChallengeId) -> Result<Option<Outcome>, StoreError> {
    let found = optional_row(db, query!("challenge/outcome"), &[&account.uuid(), &challenge.uuid()]).await?;
    found.map_or(Ok(None), |row| optional_word(&row, "outcome"))
}

/// The open challenges whose code goes by email, locked for the transaction.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mailed(db: &impl Db, account: AccountId) -> Result<Vec<Replaceable>, StoreError> {
    open_by(db, account, Method::Email).await
}

/// The open challenges whose code trusted devices may have seen, locked for the transaction.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn shown_on_devices(db: &impl Db, account: AccountId) -> Result<Vec<Replaceable>, StoreError> {
    open_by(db, account, Method::App).await
}

async fn open_by(db: &impl Db, account: AccountId, method: Method) -> Result<Vec<Replaceable>, StoreError> {
    let open = rows(db, query!("challenge/open_for_reissue"), &[&account.uuid(), &method.as_str()]).await?;
    open.iter()
        .map(|row| Ok(Replaceable { code: code_to_deliver(row)?, progress: progress(row)?, now: get(row, "now")? }))
        .collect()
}

/// Writes down that challenges ran out, `limit` at a time.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn expire_due(db: &impl Db, limit: i64) -> Result<Vec<ClosedChallenge>, StoreError> {
    let expired = rows(db, query!("challenge/expire_due"), &[&limit]).await?;
    expired
        .iter()
        .map(|row| {
            Ok(ClosedChallenge {
                account_id: id(row, "account_id", AccountId::new)?,
                challenge_id: challenge_id(row)?,
                activity_id: optional_id(row, "activity_id", ActivityId::new)?,
                outcome: Outcome::Expired,
            })
        })
        .collect()
}

fn challenge_id(row: &Row) -> Result<ChallengeId, StoreError> {
    id(row, "challenge_id", ChallengeId::new)
}

fn progress(row: &Row) -> Result<Progress, StoreError> {
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

fn key_id(row: &Row) -> Result<KeyId, StoreError> {
    KeyId::parse(get(row, "key_id")?).ok_or_else(|| StoreError::Corrupt("key_id is not a key id".to_owned()))
}

fn salt(row: &Row) -> Result<Option<CodeSalt>, StoreError> {
    let bytes: Option<&[u8]> = get(row, "code_salt")?;
    let whole = |bytes: &[u8]| bytes.try_into().map(CodeSalt::new);
    bytes.map(whole).transpose().map_err(|_| StoreError::Corrupt("code_salt is not 16 bytes".to_owned()))
}

fn requester(row: &Row) -> Result<Requester, StoreError> {
    Ok(Requester {
        device: json(row, "requester")?,
        ip: get(row, "ip")?,
        location: get(row, "location")?,
        acting: None,
    })
}

fn code_to_deliver(row: &Row) -> Result<CodeToDeliver, StoreError> {
    Ok(CodeToDeliver {
        account_id: id(row, "account_id", AccountId::new)?,
        challenge_id: challenge_id(row)?,
        purpose: word(row, "purpose")?,
        generation: count(row, "generation")?,
        key_id: key_id(row)?,
        salt: salt(row)?,
        digits: small_count(row, "digits")?,
        expires_at: get(row, "expires_at")?,
        requester: requester(row)?,
        requested_at: get(row, "created_at")?,
        activity_id: optional_id(row, "activity_id", ActivityId::new)?,
        address_taken: get(row, "address_taken")?,
    })
}
