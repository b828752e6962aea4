//! Signing in, and the passwords that it begins with.

pub(crate) mod enabling;
pub(crate) mod hasher;
pub(crate) mod login_throttle;
pub(crate) mod password_hashing;
pub(crate) mod password_sign_in;
pub(crate) mod password_waits;
pub(crate) mod rehash;
mod strength;
