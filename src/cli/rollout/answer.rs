//! What a command is answered.

/// What there is to print.
pub(super) enum Answer {
    State(serde_json::Value),
    /// The newest batch and the one before it.
    Batches(serde_json::Value),
    /// Accounts on a list.
    Listed(Vec<serde_json::Value>),
    /// Accounts that are on no list any more.
    Unlisted(Vec<String>),
}
