//! The floor: what the same messages cost a bare server without accounts, database or rules.

mod http;
mod server;
mod users;

pub(crate) use self::server::serve;
