//! Accounts: making, changing and ending them.

pub(crate) mod activity;
pub(crate) mod authenticator;
pub(crate) mod change_email;
pub(crate) mod change_password;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod freeze;
pub(crate) mod last_resort;
pub(crate) mod recovery_codes;
pub(crate) mod reset_password;
pub(crate) mod two_step;
pub(crate) mod ways;
