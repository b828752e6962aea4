//! Why a push service refuses a request.

/// A refusal: what the sender is told, and what stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// What is wrong, for whoever reads the journal.
    pub(super) reason: String,
    /// Seconds until it may be tried again.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), retry_after: None }
    }
}
