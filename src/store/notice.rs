//! Notices: messages to owners that are no codes.

use jiff::{SignedDuration, Timestamp};

use super::{Db, StoreError, execute, one_row, query, rows};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Language;
use crate::domain::account::zone::Reader;
use crate::domain::delivery::Requester;
use crate::domain::delivery::push_address::PushAddress;
use crate::domain::event::AlertKind;
use crate::domain::value::id::{AccountId, DeviceId, InstallId, NoticeId};
use crate::store::postgres::row::{get, id, locale, seconds, small_count, time_zone, word};

/// A node works a notice for this long before another may take it over: longer than a mail server may take.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A notice to send.
pub struct Notice {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// Its id.
    pub id: NoticeId,
    /// What about.
    pub kind: AlertKind,
    /// Who caused it; `None` when nobody in particular did.
    pub requester: Option<Requester>,
    /// When it happened.
    pub created_at: Timestamp,
    /// The mailbox, if there is one.
    pub email: Option<EmailAddress>,
    /// Who reads the mails to its account.
    pub reader: Reader,
    /// How often it was claimed, this time included.
    pub tries: u16,
}

/// Writes a notice, in the transaction of what it tells.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn add(
    db: &impl Db,
    account: AccountId,
    notice: NoticeId,
    kind: AlertKind,
    requester: Option<&Requester>,
) -> Result<(), StoreError> {
    add_to(db, account, notice, kind, requester, None).await
}

/// As [`add`], to another mailbox than the account's.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn add_to(
    db: &impl Db,
    account: AccountId,
    notice: NoticeId,
    kind: AlertKind,
    requester: Option<&Requester>,
    mailbox: Option<&EmailAddress>,
) -> Result<(), StoreError> {
    let device = requester.map(device_json).transpose()?;
    let parameters: super::Parameters<'_> = &[
        &account.uuid(),
        &notice.uuid(),
        &kind.as_str(),
        &device,
        &requester.map(|requester| &requester.ip),
        &requester.and_then(|requester| requester.location.as_ref()),
        &mailbox.map(EmailAddress::as_str),
    ];
    execute(db, query!("notice/add"), parameters).await?;
    Ok(())
}

/// Whether an account got a notice of a kind within `within`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn was_added(
    db: &impl Db,
    account: AccountId,
    kind: AlertKind,
    within: SignedDuration,
) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[&account.uuid(), &kind.as_str(), &seconds(within)];
    get(&one_row(db, query!("notice/was_added"), parameters).await?, "was_added")
}

/// Takes back the notice of a sign-in that is not finished for an installation, if it was not sent yet.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn drop_unfinished(db: &impl Db, account: AccountId, install: InstallId) -> Result<(), StoreError> {
    let kind = AlertKind::SignInUnfinished.as_str();
    execute(db, query!("notice/drop_unfinished"), &[&account.uuid(), &kind, &install.uuid()]).await?;
    Ok(())
}

/// Makes the notice of a sign-in that is not finished due now for an installation.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn hasten_unfinished(db: &impl Db, account: AccountId, install: InstallId) -> Result<(), StoreError> {
    let kind = AlertKind::SignInUnfinished.as_str();
    execute(db, query!("notice/hasten_unfinished"), &[&account.uuid(), &kind, &install.uuid()]).await?;
    Ok(())
}

/// The device of a requester, as it is stored.
pub(super) fn device_json(requester: &Requester) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(&requester.device).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Claims up to `limit` notices for this node.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim_due(db: &impl Db, limit: i64) -> Result<Vec<Notice>, StoreError> {
    let claimed = rows(db, query!("notice/claim_due"), &[&limit, &seconds(LEASE)]).await?;
    claimed
        .iter()
        .map(|row| {
            let device = get::<Option<serde_json::Value>>(row, "requester")?
                .map(serde_json::from_value)
                .transpose()
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let (ip, location): (Option<String>, Option<String>) = (get(row, "ip")?, get(row, "location")?);
            Ok(Notice {
                account_id: id(row, "account_id", AccountId::new)?,
                id: id(row, "notice_id", NoticeId::new)?,
                kind: word(row, "kind")?,
                requester: device.zip(ip).map(|(device, ip)| Requester { device, ip, location, acting: None }),
                created_at: get(row, "created_at")?,
                email: super::account::email(row)?,
                reader: Reader { language: Language::of(locale(row)?.as_ref()), zone: time_zone(row)? },
                tries: small_count(row, "tries")?,
            })
        })
        .collect()
}

/// Takes the push of a notice, once; returns where it goes, and in which language.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn take_push(
    db: &impl Db,
    account: AccountId,
    notice: NoticeId,
) -> Result<Vec<(DeviceId, PushAddress, Language)>, StoreError> {
    let found = rows(db, query!("notice/take_push"), &[&account.uuid(), &notice.uuid()]).await?;
    let target = |row| {
        let address = super::device::push_address(row)?;
        let language = super::device::language(row)?;
        Ok((id(row, "device_id", DeviceId::new)?, address, language))
    };
    found.iter().map(target).collect()
}

/// Writes down that the mail server took a notice.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mark_sent(db: &impl Db, account: AccountId, notice: NoticeId) -> Result<(), StoreError> {
    execute(db, query!("notice/sent"), &[&account.uuid(), &notice.uuid()]).await?;
    Ok(())
}

/// Puts a notice off for `due_in`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn postpone(
    db: &impl Db,
    account: AccountId,
    notice: NoticeId,
    due_in: SignedDuration,
) -> Result<(), StoreError> {
    execute(db, query!("notice/postpone"), &[&account.uuid(), &notice.uuid(), &seconds(due_in)]).await?;
    Ok(())
}

/// Forgets notices that cannot be sent.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn give_up(db: &impl Db, notices: &[(AccountId, NoticeId)]) -> Result<(), StoreError> {
    let (accounts, ids): (Vec<_>, Vec<_>) = notices.iter().map(|(account, id)| (account.uuid(), id.uuid())).unzip();
    execute(db, query!("notice/give_up"), &[&accounts, &ids]).await?;
    Ok(())
}
