//! What happens to every request, or to every answer.

pub(crate) mod cors;
pub(crate) mod encoding;
pub(crate) mod head;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod measured;
pub(crate) mod security_log;
pub(crate) mod trace_context;
