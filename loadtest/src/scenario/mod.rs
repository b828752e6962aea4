//! The scenarios, one file each: what is done to the gateway, what is measured, what must hold.

pub(crate) mod fallback;
pub(crate) mod fanout;
pub(crate) mod guess;
pub(crate) mod hostile;
pub(crate) mod idle;
pub(crate) mod signin;
mod stream;
pub(crate) mod timing;
