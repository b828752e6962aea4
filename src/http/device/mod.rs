//! Calls of devices: the app, the page, and whoever signs in.

pub(crate) mod accounts;
pub(crate) mod authenticator;
pub(crate) mod challenges;
pub(crate) mod client_address;
pub(crate) mod connect;
pub(crate) mod devices;
pub(crate) mod email_changes;
pub(crate) mod login_activity;
pub(crate) mod login_security;
pub(crate) mod password_resets;
pub(crate) mod password_strength;
pub(crate) mod push;
pub(crate) mod recoveries;
pub(crate) mod recovery_codes;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod support;
pub(crate) mod tokens;
