//! Devices, their sessions, and the trust in them.

pub(crate) mod connect;
pub(crate) mod devices;
pub(crate) mod drill;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod trust;
