//! The way to PostgreSQL: connections, statements, migrations.

pub(crate) mod address;
pub(crate) mod batch;
pub(crate) mod hosts;
pub(crate) mod migrate;
pub(crate) mod pipeline;
mod places;
pub(crate) mod pool;
pub mod purge;
pub(crate) mod row;
pub(crate) mod seats;
pub mod server;
pub(crate) mod sql_state;
