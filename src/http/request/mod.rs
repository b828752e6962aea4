//! Reading requests, and the shapes of answers.

pub(crate) mod client;
pub(crate) mod client_ip;
pub(crate) mod cookies;
pub(crate) mod dto;
pub(crate) mod extract;
pub(crate) mod json;
pub(crate) mod rate_limits;
pub(crate) mod status;
