//! The operator's live view.
