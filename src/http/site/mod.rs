//! What browsers load: the page, its session cookies, the documents.

pub(crate) mod assets;
pub(crate) mod dev_outbox;
pub(crate) mod docs;
pub(crate) mod examples;
pub(crate) mod openapi;
pub(crate) mod session_cookies;
pub(crate) mod static_response;
pub(crate) mod well_known;
