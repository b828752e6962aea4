//! The way to PostgreSQL: connections, statements, migrations.

pub(crate) mod address;
pub(crate) mod batch;
pub(crate) mod hosts;
pub(crate) mod migrate;
pub(crate) mod pipeline;
pub(crate) mod pool;
pub mod purge;
pub(crate) mod row;
pub mod server;
pub(crate) mod sql_state;
