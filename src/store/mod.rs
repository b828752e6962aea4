//! PostgreSQL: runs the files under `sql/queries` and maps rows to domain types.
//!
//! A function that takes a [`Db`] works alone or inside a transaction; what must be one step for the database is
//! one transaction in `verification/`.

pub mod account;
pub mod activity;
pub mod api_key;
pub mod authenticator;
mod batched;
pub mod budget;
pub mod challenge;
pub mod delivery;
pub mod device;
pub mod drill;
pub mod email_change;
pub mod idempotent_request;
pub mod mailbox;
pub mod mailbox_forms;
pub mod node;
pub mod notice;
pub mod password_reset;
pub mod postgres;
pub mod reach;
pub mod receipt;
pub mod recent_changes;
pub mod recovery;
pub mod recovery_code;
pub mod refresh_token;
pub mod rollout;
pub mod session;
pub mod shared_task;
pub mod subject;
pub mod ticket;
pub mod trust_token;
pub mod user_actor_reads;
pub mod verification;

use deadpool_postgres::{GenericClient, Object};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

pub use postgres::migrate::{MIGRATIONS, Schema, look, migrate};
pub(crate) use postgres::pipeline::together;
pub use postgres::pool::Store;
pub use postgres::seats::{ConnectSettings, Usage};

/// Something statements can run on: a connection on loan, in a transaction or not.
pub trait Db: GenericClient {
    /// How many statements it has prepared.
    fn statements_prepared(&self) -> usize;
}

impl Db for Object {
    fn statements_prepared(&self) -> usize {
        self.statement_cache.size()
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is shutting down, or does not answer in time. Nothing was half done: ask again later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A unique rule settled a race the other way: run the transaction again.
    #[error("another transaction was faster")]
    Conflict,
    /// It refused a statement: a mistake of ours.
    #[error("the database refused a statement")]
    Refused(#[source] tokio_postgres::Error),
    /// A row does not fit the domain: a mistake of ours, or somebody edited the tables.
    #[error("a row does not fit: {0}")]
    Corrupt(String),
    /// The connection settings cannot be used.
    #[error("{0}")]
    Settings(String),
}

impl StoreError {
    /// Whether what was refused is refused on this connection only, or for as long as it lasts: another one may do better.
    pub(super) fn spoils_connection(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source())
            .filter_map(|error| error.downcast_ref::<tokio_postgres::Error>()?.code())
            .any(|state| postgres::sql_state::spoils_connection(state.code()))
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code().map(SqlState::code) {
            None => Self::Unavailable(error.into()),
            Some(state) if state == SqlState::UNIQUE_VIOLATION.code() => Self::Conflict,
            Some(state) if postgres::sql_state::says_not_now(state) => Self::Unavailable(error.into()),
            Some(_) => Self::Refused(error),
        }
    }
}

/// The text of a query file: `query!("challenge/start")`.
macro_rules! query {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/queries/", $name, ".sql"))
    };
}
pub(crate) use query;

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

async fn rows(db: &impl Db, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
    let statement = db.prepare_cached(sql).await?;
    Ok(db.query(&statement, parameters).await?)
}

async fn optional_row(db: &impl Db, sql: &str, parameters: Parameters<'_>) -> Result<Option<Row>, StoreError> {
    let statement = db.prepare_cached(sql).await?;
    Ok(db.query_opt(&statement, parameters).await?)
}

async fn one_row(db: &impl Db, sql: &str, parameters: Parameters<'_>) -> Result<Row, StoreError> {
    let statement = db.prepare_cached(sql).await?;
    Ok(db.query_one(&statement, parameters).await?)
}

async fn execute(db: &impl Db, sql: &str, parameters: Parameters<'_>) -> Result<u64, StoreError> {
    let statement = db.prepare_cached(sql).await?;
    Ok(db.execute(&statement, parameters).await?)
}
