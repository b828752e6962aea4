//! The devices of the accounts: connected, each reading what it is told, with a ledger of every code.

mod devices;
mod ledger;
mod pushes;
mod record;
mod verdict;

pub(crate) use self::devices::{Crowd, Way};
pub(crate) use self::ledger::Asking;
pub(crate) use self::pushes::{Address, Push, Pushes, Service};
pub(crate) use self::record::Seat;
pub(crate) use self::verdict::Verdict;
