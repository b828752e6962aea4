//! Keys of apps' servers.

use jiff::SignedDuration;
use tokio_postgres::Row;

use super::{Db, StoreError, execute, one_row, query, rows};
use crate::domain::app_server::api_key::{ApiKey, Scope};
use crate::domain::device::token::TokenHash;
use crate::domain::value::id::ApiKeyId;
use crate::store::postgres::row::{get, id, seconds, token_hash};

/// Waits until nobody else makes a key, in the transaction that makes one.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn lock(db: &impl Db) -> Result<(), StoreError> {
    one_row(db, query!("api_key/lock"), &[]).await?;
    Ok(())
}

/// Writes a new key down.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn create(
    db: &impl Db,
    key: ApiKeyId,
    name: &str,
    audience: &str,
    hash: &TokenHash,
    scopes: &[Scope],
    subject_prefix: Option<&str>,
) -> Result<(), StoreError> {
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let parameters: super::Parameters<'_> =
        &[&key.uuid(), &name, &audience, &hash.as_bytes(), &scopes, &subject_prefix];
    execute(db, query!("api_key/create"), parameters).await?;
    Ok(())
}

/// Every key, newest first, with the hash that it is known by.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list(db: &impl Db) -> Result<Vec<(TokenHash, ApiKey)>, StoreError> {
    let found = rows(db, query!("api_key/list"), &[]).await?;
    found.iter().map(|row| Ok((token_hash(row, "token_hash")?, api_key(row)?))).collect()
}

/// Lets a key end in `due_in`; `false` when there is none, or it ends earlier already.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn end(db: &impl Db, key: ApiKeyId, due_in: SignedDuration) -> Result<bool, StoreError> {
    Ok(execute(db, query!("api_key/end"), &[&key.uuid(), &seconds(due_in)]).await? == 1)
}

/// Notes that keys were used just now.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn mark_used(db: &impl Db, keys: &[ApiKeyId]) -> Result<(), StoreError> {
    let keys: Vec<uuid::Uuid> = keys.iter().map(|key| key.uuid()).collect();
    execute(db, query!("api_key/mark_used"), &[&keys]).await?;
    Ok(())
}

fn api_key(row: &Row) -> Result<ApiKey, StoreError> {
    let words: Vec<&str> = get(row, "scopes")?;
    Ok(ApiKey {
        id: id(row, "api_key_id", ApiKeyId::new)?,
        name: get(row, "name")?,
        audience: get(row, "audience")?,
        // A scope that a newer version knows allows nothing here.
        scopes: words.iter().filter_map(|word| word.parse().ok()).collect(),
        subject_prefix: get(row, "subject_prefix")?,
        created_at: get(row, "created_at")?,
        last_used_at: get(row, "last_used_at")?,
        ends_at: get(row, "ends_at")?,
        is_good: get(row, "is_good")?,
    })
}
