//! What apps' servers ask for.

pub(crate) mod api_keys;
pub(crate) mod idempotency;
pub(crate) mod known_api_keys;
pub(crate) mod sign_in_for_app;
pub(crate) mod subjects;
