//! What goes wrong around the gateway, and what must not be lost or told.

mod aborted;
mod crash;
mod database_away;
mod lost_answers;
mod not_now;
mod overloaded;
mod reaching_the_database;
mod restore;
mod secrecy;
mod security_log;
mod shutdown;
