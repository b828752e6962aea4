//! Challenges: from the first code to the last answer.

pub(crate) mod begin_sign_in;
pub(crate) mod cancel;
pub(crate) mod deny;
pub(crate) mod expire;
pub(crate) mod push_receipt;
mod resend;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod verify;
pub(crate) mod verify_sign_in;
pub(crate) mod view;
