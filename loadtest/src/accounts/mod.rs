//! Accounts that the harness makes for itself, through the public contract of a gateway in development mode.

mod outbox;
mod seed;

pub(crate) use self::seed::{Account, Wanted, bare, seed, seed_by_app};
