//! The database server itself.

use jiff::Timestamp;
use tokio_postgres::SimpleQueryMessage;

use super::pool::Lent;
use super::row::{count, get};
use crate::store::{Db, Store, StoreError, one_row, query};

/// The one encoding that holds every name (PostgreSQL 17 documentation, section 23.3).
const ENCODING: &str = "UTF8";

/// What a server says of itself.
pub struct Server {
    /// For instance 150018.
    pub version_number: u32,
    /// For instance `15.18 (Debian 15.18-0+deb12u1)`.
    pub version: String,
    /// Its clock.
    pub now: Timestamp,
}

/// Asks the server what it is.
///
/// # Errors
/// [`StoreError`] when it does not answer.
pub async fn describe(db: &impl Db) -> Result<Server, StoreError> {
    let row = one_row(db, query!("server/describe"), &[]).await?;
    Ok(Server {
        version_number: count(&row, "version_number")?,
        version: get(&row, "version")?,
        now: get(&row, "now")?,
    })
}

/// Makes sure that the database can do what the gateway asks of it: hold any text, and remember prepared statements.
///
/// # Errors
/// [`StoreError::Settings`] says what to change, [`StoreError::Unavailable`] that it does not answer.
pub async fn require(store: &Store) -> Result<(), StoreError> {
    // Within the deadline: a pooler with one session for all would let the second connection wait for the first one for ever.
    store.in_time(Box::pin(look_at(store))).await
}

async fn look_at(store: &Store) -> Result<(), StoreError> {
    let one = store.connection().await?;
    let other = store.connection().await?;
    let encoding = said(&one, query!("server/encoding")).await?;
    if encoding != ENCODING {
        return Err(StoreError::Settings(format!(
            "the database's encoding is {encoding}, which cannot hold every name: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name it in database.url"
        )));
    }
    // A pooler in transaction mode gives the session of one connection to another while the first one has nothing to do.
    let statement = other.prepare(query!("server/backend")).await?;
    let before: i32 = other.query_one(&statement, &[]).await?.get(0);
    one.batch_execute("BEGIN").await?;
    let taken = said(&one, query!("server/backend")).await;
    let is_shared = taken.is_ok_and(|backend| backend == before.to_string());
    let after = other.query_one(&statement, &[]).await;
    one.batch_execute("ROLLBACK").await?;
    match after {
        Err(error) if is_shared => {
            tracing::debug!(error = &error as &dyn std::error::Error, "a prepared statement was forgotten");
            Err(StoreError::Settings(
                "database.url leads to a pooler in transaction mode that forgets prepared statements: give the gateway pool_mode = session, or in pgbouncer 1.21 or newer max_prepared_statements = 200, or lead it to PostgreSQL itself".to_owned(),
            ))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// The one value of an answer, asked for without a prepared statement.
async fn said(connection: &Lent, question: &str) -> Result<String, StoreError> {
    let answer = connection.simple_query(question).await?;
    let value = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    value.ok_or_else(|| StoreError::Corrupt(format!("nothing was answered to {question}")))
}
