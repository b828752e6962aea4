//! Apps' servers: their keys, what they are told, and how they are believed.

pub mod api_key;
pub mod assertion;
pub mod idempotency;
pub mod webhook;
