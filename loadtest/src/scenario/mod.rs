//! The scenarios, one file each: what is done to the gateway, what is measured, what must hold.

pub(crate) mod guess;
pub(crate) mod hostile;
mod stream;
pub(crate) mod timing;
