//! What operators do.

pub(crate) mod accounts;
pub(crate) mod code_keys;
pub(crate) mod held_keys;
pub(crate) mod reach;
pub(crate) mod rollout;
pub(crate) mod rollout_watch;
pub(crate) mod support_bundle;
