//! The rules of two-step verification, as pure functions and types.
//!
//! Nothing here waits, reads a clock, touches a disk or a socket, or draws a random number: `now`, random
//! bytes and keys are arguments, and what should happen is a return value that the caller carries out.

pub mod activity;
pub mod api_key;
pub mod assertion;
pub mod budget;
pub mod challenge;
pub mod code;
pub mod delivery;
pub mod device;
pub mod email;
pub mod event;
pub mod hints;
pub mod id;
pub mod idempotency;
pub mod limits;
pub mod locale;
pub mod mail;
pub mod moment;
pub mod network;
pub mod operator_token;
pub mod origin;
pub mod owner;
pub mod password;
pub mod password_waits;
pub mod push;
pub mod rollout;
pub mod sends;
pub mod service;
pub mod session;
pub mod strength;
pub mod subject;
pub mod successor;
pub mod text;
pub mod token;
pub mod webhook;
pub mod words;
pub mod zone;
