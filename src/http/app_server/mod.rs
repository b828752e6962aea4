//! Calls of apps' servers.

pub(crate) mod api_caller;
pub(crate) mod idempotency;
pub(crate) mod jwks;
pub(crate) mod subjects;
pub(crate) mod verifications;
