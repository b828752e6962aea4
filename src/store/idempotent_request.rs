//! Requests that may come twice, and the answers to the first.

use super::{Db, StoreError, execute, optional_row, query};
use crate::domain::app_server::idempotency::{CLAIMED_FOR, IdempotencyKey, KEPT_FOR, RequestHash};
use crate::domain::value::id::{AccountId, ApiKeyId};
use crate::store::postgres::row::{get, seconds};

/// A request, as it is known.
#[derive(Clone, Copy)]
pub struct Known {
    /// Who sends it.
    pub caller: ApiKeyId,
    /// Hash of its idempotency key.
    pub key_hash: [u8; 32],
    /// Hash of all of it.
    pub request: RequestHash,
}

impl Known {
    /// Names a request.
    #[must_use]
    pub fn new(caller: ApiKeyId, key: &IdempotencyKey, request: RequestHash) -> Self {
        Self { caller, key_hash: key.hash(), request }
    }
}

/// A request that came before.
pub struct Earlier {
    /// What it was.
    pub request: RequestHash,
    /// Its status and sealed answer; `None` while it is under way.
    pub answer: Option<(u16, Vec<u8>)>,
    /// Whom it was about was deleted since.
    pub is_erased: bool,
}

/// Claims a request; `false` when it came before and was answered, or is under way, or its key names another.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn claim(db: &impl Db, known: &Known) -> Result<bool, StoreError> {
    let parameters: super::Parameters<'_> = &[
        &known.caller.uuid(),
        &known.key_hash.as_slice(),
        &known.request.as_bytes(),
        &seconds(CLAIMED_FOR),
        &seconds(KEPT_FOR),
    ];
    Ok(optional_row(db, query!("idempotent_request/claim"), parameters).await?.is_some())
}

/// What came before with the same key.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn find(db: &impl Db, known: &Known) -> Result<Option<Earlier>, StoreError> {
    let parameters: super::Parameters<'_> = &[&known.caller.uuid(), &known.key_hash.as_slice()];
    let Some(row) = optional_row(db, query!("idempotent_request/find"), parameters).await? else { return Ok(None) };
    let hash: &[u8] = get(&row, "request_hash")?;
    let hash = hash.try_into().map_err(|_| StoreError::Corrupt("a request hash has no 32 bytes".to_owned()))?;
    let status: Option<i16> = get(&row, "status")?;
    let sealed: Option<Vec<u8>> = get(&row, "sealed_answer")?;
    let answer = status.and_then(|status| u16::try_from(status).ok()).zip(sealed);
    let is_erased = matches!(&answer, Some((_, sealed)) if sealed.is_empty());
    Ok(Some(Earlier { request: RequestHash::from_bytes(hash), answer, is_erased }))
}

/// Keeps the answer to a request, in the transaction that carries it out.
///
/// # Errors
/// [`StoreError::Conflict`] when another request had its key meanwhile: then nothing may stay of it.
pub async fn add(
    db: &impl Db,
    known: &Known,
    account: AccountId,
    status: u16,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[
        &known.caller.uuid(),
        &known.key_hash.as_slice(),
        &known.request.as_bytes(),
        &account.uuid(),
        &i16::try_from(status).unwrap_or(i16::MAX),
        &sealed,
    ];
    match execute(db, query!("idempotent_request/add"), parameters).await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

/// Keeps the answer to a request that was claimed; `account` is whom it is about.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn keep(
    db: &impl Db,
    known: &Known,
    account: Option<AccountId>,
    status: u16,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> = &[
        &known.caller.uuid(),
        &known.key_hash.as_slice(),
        &known.request.as_bytes(),
        &account.map(AccountId::uuid),
        &i16::try_from(status).unwrap_or(i16::MAX),
        &sealed,
    ];
    execute(db, query!("idempotent_request/keep"), parameters).await?;
    Ok(())
}

/// Keeps of the answers about an account only that it is deleted, in the transaction that deletes it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn erase(db: &impl Db, account: AccountId) -> Result<(), StoreError> {
    execute(db, query!("idempotent_request/erase"), &[&account.uuid()]).await?;
    Ok(())
}

/// Forgets a request that was claimed and came to nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn release(db: &impl Db, known: &Known) -> Result<(), StoreError> {
    let parameters: super::Parameters<'_> =
        &[&known.caller.uuid(), &known.key_hash.as_slice(), &known.request.as_bytes()];
    execute(db, query!("idempotent_request/release"), parameters).await?;
    Ok(())
}
