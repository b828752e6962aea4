//! Accounts.

mod operator;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;

use super::{Db, StoreError, execute, one_row, optional_row, query};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::zone::ZoneName;
use crate::domain::challenge::limits::ROTATION_GRACE;
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::{AccountId, DeviceId, InstallId};
use crate::store::postgres::row::{get, id, optional_id, seconds};
pub use operator::{ListedAccount, delete, export, list};

/// What signing in needs to know of an account.
pub struct SignInAccount {
    /// Its id.
    pub id: AccountId,
    /// argon2id in PHC format.
    pub password_hash: SecretString,
    /// New devices need a code.
    pub two_step_enabled: bool,
}

/// What an address and a trust token lead to.
pub struct SignInLookup {
    /// The account, or the stand-in that was given for one.
    pub account: SignInAccount,
    /// The account is one.
    pub is_known: bool,
    /// The device whose trust token was shown, if the token is good.
    pub trusted_device: Option<DeviceId>,
}

/// A trust token that somebody shows, and on which installation.
pub struct ShownTrust {
    /// Its hash.
    pub hash: TokenHash,
    /// The installation.
    pub install: InstallId,
}

/// An account with its address.
pub struct Account {
    /// The address in lower case; `None` for a subject without one.
    pub email: Option<EmailAddress>,
    /// It is a subject: an app keeps its password.
    pub is_of_app: bool,
    /// argon2id in PHC format; `None` while the address is not confirmed, and for a subject.
    pub password_hash: Option<SecretString>,
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// Since when no new device may sign in.
    pub sign_ins_frozen_at: Option<Timestamp>,
    /// Its app requires two-step verification of it.
    pub two_step_required: bool,
    /// By when it was asked to turn that on, if it was.
    pub two_step_due_at: Option<Timestamp>,
}

/// An account locked for the transaction.
pub struct LockedAccount {
    /// Two-step verification is on.
    pub two_step_enabled: bool,
    /// argon2id in PHC format; `None` while the address is not confirmed.
    pub password_hash: Option<SecretString>,
    /// Since when no new device may sign in.
    pub sign_ins_frozen_at: Option<Timestamp>,
    /// When its mailbox was changed, if it was.
    pub mailbox_changed_at: Option<Timestamp>,
    /// Its app requires two-step verification of it.
    pub two_step_required: bool,
    /// By when it was asked to turn that on, if it was.
    pub two_step_due_at: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
}

/// The account that belongs to an address, or will.
pub struct ReservedAddress {
    /// The account, new or not.
    pub account_id: AccountId,
    /// Somebody confirmed the address already.
    pub taken: bool,
    /// The database's clock.
    pub now: Timestamp,
}

/// The account of a confirmed address, or `stand_in`, in the same time and by the same work.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn for_sign_in(
    db: &impl Db,
    email: &EmailAddress,
    stand_in: &SignInAccount,
    trust: Option<&ShownTrust>,
) -> Result<SignInLookup, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &email.as_str(),
        &stand_in.id.uuid(),
        &stand_in.password_hash.expose_secret(),
        &trust.map(|shown| shown.hash.as_bytes()),
        &trust.map(|shown| shown.install.uuid()),
        &seconds(ROTATION_GRACE),
    ];
    let row = one_row(db, query!("account/by_email"), parameters).await?;
    Ok(SignInLookup {
        account: SignInAccount {
            id: id(&row, "account_id", AccountId::new)?,
            password_hash: get::<String>(&row, "password_hash")?.into(),
            two_step_enabled: get(&row, "two_step_enabled")?,
        },
        is_known: get(&row, "is_known")?,
        trusted_device: optional_id(&row, "trusted_device", DeviceId::new)?,
    })
}

/// The account of a confirmed address.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_email(db: &impl Db, email: &EmailAddress) -> Result<Option<SignInAccount>, StoreError> {
    let id = AccountId::new(uuid::Uuid::nil());
    let nobody = SignInAccount { id, password_hash: String::new().into(), two_step_enabled: false };
    let found = for_sign_in(db, email, &nobody, None).await?;
    Ok(found.is_known.then_some(found.account))
}

/// An account by its id.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn by_id(db: &impl Db, account: AccountId) -> Result<Option<Account>, StoreError> {
    let found = optional_row(db, query!("account/by_id"), &[&account.uuid()]).await?;
    found
        .map(|row| {
            Ok(Account {
                email: email(&row)?,
                is_of_app: get(&row, "is_of_app")?,
                password_hash: password_hash(&row)?,
                two_step_enabled: get(&row, "two_step_enabled")?,
                sign_ins_frozen_at: get(&row, "sign_ins_frozen_at")?,
                two_step_required: get(&row, "two_step_required")?,
                two_step_due_at: get(&row, "two_step_due_at")?,
            })
        })
        .transpose()
}

/// Locks an account until the transaction ends.
///
/// Every transaction that changes several things of an account begins with it: rows that refer to an account lock it
/// as well (a foreign key takes `FOR KEY SHARE`), so two that lock in different orders would wait for each other.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn lock(db: &impl Db, account: AccountId) -> Result<Option<LockedAccount>, StoreError> {
    let found = optional_row(db, query!("account/lock"), &[&account.uuid()]).await?;
    found
        .map(|row| {
            Ok(LockedAccount {
                two_step_enabled: get(&row, "two_step_enabled")?,
                password_hash: password_hash(&row)?,
                sign_ins_frozen_at: get(&row, "sign_ins_frozen_at")?,
                mailbox_changed_at: get(&row, "mailbox_changed_at")?,
                two_step_required: get(&row, "two_step_required")?,
                two_step_due_at: get(&row, "two_step_due_at")?,
                now: get(&row, "now")?,
            })
        })
        .transpose()
}

/// When somebody last showed that they read the mailbox of an account; `None` when nobody did.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mailbox_proven(db: &impl Db, account: AccountId) -> Result<Option<Timestamp>, StoreError> {
    let found = optional_row(db, query!("account/mailbox_proven"), &[&account.uuid()]).await?;
    found.map_or(Ok(None), |row| get(&row, "proven_at"))
}

/// Gives an account time until two-step verification has to be on, unless it has some already; by when.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_two_step_due(
    db: &impl Db,
    account: AccountId,
    grace: SignedDuration,
) -> Result<Timestamp, StoreError> {
    let row = one_row(db, query!("account/set_two_step_due"), &[&account.uuid(), &seconds(grace)]).await?;
    get(&row, "two_step_due_at")
}

/// Finds the account of an address or makes an unconfirmed one, and locks it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn reserve_address(
    db: &impl Db,
    new_id: AccountId,
    email: &EmailAddress,
) -> Result<ReservedAddress, StoreError> {
    let row = one_row(db, query!("account/reserve_address"), &[&new_id.uuid(), &email.as_str()]).await?;
    Ok(ReservedAddress {
        account_id: id(&row, "account_id", AccountId::new)?,
        taken: get(&row, "taken")?,
        now: get(&row, "now")?,
    })
}

/// Confirms an address with the password chosen beside it, and takes the locale of the device that does so; `false` when
/// somebody else did so first.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn confirm_address(
    db: &impl Db,
    account: AccountId,
    password_hash: &SecretString,
    locale: Option<&Locale>,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> =
        &[&account.uuid(), &password_hash.expose_secret(), &locale.map(Locale::as_str)];
    Ok(execute(db, query!("account/confirm_address"), parameters).await? == 1)
}

/// Changes the language of the mails to an account.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_locale(db: &impl Db, account: AccountId, locale: &Locale) -> Result<(), StoreError> {
    execute(db, query!("account/set_locale"), &[&account.uuid(), &locale.as_str()]).await?;
    Ok(())
}

/// Says which clock the owner of an account reads.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_time_zone(db: &impl Db, account: AccountId, zone: &ZoneName) -> Result<(), StoreError> {
    execute(db, query!("account/set_time_zone"), &[&account.uuid(), &zone.as_str()]).await?;
    Ok(())
}

/// Turns two-step verification on or off; `false` when it already is so.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_two_step(db: &impl Db, account: AccountId, enabled: bool) -> Result<bool, StoreError> {
    Ok(execute(db, query!("account/set_two_step"), &[&account.uuid(), &enabled]).await? == 1)
}

/// Lets no new device sign in any more; `false` when it is so already, or two-step verification is off.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn freeze_sign_ins(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    Ok(execute(db, query!("account/freeze_sign_ins"), &[&account.uuid()]).await? == 1)
}

/// Lets new devices sign in again; `false` when they may already.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn unfreeze_sign_ins(db: &impl Db, account: AccountId) -> Result<bool, StoreError> {
    Ok(execute(db, query!("account/unfreeze_sign_ins"), &[&account.uuid()]).await? == 1)
}

/// Changes the password hash from `old` to `new`; `false` when it is no longer `old`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn set_password(
    db: &impl Db,
    account: AccountId,
    new: &SecretString,
    old: &SecretString,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &new.expose_secret(), &old.expose_secret()];
    Ok(execute(db, query!("account/set_password"), parameters).await? == 1)
}

/// Sets a password hash, whatever it was.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn replace_password(db: &impl Db, account: AccountId, new: &SecretString) -> Result<(), StoreError> {
    execute(db, query!("account/replace_password"), &[&account.uuid(), &new.expose_secret()]).await?;
    Ok(())
}

/// Stores a hash of the same password at another cost; `false` when the stored one is no longer `old`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn renew_hash(
    db: &impl Db,
    account: AccountId,
    new: &SecretString,
    old: &SecretString,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &new.expose_secret(), &old.expose_secret()];
    Ok(execute(db, query!("account/renew_hash"), parameters).await? == 1)
}

/// The mailbox of an account, if it has one.
pub(super) fn email(row: &Row) -> Result<Option<EmailAddress>, StoreError> {
    let text: Option<&str> = get(row, "email")?;
    Ok(text.map(EmailAddress::kept))
}

pub(super) fn password_hash(row: &Row) -> Result<Option<SecretString>, StoreError> {
    Ok(get::<Option<String>>(row, "password_hash")?.map(SecretString::from))
}
