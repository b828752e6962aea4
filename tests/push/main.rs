//! The provider clients against simulators that speak the providers' real wire.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it set it up")]

mod apns_answers;
mod apns_connections;
mod fcm_answers;
mod fcm_tokens;
mod guarded;
mod support;
mod webpush_answers;
mod webpush_endpoints;
