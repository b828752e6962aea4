//! The scenarios, one file each: what is done to the gateway, what is measured, what must hold.

pub(crate) mod emailed;
pub(crate) mod fallback;
pub(crate) mod fanout;
pub(crate) mod guess;
pub(crate) mod hostile;
pub(crate) mod idle;
pub(crate) mod mix;
pub(crate) mod outage;
pub(crate) mod restart;
pub(crate) mod signin;
pub(crate) mod soak;
mod stream;
pub(crate) mod timing;
